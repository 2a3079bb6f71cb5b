"""Posting events: signed batches, refused lines taken out and the rest sent, busy answers waited for.

Repeating is safe, since duplicates are dropped by id; so whatever is in doubt is sent again.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
from standardwebhooks.webhooks import Webhook

from services.cli.errors import CommandError, UsageError
from services.cli.messages import t

BATCH_EVENTS = 500
BATCH_BYTES = 2_000_000
CONTENT_TYPE = "application/cloudevents-batch+json"
ACCEPTED, TIMED_OUT, TOO_MANY, SERVER = 202, 408, 429, 500
SENDERS_FAULT = frozenset({401, 403, 404, 405, 415})
"""Answers that no other choice of events would change."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0


class Line(NamedTuple):
    """A line of input, counted from 1 over all files."""

    number: int
    raw: bytes


@dataclass(slots=True)
class Tally:
    """What became of the input so far."""

    accepted: int = 0
    refusals: list[dict[str, Any]] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)

    def to_json(self) -> dict[str, Any]:
        refused = len(self.refusals)
        return {
            "sent": self.accepted + refused, "accepted": self.accepted, "refused": refused,
            "refusals": sorted(self.refusals, key=lambda one: one["line"]),
        }  # fmt: skip

    def refuse(self, line: int, problem: dict[str, Any]) -> None:
        self.refusals.append({"line": line, "problem": problem})


class Sender:
    """Sends to one address. `patience` is how many seconds it goes on without any progress."""

    def __init__(
        self, url: str, secret: str, *, bearer: bool = False, patience: float = 60.0,
        transport: httpx.BaseTransport | None = None, sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.tally = Tally()
        self._url, self._patience, self._sleep, self._monotonic = url, patience, sleep, monotonic
        self._bearer = secret if bearer else None
        self._webhook = None if bearer else Webhook(secret)
        self._http = httpx.Client(timeout=60.0, transport=transport, trust_env=False)

    def send(self, lines: Iterable[Line]) -> Iterator[int]:
        """Send everything; yields the number of the last line dealt with after each batch."""
        for batch in batches(self._readable(lines)):
            self._send(batch)
            yield batch[-1].number

    def close(self) -> None:
        self._http.close()

    def _readable(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Only lines that hold one JSON value can stand in a batch; the door judges everything else."""
        for line in lines:
            if not line.raw.strip():
                continue
            try:
                json.loads(line.raw)
            except (ValueError, RecursionError) as exc:
                why = f"column {exc.colno}: {exc.msg}" if isinstance(exc, json.JSONDecodeError) else type(exc).__name__
                self.tally.refuse(line.number, {"title": "The line is not JSON", "status": 400, "detail": why})
            else:
                yield line

    def _send(self, batch: Sequence[Line]) -> None:
        """Until every line of the batch is accepted or refused."""
        waiting = [list(batch)]
        while waiting:
            part = waiting.pop()
            answer = self._post(part)
            if answer.status_code == ACCEPTED:
                self.tally.accepted += len(part)
                self.tally.dropped.update(name for one in _json(answer).get("events", ()) for name in one["dropped"])
            else:
                waiting += self._refused(part, answer)

    def _refused(self, part: list[Line], answer: httpx.Response) -> list[list[Line]]:
        """Take the lines out that the problem names; what is left, to be sent again."""
        problem = _json(answer)
        if answer.status_code in SENDERS_FAULT:
            said = {"title": problem.get("title", ""), "detail": problem.get("detail", "")}
            raise UsageError(t("error.send_refused_all", url=self._url, status=answer.status_code, **said))
        errors = problem.get("errors") or []
        bad = {index for index in (one.get("index") for one in errors) if index in range(len(part))}
        if len(part) == 1:
            self.tally.refuse(part[0].number, problem or {"status": answer.status_code, "title": answer.reason_phrase})
            return []
        if not bad:  # it does not say which: halves find out
            middle = len(part) // 2
            return [part[middle:], part[:middle]]
        for index in sorted(bad):
            own = [{**one, "index": 0} for one in errors if one.get("index") == index]
            self.tally.refuse(part[index].number, {**problem, "errors": own})
        rest = [line for index, line in enumerate(part) if index not in bad]
        return [rest] if rest else []

    def _post(self, part: Sequence[Line]) -> httpx.Response:
        """Post until there is an answer that repeating would not change."""
        body = b"[" + b",".join(line.raw.strip() for line in part) + b"]"
        until, pause = self._monotonic() + self._patience, FIRST_PAUSE
        while True:
            try:
                answer = self._http.post(self._url, content=body, headers=self._headers(body))
            except httpx.TransportError as exc:
                why, after = type(exc).__name__, None
            else:
                if answer.status_code < SERVER and answer.status_code not in (TIMED_OUT, TOO_MANY):
                    return answer
                why, after = str(answer.status_code), _retry_after(answer)
            rest = min(after if after is not None else pause, LONGEST_PAUSE)
            if self._monotonic() + rest > until:
                line = part[0].number
                raise CommandError(t("error.send_gave_up", seconds=self._patience, why=why, line=line))
            self._sleep(rest)
            pause *= 2

    def _headers(self, body: bytes) -> dict[str, str]:
        """A signature's time must be near, so each try signs anew."""
        headers = {"content-type": CONTENT_TYPE}
        if self._webhook is None:
            return headers | {"authorization": f"Bearer {self._bearer}"}
        message, now = f"msg_{uuid4().hex}", datetime.now(UTC)
        signature = self._webhook.sign(message, now, body.decode())
        stamp = str(int(now.timestamp()))
        return headers | {"webhook-id": message, "webhook-timestamp": stamp, "webhook-signature": signature}


def batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """At most so many events and bytes each; a line that is larger stands alone."""
    batch, size = list[Line](), 0
    for line in lines:
        if batch and (len(batch) == BATCH_EVENTS or size + len(line.raw) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line.raw) + 1
    if batch:
        yield batch


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _retry_after(answer: httpx.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None

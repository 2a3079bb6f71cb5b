"""The HTTP door: authenticate, read, judge, publish, answer; a line each.

A body is read while it stays under its limit, and only so many requests at once: nothing here grows with the sender.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from services.ingest.errors import (
    FieldProblem,
    Refused,
    TooLargeError,
    TooSlowError,
    UnavailableError,
    UnknownSourceError,
    UnreadableError,
    WrongTypeError,
)
from services.ingest.metrics import Metrics
from services.ingest.publish import Publisher
from services.ingest.sources.webhook import Webhook
from services.ingest.tail import TailFullError
from services.ingest.translate import Translated, UntranslatableError, translate
from services.kit.broker import Outgoing
from services.kit.clock import Clock
from services.kit.errors import PublishError
from services.kit.logging import logger
from services.kit.sources import SourceConfig
from services.kit.tracing import here, span

PROBLEM = "application/problem+json"
MAX_RECORD = 900_000
_BUSY, _FULL, _GONE = 1, 2, 5


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes of a body, seconds for it to arrive, requests at once."""

    body: int = 5_000_000
    seconds: float = 30.0
    requests: int = 16


class Door:
    """`POST /events/{name}`."""

    def __init__(
        self, sources: Mapping[str, Webhook], publisher: Publisher, clock: Clock, metrics: Metrics, bounds: Bounds
    ) -> None:
        self._sources, self._publisher, self._clock = sources, publisher, clock
        self._metrics, self._bounds = metrics, bounds
        self._running = 0

    async def post(self, request: Request) -> Response:
        source = self._sources.get(request.path_params["name"])
        label = source.name if source else ""
        sender = _trace(request.headers.get("traceparent", ""))
        with span("POST /events/{name}", (sender,), kind="server", source=label) as told:
            answer = await self._answered(source, label, request, sender)
            told.note(status=answer.status_code)
        return answer

    async def _answered(self, source: Webhook | None, label: str, request: Request, sender: str | None) -> Response:
        try:
            if source is None:
                raise UnknownSourceError("no source of this name is declared")
            accepted = await self._one_of_few(lambda: self._take(source, request, here() or sender))
        except Refused as refused:
            self._metrics.refused.labels(label, refused.code).inc()
            logger().warning("events.refused", source=label, problem=refused.code, wrong=len(refused.errors))
            return problem(refused)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is left to read it
        return self._answer(label, accepted)

    async def _one_of_few(self, work: Callable[[], Awaitable[Sequence[Translated]]]) -> Sequence[Translated]:
        if self._running >= self._bounds.requests:
            raise UnavailableError("too many requests are running", retry_after=_BUSY)
        self._running += 1
        self._metrics.in_flight.set(self._running)
        try:
            return await work()
        finally:
            self._running -= 1
            self._metrics.in_flight.set(self._running)

    async def _take(self, source: Webhook, request: Request, trace: str | None) -> Sequence[Translated]:
        headers = {name: ", ".join(request.headers.getlist(name)) for name in request.headers}
        source.admit(headers, self._clock.now())
        body = await read_body(request, self._bounds)
        source.verify(headers, body)
        events = source.events(headers, body)
        judged = judge(events, source.config, self._clock, trace)
        await self._publish([event.record() for event in judged])
        return judged

    async def _publish(self, records: Sequence[Outgoing]) -> None:
        for index, record in enumerate(records):
            if len(record.value) > MAX_RECORD:
                wrong = [FieldProblem(index, "data", f"is larger than {MAX_RECORD} bytes")]
                raise TooLargeError("an event is too large for Kafka", wrong)
        started = time.perf_counter()
        try:
            await self._publisher.publish(records)
        except PublishError:
            raise UnavailableError("Kafka did not acknowledge: repeat the same request", retry_after=_GONE) from None
        except TailFullError:
            detail = "the embedded broker holds as much as it can keep until it is read: repeat the same request"
            raise UnavailableError(detail, retry_after=_FULL) from None
        self._metrics.seconds.observe(time.perf_counter() - started)

    def _answer(self, label: str, accepted: Sequence[Translated]) -> Response:
        for kind, count in Counter(event.attributes.type for event in accepted).items():
            self._metrics.accepted.labels(label, kind).inc(count)
        self._metrics.heard.labels(label).set_to_current_time()
        dropped = sum(len(event.dropped) for event in accepted)
        self._metrics.dropped.labels(label).inc(dropped)
        one = accepted[0].attributes.id if len(accepted) == 1 else None
        logger().info("events.accepted", source=label, count=len(accepted), dropped=dropped, event_id=one)
        events = [{"id": event.attributes.id, "dropped": list(event.dropped)} for event in accepted]
        return JSONResponse({"accepted": len(accepted), "events": events}, status_code=202)


def judge(events: Sequence[object], source: SourceConfig, clock: Clock, traceparent: str | None) -> list[Translated]:
    """Translate all or refuse all; the problem names every wrong field of every event."""
    judged, problems, recorded_at = list[Translated](), [], clock.business_now()
    for index, raw in enumerate(events):
        traced = {"traceparent": traceparent} | raw if traceparent and isinstance(raw, dict) else raw
        try:
            judged.append(translate(traced, source, recorded_at, index))
        except UntranslatableError as exc:
            problems += exc.problems
    if problems:
        wrong = len({one.index for one in problems})
        raise UnreadableError(f"{wrong} of {len(events)} events cannot be taken, so none was", problems)
    return judged


def _trace(found: str) -> str | None:
    """The sender's own trace context, for events that bring none; anything else in that header is no news."""
    return found if re.fullmatch("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", found) else None


async def read_body(request: Request, bounds: Bounds) -> bytes:
    """The body, if it stays under its limit and comes in time; stops reading as soon as it does not."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise WrongTypeError("a compressed body is not taken")
    too_large = TooLargeError(f"a body may have {bounds.body} bytes")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > bounds.body:
        raise too_large
    chunks, size = list[bytes](), 0
    try:
        async with asyncio.timeout(bounds.seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > bounds.body:
                    raise too_large
                chunks.append(chunk)
    except TimeoutError:
        raise TooSlowError(f"a body may take {bounds.seconds:g} seconds") from None
    return b"".join(chunks)


def problem(refused: Refused) -> JSONResponse:
    return JSONResponse(refused.to_json(), status_code=refused.status, headers=refused.headers(), media_type=PROBLEM)

"""A whole installation for a test: services, stores and sandbox as processes, with hands to send and eyes to look.

Everything ends with the test: children watch this process, and the folder goes at the end.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from otlp import Receiver, receiving
from staff import Event
from standardwebhooks.webhooks import Webhook
from watched import Heard, watched

from contracts.topics import Topic
from services.cli.installation import Installation, Options

POLICY = Path(__file__).with_name("policy.yaml")
ACCEPTED = 202
SPEEDY = {"TENURE_LEASE": "6", "TENURE_LONGEST_CALL": "1.5"}
"""Claims of a killed process are free soon."""


T = TypeVar("T")
STATES = ("in_progress", "waiting", "held", "inbox", "quarantined", "confirmed", "superseded", "duplicate")


def until(look: Callable[[], T | None], seconds: float, what: str) -> T:
    """Look until there is something to see; AssertionError says what never came."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:g} s: {what}")


@dataclass(frozen=True, slots=True)
class Seen:
    """An account as a platform shows it; `open` means that its owner can get in."""

    native_id: str
    mobile: str
    name: str
    open: bool
    departments: frozenset[str]
    grants: frozenset[str]


class World:
    """Made by `running`. `posted` counts copies of events sent, `accepted` those answered 202."""

    def __init__(self, installation: Installation, said: list[str], heard: Heard, traces: Receiver) -> None:
        self.installation, self.said, self.heard, self.traces = installation, said, heard, traces
        self.ready = installation.ready
        self.http = httpx.Client(timeout=30, trust_env=False)
        self.posted = self.accepted = 0

    def until(self, look: Callable[[], T | None], seconds: float, what: str) -> T:
        """As `until`, starting again meanwhile what ended by itself, as `tenure up` does. From the main thread only."""

        def mended() -> T | None:
            self.installation.mend()
            return look()

        return until(mended, seconds, what)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Where the block fails, show the ends of the services' logs: pytest keeps failures from fixtures."""
        try:
            yield
        except BaseException:
            for log in sorted((self.installation.options.data / "logs").iterdir()):
                sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}\n")
            raise

    # ------------------------------------------------------------ sending

    def post(self, events: Sequence[Event], *, secret: str | None = None, at: datetime | None = None) -> httpx.Response:
        """One signed request; raises httpx.TransportError where nobody answers."""
        body, now = json.dumps(events), at or datetime.now(UTC)
        message_id = uuid4().hex
        signature = Webhook(secret or self.ready["signing_secret"]).sign(message_id, now, body)
        headers = {
            "content-type": "application/cloudevents-batch+json", "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature,
        }  # fmt: skip
        self.posted += len(events)
        self.heard.sent(events)
        answer = self.http.post(self.ready["events"], content=body, headers=headers)
        self.heard.answered("events", answer)
        self.accepted += len(events) if answer.status_code == ACCEPTED else 0
        return answer

    def send(self, events: Sequence[Event], *, seconds: float = 60.0) -> None:
        """Repeat until 202, as any sender must: an answer that never came says nothing."""

        def taken() -> bool:
            try:
                answer = self.post(events)
            except httpx.TransportError:
                return False
            assert answer.status_code in (ACCEPTED, 503), answer.text
            return answer.status_code == ACCEPTED

        until(taken, seconds, "events accepted")

    # ------------------------------------------------------------ operators

    def ask(self, path: str, **query: object) -> Any:
        answer = self.http.get(self.ready["provisioner"] + path, params=query, headers=self._operator)
        self.heard.answered(path, answer)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def order(self, path: str, body: object) -> httpx.Response:
        answer = self.http.post(self.ready["provisioner"] + path, json=body, headers=self._operator)
        self.heard.answered(path, answer)
        return answer

    @property
    def _operator(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.ready['operator_token']}"}

    def settle(self, seconds: float = 150.0) -> dict[str, Any]:
        """Wait until nothing is in progress, mending what ended; answers the books, which balance."""

        def settled() -> dict[str, Any] | None:
            try:
                books: dict[str, Any] = self.ask("/v1/wait", timeout=1)
            except (httpx.TransportError, AssertionError):
                return None
            return books if books["settled"] else None

        books = self.until(settled, seconds, "everything settled")
        assert books["balanced"], books
        assert books["accepted"] == sum(books[state] for state in STATES)
        return books

    def answers(self, service: str, path: str) -> int:
        """The status of a GET, 0 where nobody answers."""
        try:
            return self.http.get(self.ready[service] + path).status_code
        except httpx.TransportError:
            return 0

    # ------------------------------------------------------------ the sandbox

    def sandbox(self, platform: str, path: str, body: object = None) -> Any:
        url = f"{self.ready['sandbox'][platform]['url']}/_sandbox/{path}"
        answer = self.http.get(url) if body is None else self.http.post(url, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, platform: str, **fault: object) -> None:
        self.sandbox(platform, "faults", [fault])

    def calm(self, platform: str) -> None:
        """Take every fault back."""
        self.http.delete(f"{self.ready['sandbox'][platform]['url']}/_sandbox/faults").raise_for_status()

    def calls(self, platform: str, since: int = 0) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.sandbox(platform, f"calls?since={since}")
        return calls

    def accounts(self, platform: str) -> list[Seen]:
        """Everybody the platform has, as it shows them."""
        state = self.sandbox(platform, "state")
        return list(map(partial(_member, state), state["members"].values()) if platform == "wecom"
                    else map(partial(_user, state), state["users"].values()))  # fmt: skip

    # ------------------------------------------------------------ Kafka

    def records(self, topic: Topic) -> list[ConsumerRecord[Any, Any]]:
        """Everything on a topic, in the order of each partition."""
        return asyncio.run(_read(self.ready["kafka"], topic))

    def ids(self, topic: Topic) -> list[str]:
        """CloudEvent ids on a topic, repeats too."""
        return [dict(record.headers)["ce_id"].decode() for record in self.records(topic)]


def _member(state: dict[str, Any], member: dict[str, Any]) -> Seen:
    tags = {tag["tagname"] for tag in state["tags"].values() if member["userid"] in tag["userlist"]}
    names = {state["departments"][str(number)]["name"] for number in member["department"]}
    return Seen(member["userid"], _e164(member["mobile"]), member["name"], member["status"] in (1, 4),
                frozenset(names), frozenset(tags))  # fmt: skip


def _user(state: dict[str, Any], user: dict[str, Any]) -> Seen:
    roles = {state["roles"][str(number)]["name"] for number in user["roles"]}
    names = {state["departments"][str(number)]["name"] for number in user["dept_id_list"]}
    return Seen(user["userid"], _e164(user["mobile"]), user["name"], open=True,
                departments=frozenset(names), grants=frozenset(roles))  # fmt: skip


def _e164(mobile: str) -> str:
    digits = mobile.replace("-", "").lstrip("+")
    return "+" + (digits if digits.startswith("86") else "86" + digits)


async def _read(address: str, topic: Topic) -> list[ConsumerRecord[Any, Any]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=address, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[ConsumerRecord[Any, Any]] = []
        for place in places:
            while await consumer.position(place) < ends[place]:
                found += (await consumer.getmany(place, timeout_ms=1000)).get(place, [])
        return found
    finally:
        await consumer.stop()


@contextmanager
def running(
    policy: Path = POLICY, env: Mapping[str, str] = SPEEDY, *, traced: bool = True, **options: Any
) -> Iterator[World]:
    """An installation for the length of a `with`; what it wrote and traced is scanned at the end.

    Traces go to `World.traces`, unless `env` says where to or they are off, as they are for who does not ask.
    """
    with tempfile.TemporaryDirectory(prefix="tenure-test-") as name, receiving() as traces:
        folder = Path(name)
        folder.chmod(0o711)  # as root the store runs as another user
        said: list[str] = []
        env = {"TENURE_TRACES": traces.address, **env} if traced else env
        installation = Installation(Options(policy, folder, sandbox=True, env=env, **options), said.append)
        with installation, watched(installation) as heard:
            world = World(installation, said, heard, traces)
            with world.http, world.told():
                yield world
        heard.scan({"traces": traces.text})  # the services have ended, and have sent what they had

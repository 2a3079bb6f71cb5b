"""Intake: facts from Kafka into the store, in batches; offsets are committed only when the store has them.

Read (pure), judge (pure), record, mark, acknowledge. A broken message goes to the quarantine and never blocks its
partition; a store that is gone makes intake wait, commit nothing and go on by itself.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from aiokafka import ConsumerRecord

from contracts import hr
from contracts.envelope import from_headers
from contracts.provisioning import EventRef, FactRecorded
from contracts.topics import HR_QUARANTINE
from services.kit.clock import Clock
from services.kit.tracing import passed
from services.platforms import gate
from services.provisioner.facts.arrivals import Arrival, Kind, Record, Unreadable, arrivals
from services.provisioner.facts.read import read_fact
from services.provisioner.model import Fact, FactKey
from services.provisioner.plan.books import message
from services.provisioner.plan.decided import first_stands, told
from services.provisioner.store.codec import carried
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.port import (
    DEPARTMENTS,
    Announcing,
    EventStateName,
    IntakeTx,
    Mark,
    Message,
    NewEvent,
    Store,
    Touched,
)

log = structlog.get_logger()

_STATE: Mapping[Kind, EventStateName] = {
    "new": "in_progress",
    "duplicate": "duplicate",
    "conflict": "inbox",
    "unreadable": "quarantined",
}


Announce = Callable[[Announcing, Mapping[str, Sequence[Fact]], datetime], Awaitable[None]]


@dataclass(slots=True)
class Intake:
    """Takes batches in. `id_space_of` tells whose numbers a source's worker ids are; `woken` is told of new marks."""

    store: Store
    clock: Clock
    epoch: str
    targets: Sequence[str]
    id_space_of: Callable[[str], str]
    rank_of: Callable[[str], int] = lambda _source: 0
    zone_of: Callable[[str], str] = lambda _source: "UTC"
    woken: Callable[[], None] = lambda: None
    counted: Callable[[Kind, int], None] = lambda _kind, _count: None
    announce: Announce | None = None
    """Keeps what new facts bring, for guards; None where policy has none."""
    retry_after: float = 1.0
    beats: list[Callable[[], None]] = field(default_factory=list)

    async def take_in(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Record a batch, waiting for the store as long as it takes; returns when everything is durable."""
        read = [self.read(record) for record in records]
        while True:
            try:
                await self._record(read)
            except StoreUnavailableError:
                log.warning("intake.waits_for_store", records=len(read))
                await asyncio.sleep(self.retry_after)
            else:
                break
        self.woken()

    def read(self, record: ConsumerRecord[Any, Any]) -> Record:
        """Bytes to a fact, or the reason why not."""
        headers = tuple((name, value or b"") for name, value in record.headers)
        now = self.clock.business_now()
        content: Fact | Unreadable
        try:
            attributes = from_headers(headers)
        except UnicodeDecodeError:
            attributes, content = dict[str, str](), Unreadable("headers_not_utf8")
        else:
            content = read_fact(
                attributes,
                record.value,
                id_space_of=self.id_space_of,
                now=now,
                rank_of=self.rank_of,
                zone_of=self.zone_of,
            )
        recorded_at = content.recorded_at if isinstance(content, Fact) else now
        place = (record.topic, record.partition, record.offset)
        trace = passed(f"intake {record.topic}", attributes.get("traceparent")) if isinstance(content, Fact) else None
        return Record(*place, content, recorded_at, record.value or b"", headers, trace)

    async def _record(self, read: Sequence[Record]) -> None:
        async with self.store.intake() as tx:
            parts = {(r.topic, r.partition) for r in read}
            nexts = dict(await tx.positions(self.epoch, parts))
            new = [r for r in read if r.offset >= nexts.get((r.topic, r.partition), 0)]
            if not new:
                return
            ids = {(r.content.key.source, r.content.key.id) for r in new if isinstance(r.content, Fact)}
            judged = arrivals(new, await tx.known(ids))
            touched = await tx.add(self.epoch, [_event(arrival) for arrival in judged])
            now = self.clock.business_now()
            if self.announce is not None:
                await self.announce(tx, _news(judged, touched), now)
            marks: list[Mark] = []
            for arrival, who in zip(judged, touched, strict=True):
                marks += _marks(arrival, who.persons, bool(who.departments), now)
            again = await tx.earlier(_told_again(judged))
            lane = min(
                (lane_of(a.record.content, now) for a in judged if isinstance(a.record.content, Fact)), default=1
            )
            marks += [Mark(person_id, lane, now) for person_id in (*again.persons, *_tree(again))]
            concerned = again.persons.union(*(who.persons for who in touched))
            marks += [Mark(person_id, gate.EVERYDAY, now) for person_id in await tx.doubting(concerned)]
            await tx.mark(marks, self.targets)
            for record in new:
                place = (record.topic, record.partition)
                nexts[place] = max(nexts.get(place, 0), record.offset + 1)
            await tx.advance(self.epoch, nexts)
            await tx.hear({r.content.key.source: now for r in new if isinstance(r.content, Fact)})
            await self._tell(tx, judged, now)
        for arrival in judged:
            self.counted(arrival.kind, 1)

    async def _tell(self, tx: IntakeTx, judged: Sequence[Arrival], now: datetime) -> None:
        for arrival in judged:
            if arrival.kind == "conflict" and isinstance(arrival.record.content, Fact):
                decision = first_stands(arrival.record.content, now)
                await tx.decide(decision)
                await tx.publish(told(decision))
        await tx.publish([each for arrival in judged for each in _messages(arrival, now)])


def _news(judged: Sequence[Arrival], touched: Sequence[Touched]) -> dict[str, list[Fact]]:
    """The new facts, by the persons whom they concern."""
    found: dict[str, list[Fact]] = {}
    for arrival, who in zip(judged, touched, strict=True):
        fact = arrival.record.content
        if arrival.kind == "new" and isinstance(fact, Fact):
            for person_id in who.persons:
                found.setdefault(person_id, []).append(fact)
    return found


def _told_again(judged: Sequence[Arrival]) -> Mapping[FactKey, datetime]:
    """The earliest `time` of each repetition: of equal messages that one counts."""
    times: dict[FactKey, datetime] = {}
    for arrival in judged:
        fact = arrival.record.content
        if arrival.kind == "duplicate" and isinstance(fact, Fact):
            times[fact.key] = min(fact.time, times.get(fact.key, fact.time))
    return times


def _tree(touched: Touched) -> tuple[str, ...]:
    return (DEPARTMENTS,) if touched.departments else ()


def _event(arrival: Arrival) -> NewEvent:
    record = arrival.record
    fact = record.content if isinstance(record.content, Fact) else None
    unread = record.content if isinstance(record.content, Unreadable) else None
    reason = str(unread) if unread else arrival.kind if arrival.kind != "new" else None
    return NewEvent(
        record.topic,
        record.partition,
        record.offset,
        _STATE[arrival.kind],
        record.recorded_at,
        reason,
        fact=fact if arrival.kind == "new" else None,
        key=fact.key if fact else None,
        type=hr.NAMES[type(fact.body)] if fact else None,
        raw=record.raw if unread else None,
        headers=record.headers if unread else carried(record.traceparent),
    )


def lane_of(fact: Fact, now: datetime) -> int:
    """Leaves, withdrawals and absences that are due overtake; imports named by a batch stand behind everyday work."""
    if type(fact.body) in hr.URGENT and fact.effective_at <= now:
        return gate.URGENT
    return gate.BULK if fact.body.batch else gate.EVERYDAY


def _marks(arrival: Arrival, persons: frozenset[str], departments: bool, now: datetime) -> list[Mark]:
    fact = arrival.record.content
    if not isinstance(fact, Fact) or arrival.kind != "new":
        return []
    marks = [Mark(person_id, lane_of(fact, now), now) for person_id in persons]
    return [*marks, Mark(DEPARTMENTS, gate.EVERYDAY, now)] if departments else marks


def _messages(arrival: Arrival, now: datetime) -> list[Message]:
    record = arrival.record
    place = f"{record.topic}/{record.partition}/{record.offset}"
    if isinstance(record.content, Unreadable):
        poison = Message(HR_QUARANTINE.name, place, record.raw, _labels(record, place, str(record.content)))
        ref = EventRef(source="urn:tenure:unreadable", id=place, revision=1, type="unreadable")
        told = FactRecorded(event=ref, outcome="quarantined", reason=str(record.content), recorded_at=now)
        return [poison, message(told, f"quarantined/{place}", place, now)]
    fact = record.content
    ref = EventRef(source=fact.key.source, id=fact.key.id, revision=fact.key.revision, type=hr.NAMES[type(fact.body)])
    outcome: Any = {"new": "applied"}.get(arrival.kind, arrival.kind)
    body = FactRecorded(
        event=ref,
        person_id=fact.person_id,
        worker_id=fact.worker.worker_id if fact.worker else None,
        outcome=outcome,
        effective_at=fact.effective_at,
        recorded_at=record.recorded_at,
    )
    key = f"{fact.worker.id_space}/{fact.worker.worker_id}" if fact.worker else fact.key.id
    return [message(body, f"recorded/{fact.key}/{arrival.kind}/{place}", key, now, record.traceparent)]


def _labels(record: Record, place: str, reason: str) -> tuple[tuple[str, bytes], ...]:
    """Where it stood, why nobody could read it, and its own headers, which may be no text at all, in base64."""
    original = json.dumps([[name, base64.b64encode(value).decode()] for name, value in record.headers])
    return (("tenure_place", place.encode()), ("tenure_reason", reason.encode()), ("tenure_headers", original.encode()))

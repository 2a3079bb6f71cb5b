"""Outcomes from Kafka into the store, in batches; offsets are committed only when the store has all that follows.

Read (pure), draw the consequences (pure), record, acknowledge. What nobody can read is named by its place and
counted; it stays in Kafka and blocks nothing. A store that is gone makes the notifier wait and go on by itself.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog
from aiokafka import ConsumerRecord

from contracts.provisioning import EventSettled
from services.kit.logging import bind
from services.kit.tracing import passed
from services.notifier.audit.ocsf import entry
from services.notifier.confirm import PUBLISHED, confirmation
from services.notifier.errors import StoreGoneError
from services.notifier.messages import Intent
from services.notifier.metrics import Metrics
from services.notifier.read import Told, Unreadable, read
from services.notifier.store.port import Inbound, Taken

log = structlog.get_logger()

Consequences = Callable[[Told], tuple[Intent, ...]]


@dataclass(slots=True)
class Intake:
    """`intents_of` says which messages an outcome calls for; `woken` is told that there are some."""

    store: Inbound
    intents_of: Consequences
    metrics: Metrics
    woken: Callable[[], None] = lambda: None
    retry_after: float = 1.0

    async def take_in(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """Returns when everything that follows from the batch is durable, waiting for the store as long as it takes."""
        batch = list(self._read(records))
        while batch:
            try:
                new = await self.store.take_in(batch)
            except StoreGoneError:
                log.warning("intake.waits_for_store", records=len(batch))
                await asyncio.sleep(self.retry_after)
            else:
                self._report(batch, new)
                return

    def _read(self, records: Iterable[ConsumerRecord[Any, Any]]) -> Iterable[Taken]:
        for record in records:
            told = read(record.headers, record.key, record.value)
            if isinstance(told, Unreadable):
                self.metrics.unreadable.labels(told.reason).inc()
                log.error("outcome.unreadable", topic=record.topic, partition=record.partition, offset=record.offset,
                          reason=told.reason)  # fmt: skip
            else:
                yield taken(told, self.intents_of)

    def _report(self, batch: Sequence[Taken], new: Sequence[Taken]) -> None:
        self.metrics.duplicates.inc(len(batch) - len(new))
        self.metrics.outcomes.inc(len(new))
        for state, number in Counter(one.confirms for one in new if one.confirms).items():
            self.metrics.confirmations.labels(state).inc(number)
        for one in new:
            if one.confirms:
                with bind(event_id=one.entry.record.unmapped["tenure"]["event"]["id"], person_id=one.entry.key):
                    log.info("event.confirmed" if one.confirms == "confirmed" else "event.superseded",
                             messages=len(one.intents))  # fmt: skip
        if any(one.intents for one in new):
            self.woken()


def taken(told: Told, intents_of: Consequences) -> Taken:
    """Everything that follows from an outcome."""
    audit = entry(told)
    if not isinstance(told.body, EventSettled):
        return Taken(told.source, told.id, audit, intents=intents_of(told))
    trace = passed("confirm", told.traceparent)
    record = confirmation(told.body, trace)
    confirms = told.body.state if told.body.state in PUBLISHED else None
    told_on = tuple(replace(intent, traceparent=trace) for intent in intents_of(told))
    return Taken(told.source, told.id, audit, (record,) if record else (), told_on, confirms)

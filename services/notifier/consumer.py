"""The subscription to `provisioning.outcomes`: commits what was taken in, and knows how it stands."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber

from contracts.topics import OUTCOMES
from services.kit import broker as kafka
from services.kit.health import State
from services.notifier.handlers import Intake
from services.notifier.settings import Settings

log = structlog.get_logger()

GROUP = "notifier"


@dataclass(slots=True)
class Consumer:
    subscriber: BatchSubscriber
    intake: Intake
    _next: dict[TopicPartition, int] = field(default_factory=dict)

    async def take_in(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        await self.intake.take_in(records)
        offsets = kafka.next_offsets(records)
        self._next |= offsets
        consumer = self.subscriber.consumer
        if not isinstance(consumer, AIOKafkaConsumer):
            return
        try:
            await kafka.commit(consumer, offsets)
        except (KafkaError, TimeoutError) as exc:
            # The store has it all: what is delivered again is dropped as seen.
            log.warning("offsets.not_committed", error=type(exc).__name__)

    def assigned(self) -> State:
        consumer = self.subscriber.consumer
        parts = consumer.assignment() if consumer else ()
        return State(bool(parts), f"{len(parts)}_partitions")

    def consuming(self) -> State:
        """Whether the task that reads still runs; only a restart brings it back."""
        tasks: list[asyncio.Task[Any]] = self.subscriber.tasks
        ended = any(task.done() for task in tasks)
        return State(not ended, "ended" if ended else "running")

    def lag(self) -> int:
        """Records of our partitions that are not taken in, as far as the last fetch knew."""
        consumer = self.subscriber.consumer
        if not isinstance(consumer, AIOKafkaConsumer):
            return 0
        return sum(
            max(0, (consumer.highwater(place) or 0) - self._next[place])
            for place in consumer.assignment()
            if place in self._next
        )


def consume(broker: KafkaBroker, intake: Intake, settings: Settings) -> Consumer:
    """Subscribe; the broker is started by the caller."""
    subscriber = kafka.subscribe(
        broker, OUTCOMES.name, group=GROUP, instance=settings.process_name, embedded=settings.embedded_broker
    )
    consumer = Consumer(subscriber, intake)

    async def take_in(records: Any) -> None:  # noqa: ANN401 - FastStream's raw batch
        await consumer.take_in(list(records))

    consumer.subscriber(take_in)
    return consumer

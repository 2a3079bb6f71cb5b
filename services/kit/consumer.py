"""One topic read in batches: committed once the handler made a batch durable, and never past one that broke.

FastStream logs what a handler raises and reads on; the next commit would then skip the broken batch for ever. So the
first exception latches: nothing more is taken or committed, and `watch` ends the service. Its restart reads again from
the last commit. `watch` also ends it when a task that reads has ended: no ping of the broker would tell.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber

from contracts.topics import Topic
from services.kit import broker as kafka
from services.kit.errors import BrokenConsumerError, EndedTaskError
from services.kit.health import State

log = structlog.get_logger()

Records = Sequence[ConsumerRecord[Any, Any]]
Handle = Callable[[Records], Awaitable[None]]
"""Takes a batch in; returns when it is durable, waits for a store that is gone, raises only for bugs."""


@dataclass(slots=True)
class Consumer:
    topic: Topic
    subscriber: BatchSubscriber
    handle: Handle
    _next: dict[TopicPartition, int] = field(default_factory=dict)
    _broken: asyncio.Event = field(default_factory=asyncio.Event)

    async def take_in(self, records: Records) -> None:
        if self._broken.is_set():
            raise BrokenConsumerError(self.topic.name)
        durable = False
        try:
            await self.handle(records)
            durable = True
        finally:
            if not durable:
                self._broken.set()
        await self._commit(kafka.next_offsets(records))

    async def watch(self) -> None:
        """Ends the service once a batch could not be taken in, or a task that reads has ended.

        To be called when the subscriber is started.
        """
        broken = asyncio.create_task(self._broken.wait())
        try:
            await asyncio.wait([broken, *self._reading()], return_when=asyncio.FIRST_COMPLETED)
        finally:
            broken.cancel()
        if self._broken.is_set():
            raise BrokenConsumerError(self.topic.name)
        raise EndedTaskError(f"the task that reads {self.topic.name}")

    async def _commit(self, offsets: dict[TopicPartition, int]) -> None:
        self._next |= offsets
        if not isinstance(self.subscriber.consumer, AIOKafkaConsumer):
            return
        try:
            await kafka.commit(self.subscriber.consumer, offsets)
        except (KafkaError, TimeoutError) as exc:
            # The store has it all: what is delivered again is known there.
            log.warning("offsets.not_committed", topic=self.topic.name, error=type(exc).__name__)

    # ------------------------------------------------------------ how it stands

    async def ends(self) -> dict[tuple[str, int], int]:
        """The offset after the newest record by (topic, partition). Raises KafkaError while the broker is gone."""
        consumer = self.subscriber.consumer
        if not isinstance(consumer, AIOKafkaConsumer):
            raise KafkaConnectionError
        places = [TopicPartition(self.topic.name, number) for number in range(self.topic.partitions)]
        ends = await consumer.end_offsets(places)
        return {(place.topic, place.partition): end for place, end in ends.items()}

    def assigned(self) -> State:
        consumer = self.subscriber.consumer
        parts = consumer.assignment() if consumer else ()
        return State(bool(parts), f"{len(parts)}_partitions")

    def consuming(self) -> State:
        """Whether the tasks that read still run; only a restart brings one back."""
        ended = self._broken.is_set() or any(task.done() for task in self._reading())
        return State(not ended, "ended" if ended else "running")

    def _reading(self) -> list[asyncio.Task[Any]]:
        """FastStream's task, and below it those of aiokafka 0.14 that fetch, keep the group and follow the cluster.

        aiokafka shows them nowhere, and without the first FastStream's waits for ever; a test ends each.
        """
        inner: Any = self.subscriber.consumer
        if not isinstance(inner, AIOKafkaConsumer):
            return list(self.subscriber.tasks)
        below = (inner._fetcher._fetch_task, inner._coordinator._coordination_task, inner._client._sync_task)  # noqa: SLF001 - see above
        return [*self.subscriber.tasks, *below]

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


def consume(broker: KafkaBroker, topic: Topic, handle: Handle, **options: Any) -> Consumer:  # noqa: ANN401 - of `subscribe`
    """Subscribe to a topic; the broker is started by the caller. Options: see `broker.subscribe`."""
    consumer = Consumer(topic, kafka.subscribe(broker, topic.name, **options), handle)

    # One parameter without a type: FastStream hands the raw batch on.
    async def take_in(records: Any) -> None:  # noqa: ANN401
        await consumer.take_in(list(records))

    consumer.subscriber(take_in)
    return consumer

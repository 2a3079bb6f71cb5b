"""The way to Kafka: a request's records, all acknowledged by all replicas or an error.

"Failed" never means "absent": such a record may be stored later. The sender repeats, intake drops the duplicate.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from contracts.topics import INTAKE, intake_group
from services.ingest.replicas import Replicas
from services.ingest.tail import Tail
from services.kit.broker import Outgoing, publish_in_order
from services.kit.health import State
from services.kit.kafka_access import KafkaAccess
from services.kit.logging import logger
from services.kit.sending import Sending

REFRESH_SECONDS = 0.5


class Publisher(Protocol):
    """Where accepted events go."""

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Return once every record is durable.

        Raises PublishError if that is not known of each, TailFullError if nothing was sent for want of room.
        """
        ...

    async def state(self) -> State:
        """Whether a publish is likely to succeed now."""
        ...

    def sending(self) -> State:
        """Whether one can succeed at all before a restart."""
        ...


class MemoryPublisher:
    """Keeps the records; `failure` is raised instead when it is set. For tests and previews."""

    def __init__(self) -> None:
        self.records: list[Outgoing] = []
        self.failure: Exception | None = None

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.failure is not None:
            raise self.failure
        self.records += records

    async def state(self) -> State:
        return State(ok=self.failure is None, detail="memory")

    def sending(self) -> State:
        return State(ok=True, detail="memory")


class KafkaPublisher:
    """`within` is in seconds and bounds how long a sender waits in an outage; `enough` replicas must be in sync."""

    def __init__(self, broker: KafkaBroker, *, within: float, enough: int = 1, tail: Tail | None = None) -> None:
        self._broker, self._within, self._tail = broker, within, tail
        self._replicas = Replicas(broker, enough)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self._tail is None:
            await publish_in_order(self._broker, records, within=self._within)
            return
        self._tail.reserve(records)
        offsets: list[int] | None = None
        try:
            offsets = [place.offset for place in await publish_in_order(self._broker, records, within=self._within)]
        finally:
            self._tail.settle(records, offsets)

    async def state(self) -> State:
        return await self._replicas.state()

    def sending(self) -> State:
        return Sending(self._broker).state()


@asynccontextmanager
async def watched(access: KafkaAccess) -> AsyncIterator["Positions"]:
    """The broker's positions and those of intake's groups, through clients of their own."""
    consumer = AIOKafkaConsumer(client_id="tenure-ingest-tail", **access.client())
    admin = AIOKafkaAdminClient(client_id="tenure-ingest-tail", **access.client())
    await consumer.start()
    await admin.start()
    try:
        yield Positions(consumer, admin)
    finally:
        await admin.close()
        await consumer.stop()


class Positions:
    """Keeps a Tail up to date."""

    def __init__(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        self._consumer, self._admin = consumer, admin

    async def refresh(self, tail: Tail) -> None:
        for topic in INTAKE:
            places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            ends = await self._consumer.end_offsets(places)
            committed = await self._admin.list_consumer_group_offsets(intake_group(topic), partitions=places)
            tail.refresh(ends, {place: max(0, found.offset) for place, found in committed.items()})

    async def follow(self, tail: Tail) -> None:
        """Refresh until cancelled. In an outage the tail keeps what it knows and only grows: that is the safe side."""
        failing = False
        while True:
            try:
                await self.refresh(tail)
                failing = False
            except (KafkaError, OSError) as exc:
                if not failing:
                    logger().warning("tail.refresh_failed", error=type(exc).__name__)
                failing = True
            await asyncio.sleep(REFRESH_SECONDS)

"""Kafka through FastStream with the settings that lose nothing, and the check that nobody undoes them.

FastStream's defaults acknowledge before the handler ran; `subscribe` names every option that matters, and
`refuse_silent_loss` looks at what really came out. Fetching stalls for `fetch_max_wait_ms` on skewed partitions.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from aiokafka.structs import RecordMetadata
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from services.kit.errors import PublishError, UnreachableError, UnsafeSubscriberError
from services.kit.kafka_access import KafkaAccess
from services.kit.kafka_fault import why_not
from services.kit.settings import ServiceSettings

MAX_BATCH_BYTES = 262_144
IN_FLIGHT = 500
Sent = asyncio.Future[RecordMetadata]
STOP_SECONDS = 10.0
LOGGER = "tenure.kafka"  # FastStream's own has a handler of its own


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to send. The same key goes to the same partition, in the order of sending."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = field(default_factory=tuple)


def make_broker(settings: ServiceSettings, service: str, *, request_seconds: float = 15.0) -> KafkaBroker:
    """A broker that is not connected yet. A send fails after about `request_seconds` without a broker.

    Idempotence is off: aiokafka's idempotent producer waits for ever in an outage and delivers later what the caller
    gave up on. Our readers drop duplicates by event id instead.
    """
    return KafkaBroker(
        list(settings.kafka),  # a comma-separated string is not split by FastStream
        **settings.stream(),
        client_id=f"tenure-{service}",
        acks="all",
        enable_idempotence=False,
        max_batch_size=MAX_BATCH_BYTES,
        linger_ms=0,
        compression_type="gzip" if settings.embedded_broker else None,  # the embedded broker keeps 5 MB a partition
        request_timeout_ms=int(request_seconds * 1000),
        metadata_max_age_ms=60_000,
        allow_auto_create_topics=False,
        graceful_timeout=settings.grace,
        logger=_quiet(),
    )


def _quiet() -> logging.Logger:
    log = logging.getLogger(LOGGER)
    log.setLevel(logging.WARNING)  # two lines a message otherwise, more than half of the whole path
    log.addFilter(_is_news)
    return log


def _is_news(record: logging.LogRecord) -> bool:
    return "Auto create topics is disabled" not in record.getMessage()  # said at every start; it is our choice


async def _leave_headers(batch: Sequence[ConsumerRecord[Any, Any]], parse: Any) -> KafkaMessage:  # noqa: ANN401
    """FastStream reads every header as UTF-8 and skips the whole batch where one is not: it is shown none."""
    message: KafkaMessage = await parse((replace(batch[0], headers=()),))
    message.raw_message = tuple(batch)
    return message


async def _keep_record(message: KafkaMessage) -> Any:  # noqa: ANN401 - FastStream's decoder
    return message.raw_message


def subscribe(
    broker: KafkaBroker,
    *topics: str,
    group: str,
    instance: str | None = None,
    max_records: int = 500,
    offset_reset: Literal["earliest", "none"] = "earliest",
    listener: ConsumerRebalanceListener | None = None,
    embedded: bool = False,
) -> BatchSubscriber:
    """A batch subscriber that commits only by `commit`; its handler gets a list of aiokafka's ConsumerRecord.

    `instance` (static membership) must be unique among living processes: two with one id fight for ever.
    On the `embedded` broker, which knows no static members, a killed member is forgotten soon instead: whoever follows
    it cannot join before, and each join that times out leaves another member behind.
    `offset_reset="none"` makes a gap an error; right for the embedded broker once the group has committed.
    """
    subscriber: BatchSubscriber = broker.subscriber(
        *topics,
        group_id=group,
        group_instance_id=instance,
        batch=True,
        max_records=max_records,
        batch_timeout_ms=20,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset=offset_reset,
        fetch_max_wait_ms=50,
        isolation_level="read_committed",
        session_timeout_ms=6_000 if embedded else 45_000,
        heartbeat_interval_ms=1_500 if embedded else 5_000,
        rebalance_timeout_ms=60_000,
        max_poll_interval_ms=900_000,
        listener=listener,
        parser=_leave_headers,
        decoder=_keep_record,
        no_reply=True,  # else a `reply_to` header on any record publishes the handler's result
    )
    return subscriber


def refuse_silent_loss(broker: KafkaBroker) -> None:
    """Called at start, when everything is included: raises UnsafeSubscriberError for a subscriber that could lose."""
    for subscriber in broker.subscribers:
        arguments: Mapping[str, Any] = getattr(subscriber, "_connection_args", {})
        if subscriber.ack_policy is not AckPolicy.MANUAL or arguments.get("enable_auto_commit") is not False:
            topics = (
                ", ".join(getattr(topic, "name", topic) for topic in getattr(subscriber, "topics", ())) or "a pattern"
            )
            raise UnsafeSubscriberError(f"the subscriber of {topics} lacks AckPolicy.MANUAL: it would lose events")


async def commit(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int], *, within: float = 10.0) -> None:
    """Commit explicit offsets (of the next record to read). Raises TimeoutError: without a time-out it never ends."""
    async with asyncio.timeout(within):
        await consumer.commit(dict(offsets))


def next_offsets(records: Iterable[ConsumerRecord[Any, Any]]) -> dict[TopicPartition, int]:
    """What to commit once all these records are in the store."""
    found: dict[TopicPartition, int] = {}
    for record in records:
        place = TopicPartition(record.topic, record.partition)
        found[place] = max(found.get(place, 0), record.offset + 1)
    return found


async def stop(broker: KafkaBroker, *, within: float = STOP_SECONDS) -> None:
    """Stop the broker's clients; gives up after `within` seconds, since in an outage they may never return."""
    try:
        async with asyncio.timeout(within):
            await broker.stop()
    except TimeoutError:
        logging.getLogger(LOGGER).warning("broker.stop_timed_out")


@asynccontextmanager
async def started(broker: KafkaBroker, access: KafkaAccess) -> AsyncIterator[KafkaBroker]:
    """The broker, checked, connected and consuming, for the length of a `with`; `access` says why there is none."""
    refuse_silent_loss(broker)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(stop, broker)
        try:
            await broker.start()
        except KafkaError as exc:
            raise UnreachableError(await why_not(access)) from exc
        yield broker


async def publish_in_order(
    broker: KafkaBroker, records: Iterable[Outgoing], *, within: float | None = None
) -> list[RecordMetadata]:
    """Send records in their order and wait until every one is acknowledged by all replicas; returns their places.

    Raises PublishError if one was not, or after `within` seconds. Those records may still be stored later.
    """
    try:
        async with asyncio.timeout(within):
            return await _send_all(broker, records)
    except (KafkaError, TimeoutError, OSError) as exc:
        raise PublishError(f"not acknowledged by Kafka: {type(exc).__name__}") from exc


async def _send_all(broker: KafkaBroker, records: Iterable[Outgoing]) -> list[RecordMetadata]:
    """Never `gather` of many sends (it ends in time-outs), never `publish_batch` (it ignores keys)."""
    places, waiting = list[RecordMetadata](), list[Sent]()
    try:
        for record in records:
            waiting.append(await _send(broker, record))
            if len(waiting) >= IN_FLIGHT:
                places += await _confirmed(waiting)
                waiting = []
        places += await _confirmed(waiting)
    finally:
        for future in waiting:
            future.add_done_callback(_seen)
    return places


async def _send(broker: KafkaBroker, record: Outgoing) -> Sent:
    headers = {name: value.decode() for name, value in record.headers}
    future: Sent = await broker.publish(
        record.value,
        record.topic,
        key=record.key,
        headers=headers,
        correlation_id=headers.get("ce_id", ""),
        no_confirm=True,
    )
    return future


async def _confirmed(futures: Sequence[Sent]) -> list[RecordMetadata]:
    places: list[RecordMetadata] = []
    for result in await asyncio.gather(*futures, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        places.append(result)
    return places


def _seen(future: Sent) -> None:
    """Takes the error of a send that nobody waits for any more, so that it is no warning at exit."""
    if not future.cancelled():
        future.exception()

"""Topics as declared against topics as they are, through aiokafka's admin client, on a real broker.

The embedded broker has no admin API; it makes the declared topics when it starts.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from contracts.topics import TOPICS, Topic
from services.kit.errors import KitError, UsageError
from services.kit.kafka_fault import why_not
from services.kit.settings import ServiceSettings

EXISTS = 36
IN_FORCE_SECONDS = 15.0
OF_THE_TOPIC = 1
"""Where a setting comes from, as Kafka counts it: set on the topic itself (DescribeConfigs, `config_source`)."""


class TopicsError(KitError):
    """The broker refused a change of topics. Names the topic and the broker's code."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Declared, but not there."""

    topic: str


@dataclass(frozen=True, slots=True)
class FewerPartitions:
    """Has fewer partitions than declared: they can be added (keys then go elsewhere; order between them is free)."""

    topic: str
    has: int
    declared: int


@dataclass(frozen=True, slots=True)
class MorePartitions:
    """Has more partitions than declared: Kafka cannot take any away, and nothing suffers."""

    topic: str
    has: int
    declared: int


@dataclass(frozen=True, slots=True)
class OtherSetting:
    """A setting of the topic differs."""

    topic: str
    name: str
    has: str | None
    declared: str


@dataclass(frozen=True, slots=True)
class OtherReplication:
    """Some partition has another number of replicas than asked for: only Kafka's own tools move partitions."""

    topic: str
    has: int
    declared: int


Difference = Missing | FewerPartitions | MorePartitions | OtherSetting | OtherReplication
BEYOND_US = (MorePartitions, OtherReplication)
"""Differences that `apply` leaves as they are."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A topic as the broker has it; `replicas` is the smallest number of any of its partitions."""

    partitions: int
    replicas: int
    settings: Mapping[str, str | None]


def settings_of(topic: Topic, replicas: int) -> dict[str, str]:
    """With `replicas` asked for, a record is acknowledged once all but one of them have it."""
    return topic.config | ({"min.insync.replicas": str(max(1, replicas - 1))} if replicas else {})


def compare(topics: Sequence[Topic], shown: Mapping[str, Shown], *, replicas: int = 0) -> list[Difference]:
    """What differs, in the order of declaration; `replicas` 0 leaves them to the cluster."""
    found: list[Difference] = []
    for topic in topics:
        has = shown.get(topic.name)
        if has is None:
            found.append(Missing(topic.name))
            continue
        if has.partitions != topic.partitions:
            kind = FewerPartitions if has.partitions < topic.partitions else MorePartitions
            found.append(kind(topic.name, has.partitions, topic.partitions))
        if replicas and has.replicas != replicas:
            found.append(OtherReplication(topic.name, has.replicas, replicas))
        found += [
            OtherSetting(topic.name, name, has.settings.get(name), value)
            for name, value in settings_of(topic, replicas).items()
            if has.settings.get(name) != value
        ]
    return found


async def diff(settings: ServiceSettings, topics: Sequence[Topic] = TOPICS) -> list[Difference]:
    """Compare the broker with what is declared; raises UsageError on the embedded broker."""
    async with _admin(settings) as admin:
        return await _diff(admin, topics, settings.kafka_replicas)


async def apply(settings: ServiceSettings, topics: Sequence[Topic] = TOPICS) -> list[Difference]:
    """Make, grow and set what differs, and return what did differ; raises TopicsError if the broker refuses."""
    replicas = settings.kafka_replicas
    async with _admin(settings) as admin:
        found = await _diff(admin, topics, replicas)
        declared = {topic.name: topic for topic in topics}
        await _create(admin, [declared[one.topic] for one in found if isinstance(one, Missing)], replicas)
        await _grow(admin, [one for one in found if isinstance(one, FewerPartitions)])
        changed = sorted({one.topic for one in found if isinstance(one, OtherSetting)})
        await _set(admin, {name: settings_of(declared[name], replicas) for name in changed})
        await _in_force(admin, topics, replicas)
        return found


async def _in_force(admin: Any, topics: Sequence[Topic], replicas: int) -> None:  # noqa: ANN401 - aiokafka is untyped
    """Kafka acknowledges a change before its brokers show it; who starts a service next must find the topics."""
    try:
        async with asyncio.timeout(IN_FORCE_SECONDS):
            while any(not isinstance(one, BEYOND_US) for one in await _diff(admin, topics, replicas)):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise TopicsError(f"changed topics are not in force after {IN_FORCE_SECONDS:g} seconds") from None


@asynccontextmanager
async def _admin(settings: ServiceSettings) -> AsyncIterator[Any]:
    if settings.embedded_broker:
        raise UsageError("the embedded broker has no admin API: it makes the declared topics when it starts")
    admin = AIOKafkaAdminClient(client_id="tenure-topics", **settings.client())
    try:
        await admin.start()
    except (KafkaError, OSError) as exc:
        await admin.close()
        raise TopicsError(await why_not(settings)) from exc
    try:
        yield admin
    except (KafkaError, OSError) as exc:
        raise TopicsError(f"Kafka does not carry it out: {type(exc).__name__}; ask again") from exc
    finally:
        await admin.close()


async def _diff(admin: Any, topics: Sequence[Topic], replicas: int) -> list[Difference]:  # noqa: ANN401 - untyped
    there = sorted(set(await admin.list_topics()) & {topic.name for topic in topics})
    if not there:
        return compare(topics, {}, replicas=replicas)
    settings = await _overrides(admin, there)
    shown = {
        str(one["topic"]): Shown(
            len(one["partitions"]),
            min((len(partition["replicas"]) for partition in one["partitions"]), default=0),
            settings.get(str(one["topic"]), {}),
        )
        for one in await admin.describe_topics(there)
    }
    return compare(topics, shown, replicas=replicas)


async def _overrides(admin: Any, names: Sequence[str], *, own: bool = False) -> dict[str, dict[str, str]]:  # noqa: ANN401 - untyped
    """The settings of each topic: the broker's defaults included, or only the topic's `own`."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for code, message, _kind, name, entries in (tuple(resource)[:5] for resource in answer.resources):
            if code:
                raise TopicsError(f"settings of {name} cannot be read: {code} {message}")
            found[name] = {entry[0]: entry[1] for entry in entries if not own or entry[3] == OF_THE_TOPIC}
    return found


async def _create(admin: Any, topics: Sequence[Topic], replicas: int) -> None:  # noqa: ANN401 - untyped
    if not topics:
        return
    # aiokafka takes -1 only beside an assignment, so an empty one is named.
    count, by_hand = (replicas, None) if replicas else (-1, dict[int, list[int]]())
    new = [
        NewTopic(one.name, one.partitions, count, by_hand, topic_configs=settings_of(one, replicas)) for one in topics
    ]
    answer = await admin.create_topics(new)
    for error in answer.topic_errors:  # it raises for nothing: 38 is replication, 40 a setting
        if error[1] not in {0, EXISTS}:
            raise TopicsError(f"topic {error[0]} was not made: {error[1]} {error[2] if len(error) > 2 else ''}")  # noqa: PLR2004


async def _grow(admin: Any, short: Sequence[FewerPartitions]) -> None:  # noqa: ANN401 - untyped
    if not short:
        return
    answer = await admin.create_partitions({one.topic: NewPartitions(one.declared) for one in short})
    for name, code, *message in answer.topic_errors:
        if code:
            raise TopicsError(f"topic {name} did not grow: {code} {message}")


async def _set(admin: Any, changed: Mapping[str, Mapping[str, str]]) -> None:  # noqa: ANN401 - untyped
    """The full set of each topic: Kafka drops every override that is not named, so others' are named again."""
    if not changed:
        return
    kept = await _overrides(admin, list(changed), own=True)
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, name, configs={**kept[name], **one}) for name, one in changed.items()
    ]
    for answer in await admin.alter_configs(resources):
        for code, message, _kind, name in (tuple(resource)[:4] for resource in answer.resources):
            if code:
                raise TopicsError(f"settings of {name} were not changed: {code} {message}")

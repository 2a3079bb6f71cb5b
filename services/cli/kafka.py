"""The record topics of Kafka, read from their beginnings to their present ends: facts and decisions are all there."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import TypeAdapter, ValidationError

from contracts.decisions import AnyDecision, Decision
from contracts.envelope import from_headers
from contracts.topics import DECISIONS, INTAKE, Topic
from services.cli.errors import CommandError
from services.cli.gather import OFTEN, Refuse, Tick, Told
from services.cli.lines import Refused, time_of
from services.kit.kafka_fault import why_not
from services.kit.settings import ServiceSettings, read_settings
from services.kit.sources import SourceConfig
from services.provisioner.facts.arrivals import Unreadable
from services.provisioner.facts.read import read_fact
from services.provisioner.model import Fact
from services.provisioner.preview.families import Families, Place, decision_place, place_of

_DECISION: TypeAdapter[Decision] = TypeAdapter(AnyDecision)
WAIT_MS = 1000


@dataclass(slots=True)
class Topics:
    """hr.events, hr.events.urgent, hr.departments and tenure.decisions, as intake reads them.

    What nobody can read is `refused` under its running number; intake has put it into the quarantine.
    """

    kafka: str
    sources: Mapping[str, SourceConfig]
    undeclared: set[str] = field(default_factory=set)
    _by_urn: dict[str, SourceConfig] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_urn = {source.source: source for source in self.sources.values()}

    def gather(self, families: Families, refuse: Refuse, tick: Tick) -> None:  # noqa: ARG002 - judged when read
        try:
            asyncio.run(self._gather(families, tick))
        except (KafkaError, OSError):
            raise CommandError(asyncio.run(why_not(_access(self.kafka)))) from None

    def read(self, number: int, raw: bytes, told: Told) -> None:
        packed = json.loads(raw)
        value = base64.b64decode(packed["value"])
        if packed["topic"] == DECISIONS.name:
            try:
                told.decisions.append(_DECISION.validate_json(value))
            except ValidationError:
                told.refused.append(_unread(number, "a decision that nobody can read"))
            return
        fact = self._fact(packed["attributes"], value)
        if isinstance(fact, Fact):
            told.facts.append(fact)
        else:
            told.refused.append(_unread(number, str(fact)))

    def _fact(self, attributes: Mapping[str, str], value: bytes) -> Fact | Unreadable:
        return read_fact(
            attributes, value, id_space_of=self._space, now=time_of(attributes),
            rank_of=lambda urn: self._source(urn).rank, zone_of=lambda urn: self._source(urn).zone,
        )  # fmt: skip

    def _source(self, urn: str) -> SourceConfig:
        """As intake sees it: an undeclared source has the defaults."""
        if urn not in self._by_urn:
            self.undeclared.add(urn)
            return SourceConfig(source="urn:undeclared")
        return self._by_urn[urn]

    def _space(self, urn: str) -> str:
        return self._source(urn).space if urn in self._by_urn else urn

    async def _gather(self, families: Families, tick: Tick) -> None:
        number = 0
        async for record in _records(self.kafka, (*INTAKE, DECISIONS)):
            number += 1
            families.add(number, _packed(record), self._place(record))
            if number % OFTEN == 0:
                tick(number)

    def _place(self, record: ConsumerRecord[Any, Any]) -> Place:
        attributes, data = _attributes(record), _object(record.value)
        if record.topic == DECISIONS.name:
            return decision_place(data)
        source = attributes.get("source", "")
        return place_of(source, attributes.get("id"), attributes.get("type"), data, self._space(source))


def _packed(record: ConsumerRecord[Any, Any]) -> bytes:
    value = base64.b64encode(record.value or b"").decode()
    return json.dumps({"topic": record.topic, "attributes": _attributes(record), "value": value}).encode()


def _attributes(record: ConsumerRecord[Any, Any]) -> dict[str, str]:
    try:
        return from_headers((name, value or b"") for name, value in record.headers)
    except UnicodeDecodeError:
        return {}


def _object(value: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(value or b"")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _unread(number: int, why: str) -> Refused:
    return Refused(number, None, {"title": why, "errors": []})


def _access(kafka: str) -> ServiceSettings:
    """The brokers named, and the login and TLS that the environment names."""
    return read_settings(ServiceSettings, kafka=kafka)


async def _records(kafka: str, topics: Sequence[Topic]) -> AsyncIterator[ConsumerRecord[Any, Any]]:
    """Every record up to where the topics end now, topic by topic."""
    # Where a partition begins to be read is set once: a seek beside the client's own reset to the end may lose to it.
    consumer = AIOKafkaConsumer(enable_auto_commit=False, auto_offset_reset="earliest", **_access(kafka).client())
    await consumer.start()
    try:
        for topic in topics:
            places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            open_ = {place for place in places if await consumer.position(place) < ends[place]}
            while open_:
                for place, batch in (await consumer.getmany(*open_, timeout_ms=WAIT_MS)).items():
                    for record in batch:
                        if record.offset < ends[place]:
                            yield record
                open_ = {place for place in open_ if await consumer.position(place) < ends[place]}
    finally:
        await consumer.stop()

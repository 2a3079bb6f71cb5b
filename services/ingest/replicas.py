"""Whether a record would be acknowledged now: leaders and replicas in sync are there, enough of them, and answer.

That some broker answers says little: what is left of a cluster without its majority still answers, with what it knew
last, and every send waits in vain.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.errors import KafkaError
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker

from contracts.topics import INTAKE
from services.kit.health import State

SECONDS: Final = 2.0
PAUSE: Final = 0.2
NOBODY: Final = -1
"""The leader of a partition that has none."""
Described = Sequence[Mapping[str, Any]]
"""Topics as AIOKafkaAdminClient.describe_topics answers."""


@dataclass(frozen=True, slots=True)
class Replicas:
    """Of the topics that ingest writes. `broker` is started; `enough` replicas must be in sync."""

    broker: KafkaBroker
    enough: int = 1

    async def state(self) -> State:
        try:
            async with asyncio.timeout(SECONDS):
                shown = await self._shown()
                return short_of(shown, self.enough) or await self._all_answer(shown)
        except (TimeoutError, IncorrectState):
            return State(ok=False, detail="kafka_unreachable")

    async def _shown(self) -> Described:
        """From any broker; the client asks a random one, which may be the one that is down."""
        while True:
            try:
                shown: Described = await self.broker.config.admin_client.describe_topics([one.name for one in INTAKE])
            except (KafkaError, OSError):
                await asyncio.sleep(PAUSE)
            else:
                return shown

    async def _all_answer(self, shown: Described) -> State:
        """A send is acknowledged by every replica in sync, so one that is gone and still named holds up all."""
        client: Any = self.broker.config.admin_client._client  # noqa: SLF001 - aiokafka connects nowhere else on request
        nodes = {node for one in _partitions(shown) for node in (one["leader"], *one["isr"])}
        there = await asyncio.gather(*(client.ready(node) for node in nodes))
        return State(ok=True) if all(there) else State(ok=False, detail="kafka_replica_unreachable")


def short_of(shown: Described, enough: int) -> State | None:
    """What the cluster itself says is missing, None if nothing is."""
    if any(topic["error_code"] for topic in shown):
        return State(ok=False, detail="kafka_without_topic")
    if any(one["leader"] == NOBODY for one in _partitions(shown)):
        return State(ok=False, detail="kafka_without_leader")
    if any(len(one["isr"]) < enough for one in _partitions(shown)):
        return State(ok=False, detail="kafka_too_few_in_sync")
    return None


def _partitions(shown: Described) -> Iterator[Mapping[str, Any]]:
    for topic in shown:
        yield from topic["partitions"]

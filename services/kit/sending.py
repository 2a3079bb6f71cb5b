"""aiokafka's own task that sends: once it has ended every send fails, for ever, and only a restart helps."""

import asyncio
from dataclasses import dataclass
from typing import Any

from faststream.kafka import KafkaBroker

from services.kit.errors import EndedTaskError
from services.kit.health import State


@dataclass(frozen=True, slots=True)
class Sending:
    """Of a broker that is started."""

    broker: KafkaBroker

    def state(self) -> State:
        """A check for `healthz`."""
        ended = self._task().done()
        return State(not ended, "ended" if ended else "running")

    async def watch(self) -> None:
        """Ends the service with the task; what was not acknowledged is repeated by its senders, ours and others."""
        await asyncio.wait([self._task()])
        raise EndedTaskError("the task that sends to Kafka")

    def _task(self) -> asyncio.Task[Any]:
        """FastStream and aiokafka 0.14 show it nowhere; a test fails where a new version keeps it elsewhere."""
        producer: Any = self.broker.config.producer
        task: asyncio.Task[Any] = producer._producer.producer._sender.sender_task  # noqa: SLF001 - see above
        return task

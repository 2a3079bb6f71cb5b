"""The relay: sends what stands in the outbox, in order, and deletes exactly what the broker acknowledged.

One leader at a time, by row lease: the same rows in order need one sender. Readers drop repeats by event id.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from services.kit.broker import Outgoing
from services.kit.errors import PublishError
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.port import Message, Store

log = structlog.get_logger()

LOT = 500
LEASE = timedelta(seconds=60)
"""Longer than a lot may take to be acknowledged, so that two never send at once."""
TIDY_SECONDS = 600.0
Send = Callable[[Sequence[Outgoing]], Awaitable[object]]
"""Sends records in order; returns when every one is acknowledged, raises PublishError otherwise."""


@dataclass(slots=True)
class Relay:
    store: Store
    send: Send
    holder: str
    epoch: str
    keep: timedelta = timedelta(days=3)
    idle: float = 0.02
    turned: Callable[[], None] = lambda: None
    _refilled: bool = field(default=False)
    _tidied: float = field(default_factory=time.monotonic)

    async def run(self) -> None:
        """Relay for ever."""
        while True:
            try:
                moved = await self._turn()
            except StoreUnavailableError:
                moved = 0
                await asyncio.sleep(1.0)
            except PublishError:
                log.warning("outbox.not_acknowledged")
                moved = 0
                await asyncio.sleep(1.0)
            else:
                self.turned()
            if not moved:
                await asyncio.sleep(self.idle)

    async def _turn(self) -> int:
        if await self.store.lead("outbox", self.holder, LEASE) is None:
            await asyncio.sleep(1.0)
            return 0
        if not self._refilled:
            again = await self.store.refill(self.epoch)
            self._refilled = True
            if again:
                log.info("outbox.refilled", rows=again)
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidied = time.monotonic()
            await self.store.purge(self.keep)
        rows = await self.store.outbox(LOT)
        if rows:
            await self.send([_outgoing(message) for _, message in rows])
            await self.store.sent([row_id for row_id, _ in rows])
        return len(rows)


def _outgoing(message: Message) -> Outgoing:
    return Outgoing(message.topic, message.key.encode(), message.value, message.headers)

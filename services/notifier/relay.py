"""The relay: publishes what stands in the outbox, in order, and deletes exactly what the broker acknowledged.

One leader at a time, by row lease: the order of the log needs one sender. Readers drop repeats by event id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from services.kit.broker import Outgoing
from services.kit.errors import PublishError
from services.notifier.errors import StoreGoneError
from services.notifier.records import Record
from services.notifier.store.port import Outbox

log = structlog.get_logger()

LOT = 500
LEASE = timedelta(seconds=60)
"""Longer than a lot may take to be acknowledged, so that two never publish at once."""
TIDY_SECONDS = 600.0
Send = Callable[[Sequence[Outgoing]], Awaitable[object]]
"""Sends records in order; returns when every one is acknowledged, raises PublishError otherwise."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long published records and seen outcomes are remembered."""

    sent: timedelta = timedelta(days=3)
    seen: timedelta = timedelta(days=400)


@dataclass(slots=True)
class Relay:
    store: Outbox
    send: Send
    holder: str
    epoch: str
    keep: Keep = field(default_factory=Keep)
    idle: float = 0.05
    after_failure: float = 1.0
    turned: Callable[[], None] = lambda: None
    _refilled: bool = False
    _tidied: float = 0.0

    async def run(self) -> None:
        """Relay for ever."""
        while True:
            try:
                moved = await self.turn()
            except StoreGoneError:
                await asyncio.sleep(self.after_failure)
            except PublishError:
                log.warning("outbox.not_acknowledged")
                await asyncio.sleep(self.after_failure)
            else:
                self.turned()
                if moved is None:
                    await asyncio.sleep(self.after_failure)
                elif not moved:
                    await asyncio.sleep(self.idle)

    async def turn(self) -> int | None:
        """Publish one lot; returns how many records, None where another replica leads."""
        if not await self.store.lead("outbox", self.holder, LEASE):
            return None
        if not self._refilled:
            again = await self.store.refill(self.epoch)
            self._refilled = True
            if again:
                log.info("outbox.refilled", rows=again)
        rows = await self.store.outbox(LOT)
        if rows:
            await self.send([_outgoing(record) for _, record in rows])
            await self.store.sent([row_id for row_id, _ in rows])
        else:
            await self._tidy()
        return len(rows)

    async def _tidy(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._tidied >= TIDY_SECONDS:
            self._tidied = now
            await self.store.purge(self.keep.sent, self.keep.seen)


def _outgoing(record: Record) -> Outgoing:
    return Outgoing(record.topic, record.key.encode(), record.value, record.headers)

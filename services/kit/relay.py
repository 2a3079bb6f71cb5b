"""The relay: sends what stands in a service's outbox, in order, and deletes exactly what the broker acknowledged.

One leader at a time, by row lease: the same rows in order need one sender. Readers drop repeats by event id. A new
epoch of the embedded broker is filled again from what is kept of the last ones.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from services.kit.broker import Outgoing
from services.kit.database import DatabaseGoneError
from services.kit.errors import PublishError

log = structlog.get_logger()

DUTY = "outbox"
LOT = 500
LEASE = timedelta(seconds=60)
"""Longer than a lot may take to be acknowledged, so that two never send at once."""
TIDY_SECONDS = 600.0
Send = Callable[[Sequence[Outgoing]], Awaitable[object]]
"""Sends records in order; returns when every one is acknowledged, raises PublishError otherwise."""


class Row(Protocol):
    """A record that waits: topic, Kafka key, value and headers."""

    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> bytes: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Outbox(Protocol):
    """What a store offers its relay. Every call raises DatabaseGoneError while the database is gone."""

    async def lead(self, duty: str, holder: str, lease: timedelta) -> object:
        """Something true while `holder` leads, for `lease` from now on."""
        ...

    async def outbox(self, limit: int) -> Sequence[tuple[int, Row]]:
        """The first rows, in the order in which they are to be sent."""
        ...

    async def sent(self, ids: Sequence[int]) -> None:
        """These were acknowledged: out of the outbox, kept to fill a lost broker again."""
        ...

    async def refill(self, epoch: str) -> int:
        """At a broker epoch never seen: everything kept goes back into the outbox, before what is there."""
        ...


@dataclass(slots=True)
class Relay:
    """`tidy` forgets what was kept long enough; `turned` is told of each turn that got through."""

    store: Outbox
    send: Send
    holder: str
    epoch: str
    tidy: Callable[[], Awaitable[object]]
    idle: float = 0.02
    after_failure: float = 1.0
    turned: Callable[[], None] = lambda: None
    _refilled: bool = False
    _tidied: float = 0.0

    async def run(self) -> None:
        """Relay for ever; who stops lets the next one begin at once."""
        try:
            await self._turns()
        finally:
            with suppress(DatabaseGoneError):
                await self.store.lead(DUTY, self.holder, timedelta(0))

    async def _turns(self) -> None:
        while True:
            try:
                moved = await self.turn()
            except DatabaseGoneError:
                await asyncio.sleep(self.after_failure)
            except PublishError:
                log.warning("outbox.not_acknowledged")
                await asyncio.sleep(self.after_failure)
            else:
                self.turned()
                if moved is None or moved < LOT:  # a moment later it is worth the trip
                    await asyncio.sleep(self.after_failure if moved is None else self.idle)

    async def turn(self) -> int | None:
        """Send one lot; returns how many records, None where another replica leads."""
        if not await self.store.lead(DUTY, self.holder, LEASE):
            return None
        if not self._refilled:
            again = await self.store.refill(self.epoch)
            self._refilled = True
            if again:
                log.info("outbox.refilled", rows=again)
        rows = await self.store.outbox(LOT)
        if rows:
            await self.send([Outgoing(row.topic, row.key.encode(), row.value, row.headers) for _, row in rows])
            await self.store.sent([row_id for row_id, _ in rows])
        else:
            await self._tidy()
        return len(rows)

    async def _tidy(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._tidied >= TIDY_SECONDS:
            self._tidied = now
            await self.tidy()

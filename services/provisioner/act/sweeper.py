"""Sweeps every target in its time: one process at a time each, by a row lease."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from services.kit.clock import Clock
from services.platforms.errors import PlatformError
from services.platforms.gate import GateClosedError
from services.provisioner.act.sweep import Sweep
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.port import Store

log = structlog.get_logger()

LOOK = 15.0
"""Seconds between two looks at which target's time has come."""
LEASE = timedelta(hours=1)
"""Of the duty; after a crash somebody else takes it up no later than that."""
AGAIN = 600.0
"""Seconds until a sweep that a platform refused is tried again."""
GLANCE = timedelta(minutes=10)
"""Business time between two looks at the accounts that we locked: nobody gets in again unseen for hours."""


@dataclass(slots=True)
class Sweeper:
    """`every` in business time; zero: only when an operator asks."""

    store: Store
    clock: Clock
    sweeps: Mapping[str, Sweep]
    every: timedelta
    holder: str
    _not_before: dict[str, float] = field(default_factory=dict)
    _glanced: dict[str, datetime] = field(default_factory=dict)

    async def run(self) -> None:
        while self.every:
            for target in self.sweeps:
                try:
                    await self.turn(target)
                except StoreUnavailableError:
                    log.warning("sweep.lost_store", target=target)
            await asyncio.sleep(LOOK)
        await asyncio.Event().wait()

    async def turn(self, target: str) -> bool:
        """Sweep the target, or look at what is locked there, if the time has come; whether that was done.

        Raises StoreUnavailableError.
        """
        now = self.clock.business_now()
        swept = await self._due(target, now)
        glanced = now - self._glanced.setdefault(target, now) >= GLANCE
        if time.monotonic() < self._not_before.get(target, 0.0) or not (swept or glanced):
            return False
        if await self.store.lead(f"sweep:{target}", self.holder, LEASE) is None:
            return False
        self._glanced[target] = now
        try:
            if not swept:
                return bool(await self.sweeps[target].glance(now))
            report = await self.sweeps[target].run(now, repair=True)
        except (PlatformError, GateClosedError) as exc:
            self._not_before[target] = time.monotonic() + AGAIN
            code = f"{exc.api}:{exc.code}" if isinstance(exc, PlatformError) else "paused"
            log.warning("sweep.refused", target=target, code=code)
            return False
        log.info("sweep.done", target=target, **report.counts)
        return True

    async def _due(self, target: str, now: datetime) -> bool:
        last = await self.store.last_sweep(target)
        return last is not None and now - last.at >= self.every

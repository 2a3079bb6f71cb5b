"""Keeps a process under the policy in force: it opens again when that changes, and has everybody looked at once.

The order matters: a policy comes into force in the transaction of its decision, from which on no process that runs
another one claims anything; everybody is marked by a process that runs it. So nobody is looked at under the old one
and then forgotten.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from services.kit.clock import Clock
from services.kit.errors import ReopenError
from services.platforms import gate
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.port import Mark, Store

log = structlog.get_logger()

LOT = 2000
"""People woken in one transaction, so that intake never waits long for it."""


@dataclass(slots=True)
class Governance:
    """`version` is that of the policy which this process runs on these targets."""

    store: Store
    clock: Clock
    version: str
    targets: Sequence[str]
    woken: Callable[[], None]
    every: float = 0.5

    async def run(self) -> None:
        """For ever; raises ReopenError once another policy is in force."""
        while True:
            with suppress(StoreUnavailableError):
                await self.turn()
            await asyncio.sleep(self.every)

    async def turn(self) -> None:
        """One look. Raises ReopenError, StoreUnavailableError."""
        policy = await self.store.policy_in_force()
        if policy is None:
            return
        if policy.version != self.version:
            log.info("policy.changed", version=policy.version)
            raise ReopenError("another policy is in force")
        if not policy.looked:
            await self._wake_everybody()
            await self.store.looked(self.version)

    async def _wake_everybody(self) -> None:
        people, now = await self.store.persons(), self.clock.business_now()
        for begin in range(0, len(people), LOT):
            async with self.store.intake() as tx:
                await tx.mark([Mark(person, gate.BULK, now) for person in people[begin : begin + LOT]], self.targets)
        self.woken()

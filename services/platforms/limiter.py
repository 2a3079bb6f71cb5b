"""The gate in front of every platform: published limits, calls in flight, pauses, and the caller's lease.

Calls to an API start at least a gap apart, in all processes together: the gap is the tightest window at 95 %, so that
a start that comes a twentieth of the window late still breaks no window; one that comes later reserves anew. Everyday
work reserves at most a tenth of a second ahead and bulk less, urgent work without bound: so the urgent wait about that
long at most, and nothing is set aside unused.
"""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self

from services.kit.database import DatabaseGoneError
from services.platforms import gate
from services.platforms.errors import TryLaterError
from services.platforms.gate import BULK, EVERYDAY, URGENT, GateClosedError
from services.platforms.ledger import ALL, Answer, Ledger, Pause, PostgresLedger
from services.platforms.quotas import UNBOUNDED, Quota
from services.platforms.slots import Slots

AHEAD: Final[Mapping[int, float | None]] = {URGENT: None, EVERYDAY: 0.1, BULK: 0.025}
"""How many seconds ahead a lane may reserve."""
LATE: Final = 0.04
"""The part of the shortest window by which a start may be late; 0.052 would still break none."""
KEPT: Final = 5
"""One place in so many is kept for the urgent."""
FRESH: Final = 0.2
"""The part of the ledger's delay for which one look lets calls through where no quota is."""
PATIENCE: Final = 1.0
"""Seconds of a block that are waited out; a longer one is told to the caller."""
MINUTE: Final = 60.0


class _Api:
    """What one API of a target needs in this process."""

    def __init__(self, quota: Quota, api: str) -> None:
        self.gap = quota.gap(api)
        self.late = LATE * min((window.seconds for window in quota.windows(api)), default=float("inf"))
        kept = max(quota.in_flight // KEPT, min(quota.in_flight - 1, 1))
        self.turn = Slots(quota.in_flight, kept)
        """Those that reserve and wait for their moment."""
        self.flight = Slots(quota.in_flight, kept)
        self.started: deque[float] = deque()
        self.looked = float("-inf")
        """When calls without a quota were last let through."""
        self.looking = asyncio.Lock()


class Limiter:
    """Implements `gate.Gate`. `alive` says whether this process still holds its lease.

    Raises GateClosedError when paused, without a lease, or when the ledger cannot be reached, and TryLaterError with
    `after` during a block: in each case nothing was sent. `calls` counts by target, `waited` sums seconds by lane.
    """

    def __init__(
        self,
        ledger: Ledger,
        quotas: Mapping[str, Quota],
        alive: Callable[[], bool] = lambda: True,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger, self._quotas, self._alive, self._clock, self._sleep = ledger, quotas, alive, clock, sleep
        self._apis: dict[tuple[str, str], _Api] = {}
        self._pausing: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.waited: dict[int, float] = dict.fromkeys((URGENT, EVERYDAY, BULK), 0.0)

    @classmethod
    async def connect(cls, dsn: str, quotas: Mapping[str, Quota], *, alive: Callable[[], bool]) -> Self:
        """On the shared ledger; raises DatabaseGoneError when it is not there."""
        limiter = cls(PostgresLedger(dsn), quotas, alive)
        await limiter.pauses()
        return limiter

    @asynccontextmanager
    async def call(self, target: str, api: str) -> AsyncIterator[None]:
        lane, begun = gate.lane.get(), self._clock()
        state = self._api(target, api)
        if (share := gate.share.get()) < 1:
            await self._sleep(state.gap / share)
        await self._pass(state, target, api, lane)
        now = self._clock()
        self.calls[target] += 1
        self.waited[lane] += now - begun
        state.started.append(now)
        _forget(state.started, now - MINUTE)
        try:
            yield
        finally:
            state.flight.give_back()

    def used(self) -> dict[str, float]:
        """By target the part of its tightest window that this process used over the last minute, of its busiest API."""
        shares: dict[str, float] = {}
        for (target, _), state in self._apis.items():
            _forget(state.started, self._clock() - MINUTE)
            share = len(state.started) * state.gap * 0.95 / MINUTE
            shares[target] = max(shares.get(target, 0.0), share)
        return shares

    async def block(self, target: str, seconds: float, api: str = ALL) -> None:
        """Let no call start for so long, in any process: after the platform throttled us."""
        await self._ledger.block(target, api, seconds)
        for (theirs, _), state in self._apis.items():
            if theirs == target:
                state.looked = float("-inf")

    async def pause(self, target: str, by: str, reason: str) -> None:
        """Stop a target (`*`: all); when it returns, nothing that was let through is still to start, anywhere."""
        self._pausing[target] += 1
        try:
            await self._ledger.pause(target, by, reason)
            await self._sleep(self._ledger.delay)
        finally:
            self._pausing[target] -= 1

    async def resume(self, target: str) -> None:
        """Let calls start again; a pause that is being made in this process comes into force first."""
        while self._pausing[target]:
            await self._sleep(self._ledger.delay / 10)
        await self._ledger.resume(target)

    async def pauses(self) -> Sequence[Pause]:
        return await self._ledger.pauses()

    async def close(self) -> None:
        await self._ledger.close()

    def _api(self, target: str, api: str) -> _Api:
        found = self._apis.get((target, api))
        if found is None:
            found = self._apis[target, api] = _Api(self._quotas.get(target, UNBOUNDED), api)
        return found

    async def _pass(self, state: _Api, target: str, api: str, lane: int) -> None:
        """Return with a place in flight, at the moment reserved, all conditions checked without a pause in between."""
        async with state.turn.taken(lane):
            while True:
                asked, start = await self._moment(state, target, api, lane)
                await state.flight.take(lane)
                try:
                    while self._clock() - asked > self._ledger.delay * 0.8:  # what was seen then may have changed
                        asked = self._clock()
                        await self._ask(target, api, 0.0, lane)
                    self._check(target)
                except BaseException:
                    state.flight.give_back()
                    raise
                if self._clock() - start <= state.late:
                    return
                state.flight.give_back()

    async def _moment(self, state: _Api, target: str, api: str, lane: int) -> tuple[float, float]:
        """Reserve a start and wait for it; when that was asked, and the moment, both by our clock."""
        while True:
            self._check(target)
            asked = self._clock()
            if not state.gap:
                return await self._look(state, target, api, lane), self._clock()
            answer = await self._ask(target, api, state.gap, lane)
            if answer.blocked:
                await self._sleep(answer.blocked)
            elif answer.wait is not None:
                # From the moment of the answer, so never early; late by what the answer took.
                await self._sleep(max(answer.wait, 0.0))
                return asked, asked + max(answer.wait, 0.0)
            else:
                ahead = AHEAD[lane] or 0.0
                await self._sleep(max(answer.free - ahead, 0.001) * random.uniform(1.0, 1.2))  # noqa: S311 - jitter

    async def _look(self, state: _Api, target: str, api: str, lane: int) -> float:
        """When there was last seen that nothing stands in the way; who comes together looks once."""
        async with state.looking:
            while self._clock() - state.looked >= FRESH * self._ledger.delay:
                asked = self._clock()
                answer = await self._ask(target, api, 0.0, lane)
                if answer.blocked:
                    await self._sleep(answer.blocked)
                else:
                    state.looked = asked
            return state.looked

    async def _ask(self, target: str, api: str, gap: float, lane: int) -> Answer:
        try:
            answer = await self._ledger.reserve(target, api, gap, AHEAD[lane], lane)
        except DatabaseGoneError as exc:
            raise GateClosedError("the ledger of calls cannot be reached") from exc
        if answer.paused:
            raise GateClosedError(f"{target} is paused")
        if answer.blocked > PATIENCE:
            raise TryLaterError("blocked", api, after=answer.blocked)
        return answer

    def _check(self, target: str) -> None:
        if self._pausing[target] or self._pausing[ALL]:
            raise GateClosedError(f"{target} is paused")
        if not self._alive():
            raise GateClosedError("this process lost its lease")


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] < before:
        times.popleft()

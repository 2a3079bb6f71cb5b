"""Places for a bounded number, given to the most urgent who waits; some are kept free for the urgent."""

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.platforms.gate import URGENT


class Slots:
    """`size` places, of which `kept` are for lane 0 only."""

    def __init__(self, size: int, kept: int) -> None:
        self._free, self._kept = size, kept
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    @asynccontextmanager
    async def taken(self, lane: int) -> AsyncIterator[None]:
        """Hold a place; who came first goes first within a lane."""
        await self.take(lane)
        try:
            yield
        finally:
            self.give_back()

    async def take(self, lane: int) -> None:
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (lane, next(self._order), future))
        self._serve()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        self._free += 1
        self._serve()

    def _serve(self) -> None:
        while self._waiting:
            lane, _, future = self._waiting[0]
            if future.done():  # cancelled while it waited
                heapq.heappop(self._waiting)
            elif self._free > (0 if lane == URGENT else self._kept):
                heapq.heappop(self._waiting)
                self._free -= 1
                future.set_result(None)
            else:
                return

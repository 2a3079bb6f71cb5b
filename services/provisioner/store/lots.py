"""Calls that come together share one trip to the database.

Whoever comes while a lot is under way waits for the next: lots grow with the load, and who comes alone waits for
nobody. A trip costs more than what it carries, so many people at once cost each a fraction.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from services.provisioner.store.errors import StoreUnavailableError

T = TypeVar("T")
R = TypeVar("R")

MOST: Final = 100


@dataclass(slots=True, eq=False)
class _Asked(Generic[T, R]):
    item: T
    answer: "asyncio.Future[R]"


class Lots(Generic[T, R]):
    """`work` answers each item of a lot, in its order, or raises and has done nothing; one lot is under way.

    A lot that fails is repeated one by one, so that each caller hears only of its own. Of items that have the same
    `key` a lot holds one.
    """

    def __init__(
        self, work: Callable[[Sequence[T]], Awaitable[Sequence[R]]], key: Callable[[T], Hashable] | None = None
    ) -> None:
        self._work, self._key = work, key
        self._waiting: list[_Asked[T, R]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, item: T) -> R:
        """The answer to this item; raises what became of it alone."""
        asked = _Asked[T, R](item, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._task is None:
            self._task = asyncio.create_task(self._work_off(), name="lots")
        return await asked.answer

    async def drain(self) -> None:
        """Return when everything handed in is answered."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def _work_off(self) -> None:
        try:
            while lot := self._next():
                await self._answer(lot)
        finally:
            self._task = None  # in the same breath as the last look, so that nobody comes unseen

    def _next(self) -> list[_Asked[T, R]]:
        """Who came first; nobody who has given up."""
        lot: dict[Hashable, _Asked[T, R]] = {}
        later: list[_Asked[T, R]] = []
        for asked in self._waiting:
            key = self._key(asked.item) if self._key else id(asked)
            if asked.answer.done():
                continue
            if key in lot or len(lot) == MOST:
                later.append(asked)
            else:
                lot[key] = asked
        self._waiting = later
        return list(lot.values())

    async def _answer(self, lot: Sequence[_Asked[T, R]]) -> None:
        trip = asyncio.ensure_future(self._work([asked.item for asked in lot]))
        await asyncio.wait({trip})
        error = trip.exception()
        if error is None:
            for asked, answer in zip(lot, trip.result(), strict=True):
                if not asked.answer.done():
                    asked.answer.set_result(answer)
        elif len(lot) == 1 or isinstance(error, StoreUnavailableError):
            for asked in lot:
                if not asked.answer.done():
                    asked.answer.set_exception(error)
        else:
            for asked in lot:
                await self._answer([asked])

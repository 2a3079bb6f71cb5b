"""Something urgent was marked: whoever waits is woken."""

import asyncio
from typing import Any
from weakref import WeakKeyDictionary

from services.kit.database import Line
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.intake import URGENT_CHANNEL


class Bell:
    """A task is woken at once by what rang since it last waited, so that nothing rings between two waits unheard."""

    def __init__(self) -> None:
        self._rung = 0
        self._heard: WeakKeyDictionary[asyncio.Task[Any], int] = WeakKeyDictionary()
        self._next = asyncio.Event()

    def ring(self) -> None:
        self._rung += 1
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - returning is no error
        """Return when it rings, or after `timeout` seconds."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a wait is part of a task")
        if self._heard.get(task, 0) == self._rung:
            waiter = asyncio.ensure_future(self._next.wait())
            try:
                await asyncio.wait({waiter}, timeout=timeout)
            finally:
                waiter.cancel()
        self._heard[task] = self._rung


class PostgresBell(Bell):
    """Rings for NOTIFY. A lost connection is made anew at the next wait; what rang meanwhile is found by looking."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self._listening: asyncio.Task[None] | None = None

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - returning is no error
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen(), name="bell")
        await super().wait(timeout)

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})

    async def _listen(self) -> None:
        try:
            async with self._line.use() as connection:
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _connection: lost.set())
                await connection.add_listener(URGENT_CHANNEL, self._notified)
                self.ring()
                await lost.wait()
        except StoreUnavailableError:
            return

    def _notified(self, *_about: object) -> None:
        self.ring()

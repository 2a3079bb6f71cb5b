"""The gate every platform call goes through: quota, calls in flight, pause, and the caller's lease.

A client writes `async with gate.call(target, api):` around each request and knows nothing else about limits.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Protocol

URGENT, EVERYDAY, BULK = 0, 1, 2

lane: ContextVar[int] = ContextVar("lane", default=EVERYDAY)
"""How urgent the work of this task is: 0 leave and stop, 1 everyday, 2 bulk. The executor sets it."""

share: ContextVar[float] = ContextVar("share", default=1.0)
"""The part of a quota that this task may use at most, one call after another; a sweep takes a fifth."""


class GateClosedError(Exception):
    """The call was not started: the target or Tenure is paused, or the process lost its lease. Nothing was sent."""


class Gate(Protocol):
    """Lets a call through when quota, bound of calls in flight, pause and lease allow it; most urgent first."""

    def call(self, target: str, api: str) -> AbstractAsyncContextManager[None]:
        """Wait until the call may start; raises GateClosedError when it must not. Holds a slot until left."""
        ...


class OpenGate:
    """No limits: for tests and for targets that have none. Counts the calls by (target, api)."""

    def __init__(self) -> None:
        self.calls: dict[tuple[str, str], int] = {}

    @asynccontextmanager
    async def call(self, target: str, api: str) -> AsyncIterator[None]:
        self.calls[target, api] = self.calls.get((target, api), 0) + 1
        yield

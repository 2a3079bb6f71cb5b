"""Health: named checks (progress, lag, assignment, producer …), each with a code that says why.

`/healthz` asks whether restarting us would help (`alive` checks); `/readyz` whether work can be given to us (all
checks). A ping of the broker is not a check: it answers with the consumer dead.
"""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CHECK_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class State:
    """What a check found. `detail` is a code or a number of a closed set, never personal data."""

    ok: bool
    detail: str = "ok"


Check = Callable[[], State | Awaitable[State]]


class Health:
    """The checks of a service, registered while it is wired."""

    def __init__(self) -> None:
        self._alive: dict[str, Check] = {}
        self._ready: dict[str, Check] = {}

    def alive(self, name: str, check: Check) -> None:
        """Register a check whose failure means that only a restart helps."""
        self._alive[name] = check

    def ready(self, name: str, check: Check) -> None:
        """Register a check whose failure means: give us no work now (a broker or database is gone)."""
        self._ready[name] = check

    async def healthz(self) -> dict[str, State]:
        return await _run(self._alive)

    async def readyz(self) -> dict[str, State]:
        return await _run(self._alive | self._ready)

    def routes(self) -> list[Route]:
        """`GET /healthz` and `GET /readyz`: 200 or 503, `{"ok": …, "checks": {name: {"ok": …, "detail": …}}}`."""

        async def healthz(_request: Request) -> JSONResponse:
            return _answer(await self.healthz())

        async def readyz(_request: Request) -> JSONResponse:
            return _answer(await self.readyz())

        return [Route("/healthz", healthz), Route("/readyz", readyz)]


class Progress:
    """A loop's heartbeat: the loop calls `beat` at every turn, the check fails when it stood too long.

    `within` is in seconds and longer than the longest turn that is still right.
    """

    def __init__(self, within: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._within, self._monotonic = within, monotonic
        self._last = monotonic()

    def beat(self) -> None:
        self._last = self._monotonic()

    def age(self) -> float:
        """Seconds since the last turn."""
        return self._monotonic() - self._last

    def __call__(self) -> State:
        age = self.age()
        return State(age <= self._within, f"last_turn_{age:.0f}s_ago")


async def _run(checks: dict[str, Check]) -> dict[str, State]:
    states = await asyncio.gather(*map(_one, checks.values()))
    return dict(zip(checks, states, strict=True))


async def _one(check: Check) -> State:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            state = check()
            return await state if inspect.isawaitable(state) else state
    except TimeoutError:
        return State(ok=False, detail="timed_out")


def _answer(states: dict[str, State]) -> JSONResponse:
    ok = all(state.ok for state in states.values())
    checks = {name: {"ok": state.ok, "detail": state.detail} for name, state in states.items()}
    return JSONResponse({"ok": ok, "checks": checks}, status_code=200 if ok else 503)

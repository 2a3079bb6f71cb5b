"""Who may call when, shared by all processes: the next free moment of every API, what is paused, what is blocked.

A moment is a distance in seconds from the database's now, so that no two clocks are compared.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol

from services.kit.database import Line
from services.platforms.gate import URGENT

ALL: Final = "*"
"""Stands for every target in a pause, for every API of a target in a block."""


class Pause(NamedTuple):
    """Whom an operator stopped: no call to `target` (or to any, `*`) starts."""

    target: str
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the ledger says to a wish to call.

    `wait`: seconds until the call may start, None when nothing was reserved: because `paused`, because `blocked` (the
    seconds left of a block), or because the next free moment, `free` seconds away, was too far.
    """

    paused: bool
    blocked: float
    wait: float | None
    free: float


class Ledger(Protocol):
    """`delay`: so many seconds after it was written a pause is in force, since no older answer is acted upon."""

    delay: float

    async def reserve(self, target: str, api: str, gap: float, ahead: float | None, lane: int) -> Answer:
        """Take the next free moment if it is less than `ahead` seconds away (None: however far); gap 0 takes none."""
        ...

    async def block(self, target: str, api: str, seconds: float) -> None: ...

    async def pause(self, target: str, by: str, reason: str) -> None: ...

    async def resume(self, target: str) -> None: ...

    async def pauses(self) -> Sequence[Pause]: ...

    async def close(self) -> None: ...


_ANSWER = """SELECT s.paused, s.blocked, (SELECT wait FROM taken) AS wait,
  coalesce((SELECT extract(epoch FROM greatest(q.free_at, now()) - now())::float8
    FROM quota AS q WHERE q.target = $1 AND q.api = $2), 0) AS free
FROM state AS s"""

_STATE = """WITH state AS MATERIALIZED (SELECT
  EXISTS (SELECT FROM pause AS p WHERE p.target IN ($1, '*')) AS paused,
  coalesce((SELECT extract(epoch FROM greatest(max(q.blocked_until), now()) - now())::float8
    FROM quota AS q WHERE q.target = $1 AND q.api IN ($2, '*')), 0) AS blocked)"""

_RESERVE = f"""{_STATE}, taken AS (
  UPDATE quota AS q SET free_at = greatest(q.free_at, clock_timestamp()) + $3::interval FROM state AS s
  WHERE q.target = $1 AND q.api = $2 AND NOT s.paused AND s.blocked = 0
    AND ($4::interval IS NULL OR q.free_at < clock_timestamp() + $4::interval)
  RETURNING extract(epoch FROM q.free_at - $3::interval - clock_timestamp())::float8 AS wait)
{_ANSWER}"""  # noqa: S608 - constants

_LOOK = f"{_STATE}, taken AS (SELECT 0::float8 AS wait WHERE false) {_ANSWER}"

_KNOW = """INSERT INTO quota (target, api, gap) VALUES ($1, $2, $3)
ON CONFLICT (target, api) DO UPDATE SET gap = excluded.gap WHERE quota.gap <> excluded.gap"""


class PostgresLedger:
    """Tables `platforms.quota` and `platforms.pause`. Urgent reservations have a connection of their own."""

    delay = 0.5

    def __init__(self, dsn: str, *, name: str = "limiter") -> None:
        self._urgent, self._everyday, self._operators = (
            Line(dsn, size, "platforms", name=name) for size in (1, 2, 1)
        )  # fmt: skip
        self._known: set[tuple[str, str]] = set()

    async def reserve(self, target: str, api: str, gap: float, ahead: float | None, lane: int) -> Answer:
        line = self._urgent if lane == URGENT else self._everyday
        if not gap:
            (row,) = await line.fetch(_LOOK, target, api)
            return Answer(**row)
        between = timedelta(seconds=gap)
        if (target, api) not in self._known:
            await line.fetch(_KNOW, target, api, between)
            self._known.add((target, api))
        (row,) = await line.fetch(_RESERVE, target, api, between, None if ahead is None else timedelta(seconds=ahead))
        return Answer(**row)

    async def block(self, target: str, api: str, seconds: float) -> None:
        await self._operators.fetch(
            """INSERT INTO quota AS q (target, api, gap, blocked_until) VALUES ($1, $2, '0', now() + $3::interval)
            ON CONFLICT (target, api) DO UPDATE
              SET blocked_until = greatest(q.blocked_until, excluded.blocked_until)""",
            target,
            api,
            timedelta(seconds=seconds),
        )

    async def pause(self, target: str, by: str, reason: str) -> None:
        await self._operators.fetch(
            """INSERT INTO pause (target, by_whom, reason) VALUES ($1, $2, $3) ON CONFLICT (target) DO NOTHING""",
            target,
            by,
            reason,
        )

    async def resume(self, target: str) -> None:
        await self._operators.fetch("DELETE FROM pause WHERE target = $1", target)

    async def pauses(self) -> Sequence[Pause]:
        rows = await self._operators.fetch("SELECT target, by_whom, reason, at FROM pause ORDER BY at, target")
        return [Pause(*row) for row in rows]

    async def close(self) -> None:
        for line in (self._urgent, self._everyday, self._operators):
            await line.close()


class MemoryLedger:
    """The same for one process; `clock` counts seconds."""

    delay = 0.01

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: dict[tuple[str, str], float] = {}
        self._blocked: dict[tuple[str, str], float] = {}
        self._pauses: dict[str, Pause] = {}

    def is_paused(self, target: str) -> bool:
        return target in self._pauses or ALL in self._pauses

    async def reserve(self, target: str, api: str, gap: float, ahead: float | None, lane: int) -> Answer:  # noqa: ARG002 - the port's
        now = self._clock()
        free_at = max(self._free_at.get((target, api), now), now)
        until = max((self._blocked.get((target, each), now) for each in (api, ALL)), default=now)
        blocked, free = max(until - now, 0.0), free_at - now
        if self.is_paused(target) or blocked or not gap or not (ahead is None or free < ahead):
            return Answer(self.is_paused(target), blocked, None, free)
        self._free_at[target, api] = free_at + gap
        return Answer(paused=False, blocked=0.0, wait=free, free=free)

    async def block(self, target: str, api: str, seconds: float) -> None:
        until = self._clock() + seconds
        self._blocked[target, api] = max(self._blocked.get((target, api), until), until)

    async def pause(self, target: str, by: str, reason: str) -> None:
        self._pauses.setdefault(target, Pause(target, by, reason, datetime.now(UTC)))

    async def resume(self, target: str) -> None:
        self._pauses.pop(target, None)

    async def pauses(self) -> Sequence[Pause]:
        return sorted(self._pauses.values(), key=lambda pause: (pause.at, pause.target))

    async def close(self) -> None:
        """Nothing to close."""

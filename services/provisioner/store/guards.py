"""Announced changes on PostgreSQL: what intake keeps, what guards count, and whom they hold."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.kit.database import Line
from services.provisioner.store import reading
from services.provisioner.store.guard_values import (
    Announced,
    Change,
    Counted,
    HeldGroup,
    HeldRow,
    Known,
    News,
    Stretch,
    Turn,
    is_source,
)

# Machine time: a rehearsal's clock may stand. Marks come later in the transaction, so what is due is older work.
_WAVE = """UPDATE change_state SET version = version + 1, last_at = now(), wave = wave + (
  last_at < now() - interval '1 second' AND NOT EXISTS (SELECT FROM due WHERE holder IS NOT NULL)
  AND NOT EXISTS (SELECT FROM due WHERE holder IS NULL AND due_at < 'infinity'
                  AND due_at <= (SELECT business_now())))::int
RETURNING wave"""
_LAPSED = """DELETE FROM change AS c USING unnest($1::text[], $2::text[]) AS n (person_id, kind)
WHERE c.person_id = n.person_id AND c.kind = n.kind"""
_INSERT = """INSERT INTO change (person_id, cause, kind, due_at, immediate, wave, announced_at)
SELECT n.*, $6::bigint, $7::timestamptz
FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::bool[]) AS n
ON CONFLICT DO NOTHING"""

_ANNOUNCED = """SELECT c.cause, c.kind, c.due_at, c.wave, c.immediate FROM change AS c
LEFT JOIN due AS d ON d.person_id = c.person_id AND d.target = $2
WHERE c.person_id = $1 AND c.due_at <= $3 AND c.kind NOT IN ('begin', 'end')
  AND (d.verdict IS DISTINCT FROM 'settled' OR d.reached_at IS NULL
    OR greatest(c.due_at, c.announced_at) >= d.reached_at)"""

_COUNTED = """SELECT due_at, wave, person_id, immediate FROM change
WHERE cause = $1 AND kind = $2 AND due_at >= $3 AND due_at < $4 ORDER BY due_at, wave"""
_ACTIVE = """SELECT coalesce(sum(CASE kind WHEN 'begin' THEN 1 ELSE -1 END), 0)::bigint FROM change
WHERE kind IN ('begin', 'end') AND due_at < $1 AND ($2::text IS NULL OR cause = $2)"""
_TURNS = """SELECT due_at, wave, sum(CASE kind WHEN 'begin' THEN 1 ELSE -1 END)::bigint AS delta FROM change
WHERE kind IN ('begin', 'end') AND due_at >= $1 AND due_at < $3 AND ($2::text IS NULL OR cause = $2)
GROUP BY due_at, wave ORDER BY due_at, wave"""

_GROUPS = """SELECT target, verdict_reason AS reason, count(*) AS people, min(since) AS since FROM due
WHERE verdict = 'held' AND verdict_reason IS NOT NULL GROUP BY target, verdict_reason ORDER BY min(since), 1, 2"""
_ROWS = """SELECT person_id, target, verdict_reason AS reason, since FROM due
WHERE verdict = 'held' AND target = $1 AND verdict_reason = $2 ORDER BY since, person_id"""


class PostgresAnnouncing:
    """The part of an intake transaction."""

    _db: Any

    async def histories(self, persons: Collection[str]) -> Mapping[str, Known]:
        who = sorted(persons)
        facts, decisions = await reading.facts_of(self._db, who), await reading.decisions_of(self._db, who)
        accounts = await reading.accounts_of(self._db, who)
        return {one: Known(facts[one], decisions[one], accounts[one]) for one in who}

    async def announce(self, news: News) -> None:
        await self._db.execute(
            "DELETE FROM change WHERE person_id = ANY($1::text[]) AND due_at > $2", list(news.persons), news.now
        )
        if news.lapsed:
            await self._db.execute(_LAPSED, *[list(column) for column in zip(*news.lapsed, strict=True)])
        await _keep(self._db, news.changes, news.now)


async def _keep(connection: Any, changes: Sequence[Change], now: datetime) -> int:  # noqa: ANN401 - asyncpg
    """Write them under the wave of now; answers it."""
    wave: int = await connection.fetchval(_WAVE)
    rows = [(c.person_id, c.cause, c.kind, c.due_at, c.immediate) for c in changes]
    if rows:
        await connection.execute(_INSERT, *[list(column) for column in zip(*rows, strict=True)], wave, now)
    return wave


class PostgresGuards:
    """Implements `port.Guarding`."""

    _other: Line
    _urgent: Line

    async def announced(self, person_id: str, target: str, at: datetime) -> tuple[int, Sequence[Announced]]:
        async with self._urgent.use() as connection:
            version = await connection.fetchval("SELECT version FROM change_state")
            rows = await connection.fetch(_ANNOUNCED, person_id, target, at)
        return version, [Announced(**row) for row in rows]

    async def note(self, change: Change) -> Announced:
        async def work(connection: Any) -> int:  # noqa: ANN401 - asyncpg
            return await _keep(connection, [change], change.due_at)

        wave = await self._other.run(work)
        return Announced(change.cause, change.kind, change.due_at, wave, change.immediate)

    async def stretch(self, cause: str, kind: str, since: datetime, until: datetime) -> Stretch:
        of = cause if is_source(cause) else None
        async with self._other.use() as connection, connection.transaction(isolation="repeatable_read"):
            counted = await connection.fetch(_COUNTED, cause, kind, since, until)
            active = await connection.fetchval(_ACTIVE, since, of)
            turns = await connection.fetch(_TURNS, since, of, until)
        return Stretch(tuple(Counted(**row) for row in counted), active, tuple(Turn(**row) for row in turns))

    async def held_groups(self) -> Sequence[HeldGroup]:
        return [HeldGroup(**row) for row in await self._other.fetch(_GROUPS)]

    async def held_rows(self, target: str, reason: str) -> Sequence[HeldRow]:
        return [HeldRow(**row) for row in await self._other.fetch(_ROWS, target, reason)]

"""The durable queue: process leases, claims, and the reading of what a pass needs.

One row a person and target for ever; `generation` counts marks, `seen` is what the holder read, `fence` counts claims.
Nothing that could be 'infinity' is ever selected: asyncpg would hand out a naive datetime.max.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.provisioning import StepTaken
from services.kit.database import Line
from services.provisioner.model import Step
from services.provisioner.store import reading
from services.provisioner.store.bell import PostgresBell
from services.provisioner.store.codec import read_steps, steps_text
from services.provisioner.store.finish import finish
from services.provisioner.store.port import Claim, End, Finished, Message, OpenPlan, PersonFile, Settle
from services.provisioner.store.writer import GroupWriter

_CLAIM = """WITH picked AS MATERIALIZED (
  SELECT person_id FROM due WHERE target = $1 AND lane = $2 AND holder IS NULL AND due_at < 'infinity'
    AND due_at <= (SELECT business_now()) AND not_before <= now()
    AND EXISTS (SELECT FROM process AS p WHERE p.id = $4 AND p.lease_until > now())
    AND NOT EXISTS (SELECT FROM platforms.pause AS p WHERE p.target IN ($1, '*'))
  ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE due AS d SET holder = $4, fence = d.fence + 1, seen = d.generation, attempts = least(d.attempts + 1, 30000),
  settled_generation = NULL
FROM picked WHERE d.person_id = picked.person_id AND d.target = $1
RETURNING d.person_id, d.target, d.lane, d.due_at, d.generation, d.fence, d.attempts, d.marked_at"""

# Two statements, so that the second has a newer snapshot.
_REAP_PROCESSES = "DELETE FROM process WHERE lease_until < now()"
_REAP_ROWS = """WITH lost AS MATERIALIZED (
  SELECT person_id, target FROM due AS d
  WHERE holder IS NOT NULL AND NOT EXISTS (SELECT FROM process WHERE id = d.holder)
  ORDER BY person_id, target LIMIT 1000 FOR UPDATE SKIP LOCKED)
UPDATE due AS d SET holder = NULL, due_at = least(d.due_at, (SELECT business_now()))
FROM lost WHERE d.person_id = lost.person_id AND d.target = lost.target RETURNING 1"""

_INTEND = """INSERT INTO plan (person_id, target, fence, steps) SELECT person_id, target, fence, $5::json FROM due
WHERE person_id = $1 AND target = $2 AND fence = $3 AND holder = $4
  AND EXISTS (SELECT FROM process AS p WHERE p.id = $4 AND p.lease_until > now()) RETURNING plan_id"""

# All of them: a pass that plans several times keeps what it learned only at its end.
_OPEN_PLANS = """SELECT plan_id, steps FROM plan WHERE person_id = $1 AND target = $2 AND NOT ended ORDER BY plan_id"""


class PostgresQueue:
    """Claims, beats, the bell and the passes of lane 0 have connections of their own: none waits behind bulk."""

    _claims: Line
    _beats: Line
    _urgent: Line
    _other: Line
    _writer: GroupWriter
    _bell: PostgresBell

    async def join(self, name: str, lease: timedelta) -> UUID:
        process: UUID = await self._beats.value(
            "INSERT INTO process (name, lease_until) VALUES ($1, now() + $2::interval) RETURNING id", name, lease
        )
        return process

    async def processes(self) -> Sequence[str]:
        rows = await self._other.fetch("SELECT name FROM process WHERE lease_until > now() ORDER BY name")
        return [row["name"] for row in rows]

    async def beat(self, process: UUID, lease: timedelta) -> bool:
        alive = await self._beats.value(
            """UPDATE process SET lease_until = now() + $2::interval WHERE id = $1 AND lease_until > now()
            RETURNING id""",
            process,
            lease,
        )
        return alive is not None

    async def leave(self, process: UUID) -> None:
        await self._beats.fetch("DELETE FROM process WHERE id = $1", process)
        await self._beats.fetch(
            """WITH mine AS MATERIALIZED (
              SELECT person_id, target FROM due WHERE holder = $1 ORDER BY person_id, target FOR UPDATE)
            UPDATE due AS d SET holder = NULL FROM mine
            WHERE d.person_id = mine.person_id AND d.target = mine.target""",
            process,
        )

    async def reap(self) -> int:
        await self._beats.fetch(_REAP_PROCESSES)
        return len(await self._beats.fetch(_REAP_ROWS))

    async def claim(self, process: UUID, target: str, lane: int, limit: int) -> Sequence[Claim]:
        rows = await self._claims.fetch(_CLAIM, target, lane, limit, process)
        return [Claim(**row) for row in sorted(rows, key=lambda row: (row["due_at"], row["person_id"]))]

    async def held(self, process: UUID) -> frozenset[tuple[str, str]]:
        rows = await self._other.fetch("SELECT person_id, target FROM due WHERE holder = $1", process)
        return frozenset((row["person_id"], row["target"]) for row in rows)

    async def load(self, claim: Claim) -> PersonFile:
        async with self._line(claim).use() as connection:
            person = claim.person_id
            accounts = await reading.accounts_of(connection, person)
            plans = await connection.fetch(_OPEN_PLANS, person, claim.target)
            return PersonFile(
                facts=await reading.facts_of(connection, person),
                decisions=await reading.decisions_of(connection, person),
                events=await reading.events_of(connection, person, only_open=True),
                account=accounts.get(claim.target),
                open_plan=_open(plans),
                accounts=accounts,
            )

    async def intend(self, claim: Claim, process: UUID, steps: Sequence[Step]) -> int | None:
        plan_id: int | None = await self._line(claim).value(
            _INTEND, claim.person_id, claim.target, claim.fence, process, steps_text(steps)
        )
        return plan_id

    async def record(self, taken: Sequence[tuple[int, StepTaken]], messages: Sequence[Message]) -> None:
        await self._writer.write(taken, messages)

    async def newer(self, claim: Claim) -> bool:
        generation: int | None = await self._line(claim).value(
            "SELECT generation FROM due WHERE person_id = $1 AND target = $2", claim.person_id, claim.target
        )
        return generation is None or generation > claim.generation

    async def finish(self, claim: Claim, process: UUID, end: End, settle: Settle) -> Finished:
        async def work(connection: Any) -> Finished:  # noqa: ANN401 - asyncpg
            return await finish(connection, claim, process, end, settle)

        return await self._line(claim).run(work)

    def _line(self, claim: Claim) -> Line:
        return self._urgent if claim.lane == 0 else self._other

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - the port's word
        await self._bell.wait(timeout)


def _open(plans: Sequence[Any]) -> OpenPlan | None:
    if not plans:
        return None
    return OpenPlan(plans[-1]["plan_id"], tuple(step for plan in plans for step in read_steps(plan["steps"])))

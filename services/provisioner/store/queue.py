"""The durable queue: process leases and claims; what passes ask meanwhile goes in lots.

One row a person and target for ever; `generation` counts marks, `seen` is what the holder read, `fence` counts claims.
Nothing that could be 'infinity' is ever selected: asyncpg would hand out a naive datetime.max.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from contracts.provisioning import StepTaken
from services.kit.database import Line
from services.provisioner.model import Step
from services.provisioner.store.bell import PostgresBell
from services.provisioner.store.finish import Ended
from services.provisioner.store.lots import Lots
from services.provisioner.store.outcomes import Outcomes
from services.provisioner.store.port import Claim, End, Finished, Message, PersonFile, Settle
from services.provisioner.store.trips import Intent, Trips

# As an array, so that the rows are found by their key whatever the planner thinks of how many there are.
_CLAIM = """WITH picked AS MATERIALIZED (
  SELECT person_id FROM due WHERE target = $1 AND lane = $2 AND holder IS NULL AND due_at < 'infinity'
    AND due_at <= (SELECT business_now()) AND not_before <= now()
    AND EXISTS (SELECT FROM process AS p WHERE p.id = $4 AND p.lease_until > now()
      AND NOT EXISTS (SELECT FROM policy AS f WHERE f.version <> p.policy))
    AND NOT EXISTS (SELECT FROM platforms.pause AS p WHERE p.target IN ($1, '*'))
  ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE due AS d SET holder = $4, fence = d.fence + 1, seen = d.generation, attempts = least(d.attempts + 1, 30000),
  settled_generation = NULL
WHERE d.person_id = ANY(ARRAY(SELECT person_id FROM picked)) AND d.target = $1
RETURNING d.person_id, d.target, d.lane, d.due_at, d.generation, d.fence, d.attempts, d.marked_at"""

# Two statements, so that the second has a newer snapshot.
_REAP_PROCESSES = "DELETE FROM process WHERE lease_until < now()"
_REAP_ROWS = """WITH lost AS MATERIALIZED (
  SELECT person_id, target FROM due AS d
  WHERE holder IS NOT NULL AND NOT EXISTS (SELECT FROM process WHERE id = d.holder)
  ORDER BY person_id, target LIMIT 1000 FOR UPDATE SKIP LOCKED)
UPDATE due AS d SET holder = NULL, due_at = least(d.due_at, (SELECT business_now()))
FROM lost WHERE d.person_id = lost.person_id AND d.target = lost.target RETURNING 1"""


class PostgresQueue:
    """Claims, beats, the bell and the passes of lane 0 have connections of their own: none waits behind bulk."""

    _claims: Line
    _beats: Line
    _other: Line
    _urgent_trips: Trips
    _other_trips: Trips
    _outcomes: Lots[Outcomes, None]
    _bell: PostgresBell

    async def join(self, name: str, lease: timedelta, policy: str | None = None) -> UUID:
        process: UUID = await self._beats.value(
            "INSERT INTO process (name, lease_until, policy) VALUES ($1, now() + $2::interval, $3) RETURNING id",
            name,
            lease,
            policy,
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
        return await self._trips(claim).files.ask(claim)

    async def intend(self, claim: Claim, process: UUID, steps: Sequence[Step]) -> int | None:
        return await self._trips(claim).intents.ask(Intent(claim, process, steps))

    async def record(self, taken: Sequence[tuple[int, StepTaken]], messages: Sequence[Message]) -> None:
        if taken or messages:
            await self._outcomes.ask(Outcomes(taken, messages))

    async def newer(self, claim: Claim) -> bool:
        return await self._trips(claim).newer.ask(claim)

    async def finish(self, claim: Claim, process: UUID, end: End, settle: Settle) -> Finished:
        return await self._trips(claim).end(Ended(claim, process, end, settle))

    def _trips(self, claim: Claim) -> Trips:
        return self._urgent_trips if claim.lane == 0 else self._other_trips

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - the port's word
        await self._bell.wait(timeout)

"""What a pass asks between its claim and its end: of many passes at once, on the connections of their lane."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from services.kit.database import Line
from services.provisioner.model import Step
from services.provisioner.store import reading
from services.provisioner.store.codec import read_steps, steps_text
from services.provisioner.store.finish import Ended, fenced, finish
from services.provisioner.store.lots import Lots
from services.provisioner.store.port import Claim, Finished, OpenPlan, PersonFile

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[Any, Sequence[T]], Awaitable[Sequence[R]]]
"""Takes a connection and a lot; answers each item in its order."""

# All of them: a pass that plans several times keeps what it learned only at its end.
_OPEN_PLANS = """SELECT p.person_id, p.target, p.plan_id, p.steps
FROM unnest($1::text[], $2::text[]) AS n (person_id, target) JOIN plan AS p USING (person_id, target)
WHERE NOT p.ended ORDER BY p.plan_id"""

_INTEND = """INSERT INTO plan (person_id, target, fence, steps)
SELECT d.person_id, d.target, d.fence, n.steps
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::uuid[], $5::json[]) AS n (person_id, target, fence, holder, steps)
JOIN due AS d USING (person_id, target, fence, holder)
WHERE EXISTS (SELECT FROM process AS p WHERE p.id = d.holder AND p.lease_until > now())
RETURNING person_id, target, plan_id"""

_GENERATIONS = """SELECT d.person_id, d.target, d.generation
FROM unnest($1::text[], $2::text[]) AS n (person_id, target) JOIN due AS d USING (person_id, target)"""


class Intent(NamedTuple):
    claim: Claim
    process: UUID
    steps: Sequence[Step]


class Trips:
    """The lots of each kind on one line of connections."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.files = Lots(read_in(line, _files))
        self.intents = Lots(read_in(line, _intend), key=lambda intent: _key(intent.claim))
        self.newer = Lots(read_in(line, _newer))
        self._ends = Lots(written_in(line, finish), key=lambda ended: ended.claim.person_id)

    async def end(self, ended: Ended) -> Finished:
        """End a pass; of one that was fenced off, what it did is kept as late."""
        how = await self._ends.ask(ended)
        if how == "fenced":
            await self._line.run(partial(fenced, claim=ended.claim))
        return how

    async def drain(self) -> None:
        for lots in (self.files, self.intents, self.newer, self._ends):
            await lots.drain()


def read_in(line: Line, work: Work[T, R]) -> Callable[[Sequence[T]], Awaitable[Sequence[R]]]:
    """The work on a connection of this line, each statement by itself."""
    return lambda lot: line.lent(lambda connection: work(connection, lot))


def written_in(line: Line, work: Work[T, R]) -> Callable[[Sequence[T]], Awaitable[Sequence[R]]]:
    """The work on a connection of this line, in one transaction."""
    return lambda lot: line.run(lambda connection: work(connection, lot))


async def _files(connection: Any, claims: Sequence[Claim]) -> list[PersonFile]:  # noqa: ANN401 - asyncpg
    persons = {claim.person_id for claim in claims}
    accounts = await reading.accounts_of(connection, persons)
    plans = await _open_plans(connection, claims)
    facts = await reading.facts_of(connection, persons)
    decisions = await reading.decisions_of(connection, persons)
    events = await reading.events_of(connection, persons, only_open=True)
    turns = await reading.turns_of(connection, persons)
    return [
        PersonFile(
            facts=facts[claim.person_id],
            decisions=decisions[claim.person_id],
            events=events[claim.person_id],
            account=accounts[claim.person_id].get(claim.target),
            open_plan=plans.get(_key(claim)),
            accounts=accounts[claim.person_id],
            turns_at=turns.get(claim.person_id),
        )
        for claim in claims
    ]


async def _open_plans(connection: Any, claims: Sequence[Claim]) -> dict[tuple[str, str], OpenPlan]:  # noqa: ANN401 - asyncpg
    found: dict[tuple[str, str], OpenPlan] = {}
    for row in await connection.fetch(_OPEN_PLANS, *_keys(claims)):
        key = (row["person_id"], row["target"])
        earlier = found[key].steps if key in found else ()
        found[key] = OpenPlan(row["plan_id"], (*earlier, *read_steps(row["steps"])))
    return found


async def _intend(connection: Any, intents: Sequence[Intent]) -> list[int | None]:  # noqa: ANN401 - asyncpg
    claims = [intent.claim for intent in intents]
    fences, holders = [claim.fence for claim in claims], [intent.process for intent in intents]
    steps = [steps_text(intent.steps) for intent in intents]
    rows = await connection.fetch(_INTEND, *_keys(claims), fences, holders, steps)
    plans = {(row["person_id"], row["target"]): row["plan_id"] for row in rows}
    return [plans.get(_key(claim)) for claim in claims]


async def _newer(connection: Any, claims: Sequence[Claim]) -> list[bool]:  # noqa: ANN401 - asyncpg
    rows = await connection.fetch(_GENERATIONS, *_keys(claims))
    now = {(row["person_id"], row["target"]): row["generation"] for row in rows}
    return [_key(claim) not in now or now[_key(claim)] > claim.generation for claim in claims]


def _key(claim: Claim) -> tuple[str, str]:
    return claim.person_id, claim.target


def _keys(claims: Sequence[Claim]) -> tuple[list[str], list[str]]:
    return [claim.person_id for claim in claims], [claim.target for claim in claims]

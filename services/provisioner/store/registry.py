"""Names given for ever, whose an account is, and which native departments are ours."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from services.kit.database import Line
from services.provisioner.store.divisions import columns
from services.provisioner.store.lots import Lots

FEW: Final = 1000
"""So many names may travel in a lot; a longer list, of somebody whose name thousands have, goes alone."""

_GIVEN = """SELECT n.target, n.person_id, n.name
FROM unnest($1::text[], $2::text[]) AS a (target, person_id) JOIN name AS n USING (target, person_id)"""
_TAKEN = """SELECT n.target, n.folded
FROM unnest($1::text[], $2::text[]) AS c (target, folded) JOIN name AS n USING (target, folded)"""
# In order, so that two who insert at once wait for each other in turn.
_GIVE = """INSERT INTO name (target, folded, name, person_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ORDER BY 1, 2
ON CONFLICT DO NOTHING RETURNING target, person_id, name"""


class Asked(NamedTuple):
    """Somebody needs a name on a target: the first of these that nobody has."""

    target: str
    person_id: str
    candidates: Sequence[str]


async def reserve(connection: Any, wanted: Sequence[Asked]) -> list[str | None]:  # noqa: ANN401 - asyncpg
    """See `port.Registry.reserve`. Somebody else may take a name in this very moment: then the next is tried."""
    answers: dict[tuple[str, str], str | None] = {}
    while left := [one for one in wanted if one[:2] not in answers]:
        answers |= _named(await connection.fetch(_GIVEN, *columns([one[:2] for one in left], 2)))
        picked = await _picked(connection, [one for one in left if one[:2] not in answers])
        rows = [(target, name.casefold(), name, who) for (target, who), name in picked.items() if name is not None]
        answers |= {key: None for key, name in picked.items() if name is None}
        if rows:
            answers |= _named(await connection.fetch(_GIVE, *columns(rows, 4)))
    return [answers[one[:2]] for one in wanted]


async def _picked(connection: Any, wanted: Sequence[Asked]) -> dict[tuple[str, str], str | None]:  # noqa: ANN401 - asyncpg
    """The first name of each that is free now, no name twice."""
    offered = [(one.target, name.casefold()) for one in wanted for name in one.candidates]
    rows = await connection.fetch(_TAKEN, *columns(offered, 2)) if offered else ()
    taken = {(row["target"], row["folded"]) for row in rows}
    picked: dict[tuple[str, str], str | None] = {}
    for one in wanted:
        free = (name for name in one.candidates if (one.target, name.casefold()) not in taken)
        picked[one[:2]] = name = next(free, None)
        if name is not None:
            taken.add((one.target, name.casefold()))
    return picked


def _named(rows: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], str]:
    return {(row["target"], row["person_id"]): row["name"] for row in rows}


async def links(connection: Any, targets: Sequence[str]) -> list[Mapping[str, str]]:  # noqa: ANN401 - asyncpg
    found: dict[str, dict[str, str]] = {target: {} for target in targets}
    for row in await connection.fetch("SELECT * FROM department WHERE target = ANY($1::text[])", list(found)):
        found[row["target"]][row["department_id"]] = row["native_id"]
    return [found[target] for target in targets]


class PostgresRegistry:
    """A name is compared case folded, and never given to a second person on its target."""

    _other: Line
    _names: Lots[Asked, str | None]
    _links: Lots[str, Mapping[str, str]]

    async def reserve(self, target: str, person_id: str, candidates: Sequence[str]) -> str | None:
        asked = Asked(target, person_id, candidates)
        if len(candidates) <= FEW:
            return await self._names.ask(asked)
        (name,) = await self._other.run(lambda connection: reserve(connection, [asked]))
        return name

    async def refuse_name(self, target: str, person_id: str, native_id: str) -> None:
        await self._other.fetch(
            """INSERT INTO name AS n (target, folded, name) VALUES ($1, $2, $3)
            ON CONFLICT (target, folded) DO UPDATE SET person_id = NULL WHERE n.person_id = $4""",
            target,
            native_id.casefold(),
            native_id,
            person_id,
        )

    async def linked(self, target: str, native_id: str) -> str | None:
        person_id: str | None = await self._other.value(
            "SELECT person_id FROM account WHERE folded = $2 AND target = $1 ORDER BY native_id = $3 DESC LIMIT 1",
            target,
            native_id.casefold(),
            native_id,
        )
        return person_id

    async def department_links(self, target: str) -> Mapping[str, str]:
        return await self._links.ask(target)

    async def link_department(self, target: str, department_id: str, native_id: str | None) -> None:
        if native_id is None:
            forget = "DELETE FROM department WHERE target = $1 AND department_id = $2"
            await self._other.fetch(forget, target, department_id)
            return
        await self._other.fetch(
            """INSERT INTO department (target, department_id, native_id) VALUES ($1, $2, $3)
            ON CONFLICT (target, department_id) DO UPDATE SET native_id = excluded.native_id""",
            target,
            department_id,
            native_id,
        )

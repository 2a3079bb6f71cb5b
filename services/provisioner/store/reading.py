"""What is read of people (or of the departments), by passes and by questions alike: of many at once, by person.

Each takes a connection; whoever was asked about is in the answer.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from contracts.decisions import Decision
from contracts.provisioning import StepTaken
from services.provisioner.model import Fact, FactKey
from services.provisioner.store.codec import (
    read_account,
    read_decision,
    read_fact,
    read_result,
    read_taken,
    traceparent_of,
    unpack,
)
from services.provisioner.store.port import DEPARTMENTS, DUE_LATER, OpenEvent, StoredAccount, TargetRow

T = TypeVar("T")

OPEN = f"""(e.state NOT IN ('confirmed', 'superseded', 'duplicate')
  OR e.state = 'confirmed' AND starts_with(e.reason, '{DUE_LATER}'))"""
_OF_PERSON = """FROM worker AS w JOIN subject AS s ON s.owner_space = w.id_space AND s.owner_worker = w.worker_id"""
_OF_DEPARTMENTS = "FROM subject AS s"

_FACTS = f"""SELECT w.person_id AS whose, f.* {_OF_PERSON} JOIN fact AS f ON f.source = s.source AND f.id = s.id
WHERE w.person_id = ANY($1::text[]) ORDER BY f.fact_no"""
_DEPARTMENT_FACTS = f"""SELECT f.* {_OF_DEPARTMENTS} JOIN fact AS f ON f.source = s.source AND f.id = s.id
WHERE s.owner_department IS NOT NULL ORDER BY f.fact_no"""
_EVENTS = f"""SELECT w.person_id AS whose, e.* {_OF_PERSON} JOIN event AS e ON e.source = s.source AND e.id = s.id
WHERE w.person_id = ANY($1::text[]) %s ORDER BY e.event_no"""
_DEPARTMENT_EVENTS = f"""SELECT e.* {_OF_DEPARTMENTS} JOIN event AS e ON e.source = s.source AND e.id = s.id
WHERE s.owner_department IS NOT NULL %s ORDER BY e.event_no"""
_DECISIONS = """SELECT person_id AS whose, body FROM decision WHERE person_id = ANY($1::text[])
ORDER BY recorded_at, decision_id"""
_STEPS = """SELECT p.whose, o.body FROM unnest($1::text[]) AS p (whose) CROSS JOIN LATERAL (
  SELECT plan_id, number, body FROM outcome WHERE person_id = p.whose ORDER BY plan_id DESC, number DESC LIMIT $2) AS o
ORDER BY o.plan_id, o.number"""
_ROWS = """SELECT person_id AS whose, target, verdict, verdict_reason, reached_at, result,
  settled_generation IS NOT DISTINCT FROM generation AS current
FROM due WHERE person_id = ANY($1::text[]) ORDER BY target"""
_TURNS = """SELECT person_id, min(turns_at) AS at FROM worker
WHERE person_id = ANY($1::text[]) AND turns_at IS NOT NULL GROUP BY person_id"""
_ACCOUNTS = "SELECT person_id AS whose, target, body FROM account WHERE person_id = ANY($1::text[]) ORDER BY target"


async def facts_of(connection: Any, persons: Collection[str]) -> dict[str, tuple[Fact, ...]]:  # noqa: ANN401 - asyncpg
    """All facts that belong to a person's workers, oldest recorded first; for DEPARTMENTS the departments'."""
    found = _by_person(persons, await connection.fetch(_FACTS, list(persons)), read_fact)
    if DEPARTMENTS in found:
        found[DEPARTMENTS] = tuple(map(read_fact, await connection.fetch(_DEPARTMENT_FACTS)))
    return found


async def decisions_of(connection: Any, persons: Collection[str]) -> dict[str, tuple[Decision, ...]]:  # noqa: ANN401 - asyncpg
    rows = await connection.fetch(_DECISIONS, list(persons))
    return _by_person(persons, rows, lambda row: read_decision(row["body"]))


async def events_of(
    connection: Any,  # noqa: ANN401 - asyncpg
    persons: Collection[str],
    *,
    only_open: bool,
) -> dict[str, tuple[OpenEvent, ...]]:
    which = f"AND {OPEN}" if only_open else ""
    found = _by_person(persons, await connection.fetch(_EVENTS % which, list(persons)), _event)
    if DEPARTMENTS in found:
        found[DEPARTMENTS] = tuple(map(_event, await connection.fetch(_DEPARTMENT_EVENTS % which)))
    return found


async def steps_of(connection: Any, persons: Collection[str], limit: int) -> dict[str, tuple[StepTaken, ...]]:  # noqa: ANN401 - asyncpg
    """The latest steps of each, newest last."""
    rows = await connection.fetch(_STEPS, list(persons), limit)
    return _by_person(persons, rows, lambda row: read_taken(row["body"]))


async def rows_of(connection: Any, persons: Collection[str]) -> dict[str, tuple[TargetRow, ...]]:  # noqa: ANN401 - asyncpg
    return _by_person(persons, await connection.fetch(_ROWS, list(persons)), _row)


async def accounts_of(connection: Any, persons: Collection[str]) -> dict[str, dict[str, StoredAccount]]:  # noqa: ANN401 - asyncpg
    found: dict[str, dict[str, StoredAccount]] = {person: {} for person in persons}
    for row in await connection.fetch(_ACCOUNTS, list(persons)):
        found[row["whose"]][row["target"]] = read_account(row["body"])
    return found


async def turns_of(connection: Any, persons: Collection[str]) -> dict[str, datetime]:  # noqa: ANN401 - asyncpg
    """When the next link of each that has one counts."""
    return {row["person_id"]: row["at"] for row in await connection.fetch(_TURNS, list(persons))}


def _by_person(
    persons: Collection[str], rows: Iterable[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], T]
) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = {person: [] for person in persons}
    for row in rows:
        found[row["whose"]].append(read(row))
    return {person: tuple(each) for person, each in found.items()}


def _event(row: Mapping[str, Any]) -> OpenEvent:
    return OpenEvent(
        event_no=row["event_no"],
        key=FactKey(row["source"], row["id"], row["revision"]),
        type=row["type"] or "",
        state=row["state"],
        reason=row["reason"],
        accepted_at=row["accepted_at"],
        traceparent=traceparent_of(unpack(row["headers"])),
    )


def _row(row: Mapping[str, Any]) -> TargetRow:
    return TargetRow(
        target=row["target"],
        verdict=row["verdict"],
        reason=row["verdict_reason"],
        reached_at=row["reached_at"],
        current=row["current"],
        result=read_result(row["result"]),
    )

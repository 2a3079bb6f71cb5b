"""What is read of a person (or of the departments), by passes and by questions alike. Each takes a connection."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.decisions import Decision
from contracts.provisioning import StepTaken
from services.provisioner.model import Fact, FactKey
from services.provisioner.store.codec import read_account, read_decision, read_fact, read_result, read_taken
from services.provisioner.store.port import DEPARTMENTS, DUE_LATER, OpenEvent, StoredAccount, TargetRow

OPEN = f"""(e.state NOT IN ('confirmed', 'superseded', 'duplicate')
  OR e.state = 'confirmed' AND starts_with(e.reason, '{DUE_LATER}'))"""
_OF_PERSON = """FROM worker AS w JOIN subject AS s ON s.owner_space = w.id_space AND s.owner_worker = w.worker_id"""

_FACTS = f"""SELECT f.* {_OF_PERSON} JOIN fact AS f ON f.source = s.source AND f.id = s.id
WHERE w.person_id = $1 ORDER BY f.fact_no"""
_DEPARTMENT_FACTS = """SELECT f.* FROM subject AS s JOIN fact AS f ON f.source = s.source AND f.id = s.id
WHERE s.owner_department IS NOT NULL ORDER BY f.fact_no"""
_EVENTS = f"""SELECT e.* {_OF_PERSON} JOIN event AS e ON e.source = s.source AND e.id = s.id
WHERE w.person_id = $1 %s ORDER BY e.event_no"""
_DEPARTMENT_EVENTS = """SELECT e.* FROM subject AS s JOIN event AS e ON e.source = s.source AND e.id = s.id
WHERE s.owner_department IS NOT NULL %s ORDER BY e.event_no"""


async def facts_of(connection: Any, person_id: str) -> tuple[Fact, ...]:  # noqa: ANN401 - asyncpg
    """All facts that belong to the person's workers, oldest recorded first; for DEPARTMENTS the departments'."""
    if person_id == DEPARTMENTS:
        return tuple(map(read_fact, await connection.fetch(_DEPARTMENT_FACTS)))
    return tuple(map(read_fact, await connection.fetch(_FACTS, person_id)))


async def decisions_of(connection: Any, person_id: str) -> tuple[Decision, ...]:  # noqa: ANN401 - asyncpg
    rows = await connection.fetch(
        "SELECT body FROM decision WHERE person_id = $1 ORDER BY recorded_at, decision_id", person_id
    )
    return tuple(read_decision(row["body"]) for row in rows)


async def events_of(connection: Any, person_id: str, *, only_open: bool) -> tuple[OpenEvent, ...]:  # noqa: ANN401 - asyncpg
    which = f"AND {OPEN}" if only_open else ""
    if person_id == DEPARTMENTS:
        rows = await connection.fetch(_DEPARTMENT_EVENTS % which)
    else:
        rows = await connection.fetch(_EVENTS % which, person_id)
    return tuple(
        OpenEvent(
            event_no=row["event_no"],
            key=FactKey(row["source"], row["id"], row["revision"]),
            type=row["type"] or "",
            state=row["state"],
            reason=row["reason"],
            accepted_at=row["accepted_at"],
        )
        for row in rows
    )


async def steps_of(connection: Any, person_id: str, limit: int) -> tuple[StepTaken, ...]:  # noqa: ANN401 - asyncpg
    """The latest steps, newest last."""
    rows = await connection.fetch(
        "SELECT body FROM outcome WHERE person_id = $1 ORDER BY plan_id DESC, number DESC LIMIT $2", person_id, limit
    )
    return tuple(read_taken(row["body"]) for row in reversed(rows))


async def rows_of(connection: Any, person_id: str) -> Sequence[TargetRow]:  # noqa: ANN401 - asyncpg
    rows = await connection.fetch(
        """SELECT target, verdict, verdict_reason, reached_at, result,
          settled_generation IS NOT DISTINCT FROM generation AS current
        FROM due WHERE person_id = $1 ORDER BY target""",
        person_id,
    )
    return tuple(
        TargetRow(
            target=row["target"],
            verdict=row["verdict"],
            reason=row["verdict_reason"],
            reached_at=row["reached_at"],
            current=row["current"],
            result=read_result(row["result"]),
        )
        for row in rows
    )


async def accounts_of(connection: Any, person_id: str) -> Mapping[str, StoredAccount]:  # noqa: ANN401 - asyncpg
    rows = await connection.fetch("SELECT target, body FROM account WHERE person_id = $1 ORDER BY target", person_id)
    return {row["target"]: read_account(row["body"]) for row in rows}

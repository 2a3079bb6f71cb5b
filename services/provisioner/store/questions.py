"""Questions of operators, metrics and passes; none of them locks anything."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from contracts.decisions import Decision
from contracts.provisioning import StepTaken
from services.kit.database import Line
from services.provisioner.facts.division import holder_at
from services.provisioner.model import Fact, FactKey, WorkerKey
from services.provisioner.store import reading, routing
from services.provisioner.store.codec import clean, unpack
from services.provisioner.store.lots import Lots
from services.provisioner.store.port import (
    DEPARTMENTS,
    DUE_LATER,
    Books,
    InBatch,
    OpenEvent,
    PersonCard,
    Quarantined,
    QueueDepth,
    RowVerdict,
    StoredAccount,
    TargetRow,
    Undecided,
    Waiting,
)

_BEYOND: Final = "\U0010ffff"
"""Sorts after every character of a name: the end of a search by prefix."""

# ~>=~ and ~<~ compare by bytes, whatever the database's locale, and use the text_pattern_ops indexes.
_FIND = """WITH hit AS (
  SELECT person_id FROM worker WHERE person_id ~>=~ $1 AND person_id ~<~ $2
  UNION SELECT person_id FROM worker WHERE worker_id ~>=~ $1 AND worker_id ~<~ $2
  UNION SELECT person_id FROM worker WHERE id_space || '/' || worker_id = $1
  UNION SELECT person_id FROM account WHERE folded ~>=~ $3 AND folded ~<~ $4
  UNION SELECT w.person_id FROM word JOIN worker AS w USING (id_space, worker_id)
    WHERE folded ~>=~ $3 AND folded ~<~ $4)
SELECT person_id FROM hit WHERE person_id <> $6 ORDER BY person_id LIMIT $5"""

# A worker is looked up for each word: as a join, all workers are read where names are thought to be common.
_KNOWN_BY = """SELECT DISTINCT n.folded, (
  SELECT w.person_id FROM worker AS w WHERE w.id_space = n.id_space AND w.worker_id = n.worker_id) AS person_id
FROM word AS n WHERE n.folded = ANY($1::text[])"""

_UNDECIDED = """SELECT e.event_no, e.source, e.id, e.revision, e.type, e.state, e.reason, e.accepted_at,
  CASE WHEN s.owner_department IS NULL THEN w.person_id ELSE $2 END AS person_id, s.owner_space, s.owner_worker
FROM event AS e JOIN subject AS s USING (source, id)
LEFT JOIN worker AS w ON w.id_space = s.owner_space AND w.worker_id = s.owner_worker
WHERE e.state = 'inbox' OR e.state = 'waiting' AND e.reason = ANY($1::text[])
ORDER BY e.accepted_at, e.event_no LIMIT $3"""

_BATCH = """SELECT f.fact_no AS number, f.source, f.id, f.worker_id,
  (SELECT count(*) FROM subject AS w WHERE w.about_source = f.source AND w.about_id = f.id) AS reinstated
FROM fact AS f JOIN subject AS s ON s.source = f.source AND s.id = f.id AND s.revision = f.revision
WHERE f.body ->> 'batch' = $1 AND f.fact_no > $2 AND NOT s.withdrawn ORDER BY f.fact_no LIMIT $3"""

_ANNOUNCED = """SELECT DISTINCT w.person_id, coalesce(o.person_id, f.person_id) AS other
FROM worker AS w JOIN subject AS s ON s.owner_space = w.id_space AND s.owner_worker = w.worker_id AND NOT s.withdrawn
JOIN fact AS f ON f.source = s.source AND f.id = s.id AND f.revision = s.revision AND f.type = 'hr.worker.linked.v1'
LEFT JOIN worker AS o ON o.id_space || '/' || o.worker_id = f.person_id
WHERE w.turns_at IS NOT NULL"""

_HOLDERS = """SELECT id_space, worker_id, person_id, business_now() AS at FROM worker
WHERE id_space = $1 AND worker_id = $2
UNION ALL SELECT id_space, worker_id, person_id, business_now() FROM worker WHERE id_space = $1 AND number = $2"""

_OWING = """SELECT count(*) FROM event
WHERE state = 'confirmed' AND reason IS NOT NULL AND starts_with(reason, $1)"""


async def known_by(connection: Any, asked: Sequence[frozenset[str]]) -> list[frozenset[str]]:  # noqa: ANN401 - asyncpg
    """For each set of marks, whom a fact names by one of them."""
    rows = await connection.fetch(_KNOWN_BY, list(frozenset().union(*asked)))
    return [frozenset(row["person_id"] for row in rows if row["folded"] in marks) for marks in asked]


async def versions(connection: Any, asked: Sequence[None]) -> list[int]:  # noqa: ANN401 - asyncpg
    """The version of the tree, for everybody who asked."""
    return [await connection.fetchval("SELECT version FROM department_version")] * len(asked)


class PostgresQuestions:
    """Answers from one connection at a time."""

    _other: Line
    _known_by: Lots[frozenset[str], frozenset[str]]
    _versions: Lots[None, int]

    async def books(self) -> Books:
        # One snapshot: states and positions belong together.
        async with self._other.use() as db, db.transaction(isolation="repeatable_read", readonly=True):
            states = await db.fetch("SELECT state, count(*) AS n FROM event GROUP BY state")
            positions = await db.fetch("SELECT epoch, topic, partition, next FROM position")
            later = await db.fetchval(
                """SELECT count(*) FROM due WHERE holder IS NULL AND due_at < 'infinity'
                AND due_at > (SELECT business_now())"""
            )
            oldest = await db.fetchval("SELECT min(accepted_at) FROM event WHERE state = 'in_progress'")
            owing = await db.fetchval(_OWING, DUE_LATER)
        return Books(
            by_state={row["state"]: row["n"] for row in states},
            positions={(row["epoch"], row["topic"], row["partition"]): row["next"] for row in positions},
            scheduled_steps=later,
            oldest_unfinished=oldest,
            owing=owing,
        )

    async def standing(self) -> Mapping[tuple[str, RowVerdict], int]:
        rows = await self._other.fetch(
            """SELECT target, verdict, count(*) AS n FROM due
            WHERE verdict IN ('waiting', 'held', 'inbox', 'retry') GROUP BY target, verdict"""
        )
        return {(row["target"], row["verdict"]): row["n"] for row in rows}

    async def snapshot_age(self) -> float:
        age: float = await self._other.value(
            """SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8
            FROM pg_stat_activity
            WHERE backend_xmin IS NOT NULL AND datname = current_database() AND pid <> pg_backend_pid()"""
        )
        return age

    async def depth(self) -> Sequence[QueueDepth]:
        rows = await self._other.fetch(
            """SELECT target, lane, count(*) FILTER (WHERE holder IS NULL) AS due,
              min(due_at) FILTER (WHERE holder IS NULL) AS oldest_due, count(holder) AS held
            FROM due WHERE holder IS NOT NULL OR due_at <= (SELECT business_now())
            GROUP BY target, lane ORDER BY target, lane"""
        )
        return [QueueDepth(**row) for row in rows]

    async def waiting(self, limit: int = 1000) -> Sequence[Waiting]:
        rows = await self._other.fetch(
            """SELECT person_id, target, verdict, verdict_reason AS reason, since FROM due
            WHERE verdict IN ('waiting', 'held', 'inbox', 'retry') ORDER BY since, person_id, target LIMIT $1""",
            limit,
        )
        return [Waiting(**row) for row in rows]

    async def quarantined(self, event_no: int | None = None, limit: int = 1000) -> Sequence[Quarantined]:
        rows = await self._other.fetch(
            """SELECT event_no, topic, partition, "offset", reason, accepted_at, raw, headers FROM event
            WHERE state = 'quarantined' AND ($1::bigint IS NULL OR event_no = $1) ORDER BY event_no LIMIT $2""",
            event_no,
            limit,
        )
        return [Quarantined(**{**row, "raw": row["raw"] or b"", "headers": unpack(row["headers"])}) for row in rows]

    async def batch(self, name: str, after: int = 0, limit: int = 1000) -> Sequence[InBatch]:
        return [InBatch(**row) for row in await self._other.fetch(_BATCH, clean(name), after, limit)]

    async def undecided(self, waiting_for: Collection[str], limit: int = 1000) -> Sequence[Undecided]:
        return [
            Undecided(
                row["event_no"], FactKey(row["source"], row["id"], row["revision"]), row["type"] or "", row["state"],
                row["reason"], row["accepted_at"], row["person_id"],
                None if row["owner_worker"] is None else WorkerKey(row["owner_space"], row["owner_worker"]),
            )
            for row in await self._other.fetch(_UNDECIDED, list(waiting_for), DEPARTMENTS, limit)
        ]  # fmt: skip

    async def close_conflict(self, event_no: int, reason: str) -> bool:
        closed = await self._other.value(
            """UPDATE event SET state = 'superseded', reason = $2
            WHERE event_no = $1 AND state = 'inbox' AND reason = 'conflict' RETURNING event_no""",
            event_no,
            reason,
        )
        return closed is not None

    async def close_quarantined(self, event_no: int, reason: str) -> bool:
        closed = await self._other.value(
            """UPDATE event SET state = 'superseded', reason = $2 WHERE event_no = $1 AND state = 'quarantined'
            RETURNING event_no""",
            event_no,
            reason,
        )
        return closed is not None

    async def find(self, text: str, limit: int = 20) -> Sequence[PersonCard]:
        text = text.replace("\0", "")
        if not text:
            return []
        folded = text.casefold()
        async with self._other.use() as db:
            rows = await db.fetch(_FIND, text, text + _BEYOND, folded, folded + _BEYOND, limit, DEPARTMENTS)
            persons = [row["person_id"] for row in rows]
            workers = await db.fetch(
                "SELECT * FROM worker WHERE person_id = ANY($1::text[]) ORDER BY id_space, worker_id", persons
            )
            accounts = await db.fetch(
                "SELECT person_id, target, native_id FROM account WHERE person_id = ANY($1::text[])", persons
            )
        return [
            PersonCard(
                person_id=person,
                workers=tuple(WorkerKey(w["id_space"], w["worker_id"]) for w in workers if w["person_id"] == person),
                native_ids={a["target"]: a["native_id"] for a in accounts if a["person_id"] == person},
            )
            for person in persons
        ]

    async def facts_of(self, person_id: str) -> tuple[tuple[Fact, ...], tuple[Decision, ...]]:
        async with self._other.use() as db:
            facts, decisions = await reading.facts_of(db, [person_id]), await reading.decisions_of(db, [person_id])
        return facts[person_id], decisions[person_id]

    async def department_facts(self) -> tuple[Fact, ...]:
        async with self._other.use() as db:
            return (await reading.facts_of(db, [DEPARTMENTS]))[DEPARTMENTS]

    async def department_version(self) -> int:
        return await self._versions.ask(None)

    async def events_of(self, person_id: str) -> Sequence[OpenEvent]:
        async with self._other.use() as db:
            return (await reading.events_of(db, [person_id], only_open=False))[person_id]

    async def steps_of(self, person_id: str, limit: int = 500) -> Sequence[StepTaken]:
        async with self._other.use() as db:
            return (await reading.steps_of(db, [person_id], limit))[person_id]

    async def rows_of(self, person_id: str) -> Sequence[TargetRow]:
        async with self._other.use() as db:
            return (await reading.rows_of(db, [person_id]))[person_id]

    async def accounts_of(self, person_id: str) -> Mapping[str, StoredAccount]:
        async with self._other.use() as db:
            return (await reading.accounts_of(db, [person_id]))[person_id]

    async def persons_known_by(self, marks: Collection[str]) -> frozenset[str]:
        return await self._known_by.ask(frozenset(marks)) if marks else frozenset()

    async def person_of(self, worker: WorkerKey) -> str | None:
        rows = await self._other.fetch(_HOLDERS, *worker)
        persons = {WorkerKey(row["id_space"], row["worker_id"]): row["person_id"] for row in rows}
        key = holder_at(persons, rows[0]["at"]) if rows else None
        return persons[key] if key else None

    async def persons(self) -> Sequence[str]:
        rows = await self._other.fetch("SELECT DISTINCT person_id FROM worker ORDER BY person_id")
        return [row["person_id"] for row in rows]

    async def families(self) -> Sequence[tuple[str, ...]]:
        rows = await self._other.fetch(_ANNOUNCED)
        return routing.families(await self.persons(), [(row["person_id"], row["other"]) for row in rows])

    async def persons_in(self, departments: Collection[str]) -> frozenset[str]:
        rows = await self._other.fetch(
            "SELECT DISTINCT person_id FROM due WHERE department_id = ANY($1::text[])", list(departments)
        )
        return frozenset(row["person_id"] for row in rows)

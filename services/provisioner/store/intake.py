"""Facts in: positions, events, facts, marks and outbox rows of one batch in one transaction.

Intake transactions run one after the other (an advisory lock): the same event may come through two topics at once, and
a withdrawal together with its fact. A batch of 500 takes less than 0.1 s, far more than any platform can follow.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from contracts import hr
from contracts.decisions import Decision, PersonIdentified
from services.provisioner.facts.division import decided_holder, number_of, since_of
from services.provisioner.facts.identity import BEGINS, Naming, Said
from services.provisioner.facts.marks import like
from services.provisioner.model import Fact, FactKey, WorkerKey
from services.provisioner.store import routing, sweeps
from services.provisioner.store.attention import hear
from services.provisioner.store.codec import account_text, body_text, clean, decision_text, pack, read_account
from services.provisioner.store.divisions import WORDS, columns, divide, known_worker
from services.provisioner.store.guards import PostgresAnnouncing
from services.provisioner.store.heirs import inherit
from services.provisioner.store.outbox import publish
from services.provisioner.store.policy import enforce
from services.provisioner.store.port import Mark, Message, NewEvent, PolicyInForce, Seen, StoredAccount, Touched
from services.provisioner.store.routing import Ident, Owner, Subject

URGENT_CHANNEL: Final = "tenure_urgent"

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('tenure.intake'))"

_EVENTS = ("epoch", "topic", "partition", "offset", "state", "reason", "accepted_at",
           "source", "id", "revision", "type", "raw", "headers")  # fmt: skip
_FACTS = ("source", "id", "revision", "type", "body", "effective_at", "zone", "time", "recorded_at", "digest",
          "id_space", "worker_id", "person_id", "rank")  # fmt: skip

# Everything connected with these ids by withdrawals, both ways; UNION ends circles.
_CONNECTED = """WITH RECURSIVE k (source, id) AS (
  SELECT * FROM unnest($1::text[], $2::text[])
  UNION SELECT n.source, n.id FROM k CROSS JOIN LATERAL (
    SELECT s.source, s.id FROM subject AS s WHERE s.about_source = k.source AND s.about_id = k.id
    UNION ALL
    SELECT s.about_source, s.about_id FROM subject AS s
    WHERE s.source = k.source AND s.id = k.id AND s.about_id IS NOT NULL) AS n)
SELECT s.* FROM k JOIN subject AS s USING (source, id)"""

_WAIT = """UPDATE event AS e SET state = 'waiting', reason = $5
FROM unnest($2::text[], $3::int[], $4::bigint[]) AS n (topic, partition, "offset")
WHERE e.epoch = $1 AND e.topic = n.topic AND n.partition = e.partition AND n."offset" = e.offset"""

_SUBJECTS = """INSERT INTO subject (source, id, revision, id_space, worker_id, department_id, about_source, about_id,
  owner_space, owner_worker, owner_department, withdrawn)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::text[], $10::text[], $11::text[], $12::bool[])
ON CONFLICT (source, id) DO UPDATE SET revision = excluded.revision,
  id_space = excluded.id_space, worker_id = excluded.worker_id,
  department_id = excluded.department_id, about_source = excluded.about_source, about_id = excluded.about_id,
  owner_space = excluded.owner_space, owner_worker = excluded.owner_worker,
  owner_department = excluded.owner_department, withdrawn = excluded.withdrawn"""

_WORKERS = """SELECT w.* FROM unnest($1::text[], $2::text[]) AS n (id_space, worker_id)
JOIN worker AS w USING (id_space, worker_id)"""

_NAMINGS = """SELECT s.owner_space, s.owner_worker, f.effective_at, f."time", f.person_id,
  f.type = 'hr.worker.linked.v1' AS link, f.type = ANY($3::text[]) AS begins
FROM unnest($1::text[], $2::text[]) AS n (id_space, worker_id)
JOIN subject AS s ON s.owner_space = n.id_space AND s.owner_worker = n.worker_id AND NOT s.withdrawn
JOIN fact AS f ON f.source = s.source AND f.id = s.id AND f.revision = s.revision
  AND (f.person_id IS NOT NULL OR f.type = ANY($3::text[]))"""

# Everybody who is named by any of these workers, or names one of them, and so on; UNION ends circles.
_NAMED = """WITH RECURSIVE k (id_space, worker_id, own, named) AS (
  SELECT w.id_space, w.worker_id, w.id_space || '/' || w.worker_id, w.named
  FROM unnest($1::text[], $2::text[]) AS n (id_space, worker_id) JOIN worker AS w USING (id_space, worker_id)
  UNION SELECT n.* FROM k CROSS JOIN LATERAL (
    SELECT w.id_space, w.worker_id, w.id_space || '/' || w.worker_id, w.named FROM worker AS w WHERE w.named = k.own
    UNION ALL
    SELECT w.id_space, w.worker_id, w.id_space || '/' || w.worker_id, w.named FROM worker AS w
    WHERE w.id_space || '/' || w.worker_id = k.named) AS n)
SELECT w.* FROM k JOIN worker AS w USING (id_space, worker_id)"""

_SET_WORKERS = """INSERT INTO worker (id_space, worker_id, named, person_id, decided_at, by_tenure, turns_at, number)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bool[], $7::timestamptz[],
  $8::text[])
ON CONFLICT (id_space, worker_id) DO UPDATE SET named = excluded.named, person_id = excluded.person_id,
  decided_at = excluded.decided_at, by_tenure = excluded.by_tenure, turns_at = excluded.turns_at"""

_DEPARTMENTS_CHANGED = "UPDATE department_version SET version = version + 1"

_EARLIER = """WITH told AS (
  UPDATE fact AS f SET "time" = n.at
  FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[]) AS n (source, id, revision, at)
  WHERE f.source = n.source AND f.id = n.id AND f.revision = n.revision AND n.at < f."time"
  RETURNING f.source, f.id)
SELECT DISTINCT w.person_id, s.owner_department FROM told JOIN subject AS s USING (source, id)
LEFT JOIN worker AS w ON w.id_space = s.owner_space AND w.worker_id = s.owner_worker"""

# One row a person and target, collapsed before; locks in (person_id, target) order.
MARK = """INSERT INTO due AS d (person_id, target, lane, due_at, since)
SELECT n.person_id, t.target, n.lane, n.due_at, $5
FROM unnest($1::text[], $2::smallint[], $3::timestamptz[]) AS n (person_id, lane, due_at)
CROSS JOIN unnest($4::text[]) AS t (target)
ORDER BY n.person_id, t.target
ON CONFLICT (person_id, target) DO UPDATE SET generation = d.generation + 1, marked_at = now(), attempts = 0,
  lane = CASE WHEN greatest(excluded.due_at, $5) < greatest(d.due_at, $5) THEN excluded.lane
              WHEN greatest(excluded.due_at, $5) > greatest(d.due_at, $5) THEN d.lane
              ELSE least(excluded.lane, d.lane) END,
  due_at = least(excluded.due_at, d.due_at)"""

_DECISIONS = """INSERT INTO decision (decision_id, person_id, kind, body, effective_at, recorded_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::json[], $5::timestamptz[], $6::timestamptz[])
ON CONFLICT DO NOTHING RETURNING decision_id"""


# Whom the verdict of somebody's hire names as perhaps the same human.
_DOUBTING = """SELECT DISTINCT w.person_id FROM event AS e JOIN subject AS s USING (source, id)
JOIN worker AS w ON w.id_space = s.owner_space AND w.worker_id = s.owner_worker
WHERE e.state = 'inbox' AND e.reason = ANY($1::text[])"""


async def mark(connection: Any, marks: Sequence[Mark], targets: Sequence[str]) -> None:  # noqa: ANN401 - asyncpg
    """MARK; the last thing but the outbox in its transaction."""
    if not marks or not targets:
        return
    now = await connection.fetchval("SELECT business_now()")
    one = routing.collapse(marks, now)
    persons, lanes, dates = [m.person_id for m in one], [m.lane for m in one], [m.due_at for m in one]
    await connection.execute(MARK, persons, lanes, dates, sorted(set(targets)), now)
    if any(m.lane == 0 for m in one):
        await connection.execute("SELECT pg_notify($1, '')", URGENT_CHANNEL)


async def decide(connection: Any, decisions: Sequence[Decision]) -> None:  # noqa: ANN401 - asyncpg
    """Record decisions; those that settle a worker's person move the worker."""
    if not decisions:
        return
    rows = [(d.decision_id, d.person_id, getattr(d, "kind", ""), decision_text(d), d.effective_at, d.recorded_at)
            for d in decisions]  # fmt: skip
    new = {row["decision_id"] for row in await connection.fetch(_DECISIONS, *columns(rows, 6))}
    one_each = {d.decision_id: d for d in reversed(decisions) if d.decision_id in new}
    await _identify(connection, [d for d in reversed(one_each.values()) if isinstance(d, PersonIdentified)])


async def _identify(connection: Any, decisions: Sequence[PersonIdentified]) -> None:  # noqa: ANN401 - asyncpg
    if not decisions:
        return
    workers = sorted({decided_holder(d) for d in decisions})
    rows = await connection.fetch(_WORKERS, *columns(workers, 2))
    before = {WorkerKey(row["id_space"], row["worker_id"]): known_worker(row) for row in rows}
    after = dict(before)
    for decision in decisions:
        worker = decided_holder(decision)
        if (named := routing.decided(decision, after.get(worker))) is not None:
            after[worker] = named
    changed = {worker: known for worker, known in after.items() if known != before.get(worker)}
    await _set_workers(connection, changed)
    if numbers := {number_of(worker) for worker in changed if since_of(worker) is not None}:
        divided = await divide(connection, numbers)
        await _Routing(connection).persons(sorted(divided.holders), await connection.fetchval("SELECT business_now()"))
    renamed = [w for w, known in changed.items() if w not in before or before[w].named != known.named]
    await follow(connection, renamed)


async def follow(connection: Any, renamed: Collection[WorkerKey]) -> dict[WorkerKey, tuple[str, str]]:  # noqa: ANN401 - asyncpg
    """Move whoever is another person since these workers are named otherwise; whose each was and is."""
    if not renamed:
        return {}
    rows = await connection.fetch(_NAMED, *columns(sorted(renamed), 2))
    known = {WorkerKey(row["id_space"], row["worker_id"]): known_worker(row) for row in rows}
    moved = routing.followed(known)
    await _set_workers(connection, moved)
    changes = {worker: (known[worker].person_id, now.person_id) for worker, now in moved.items()}
    await inherit(connection, changes.values())
    return changes


async def _set_workers(connection: Any, workers: Mapping[WorkerKey, routing.Known]) -> None:  # noqa: ANN401 - asyncpg
    if workers:
        rows = [(*worker, *known, _number(worker)) for worker, known in sorted(workers.items())]
        await connection.execute(_SET_WORKERS, *columns(rows, 8))


def _number(worker: WorkerKey) -> str | None:
    """Kept of later holders only, who are found by it."""
    return None if since_of(worker) is None else number_of(worker).worker_id


def _said(rows: Sequence[Mapping[str, Any]]) -> Said:
    named = [row for row in rows if row["person_id"] is not None]
    return Said(
        tuple(Naming(row["effective_at"], row["time"], row["person_id"], row["link"]) for row in named),
        min((row["effective_at"] for row in rows if row["begins"]), default=None),
    )


class PostgresIntakeTx(PostgresAnnouncing):
    """One intake transaction on one connection."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg
        self._db = connection

    async def positions(self, epoch: str, parts: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        await self._db.execute(_LOCK)
        rows = await self._db.fetch(
            "SELECT topic, partition, next FROM position WHERE epoch = $1 AND topic = ANY($2::text[])",
            epoch,
            sorted({topic for topic, _ in parts}),
        )
        known = {(row["topic"], row["partition"]): row["next"] for row in rows}
        return {part: known.get(part, 0) for part in parts}

    async def known(self, ids: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Mapping[int, str]]:
        await self._db.execute(_LOCK)
        rows = await self._db.fetch(
            """SELECT f.source, f.id, f.revision, f.digest
            FROM unnest($1::text[], $2::text[]) AS n (source, id) JOIN fact AS f USING (source, id)""",
            *columns(sorted(set(ids)), 2),
        )
        found: dict[tuple[str, str], dict[int, str]] = {ident: {} for ident in ids}
        for row in rows:
            found[row["source"], row["id"]][row["revision"]] = row["digest"]
        return found

    async def add(self, epoch: str, events: Sequence[NewEvent]) -> Sequence[Touched]:
        await self._db.execute(_LOCK)
        rows = [(epoch, *_event_row(event)) for event in events]
        await self._db.copy_records_to_table("event", records=rows, columns=_EVENTS)
        facts = [e.fact for e in events if e.fact is not None]
        if not facts:
            return [_NOBODY for _ in events]
        await self._db.copy_records_to_table("fact", records=[_fact_row(fact) for fact in facts], columns=_FACTS)
        whose = await _Routing(self._db).route(events)
        if waiting := routing.nobodys(events, whose):
            places = [(event.topic, event.partition, event.offset) for event in waiting]
            await self._db.execute(_WAIT, epoch, *columns(places, 3), routing.NOBODYS)
        return whose

    async def earlier(self, times: Mapping[FactKey, datetime]) -> Touched:
        rows = await self._db.fetch(_EARLIER, *columns([(*key, at) for key, at in sorted(times.items())], 4))
        departments = frozenset(row["owner_department"] for row in rows if row["owner_department"] is not None)
        if departments:
            await self._db.execute(_DEPARTMENTS_CHANGED)
        return Touched(frozenset(row["person_id"] for row in rows if row["person_id"] is not None), departments)

    async def turn(self, person_id: str, at: datetime) -> frozenset[str]:
        await self._db.execute(_LOCK)
        rows = await self._db.fetch("SELECT id_space, worker_id FROM worker WHERE person_id = $1", person_id)
        workers = sorted(WorkerKey(row["id_space"], row["worker_id"]) for row in rows)
        was, now, moved = await _Routing(self._db).persons(workers, at)
        return frozenset({*was.values(), *now.values()}).union(*moved.values())

    async def doubting(self, persons: Collection[str]) -> frozenset[str]:
        if not persons:
            return frozenset()
        rows = await self._db.fetch(_DOUBTING, [like(person).reason for person in persons])
        return frozenset(row["person_id"] for row in rows)

    async def mark(self, marks: Sequence[Mark], targets: Sequence[str]) -> None:
        await mark(self._db, marks, targets)

    async def advance(self, epoch: str, nexts: Mapping[tuple[str, int], int]) -> None:
        await self._db.execute(
            """INSERT INTO position (epoch, topic, partition, next)
            SELECT $1, n.* FROM unnest($2::text[], $3::int[], $4::bigint[]) AS n
            ON CONFLICT (epoch, topic, partition) DO UPDATE SET next = greatest(position.next, excluded.next)""",
            epoch,
            *columns(sorted((topic, partition, following) for (topic, partition), following in nexts.items()), 3),
        )

    async def hear(self, sources: Mapping[str, datetime]) -> None:
        await hear(self._db, sources)

    async def publish(self, messages: Sequence[Message]) -> None:
        await publish(self._db, messages)

    async def forget_checks(self, person_id: str) -> None:
        for row in await self._db.fetch("SELECT target, body FROM account WHERE person_id = $1 FOR UPDATE", person_id):
            body = account_text(replace(read_account(row["body"]), checked_at=None))
            await self._db.execute(
                "UPDATE account SET checked_at = NULL, body = $3 WHERE person_id = $1 AND target = $2",
                person_id,
                row["target"],
                body,
            )

    async def see(self, target: str, seen: Sequence[Seen]) -> None:
        await sweeps.see(self._db, target, seen)

    async def link(self, target: str, person_id: str, account: StoredAccount) -> bool:
        return await sweeps.link(self._db, target, person_id, account)

    async def enforce(self, policy: PolicyInForce) -> None:
        await enforce(self._db, policy)

    async def decide(self, decision: Decision) -> None:
        if isinstance(decision, PersonIdentified):
            await self._db.execute(_LOCK)
        await decide(self._db, [decision])


_NOBODY: Final = Touched(frozenset(), frozenset())


class _Routing:
    """Finds whose the new facts are, moves what belongs elsewhere now, and says who is concerned."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg
        self._db = connection

    async def route(self, events: Sequence[NewEvent]) -> list[Touched]:
        facts = [e.fact for e in events if e.fact is not None]
        news = [routing.subject_of(fact) for fact in facts]
        seeds = sorted({s.ident for s in news} | {s.about for s in news if s.about is not None})
        before = {s.ident: s for s in map(_subject, await self._db.fetch(_CONNECTED, *columns(seeds, 2)))}
        after = routing.resolve(routing.latest(news, before))
        at = await self._db.fetchval("SELECT business_now()")
        changed = {ident: s for ident, s in after.items() if s != before.get(ident)}
        await self._db.execute(_SUBJECTS, *columns([_subject_row(s) for s in changed.values()], 12))
        if any(s.owner.department_id for table in (before, after) for s in table.values()):
            await self._db.execute(_DEPARTMENTS_CHANGED)
        workers = {s.owner.worker for s in (*before.values(), *after.values()) if s.owner.worker is not None}
        divided = await divide(self._db, {*map(number_of, workers)})
        holders = ((f, divided.placed.get((f.key.source, f.key.id), f.worker)) for f in facts)
        words = sorted((w, *holder) for f, holder in holders if holder is not None for w in routing.words_of(f))
        await self._db.execute(WORDS, *columns(words, 3))
        after = routing.held(after, divided.placed)
        persons = await self.persons(sorted({*workers, *divided.holders} - divided.gone.keys()), at)
        return routing.touched(events, before, after, routing.handed(divided, before, after, persons))

    async def persons(
        self, workers: Sequence[WorkerKey], at: datetime
    ) -> tuple[dict[WorkerKey, str], dict[WorkerKey, str], dict[WorkerKey, frozenset[str]]]:
        """Whose each worker was and is at that instant, and who else changed hands with it."""
        keys = columns(workers, 2)
        rows = await self._db.fetch(_WORKERS, *keys)
        before = {WorkerKey(row["id_space"], row["worker_id"]): known_worker(row) for row in rows}
        said: dict[WorkerKey, list[Mapping[str, Any]]] = {}
        for row in await self._db.fetch(_NAMINGS, *keys, [hr.NAMES[kind] for kind in BEGINS]):
            said.setdefault(WorkerKey(row["owner_space"], row["owner_worker"]), []).append(row)
        after = {w: routing.named_now(w, _said(said.get(w, ())), before.get(w), at) for w in workers}
        await _set_workers(self._db, {w: known for w, known in after.items() if known != before.get(w)})
        return await self._followed(before, after)

    async def _followed(
        self, before: Mapping[WorkerKey, routing.Known], after: Mapping[WorkerKey, routing.Known]
    ) -> tuple[dict[WorkerKey, str], dict[WorkerKey, str], dict[WorkerKey, frozenset[str]]]:
        renamed = [w for w, known in after.items() if known.named != routing.was_named(w, before.get(w))]
        changed = await follow(self._db, renamed)
        was = {w: known.person_id for w, known in before.items()}
        now = {w: changed[w][1] if w in changed else known.person_id for w, known in after.items()}
        others = frozenset(person for pair in changed.values() for person in pair)
        return was, now, dict.fromkeys(renamed, others)


def _event_row(event: NewEvent) -> tuple[object, ...]:
    fact = event.fact
    key = event.key if event.key is not None else (fact.key if fact is not None else None)
    kind = event.type if event.type is not None else (hr.NAMES[type(fact.body)] if fact is not None else None)
    named = (None, None, None) if key is None else (clean(key.source), clean(key.id), key.revision)
    reason = None if event.reason is None else clean(event.reason)
    return (event.topic, event.partition, event.offset, event.state, reason, event.accepted_at,
            *named, None if kind is None else clean(kind), event.raw, pack(event.headers))  # fmt: skip


def _fact_row(fact: Fact) -> tuple[object, ...]:
    space, worker = fact.worker or (None, None)
    return (*fact.key, hr.NAMES[type(fact.body)], body_text(fact.body), fact.effective_at, fact.zone, fact.time,
            fact.recorded_at, fact.digest, space, worker, fact.person_id, fact.rank)  # fmt: skip


def _subject(row: Mapping[str, Any]) -> Subject:
    def owner(space: str | None, worker: str | None, department: str | None) -> Owner:
        return Owner(None if space is None or worker is None else WorkerKey(space, worker), department)

    about: Ident | None = None if row["about_id"] is None else (row["about_source"], row["about_id"])
    return Subject(
        (row["source"], row["id"]),
        row["revision"],
        owner(row["id_space"], row["worker_id"], row["department_id"]),
        about,
        owner(row["owner_space"], row["owner_worker"], row["owner_department"]),
        row["withdrawn"],
    )


def _subject_row(subject: Subject) -> tuple[object, ...]:
    own, owner = subject.own.worker or (None, None), subject.owner.worker or (None, None)
    return (*subject.ident, subject.revision, *own, subject.own.department_id, *(subject.about or (None, None)),
            *owner, subject.owner.department_id, subject.withdrawn)  # fmt: skip

"""Questions, answered from memory."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from contracts import hr
from contracts.decisions import Decision
from contracts.provisioning import StepTaken
from services.provisioner.facts.division import holder_at
from services.provisioner.facts.identity import own_person_id
from services.provisioner.model import Fact, WorkerKey
from services.provisioner.store import memory_reading as reading
from services.provisioner.store.memory_tables import Base, Row
from services.provisioner.store.port import (
    DEPARTMENTS,
    DUE_LATER,
    Books,
    EventStateName,
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
from services.provisioner.store.routing import families, words_of

_WAITS = ("waiting", "held", "inbox", "retry")


class MemoryQuestions(Base):
    """Looks everything up in passing; meant for thousands of persons, not millions."""

    async def books(self) -> Books:
        tables, now = self._tables, self._business_now()
        states: Counter[EventStateName] = Counter(event.state for event in tables.events.values())
        later = [r for r in tables.rows.values() if r.holder is None and r.due_at is not None and r.due_at > now]
        unfinished = [event.new.accepted_at for event in tables.events.values() if event.state == "in_progress"]
        owing = sum((event.reason or "").startswith(DUE_LATER) for event in tables.events.values())
        return Books(dict(states), dict(tables.positions), len(later), min(unfinished, default=None), owing)

    async def standing(self) -> Mapping[tuple[str, RowVerdict], int]:
        return Counter((target, row.verdict) for (_, target), row in self._tables.rows.items() if row.verdict in _WAITS)

    async def snapshot_age(self) -> float:
        return 0.0

    async def depth(self) -> Sequence[QueueDepth]:
        groups: dict[tuple[str, int], list[Row]] = {}
        for (_, target), row in self._tables.rows.items():
            if row.holder is not None or (row.due_at is not None and row.due_at <= self._business_now()):
                groups.setdefault((target, row.lane), []).append(row)
        answers = []
        for (target, lane), rows in sorted(groups.items()):
            due = [row.due_at for row in rows if row.holder is None and row.due_at is not None]
            answers.append(QueueDepth(target, lane, len(due), min(due, default=None), len(rows) - len(due)))
        return answers

    async def waiting(self, limit: int = 1000) -> Sequence[Waiting]:
        found = [
            Waiting(person, target, row.verdict, row.reason, row.since)
            for (person, target), row in self._tables.rows.items()
            if row.verdict in _WAITS
        ]
        return sorted(found, key=lambda w: (w.since, w.person_id, w.target))[:limit]

    async def quarantined(self, event_no: int | None = None, limit: int = 1000) -> Sequence[Quarantined]:
        found = [
            Quarantined(e.event_no, e.new.topic, e.new.partition, e.new.offset, e.reason, e.new.accepted_at,
                        e.new.raw or b"", e.new.headers)
            for e in self._tables.events.values()
            if e.state == "quarantined" and event_no in (None, e.event_no)
        ]  # fmt: skip
        return found[:limit]

    async def batch(self, name: str, after: int = 0, limit: int = 1000) -> Sequence[InBatch]:
        tables, found = self._tables, []
        for key, fact in tables.facts.items():
            subject, number = tables.subjects[key.source, key.id], tables.fact_no[key]
            newest = subject.revision == key.revision and not subject.withdrawn
            if fact.body.batch == name and newest and number > after:
                worker_id, again = fact.worker.worker_id if fact.worker else None, len(tables.about.get(key[:2], ()))
                found.append(InBatch(number, key.source, key.id, worker_id, again))
        return sorted(found, key=lambda one: one.number)[:limit]

    async def undecided(self, waiting_for: Collection[str], limit: int = 1000) -> Sequence[Undecided]:
        owners = {
            ident: person
            for person in (DEPARTMENTS, *self._tables.of_person)
            for ident in reading.idents_of(self._tables, person)
        }
        found = [
            Undecided(
                e.event_no, e.key, e.type, e.state, e.reason, e.new.accepted_at, owners.get(e.key[:2]),
                self._tables.subjects[e.key[:2]].owner.worker,
            )
            for e in self._tables.events.values()
            if e.key and (e.state == "inbox" or (e.state == "waiting" and e.reason in waiting_for))
        ]  # fmt: skip
        return sorted(found, key=lambda e: (e.accepted_at, e.event_no))[:limit]

    async def close_conflict(self, event_no: int, reason: str) -> bool:
        event = self._tables.events.get(event_no)
        if event is None or (event.state, event.reason) != ("inbox", "conflict"):
            return False
        self._tables.events[event_no] = replace(event, state="superseded", reason=reason)
        return True

    async def close_quarantined(self, event_no: int, reason: str) -> bool:
        event = self._tables.events.get(event_no)
        if event is None or event.state != "quarantined":
            return False
        self._tables.events[event_no] = replace(event, state="superseded", reason=reason)
        return True

    async def find(self, text: str, limit: int = 20) -> Sequence[PersonCard]:
        if not text:
            return []
        tables, folded = self._tables, text.casefold()
        found = {
            owned.person_id
            for worker, owned in tables.workers.items()
            if owned.person_id.startswith(text)
            or worker.worker_id.startswith(text)
            or f"{worker.id_space}/{worker.worker_id}" == text
        }
        found |= {p for (p, _), a in tables.accounts.items() if a.observed.native_id.casefold().startswith(folded)}
        for fact in tables.facts.values():
            owner = tables.subjects[fact.key.source, fact.key.id].owner.worker
            if owner in tables.workers and any(word.startswith(folded) for word in words_of(fact)):
                found.add(tables.workers[owner].person_id)
        return [self._card(person) for person in sorted(found - {DEPARTMENTS})[:limit]]

    def _card(self, person: str) -> PersonCard:
        workers = tuple(sorted(self._tables.of_person.get(person, frozenset())))
        native = {t: a.observed.native_id for t, a in reading.accounts_of(self._tables, person).items()}
        return PersonCard(person, workers, native)

    async def facts_of(self, person_id: str) -> tuple[tuple[Fact, ...], tuple[Decision, ...]]:
        return reading.facts_of(self._tables, person_id), reading.decisions_of(self._tables, person_id)

    async def department_facts(self) -> tuple[Fact, ...]:
        return reading.facts_of(self._tables, DEPARTMENTS)

    async def department_version(self) -> int:
        return self._tables.counters.get("department", 0)

    async def events_of(self, person_id: str) -> Sequence[OpenEvent]:
        return reading.events_of(self._tables, person_id, only_open=False)

    async def steps_of(self, person_id: str, limit: int = 500) -> Sequence[StepTaken]:
        return reading.steps_of(self._tables, person_id, limit)

    async def rows_of(self, person_id: str) -> Sequence[TargetRow]:
        return reading.rows_of(self._tables, person_id)

    async def accounts_of(self, person_id: str) -> Mapping[str, StoredAccount]:
        return reading.accounts_of(self._tables, person_id)

    async def persons_known_by(self, marks: Collection[str]) -> frozenset[str]:
        tables = self._tables
        found = {worker for mark in marks for worker in tables.words.get(mark, ())}
        return frozenset(tables.workers[worker].person_id for worker in found if worker in tables.workers)

    async def person_of(self, worker: WorkerKey) -> str | None:
        workers = self._tables.workers
        holders = [each for each in (worker, *self._tables.later.get(worker, ())) if each in workers]
        key = holder_at(holders, self._business_now())
        return None if key is None else workers[key].person_id

    async def persons(self) -> Sequence[str]:
        return sorted({owned.person_id for owned in self._tables.workers.values()})

    async def families(self) -> Sequence[tuple[str, ...]]:
        tables, own = self._tables, {own_person_id(w): known.person_id for w, known in self._tables.workers.items()}
        turning = {known.person_id for known in tables.workers.values() if known.turns_at is not None}
        announced = [
            (person, own.get(fact.person_id, fact.person_id))
            for person in turning
            for fact in reading.facts_of(tables, person)
            if isinstance(fact.body, hr.Linked) and fact.person_id
        ]
        return families(await self.persons(), announced)

    async def persons_in(self, departments: Collection[str]) -> frozenset[str]:
        return frozenset(p for (p, _), row in self._tables.rows.items() if row.department_id in set(departments))

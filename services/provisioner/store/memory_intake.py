"""Intake in memory: the same transaction, undone by putting back the tables as they were."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from contracts import hr
from contracts.decisions import Decision, PersonIdentified
from services.provisioner.facts.division import decided_holder, may_be_divided, number_of, since_of
from services.provisioner.facts.identity import said_by
from services.provisioner.facts.marks import like
from services.provisioner.model import AccountState, Fact, FactKey, WorkerKey
from services.provisioner.store import routing
from services.provisioner.store.memory_guards import MemoryAnnouncing
from services.provisioner.store.memory_tables import Base, KeptEvent, Row, Tables
from services.provisioner.store.port import Mark, Message, NewEvent, PolicyInForce, Seen, StoredAccount, Touched
from services.provisioner.store.routing import Divided, Ident, Known, Owner, Subject


def mark(tables: Tables, marks: Iterable[Mark], targets: Sequence[str], now: datetime, real: datetime) -> None:
    """MARK; `now` is business time."""
    for one in routing.collapse(marks, now):
        tables.targets_of[one.person_id] = tables.targets_of.get(one.person_id, frozenset()) | frozenset(targets)
        for target in targets:
            old = tables.rows.get((one.person_id, target))
            tables.rows[one.person_id, target] = _marked(old, one, now, real)


def _marked(old: Row | None, mark: Mark, now: datetime, real: datetime) -> Row:
    if old is None:
        return Row(mark.lane, mark.due_at, real, now)
    lane, due_at = mark.lane, mark.due_at
    if old.due_at is not None:
        lane = routing.lane_of(old.lane, old.due_at, mark.lane, mark.due_at, now)
        due_at = min(old.due_at, mark.due_at)
    return replace(old, generation=old.generation + 1, marked_at=real, attempts=0, lane=lane, due_at=due_at)


def decide(tables: Tables, decision: Decision, at: datetime) -> None:
    """`at` is business time."""
    if decision.decision_id in tables.decisions:
        return
    tables.decisions[decision.decision_id] = decision
    if not isinstance(decision, PersonIdentified):
        return
    worker = decided_holder(decision)
    known = tables.workers.get(worker)
    named = routing.decided(decision, known)
    if named is not None:
        own(tables, worker, named)
        if since_of(worker) is not None:
            for each in divide(tables, {number_of(worker)}).holders:
                name_worker(tables, each, at)
        if known is None or known.named != named.named:
            follow(tables)


def own(tables: Tables, worker: WorkerKey, known: Known) -> None:
    """Give a worker to a person."""
    old = tables.workers.get(worker)
    if old is not None:
        tables.of_person[old.person_id] = tables.of_person[old.person_id] - {worker}
    tables.workers[worker] = known
    if since_of(worker) is not None:
        number = number_of(worker)
        tables.later[number] = tables.later.get(number, frozenset()) | {worker}
    tables.of_person[known.person_id] = tables.of_person.get(known.person_id, frozenset()) | {worker}


def name_worker(tables: Tables, worker: WorkerKey, at: datetime) -> Known:
    """Judge whom the worker is named to be."""
    subjects = [tables.subjects[ident] for ident in tables.of_worker.get(worker, ())]
    facts = [tables.facts[_key(s)] for s in subjects if not s.withdrawn]
    known = routing.named_now(worker, said_by(facts), tables.workers.get(worker), at)
    own(tables, worker, known)
    return known


def divide(tables: Tables, numbers: Collection[WorkerKey]) -> Divided:
    """Place the facts of these numbers with whoever held them; those of one holder are left alone."""
    later = {w: tables.workers[w] for number in numbers for w in tables.later.get(number, ()) if w in tables.workers}
    told, held = dict[WorkerKey, list[Fact]](), dict[Ident, WorkerKey]()
    for key in {*numbers, *later}:
        for ident in tables.of_worker.get(key, ()):
            held[ident] = key
            told.setdefault(number_of(key), []).extend(tables.facts[k] for k in tables.facts_of[ident])
    look = {number_of(key) for key in later} | {number for number, facts in told.items() if may_be_divided(facts)}
    divided = routing.placed({n: f for n, f in told.items() if n in look}, held, later)
    for ident, key in divided.placed.items():
        if held[ident] != key:
            _move(tables, ident, key)
    for key, person in divided.gone.items():
        del tables.workers[key]
        tables.of_person[person] = tables.of_person[person] - {key}
    return divided


def _move(tables: Tables, ident: Ident, holder: WorkerKey) -> None:
    """A fact to who holds it, who is then found by what it says."""
    old = tables.subjects[ident]
    tables.subjects[ident] = replace(old, owner=Owner(worker=holder))
    if old.owner.worker is not None:
        tables.of_worker[old.owner.worker] = tables.of_worker[old.owner.worker] - {ident}
    tables.of_worker[holder] = tables.of_worker.get(holder, frozenset()) | {ident}
    for word in {word for key in tables.facts_of[ident] for word in routing.words_of(tables.facts[key])}:
        tables.words[word] = tables.words.get(word, frozenset()) | {holder}


def follow(tables: Tables) -> dict[WorkerKey, tuple[str, str]]:
    """Move whoever is another person since somebody is named otherwise; whose each was and is."""
    moved = {w: (tables.workers[w].person_id, known) for w, known in routing.followed(tables.workers).items()}
    for worker, (_, known) in moved.items():
        own(tables, worker, known)
    changes = {worker: (was, known.person_id) for worker, (was, known) in moved.items()}
    for was, now in sorted(set(changes.values())):
        inherit(tables, was, now)
    return changes


def inherit(tables: Tables, was: str, now: str) -> None:
    """Accounts of somebody who turned out to be another person are that person's, where that one has none yet."""
    if tables.of_person.get(was):
        return
    for person, target in [key for key in tables.accounts if key[0] == was and (now, key[1]) not in tables.accounts]:
        tables.accounts[now, target] = replace(tables.accounts.pop((person, target)), checked_at=None)
        tables.targets_of[now] = tables.targets_of.get(now, frozenset()) | {target}
        if (row := tables.rows.get((was, target))) is not None:
            tables.rows[was, target] = replace(row, holder=None, fence=row.fence + 1)
        for number, plan in tables.plans.items():
            if (plan.person_id, plan.target) == (was, target) and not plan.ended:
                tables.plans[number] = replace(plan, ended=True)


class MemoryIntakeTx(MemoryAnnouncing):
    """One transaction; the store's lock is held while it is open."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self.urgent = False

    @property
    def _tables(self) -> Tables:
        return self._base._tables  # noqa: SLF001 - a part of the store

    async def positions(self, epoch: str, parts: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        return {part: self._tables.positions.get((epoch, *part), 0) for part in parts}

    async def known(self, ids: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Mapping[int, str]]:
        tables = self._tables
        return {i: {key.revision: tables.facts[key].digest for key in tables.facts_of.get(i, ())} for i in ids}

    async def add(self, epoch: str, events: Sequence[NewEvent]) -> Sequence[Touched]:
        numbers = [self._keep(epoch, event) for event in events]
        facts = [event.fact for event in events if event.fact is not None]
        before = self._connected(facts)
        after = routing.resolve(routing.latest(map(routing.subject_of, facts), before))
        for subject in after.values():
            self._place(before.get(subject.ident), subject)
        workers = {s.owner.worker for s in (*before.values(), *after.values()) if s.owner.worker is not None}
        divided = divide(self._tables, {*map(number_of, workers)})
        after = routing.held(after, divided.placed)
        workers = {*workers, *divided.holders} - divided.gone.keys()
        persons = self._persons(workers, self._base._business_now())  # noqa: SLF001 - a part of the store
        whose = routing.touched(events, before, after, routing.handed(divided, before, after, persons))
        waiting = routing.nobodys(events, whose)
        for number, event in zip(numbers, events, strict=True):
            if event in waiting:
                kept = self._tables.events[number]
                self._tables.events[number] = replace(kept, state="waiting", reason=routing.NOBODYS)
        return whose

    async def earlier(self, times: Mapping[FactKey, datetime]) -> Touched:
        tables = self._tables
        told = [key for key, at in times.items() if key in tables.facts and at < tables.facts[key].time]
        for key in told:
            tables.facts[key] = replace(tables.facts[key], time=times[key])
        owners = [tables.subjects[key.source, key.id].owner for key in told]
        departments = frozenset(o.department_id for o in owners if o.department_id is not None)
        if departments:
            tables.number("department")
        workers = (owner.worker for owner in owners if owner.worker in tables.workers)
        return Touched(frozenset(tables.workers[w].person_id for w in workers if w is not None), departments)

    async def turn(self, person_id: str, at: datetime) -> frozenset[str]:
        was, now, moved = self._persons(self._tables.of_person.get(person_id, frozenset()), at)
        return frozenset({*was.values(), *now.values()}).union(*moved.values())

    async def doubting(self, persons: Collection[str]) -> frozenset[str]:
        tables, reasons = self._tables, {like(person).reason for person in persons}
        waiting = [e for e in tables.events.values() if e.state == "inbox" and e.reason in reasons and e.key]
        owners = (tables.subjects[e.key.source, e.key.id].owner.worker for e in waiting if e.key)
        return frozenset(tables.workers[worker].person_id for worker in owners if worker is not None)

    async def mark(self, marks: Sequence[Mark], targets: Sequence[str]) -> None:
        base = self._base
        mark(self._tables, marks, targets, base._business_now(), base._now())  # noqa: SLF001 - a part of the store
        self.urgent = self.urgent or any(one.lane == 0 for one in marks)

    async def advance(self, epoch: str, nexts: Mapping[tuple[str, int], int]) -> None:
        for part, following in nexts.items():
            at = (epoch, *part)
            self._tables.positions[at] = max(self._tables.positions.get(at, 0), following)

    async def enforce(self, policy: PolicyInForce) -> None:
        self._tables.policy[True] = policy

    async def hear(self, sources: Mapping[str, datetime]) -> None:
        for source, at in sources.items():
            self._tables.heard[source] = max(at, self._tables.heard.get(source, at))

    async def publish(self, messages: Sequence[Message]) -> None:
        self._base._publish(tuple(messages))  # noqa: SLF001 - a part of the store

    async def forget_checks(self, person_id: str) -> None:
        for (person, target), account in list(self._tables.accounts.items()):
            if person == person_id:
                self._tables.accounts[person, target] = replace(account, checked_at=None)

    async def see(self, target: str, seen: Sequence[Seen]) -> None:
        for one in seen:
            kept = self._tables.accounts.get((one.person_id, target))
            if kept is not None and kept.checked_at == one.before:
                self._tables.accounts[one.person_id, target] = one.account

    async def link(self, target: str, person_id: str, account: StoredAccount) -> bool:
        folded, tables = account.observed.native_id.casefold(), self._tables
        there = {p: a.observed.native_id for (p, where), a in tables.accounts.items() if where == target}
        owners = {person for person, native_id in there.items() if native_id.casefold() == folded}
        kept = tables.accounts.get((person_id, target))
        if owners - {person_id} or (kept is not None and kept.observed.state is not AccountState.NONE):
            return False
        tables.accounts[person_id, target] = account
        tables.targets_of[person_id] = tables.targets_of.get(person_id, frozenset()) | {target}
        return True

    async def decide(self, decision: Decision) -> None:
        decide(self._tables, decision, self._base._business_now())  # noqa: SLF001 - a part of the store

    def _keep(self, epoch: str, event: NewEvent) -> int:
        tables, fact = self._tables, event.fact
        key = event.key or (fact.key if fact is not None else None)
        kind = event.type or (hr.NAMES[type(fact.body)] if fact is not None else "")
        number = tables.number("event")
        tables.events[number] = KeptEvent(number, epoch, event, key, kind, event.state, event.reason)
        if key is not None:
            ident = (key.source, key.id)
            tables.events_of[ident] = (*tables.events_of.get(ident, ()), number)
        if fact is not None:
            ident = (fact.key.source, fact.key.id)
            tables.facts[fact.key] = fact
            tables.fact_no[fact.key] = number
            tables.facts_of[ident] = (*tables.facts_of.get(ident, ()), fact.key)
            if fact.worker is not None:
                for word in routing.words_of(fact):
                    tables.words[word] = tables.words.get(word, frozenset()) | {fact.worker}
        return number

    def _connected(self, facts: Iterable[Fact]) -> dict[Ident, Subject]:
        """Everything connected with these facts by withdrawals, both ways."""
        news = [routing.subject_of(fact) for fact in facts]
        todo = [ident for s in news for ident in (s.ident, s.about) if ident is not None]
        seen: set[Ident] = set()
        found: dict[Ident, Subject] = {}
        while todo:
            ident = todo.pop()
            if ident in seen:
                continue
            seen.add(ident)
            todo += self._tables.about.get(ident, frozenset())
            subject = self._tables.subjects.get(ident)
            if subject is not None:
                found[ident] = subject
                todo += [subject.about] if subject.about is not None else []
        return found

    def _place(self, old: Subject | None, new: Subject) -> None:
        tables, ident = self._tables, new.ident
        tables.subjects[ident] = new
        if old is not None and old.about is not None:
            tables.about[old.about] = tables.about[old.about] - {ident}
        if new.about is not None:
            tables.about[new.about] = tables.about.get(new.about, frozenset()) | {ident}
        if old is not None and old.owner.worker is not None:
            tables.of_worker[old.owner.worker] = tables.of_worker[old.owner.worker] - {ident}
        if new.owner.worker is not None:
            tables.of_worker[new.owner.worker] = tables.of_worker.get(new.owner.worker, frozenset()) | {ident}
        tables.of_departments.pop(ident, None)
        if new.owner.department_id is not None:
            tables.of_departments[ident] = None
        if new.owner.department_id is not None or (old is not None and old.owner.department_id is not None):
            tables.number("department")

    def _persons(
        self, workers: Collection[WorkerKey], at: datetime
    ) -> tuple[dict[WorkerKey, str], dict[WorkerKey, str], dict[WorkerKey, frozenset[str]]]:
        """Whose each worker was and is at that instant, and who else changed hands with it."""
        was = {w: self._tables.workers[w] for w in workers if w in self._tables.workers}
        now = {worker: name_worker(self._tables, worker, at) for worker in sorted(workers)}
        renamed = [w for w, known in now.items() if known.named != routing.was_named(w, was.get(w))]
        changed = follow(self._tables) if renamed else {}
        others = frozenset(person for pair in changed.values() for person in pair)
        persons = {w: self._tables.workers[w].person_id for w in workers}
        return {w: k.person_id for w, k in was.items()}, persons, dict.fromkeys(renamed, others)


def _key(subject: Subject) -> FactKey:
    return FactKey(*subject.ident, subject.revision)

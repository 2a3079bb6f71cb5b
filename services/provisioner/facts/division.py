"""A number that several humans have one after the other: who holds it since when, and whose each fact is.

The first holder is known by the number; each later one by the number and the first moment of theirs, and is a worker
of their own to whoever groups facts. Inside a person's timeline the number is the number.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contracts import hr
from contracts.decisions import PersonIdentified
from services.provisioner.facts.dates import instant
from services.provisioner.facts.identity import BEGINS
from services.provisioner.facts.marks import marks_of, said_of
from services.provisioner.facts.standing import Name, name_of, named_by, stand
from services.provisioner.facts.undone import ghosts
from services.provisioner.model import Fact, FactKey, WorkerKey

_LATER = re.compile(r"(.+)@(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.DOTALL)


def holder(worker: WorkerKey, since: datetime | None) -> WorkerKey:
    """Who holds the number since that instant (aware, to the second); None is the first holder."""
    if since is None:
        return worker
    return worker._replace(worker_id=f"{worker.worker_id}@{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def decided_holder(decision: PersonIdentified) -> WorkerKey:
    """Which holder of a number a decision is about."""
    return holder(WorkerKey(decision.id_space, decision.worker_id), decision.since)


def number_of(worker: WorkerKey) -> WorkerKey:
    """The number that a holder has."""
    found = _LATER.fullmatch(worker.worker_id)
    return worker._replace(worker_id=found[1]) if found else worker


def since_of(worker: WorkerKey) -> datetime | None:
    """Since when a holder has the number; None for the first."""
    found = _LATER.fullmatch(worker.worker_id)
    return datetime.fromisoformat(found[2]) if found else None


def holder_at(holders: Iterable[WorkerKey], at: datetime) -> WorkerKey | None:
    """Of those who have a number, who has it at that instant."""
    since = {worker: since_of(worker) for worker in holders}
    begun = [(start is not None, start or at, worker) for worker, start in since.items() if not start or start <= at]
    return max(begun)[2] if begun else None


def may_be_divided(facts: Iterable[Fact]) -> bool:
    """Whether a closer look pays: several hires, and some name a person."""
    begins = {name_of(fact): fact.person_id for fact in facts if isinstance(fact.body, BEGINS)}
    return len(begins) > 1 and any(begins.values())


def held_by(worker: WorkerKey, facts: Sequence[Fact], decided: Iterable[datetime] = ()) -> dict[Name, WorkerKey]:
    """Whose each fact of a number is; empty where it has one holder. `decided`: since when operators say so.

    A fact that names a holder is theirs; else it is whose it falls in time, a leave of the very moment being that of
    the one before. A withdrawal goes with its fact.
    """
    times, passing = _times(facts, decided)
    if len(times) == 1 and not passing:
        return {}
    newest: dict[Name, Fact] = {}
    for fact in sorted(facts, key=lambda fact: fact.key):
        newest[name_of(fact)] = fact
    subjects = {name: _subject(fact, newest) for name, fact in newest.items()}
    since = {name: passing.get(name_of(fact)) or _time_of(fact, times).since for name, fact in subjects.items()}
    return {name: holder(worker, at) for name, at in since.items()}


@dataclass(slots=True)
class _Time:
    """The time of one holder, as far as it is told."""

    since: datetime | None = None
    person_id: str | None = None
    linked: bool = False
    marks: set[str] = field(default_factory=set)
    begun_at: datetime | None = None
    left_at: datetime | None = None
    """Since when they are gone; None while employed, and before."""

    def take(self, fact: Fact) -> None:
        self.marks |= marks_of(said_of(fact))
        if isinstance(fact.body, hr.Linked):
            self.person_id, self.linked = fact.person_id, True
        elif not self.linked:
            self.person_id = self.person_id or fact.person_id
        if isinstance(fact.body, hr.Left):
            self.left_at = self.left_at or fact.effective_at
        elif isinstance(fact.body, BEGINS):
            self.begun_at, self.left_at = self.begun_at or fact.effective_at, None


def _times(facts: Sequence[Fact], decided: Iterable[datetime]) -> tuple[list[_Time], dict[Name, datetime]]:
    """The holders, and of hires that were taken back in time and would have made another one their first moment."""
    standing = stand(facts)
    told = [*standing.live, *(fact for pair in ghosts(standing) for fact in pair)]
    never = {name_of(fact) for fact, _ in standing.withdrawn} - {name_of(fact) for fact in told}
    words, found, passing = sorted(set(decided), reverse=True), [_Time()], dict[Name, datetime]()
    for fact in sorted([*told, *(fact for fact, _ in standing.withdrawn if name_of(fact) in never)], key=_place):
        while words and _begun(words[-1], fact):
            found.append(_Time(words.pop()))
        passes_on = _passes_on(found[-1], fact)
        if name_of(fact) in never:
            passing |= {name_of(fact): fact.effective_at} if passes_on else {}
            continue
        if passes_on:
            found.append(_Time(fact.effective_at))
        found[-1].take(fact)
    return [*found, *(_Time(since) for since in reversed(words))], passing


def _passes_on(now: _Time, fact: Fact) -> bool:
    """Whether HR gives the number to another human: a later hire that names another person.

    That the holder left may be heard afterwards. Where HR named nobody before, it is another only after a leave, and
    if marks are known of both and none agrees.
    """
    if not isinstance(fact.body, BEGINS) or fact.person_id is None or fact.person_id == now.person_id:
        return False
    if isinstance(fact.body, hr.Stated) and not _begins_anew(fact.body, fact.zone, now.left_at):
        return False
    if now.person_id is None:
        marks = marks_of(said_of(fact))
        return now.left_at is not None and bool(now.marks and marks) and not now.marks & marks
    return now.begun_at is not None and now.begun_at < fact.effective_at


def _begins_anew(body: hr.Stated, zone: str, left_at: datetime | None) -> bool:
    """A record revives nobody unless it names a first day after the leave."""
    starts_at = body.employment.starts_at
    return left_at is not None and starts_at is not None and instant(starts_at, zone) > left_at


def _time_of(fact: Fact, times: Sequence[_Time]) -> _Time:
    begun = [time for time in times if time.since is None or _begun(time.since, fact)]
    if fact.person_id is not None and not isinstance(fact.body, hr.Linked):
        named = [time for time in times if time.person_id == fact.person_id]
        begun = [time for time in begun if time.person_id == fact.person_id] or named[:1] or begun
    return begun[-1]


def _begun(since: datetime, fact: Fact) -> bool:
    return since < fact.effective_at or (since == fact.effective_at and not isinstance(fact.body, hr.Left))


def _subject(fact: Fact, newest: Mapping[Name, Fact]) -> Fact:
    seen = {name_of(fact)}
    while (about := named_by(fact)) is not None and about in newest and about not in seen:
        seen.add(about)
        fact = newest[about]
    return fact


def _place(fact: Fact) -> tuple[datetime, bool, datetime, FactKey]:
    return fact.effective_at, not isinstance(fact.body, hr.Left), fact.time, fact.key

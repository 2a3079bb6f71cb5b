"""Many people at once: facts in any order, grouped by whom they are about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts import hr
from contracts.decisions import Decision, PersonIdentified
from services.provisioner.facts.division import decided_holder, held_by, may_be_divided, number_of, since_of
from services.provisioner.facts.identity import (
    decided_person,
    own_person_id,
    person_named,
    said_by,
    whose,
)
from services.provisioner.facts.standing import Name, name_of, named_by, stand
from services.provisioner.facts.timeline import NEVER
from services.provisioner.model import Fact, WorkerKey


@dataclass(frozen=True, slots=True)
class History:
    """Facts by whom they are about.

    `persons` by person id, `departments` with the withdrawals about them; `unplaced` are withdrawals of facts that
    nobody knows and that name no worker either.
    """

    persons: dict[str, list[Fact]] = field(default_factory=dict)
    departments: list[Fact] = field(default_factory=list)
    unplaced: list[Fact] = field(default_factory=list)


def history(facts: Iterable[Fact], decisions: Iterable[Decision] = (), at: datetime = NEVER) -> History:
    """Group facts; all revisions of an id go where the highest one belongs, a withdrawal where its fact does.

    What `decisions` say of whose a worker is counts as it does in a running installation, and so do the links that
    count at that instant; in the end they all do.
    """
    facts = list(facts)
    said: dict[WorkerKey, list[PersonIdentified]] = {}
    for decision in decisions:
        if isinstance(decision, PersonIdentified):
            said.setdefault(decided_holder(decision), []).append(decision)
    subjects: dict[Name, Fact] = {}
    for fact in facts:
        known = subjects.get(name_of(fact))
        if known is None or known.key.revision <= fact.key.revision:
            subjects[name_of(fact)] = fact
    found = History()
    by_worker: dict[WorkerKey, list[Fact]] = {}
    for fact in facts:
        subject = _subject(subjects[name_of(fact)], subjects)
        if isinstance(subject.body, hr.DepartmentChanged | hr.DepartmentClosed):
            found.departments.append(fact)
        elif subject.worker is not None:
            by_worker.setdefault(subject.worker, []).append(fact)
        else:
            found.unplaced.append(fact)
    by_worker = _by_holder(by_worker, said)
    workers = by_worker.keys() | said.keys()
    named = {
        own_person_id(worker): _named(worker, by_worker.get(worker, []), said.get(worker, ()), at) for worker in workers
    }
    for worker, own in by_worker.items():
        found.persons.setdefault(whose(own_person_id(worker), named), []).extend(own)
    return found


def _by_holder(by_number: Mapping[WorkerKey, Sequence[Fact]], said: Iterable[WorkerKey]) -> dict[WorkerKey, list[Fact]]:
    """The facts of each number by who held it."""
    decided: dict[WorkerKey, list[datetime]] = {}
    for worker in said:
        if (since := since_of(worker)) is not None:
            decided.setdefault(number_of(worker), []).append(since)
    found: dict[WorkerKey, list[Fact]] = {}
    for number, facts in by_number.items():
        divided = number in decided or may_be_divided(facts)
        holders = held_by(number, facts, decided.get(number, ())) if divided else {}
        for fact in facts:
            found.setdefault(holders.get(name_of(fact), number), []).append(fact)
    return found


def turns(facts: Iterable[Fact]) -> list[datetime]:
    """The dates of links, ascending: from each on `history` may answer otherwise."""
    return sorted({fact.effective_at for fact in facts if isinstance(fact.body, hr.Linked)})


def _named(worker: WorkerKey, own: Sequence[Fact], said: Sequence[PersonIdentified], at: datetime) -> str:
    """The person a worker is named to be: by an operator, by HR's link, by Tenure, by the first fact to name one."""
    named = any(fact.person_id for fact in own)  # most have no such fact: nothing is worked out for them
    namings = said_by(stand(own).live).acting(at) if named else []
    decided = decided_person(said, linked=any(naming.link for naming in namings))
    return decided or person_named(namings) or own_person_id(worker)


def _subject(fact: Fact, subjects: dict[Name, Fact]) -> Fact:
    """What a withdrawal is about in the end; itself while that is unknown, or where withdrawals go in a circle."""
    last, seen = fact, {name_of(fact)}
    while (about := named_by(last)) is not None and about in subjects and about not in seen:
        seen.add(about)
        last = subjects[about]
    return fact if isinstance(last.body, hr.Withdrawn) and last.worker is None else last

"""Many people at once: facts in any order, grouped by whom they are about."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts import hr
from services.provisioner.facts.identity import naming_of, own_person_id, person_named, whose
from services.provisioner.facts.standing import Name, name_of, named_by, stand
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


def history(facts: Iterable[Fact]) -> History:
    """Group facts; all revisions of an id go where the highest one belongs, a withdrawal where its fact does."""
    facts = list(facts)
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
    named = {own_person_id(worker): _named(worker, own) for worker, own in by_worker.items()}
    for worker, own in by_worker.items():
        found.persons.setdefault(whose(own_person_id(worker), named), []).extend(own)
    return found


def _named(worker: WorkerKey, own: list[Fact]) -> str:
    """The person a worker is named to be."""
    if not any(fact.person_id for fact in own):
        return own_person_id(worker)
    namings = (naming_of(fact) for fact in stand(own).live)
    return person_named(naming for naming in namings if naming is not None) or own_person_id(worker)


def _subject(fact: Fact, subjects: dict[Name, Fact]) -> Fact:
    """What a withdrawal is about in the end; itself while that is unknown, or where withdrawals go in a circle."""
    last, seen = fact, {name_of(fact)}
    while (about := named_by(last)) is not None and about in subjects and about not in seen:
        seen.add(about)
        last = subjects[about]
    return fact if isinstance(last.body, hr.Withdrawn) and last.worker is None else last

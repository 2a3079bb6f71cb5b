"""Whose a fact is, and when somebody is due: the pure part that both stores share.

All revisions of an id go together: they belong to what the highest one names. A withdrawal names another id and
belongs where that one does; until it is known, to the worker that the withdrawal names itself, if any.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from contracts import hr
from contracts.decisions import PersonIdentified
from services.provisioner.facts.division import held_by, number_of, since_of
from services.provisioner.facts.identity import (
    TENURE,
    Said,
    own_person_id,
    person_named,
    whose,
)
from services.provisioner.facts.standing import UNKNOWN, name_of
from services.provisioner.model import Fact, WorkerKey
from services.provisioner.store.port import Mark, NewEvent, Touched

Persons = tuple[Mapping[WorkerKey, str], Mapping[WorkerKey, str], Mapping[WorkerKey, frozenset[str]]]
"""Whose each worker was, whose it is, and who else changed hands with it."""
NOBODYS = UNKNOWN.reason
"""Why a withdrawal that names neither a known fact nor a worker waits: no pass would ever say so."""
Ident = tuple[str, str]
"""(source, id)."""


class Owner(NamedTuple):
    """A worker or a department; neither while a withdrawal's fact is unknown."""

    worker: WorkerKey | None = None
    department_id: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What the highest known revision of an id names."""

    ident: Ident
    revision: int
    own: Owner
    about: Ident | None = None
    owner: Owner = field(default_factory=Owner)
    withdrawn: bool = False


def subject_of(fact: Fact) -> Subject:
    """As the fact says it, not yet resolved."""
    body = fact.body
    ident = (fact.key.source, fact.key.id)
    match body:
        case hr.Withdrawn():
            about = (body.event_source or fact.key.source, body.event_id)
            return Subject(ident, fact.key.revision, Owner(worker=fact.worker), about)
        case hr.DepartmentChanged() | hr.DepartmentClosed():
            return Subject(ident, fact.key.revision, Owner(department_id=body.department_id))
        case _:
            return Subject(ident, fact.key.revision, Owner(worker=fact.worker))


def owner_of(ident: Ident, subjects: Mapping[Ident, Subject]) -> Owner:
    """Follow withdrawals to what they are about; a circle of them belongs to nobody."""
    seen: set[Ident] = set()
    fallback = Owner()
    while (subject := subjects.get(ident)) is not None and ident not in seen:
        seen.add(ident)
        if subject.about is None:
            return subject.own
        fallback = fallback if fallback != Owner() else subject.own
        ident = subject.about
    return fallback


def is_withdrawn(ident: Ident, by: Mapping[Ident, Sequence[Subject]], seen: frozenset[Ident] = frozenset()) -> bool:
    """Whether a withdrawal of the same source, itself not withdrawn, is about it. `by`: id → what is about it."""
    return any(
        w.ident[0] == ident[0] and w.ident not in seen and not is_withdrawn(w.ident, by, seen | {ident})
        for w in by.get(ident, ())
    )


def latest(news: Iterable[Subject], known: Mapping[Ident, Subject]) -> dict[Ident, Subject]:
    """`known` with what new facts say, unresolved."""
    subjects = dict(known)
    for new in news:
        old = subjects.get(new.ident)
        if old is None or new.revision >= old.revision:
            subjects[new.ident] = new
    return subjects


def resolve(subjects: Mapping[Ident, Subject]) -> dict[Ident, Subject]:
    """Owners and withdrawals of a set that holds everything connected."""
    by: dict[Ident, list[Subject]] = {}
    for subject in subjects.values():
        if subject.about is not None:
            by.setdefault(subject.about, []).append(subject)
    return {
        ident: Subject(s.ident, s.revision, s.own, s.about, owner_of(ident, subjects), is_withdrawn(ident, by))
        for ident, s in subjects.items()
    }


class Known(NamedTuple):
    """What is kept of a worker: whom it is named to be, whom that comes to, and whether a decision said so.

    `turns_at`: the date of the next link that does not count yet.
    """

    named: str
    person_id: str
    decided_at: datetime | None = None
    by_tenure: bool = False
    turns_at: datetime | None = None


def named_now(worker: WorkerKey, said: Said, known: Known | None, at: datetime) -> Known:
    """Whom the worker is named to be: by an operator; else by HR's last link; else as Tenure decided; else by facts.

    `person_id` is not followed yet. A link ends what Tenure had decided by itself.
    """
    decided = known is not None and known.decided_at is not None
    if known is not None and decided and not known.by_tenure:
        return known
    namings, turns_at = said.acting(at), said.next_link(at)
    if known is not None and decided and not any(naming.link for naming in namings):
        return known._replace(turns_at=turns_at)
    named = person_named(namings) or own_person_id(worker)
    return Known(named, known.person_id if known else named, turns_at=turns_at)


def was_named(worker: WorkerKey, known: Known | None) -> str:
    """A worker that nobody knew yet was itself to whoever named it."""
    return known.named if known else own_person_id(worker)


def followed(workers: Mapping[WorkerKey, Known]) -> dict[WorkerKey, Known]:
    """The workers whose person is another than was known, in a set that holds everybody named by anybody in it."""
    named = {own_person_id(worker): known.named for worker, known in workers.items()}
    persons = {worker: whose(own_person_id(worker), named) for worker in workers}
    return {w: known._replace(person_id=persons[w]) for w, known in workers.items() if known.person_id != persons[w]}


def decided(decision: PersonIdentified, known: Known | None) -> Known | None:
    """The worker as this decision leaves it; None where an older word, or one of less weight, changes nothing.

    Tenure's own word only confirms whose the worker is already.
    """
    person_id, at, settled = (
        decision.person_id,
        decision.recorded_at,
        known is not None and known.decided_at is not None,
    )
    if decision.by == TENURE:
        if known is None:
            return Known(person_id, person_id, at, by_tenure=True)
        return None if settled or known.person_id != person_id else known._replace(decided_at=at, by_tenure=True)
    if known is not None and known.decided_at is not None and not known.by_tenure and known.decided_at > at:
        return None
    return Known(person_id, known.person_id if known else person_id, at)


def families(persons: Iterable[str], announced: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Persons, together with whom they are linked directly or by others."""
    family = {person: frozenset({person}) for person in persons}
    for one, other in announced:
        joined = family.get(one, frozenset()) | family.get(other, frozenset())
        family |= dict.fromkeys(joined, joined)
    return sorted({tuple(sorted(members)) for members in family.values()})


@dataclass(frozen=True, slots=True)
class Divided:
    """Where facts are now, all holders of the numbers looked at, and whose those were who hold nothing any more."""

    placed: Mapping[Ident, WorkerKey] = field(default_factory=dict)
    holders: frozenset[WorkerKey] = frozenset()
    gone: Mapping[WorkerKey, str] = field(default_factory=dict)
    held: Mapping[Ident, WorkerKey] = field(default_factory=dict)
    """Where facts were."""


def placed(
    told: Mapping[WorkerKey, Sequence[Fact]],
    held: Mapping[Ident, WorkerKey],
    later: Mapping[WorkerKey, Known],
) -> Divided:
    """Who holds the facts of each number, by what HR and operators say; `held` and `later` are as it was."""
    words = [key for key, known in later.items() if known.decided_at is not None and not known.by_tenure]
    owners: dict[Ident, WorkerKey] = {}
    for number, facts in told.items():
        decided = (since_of(key) for key in words if number_of(key) == number)
        by = held_by(number, facts, [since for since in decided if since is not None])
        owners |= {name_of(fact): by.get(name_of(fact), number) for fact in facts}
    holders = frozenset({*told, *owners.values(), *words})
    gone = {key: known.person_id for key, known in later.items() if key not in holders}
    return Divided(owners, holders, gone, held)


def held(subjects: Mapping[Ident, Subject], placed: Mapping[Ident, WorkerKey]) -> dict[Ident, Subject]:
    """The subjects with who holds them."""
    return {i: replace(s, owner=Owner(worker=placed[i])) if i in placed else s for i, s in subjects.items()}


def handed(
    divided: Divided, before: Mapping[Ident, Subject], after: Mapping[Ident, Subject], persons: Persons
) -> Persons:
    """Whose workers were and are, those who hold nothing any more too.

    Of a number of which some fact changed hands all holders hear; a fact that is new is only its holder's.
    """
    was, now, moved = persons
    was = {**was, **divided.gone}
    held = {**divided.held} | {ident: subject.owner.worker for ident, subject in before.items()}
    known = (ident for ident in divided.placed if ident in before or ident not in after)
    numbers = {number_of(divided.placed[ident]) for ident in known if held[ident] != divided.placed[ident]}
    holders = {worker: number for worker in {*was, *now} if (number := number_of(worker)) in numbers}
    everybody: dict[WorkerKey, set[str]] = {number: set() for number in numbers}
    for worker, number in holders.items():
        everybody[number] |= {table[worker] for table in (was, now) if worker in table}
    return was, now, {**moved, **{w: moved.get(w, frozenset()) | everybody[n] for w, n in holders.items()}}


def collapse(marks: Iterable[Mark], now: datetime) -> list[Mark]:
    """One mark a person: the earliest date; the most urgent lane among those of that date, all past ones being now."""
    found: dict[str, Mark] = {}
    for mark in marks:
        old = found.get(mark.person_id)
        lane = mark.lane if old is None else lane_of(old.lane, old.due_at, mark.lane, mark.due_at, now)
        found[mark.person_id] = Mark(mark.person_id, lane, mark.due_at if old is None else min(old.due_at, mark.due_at))
    return sorted(found.values(), key=lambda mark: mark.person_id)


def lane_of(old_lane: int, old_at: datetime, new_lane: int, new_at: datetime, now: datetime) -> int:
    """The lane belongs to the date: next month's leave does not lift today's bulk."""
    old_at, new_at = max(old_at, now), max(new_at, now)
    if new_at == old_at:
        return min(old_lane, new_lane)
    return new_lane if new_at < old_at else old_lane


def words_of(fact: Fact) -> frozenset[str]:
    """What a person is found by, case folded: names, mobile and addresses of a fact."""
    person = getattr(fact.body, "person", None)
    if not isinstance(person, hr.Person):
        return frozenset()
    whole = f"{person.family_name or ''}{person.given_name or ''}"
    texts = (person.display_name, whole, person.mobile, person.personal_email, person.work_email)
    return frozenset(text.casefold() for text in texts if text)


def nobodys(events: Sequence[NewEvent], whose: Sequence[Touched]) -> list[NewEvent]:
    """The events that concern nobody we know yet."""
    pairs = zip(events, whose, strict=True)
    return [event for event, who in pairs if event.fact is not None and not (who.persons or who.departments)]


def touched(
    events: Sequence[NewEvent],
    before: Mapping[Ident, Subject],
    after: Mapping[Ident, Subject],
    persons: Persons,
) -> list[Touched]:
    """Whom each event concerns: its owner before and after, and of what hangs on it by withdrawal."""
    *tables, moved = persons
    hanging: dict[Ident, set[Ident]] = {}
    for each in after:
        for link in _chain(each, after):
            hanging.setdefault(link, set()).add(each)
    answers = []
    for event in events:
        ident = None if event.fact is None else (event.fact.key.source, event.fact.key.id)
        others = () if ident is None else (i for i in hanging[ident] if after[i] != before.get(i))
        idents = set() if ident is None else {ident, *others}
        owners = [table[i].owner for i in idents for table in (before, after) if i in table]
        workers = {owner.worker for owner in owners if owner.worker is not None}
        who = frozenset(table[w] for w in workers for table in tables if w in table)
        who |= {person for w in workers for person in moved.get(w, ())}
        answers.append(Touched(who, frozenset(o.department_id for o in owners if o.department_id is not None)))
    return answers


def _chain(ident: Ident, subjects: Mapping[Ident, Subject]) -> set[Ident]:
    seen: set[Ident] = set()
    following: Ident | None = ident
    while following is not None and following not in seen and following in subjects:
        seen.add(following)
        following = subjects[following].about
    return seen

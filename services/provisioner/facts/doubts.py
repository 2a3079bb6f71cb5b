"""Whether a new number may be a person whom we know already: who shares a mark is looked up, the marks judge.

Only of those whom neither HR nor a decision names. `Crowd` looks among people who are all at hand, as replays and
previews do; a pass asks its store.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from contracts.decisions import Decision, PersonIdentified
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.marks import is_doubt, marks_of, perhaps_same, said_of
from services.provisioner.facts.order import instant_of
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Fact, FactKey, WorkerKey

MANY = 50
"""So many people have the same mobile or e-mail only where it was filled in for want of one: it is nobody's mark."""

Known = tuple[Sequence[Fact], Sequence[Decision]]


def new_numbers(
    line: Timeline, facts: Iterable[Fact], decisions: Iterable[Decision]
) -> Iterator[tuple[WorkerKey, Fact]]:
    """The person's workers that nobody names, with the fact that first employed each."""
    named = {fact.worker for fact in facts if fact.person_id is not None}
    named |= {WorkerKey(d.id_space, d.worker_id) for d in decisions if isinstance(d, PersonIdentified)}
    return ((worker, hire) for worker, hire in line.firsts.items() if worker not in named)


def may_be(theirs: Timeline, hire: Fact) -> bool:
    """Whether the hire may be of that person: of two with the same marks the later one is in doubt."""
    place = _place(hire)
    before = any(_place(first) < place for first in theirs.firsts.values())
    return before and perhaps_same(theirs.state(instant_of(hire)).person, said_of(hire))


def doubts_of(line: Timeline, facts: Iterable[Fact]) -> dict[WorkerKey, str]:
    """Why it is not known whose an employment is, by worker."""
    doubted = sorted((fact for fact in facts if is_doubt(line.verdicts[fact.key])), key=_place)
    return {fact.worker: line.verdicts[fact.key].reason for fact in doubted if fact.worker is not None}


@dataclass(slots=True)
class Crowd:
    """People by id, with what is known of each. `nobodys`: marks that very many have beside these."""

    people: Mapping[str, Known]
    nobodys: AbstractSet[str] = frozenset()
    _lines: dict[str, Timeline] = field(default_factory=dict)
    _by_mark: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for person_id, (facts, _) in self.people.items() if len(self.people) > 1 else ():
            for mark in {mark for fact in facts for mark in marks_of(said_of(fact))} - self.nobodys:
                self._by_mark.setdefault(mark, set()).add(person_id)

    def folded(self, person_id: str) -> Timeline:
        """The person's timeline, their new numbers in doubt where they may be somebody else's."""
        facts, decisions = self.people[person_id]
        line = self._line(person_id)
        unclear = self._unclear(person_id, line) if self._by_mark else {}
        return timeline(facts, decisions, person_id=person_id, unclear=unclear) if unclear else line

    def _unclear(self, person_id: str, line: Timeline) -> Mapping[WorkerKey, str]:
        found: dict[WorkerKey, str] = {}
        for worker, hire in new_numbers(line, *self.people[person_id]):
            sharing = [self._by_mark.get(mark, set()) - {person_id} for mark in marks_of(said_of(hire))]
            others = sorted(set().union(*(some for some in sharing if len(some) < MANY)))
            other = next((other for other in others if may_be(self._line(other), hire)), None)
            if other is not None:
                found[worker] = other
        return found

    def _line(self, person_id: str) -> Timeline:
        """As far as the person's own facts tell."""
        if person_id not in self._lines:
            self._lines[person_id] = timeline(*self.people[person_id], person_id=person_id)
        return self._lines[person_id]


def _place(fact: Fact) -> tuple[datetime, datetime, FactKey]:
    return instant_of(fact), fact.time, fact.key

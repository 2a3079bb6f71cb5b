"""Whether a new number may be a person whom we know already: asked of the store, judged by the marks.

Only of those whom neither HR nor a decision names; with the first step taken for somebody that is a decision, so that
nobody is looked up twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from contracts import hr
from contracts.decisions import Decision, PersonIdentified
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.marks import marks_of, perhaps_same
from services.provisioner.facts.order import instant_of
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Fact, FactKey, WorkerKey
from services.provisioner.store.port import Questions


async def folded(person_id: str, facts: Iterable[Fact], decisions: Iterable[Decision], store: Questions) -> Timeline:
    """The person's timeline, their new numbers in doubt where they may be somebody else's."""
    facts, decisions = tuple(facts), tuple(decisions)
    line = timeline(facts, decisions, person_id=person_id)
    doubts = await unclear(person_id, line, facts, decisions, store)
    return timeline(facts, decisions, person_id=person_id, unclear=doubts) if doubts else line


async def unclear(
    person_id: str, line: Timeline, facts: Iterable[Fact], decisions: Iterable[Decision], store: Questions
) -> Mapping[WorkerKey, str]:
    """The person's workers that may be somebody else's, and whose. Reads only those who share a mark."""
    found: dict[WorkerKey, str] = {}
    for worker, hire in _unnamed(line, facts, decisions):
        said = hire.body.person if isinstance(hire.body, hr.Hired | hr.Stated) else hr.Person()
        for other in sorted(await store.persons_known_by(marks_of(said)) - {person_id}):
            theirs = timeline(*await store.facts_of(other), person_id=other)
            if _known_before(theirs, hire) and perhaps_same(theirs.state(instant_of(hire)).person, said):
                found.setdefault(worker, other)
    return found


def _unnamed(line: Timeline, facts: Iterable[Fact], decisions: Iterable[Decision]) -> Iterator[tuple[WorkerKey, Fact]]:
    named = {fact.worker for fact in facts if fact.person_id is not None}
    named |= {WorkerKey(d.id_space, d.worker_id) for d in decisions if isinstance(d, PersonIdentified)}
    return ((worker, hire) for worker, hire in line.firsts.items() if worker not in named)


def _known_before(theirs: Timeline, hire: Fact) -> bool:
    """Of two who are hired with the same marks the later one is in doubt."""
    return any(_place(first) < _place(hire) for first in theirs.firsts.values())


def _place(fact: Fact) -> tuple[datetime, datetime, FactKey]:
    return instant_of(fact), fact.time, fact.key

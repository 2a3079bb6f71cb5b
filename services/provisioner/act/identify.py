"""Whether a new number may be a person whom we know already: asked of the store, judged as `facts.doubts` does.

With the first step taken for somebody whose they are is a decision, so that nobody is looked up twice.
"""

import asyncio
from collections.abc import Iterable, Mapping

from contracts import hr
from contracts.decisions import Decision
from services.provisioner.facts.doubts import MANY, may_be, new_numbers
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.marks import marks_of, said_of
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Fact, WorkerKey
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
    for worker, hire in new_numbers(line, facts, decisions):
        for other in await _sharing(said_of(hire), person_id, store):
            if may_be(timeline(*await store.facts_of(other), person_id=other), hire):
                found[worker] = other
                break
    return found


async def _sharing(said: hr.Person, person_id: str, store: Questions) -> list[str]:
    """Who has a mark of this person, unless so many have it that it is nobody's."""
    marks = sorted(marks_of(said))
    each = await asyncio.gather(*(store.persons_known_by({mark}) for mark in marks))
    others = [known - {person_id} for known in each]
    return sorted(set().union(*(some for some in others if len(some) < MANY)))

"""Whose a worker is, by an operator's word: what settles a doubt that the marks of two records leave open.

The word is a decision like Tenure's own, of more weight than any fact: routing, folding and replay all go by it.
"""

from dataclasses import dataclass
from typing import Any

from contracts.decisions import PersonIdentified
from services.platforms import gate
from services.provisioner.act.identify import folded
from services.provisioner.facts.division import holder, number_of, since_of
from services.provisioner.facts.identity import own_person_id
from services.provisioner.facts.marks import IDENTITY_UNCLEAR, is_doubt
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Fact, WorkerKey
from services.provisioner.operators.errors import (
    AmbiguousWorkerError,
    NothingToChangeError,
    UnknownPersonError,
)
from services.provisioner.operators.operations import Operations
from services.provisioner.plan.decided import stamped, told
from services.provisioner.store.port import Mark

Answer = dict[str, Any]


@dataclass(slots=True)
class Identity:
    operations: Operations

    async def same(self, text: str, person: str, by: str, reason: str) -> Answer:
        """The worker is this person's, whatever the marks say; raises if they are already, beyond doubt.

        Where a hire is in doubt under the number of somebody who left, only what begins with it is another person's.
        """
        worker, was = await self._worker(text)
        person_id = await self.operations.identify(person)
        facts, line = await self._line(was)
        if person_id == was and not _in_doubt(worker, facts, line):
            raise NothingToChangeError(f"{own_person_id(worker)} is that person's already, and nobody doubts it")
        about = worker if person_id == was else _next(worker, facts, line)
        return await self._decided(about, was, person_id, by, reason)

    async def another(self, text: str, by: str, reason: str) -> Answer:
        """The worker is a human of their own, none of those whom the marks suggest."""
        worker, was = await self._worker(text)
        facts, line = await self._line(was)
        own = own_person_id(_next(worker, facts, line))
        if own == was and not _in_doubt(worker, facts, line):
            raise NothingToChangeError(f"{own} is a person of their own already, and nobody doubts it")
        return await self._decided(_next(worker, facts, line), was, own, by, reason)

    async def _worker(self, text: str) -> tuple[WorkerKey, str]:
        """The worker of that number, and whose it is; a number of two companies is named with its id space."""
        cards = await self.operations.store.find(text)
        found = {
            worker: card.person_id
            for card in cards
            for worker in card.workers
            if any(text in (each.worker_id, own_person_id(each)) for each in (worker, number_of(worker)))
        }
        found = {worker: person for worker, person in found.items() if text == own_person_id(worker)} or found
        if not found:
            raise UnknownPersonError
        if len(found) > 1:
            raise AmbiguousWorkerError(sorted(own_person_id(worker) for worker in found))
        return next(iter(found.items()))

    async def _line(self, person_id: str) -> tuple[tuple[Fact, ...], Timeline]:
        facts, decisions = await self.operations.store.facts_of(person_id)
        return tuple(facts), await folded(person_id, facts, decisions, self.operations.store)

    async def _decided(self, worker: WorkerKey, was: str, person_id: str, by: str, reason: str) -> Answer:
        """Both are due, the one gains what the other loses; and whoever is in doubt over one of them."""
        now, number = self.operations.clock.business_now(), number_of(worker)
        said, since = stamped(person_id, by, reason, now), since_of(worker)
        decision = PersonIdentified(**said, id_space=number.id_space, worker_id=number.worker_id, since=since)
        async with self.operations.store.intake() as tx:
            await tx.decide(decision)
            due = {was, person_id} | await tx.doubting({was, person_id})
            await tx.mark([Mark(each, gate.EVERYDAY, now) for each in sorted(due)], list(self.operations.targets))
            await tx.publish(told(decision))
        self.operations.woken()
        return {"worker": own_person_id(worker), "person_id": person_id, "was": was}


def _in_doubt(worker: WorkerKey, facts: tuple[Fact, ...], line: Timeline) -> bool:
    """Whether some employment under that number waits for a word on whose it is."""
    return any(is_doubt(line.verdicts[fact.key]) for fact in facts if fact.worker == number_of(worker))


def _next(worker: WorkerKey, facts: tuple[Fact, ...], line: Timeline) -> WorkerKey:
    """Who holds the number since the last hire of which nobody knows whose it is; if there is none, the worker."""
    doubted = (
        fact.effective_at
        for fact in facts
        if fact.worker == number_of(worker) and line.verdicts[fact.key] == IDENTITY_UNCLEAR
    )
    since = max(doubted, default=None)
    return holder(number_of(worker), since) if since else worker

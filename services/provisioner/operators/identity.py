"""Whose a worker is, by an operator's word: what settles a doubt that the marks of two records leave open.

The word is a decision like Tenure's own, of more weight than any fact: routing, folding and replay all go by it.
"""

from dataclasses import dataclass
from typing import Any

from contracts.decisions import PersonIdentified
from services.platforms import gate
from services.provisioner.act.identify import folded
from services.provisioner.facts.identity import own_person_id
from services.provisioner.facts.marks import IDENTITY_UNCLEAR, is_doubt
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Fact, WorkerKey
from services.provisioner.operators.errors import (
    AmbiguousWorkerError,
    NothingToChangeError,
    OperatorError,
    UnknownPersonError,
)
from services.provisioner.operators.operations import Operations
from services.provisioner.plan.decided import stamped
from services.provisioner.store.port import Mark

Answer = dict[str, Any]


@dataclass(slots=True)
class Identity:
    operations: Operations

    async def same(self, text: str, person: str, by: str, reason: str) -> Answer:
        """The worker is this person's, whatever the marks say; raises if they are already, beyond doubt."""
        worker, was = await self._worker(text)
        person_id = await self.operations.identify(person)
        facts, line = await self._line(was)
        if person_id == was and not _in_doubt(worker, facts, line):
            raise NothingToChangeError(f"{own_person_id(worker)} is that person's already, and nobody doubts it")
        return await self._decided(worker, was, person_id, by, reason)

    async def another(self, text: str, by: str, reason: str) -> Answer:
        """The worker is a human of their own, none of those whom the marks suggest."""
        worker, was = await self._worker(text)
        own = own_person_id(worker)
        facts, line = await self._line(was)
        if any(line.verdicts[fact.key] == IDENTITY_UNCLEAR for fact in facts if fact.worker == worker):
            raise OperatorError("this number had somebody else before: HR must tell its new holder under another")
        if own == was and not _in_doubt(worker, facts, line):
            raise NothingToChangeError(f"{own} is a person of their own already, and nobody doubts it")
        return await self._decided(worker, was, own, by, reason)

    async def _worker(self, text: str) -> tuple[WorkerKey, str]:
        """The worker of that number, and whose it is; a number of two companies is named with its id space."""
        cards = await self.operations.store.find(text)
        found = {w: card.person_id for card in cards for w in card.workers if text in (w.worker_id, own_person_id(w))}
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
        now, due = self.operations.clock.business_now(), {was, person_id}
        async with self.operations.store.intake() as tx:
            due |= await tx.doubting(due)
        said = stamped(person_id, by, reason, now)
        decision = PersonIdentified(**said, id_space=worker.id_space, worker_id=worker.worker_id)
        await self.operations.publish(decision, [Mark(each, gate.EVERYDAY, now) for each in sorted(due)])
        return {"worker": own_person_id(worker), "person_id": person_id, "was": was}


def _in_doubt(worker: WorkerKey, facts: tuple[Fact, ...], line: Timeline) -> bool:
    """Whether some employment under that number waits for a word on whose it is."""
    return any(is_doubt(line.verdicts[fact.key]) for fact in facts if fact.worker == worker)

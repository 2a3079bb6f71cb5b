"""Carrying out one plan for one account: intent first, the steps, their outcomes, then what the target shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.provisioning import StepTaken
from services.platforms.errors import NotThereError, OutcomeUnknownError
from services.provisioner.act import readback
from services.provisioner.act.executor import Taken, take
from services.provisioner.act.target import Target
from services.provisioner.model import Account, AccountState, Step
from services.provisioner.plan import handing_over
from services.provisioner.plan.books import message
from services.provisioner.plan.planner import PREPARED, REPAIRED
from services.provisioner.store.port import Claim, Queue, StoredAccount

ACCESS = frozenset({"suspend", "strip", "remove", "delete", "resume"})
"""Verbs that close or open an account."""


class FencedError(Exception):
    """The row is no longer ours: another process holds it. Nothing more may be called."""


@dataclass(slots=True)
class Carrier:
    """The state of one pass while it carries out plans: memory of the account, and what stopped it, if anything did."""

    target: Target
    store: Queue
    claim: Claim
    process: UUID
    at: datetime
    stored: StoredAccount | None
    fresh: bool = False
    calls: int = 0
    failure: Taken | None = None
    unseen: bool = False
    """Steps were taken, perhaps without an answer, and the account was not looked at since."""
    asked: set[str] = field(default_factory=set)
    """Entitlements changed in this pass whose lists are still to be read."""

    async def carry_out(self, steps: Sequence[Step]) -> None:
        """Write the intent, take the steps until one fails, write the outcomes. Raises FencedError, GateClosedError."""
        plan_id = await self.store.intend(self.claim, self.process, steps)
        if plan_id is None:
            raise FencedError
        taken: list[Taken] = []
        self.failure = None
        try:
            for step in steps:
                taken.append(await take(self._aimed(step), self.target.connector, self.target.lists))
                self.calls += 1
                self._learn(taken[-1])
                if taken[-1].error:
                    self.failure = taken[-1]
                    break
                if len(taken) < len(steps) and await self.store.newer(self.claim):
                    break
        finally:
            await self._record(plan_id, taken)

    async def look(self, native_id: str) -> None:
        """Read the account (and the lists asked about) afresh. Raises PlatformError."""
        self.stored = await readback.look(
            native_id, self.target.connector, self.target.lists, before=self.stored, asked=self.asked, at=self.at
        )
        self.asked.clear()
        self.fresh, self.unseen = True, False

    def _aimed(self, step: Step) -> Step:
        """Steps after a create name the account the platform made."""
        if self.stored and self.stored.observed.native_id and step.verb != "create":
            return replace(step, native_id=self.stored.observed.native_id)
        return step

    def _learn(self, taken: Taken) -> None:
        self.fresh = False
        self.unseen |= taken.error is None or isinstance(taken.error, OutcomeUnknownError)
        if taken.step.entitlement:
            self.asked.add(taken.step.entitlement)
        if taken.error is None:
            self.stored = readback.remember(self.stored, taken.step, taken.native_id, self.at)
            if taken.handed and taken.step.what:
                self.stored = handing_over.noted(self.stored, taken.step.what, taken.handed, self.at)
        elif isinstance(taken.error, OutcomeUnknownError):
            # Perhaps done: remember it as ours, and force a look before anything else.
            memory = readback.remember(self.stored, taken.step, taken.native_id, self.at)
            granted = memory.granted | (self.stored.granted if self.stored else frozenset())
            # What nobody knows to be written was not written back by us, and so not changed by others since.
            self.stored = replace(memory.without(REPAIRED), checked_at=None, granted=granted)
        elif isinstance(taken.error, NotThereError) and self.stored:
            self.stored = replace(self.stored, checked_at=None)

    async def _record(self, plan_id: int, taken: Sequence[Taken]) -> None:
        outcomes = [self._outcome(plan_id, number, one) for number, one in enumerate(taken)]
        told = [message(o, f"step/{o.plan_id}/{o.number}", o.person_id, self.at) for o in outcomes]
        await self.store.record([(plan_id, outcome) for outcome in outcomes], told)

    def _outcome(self, plan_id: int, number: int, taken: Taken) -> StepTaken:
        step, error = taken.step, taken.error
        fields = [*sorted(step.attributes), *(["departments"] if step.departments is not None else [])]
        fields += [step.what] if step.what else []
        return StepTaken(
            plan_id=str(plan_id),
            number=number,
            person_id=self.claim.person_id,
            target=self.target.name,
            platform=self.target.platform,
            verb=step.verb,
            native_id=taken.native_id or None,
            entitlement=step.entitlement,
            fields=tuple(fields),
            to=step.to,
            result=taken.result,
            code=error.code if error else None,
            detail=error.api if error else None,
            irreversible=step.irreversible,
            reason=step.reason,
            at=self.at,
        )


def recalled(stored: StoredAccount | None, steps: Sequence[Mapping[str, object]]) -> StoredAccount | None:
    """Memory after a crash: what an unfinished plan may have done counts as ours; a look says whether it was done."""
    for step in steps:
        native_id, verb = str(step.get("native_id") or ""), step.get("verb")
        if verb == "create" and native_id and (stored is None or not stored.observed.native_id):
            sent = step.get("attributes")
            stored = StoredAccount(
                Account(native_id, AccountState.NONE),
                None,
                written={
                    **(sent if isinstance(sent, Mapping) else {}),
                    **({PREPARED: "1"} if step.get("suspended") else {}),
                },
                closed_by_us=bool(step.get("suspended")),
            )
        elif stored and verb == "grant":
            stored = replace(stored, granted=stored.granted | {str(step.get("entitlement"))})
    return stored


def resolved(stored: StoredAccount, steps: Sequence[Mapping[str, object]]) -> StoredAccount:
    """After the look: a closing or opening of ours that was perhaps done was done if the account shows it."""
    if not any(step.get("verb") in ACCESS for step in steps):
        return stored
    return replace(stored, closed_by_us=not stored.observed.state.open)

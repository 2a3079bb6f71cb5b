"""One pass: what should this person have on this target, what does it show, and the difference carried out.

Fold, desire, plan, carry out, read back, plan again: the pass is settled when the last plan is empty. Every way out
is one `finish`, in which the books of the person's events are made up.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from contracts.provisioning import AccountChecked, TargetResult
from services.platforms import gate
from services.platforms.errors import (
    AwaitsAcceptanceError,
    NeedsPersonError,
    NotThereError,
    PlatformError,
    TakenError,
    TryLaterError,
)
from services.platforms.gate import GateClosedError
from services.provisioner.act import adopt
from services.provisioner.act import numbers as freeing
from services.provisioner.act.carry import Carrier, FencedError, recalled, resolved
from services.provisioner.act.case import Case
from services.provisioner.act.decided import decided
from services.provisioner.act.endings import Ending, back_off, ending
from services.provisioner.act.heirs import heir_of
from services.provisioner.act.pauses import Pauses
from services.provisioner.act.residue import left_behind
from services.provisioner.act.target import Target
from services.provisioner.act.watch import Watch
from services.provisioner.connectors.base import HandsOver, given_in_removal
from services.provisioner.model import Account, AccountState, Step
from services.provisioner.plan import guards, handing_over, numbers
from services.provisioner.plan.books import Books, message
from services.provisioner.plan.decided import told
from services.provisioner.plan.planner import AWAITING, GONE, PREPARED, Plan, plan
from services.provisioner.plan.wish import Wish, wish
from services.provisioner.policy.usernames import candidates
from services.provisioner.store.port import (
    DEPARTMENTS,
    Claim,
    End,
    Finished,
    Mark,
    Message,
    Store,
    StoredAccount,
)

ROUNDS = 6
"""Plans in one pass before it gives way to others; a plan that repeats itself ends it sooner."""

NAMES_AT_ONCE = (20, 500, 20_000)
"""How many names are offered: few in everyday life, more for the name that half a company shares."""

FREED = timedelta(hours=1)
"""When to look again whether a mobile is free; who lets it go wakes us before."""

LOOKS = 5
"""How often an account that we made and no read shows is looked for before somebody is asked: some are shown late."""


@dataclass(slots=True)
class Pass:
    """One claim of one person on one target."""

    store: Store
    target: Target
    case: Case
    claim: Claim
    process: UUID
    pauses: Pauses
    watch: Watch | None = None
    _moved: bool = False
    _lost_department: bool = False
    _refused_heirs: frozenset[str] = frozenset()
    _reports: tuple[str, ...] = ()

    async def run(self) -> Finished:
        carrier = Carrier(self.target, self.store, self.claim, self.process, self.case.at, self.case.file.account)
        try:
            end = await self._reconcile(carrier)
        except GateClosedError:
            end = Ending("retry", "paused", not_before=1.0)
        except PlatformError as error:  # a look that was refused
            await self._hold_back(error)
            end = ending(error, self.claim.attempts, self.case.at)
        except FencedError:
            return "fenced"
        return await self._finish(carrier, end)

    async def _reconcile(self, carrier: Carrier) -> Ending:
        await self._recall(carrier)
        before: tuple[Step, ...] = ()
        for _ in range(ROUNDS):
            wanted = await self._wish(carrier)
            if isinstance(wanted, Ending):
                return wanted
            made = await self._watched(wanted, plan(wanted, carrier.stored, self.target, self._given_back()))
            if not made.steps or self.case.desired.mode != "enforce":
                return self._settled(made, carrier.stored)
            if carrier.calls and await self.store.newer(self.claim):
                return Ending("retry", "newer_facts")
            if made.steps == before:
                return self._contradicted(before)
            if await self._read_first(carrier, made):
                continue
            before = made.steps
            self._moved |= any(step.verb in ("create", "move") for step in made.steps)
            await carrier.carry_out(made.steps)
            if carrier.failure:
                stopped = await self._after(carrier, wanted, carrier.failure.error)
                if stopped:
                    if carrier.failure.step.verb == "hand_over":
                        await self._read_back(carrier)  # the access is closed, whatever becomes of what they owned
                    return stopped
                before = ()
            await self._read_back(carrier)
        return Ending("retry", "many_rounds", not_before=1.0)

    async def _watched(self, wanted: Wish, made: Plan) -> Plan:
        """The plan without what a guard holds. A stop passes, and so does undoing what nobody ever used."""
        if self.watch is None or not made.steps or self.case.desired.mode != "enforce":
            return made
        closing = wanted.access == "closed"
        passing = {"close"} if self.case.state.stopped else {"delete"} if wanted.undo else set()
        kinds = guards.kinds_in(made.steps, closing=closing) - passing
        decisions = self.case.file.decisions
        held = await self.watch.held(self.claim.person_id, self.target.name, kinds, decisions, self.case.at)
        if not held:
            return made
        steps = guards.allowed(made.steps, held, closing=closing)
        return replace(made, steps=steps, holds=(*dict.fromkeys(held.values()), *made.holds))

    def _given_back(self) -> datetime | None:
        """When we last learned that an account which others closed is to open again: by a fact, or by a release."""
        released = guards.released_at(self.case.file.decisions, self.target.name, "resume")
        return max((at for at in (self.case.begun, released) if at), default=None)

    async def _recall(self, carrier: Carrier) -> None:
        """After a crash or an unknown outcome, look before anything else."""
        if self.case.file.open_plan:
            carrier.stored = recalled(carrier.stored, self.case.file.open_plan.steps)
            for step in self.case.file.open_plan.steps:
                if step.get("entitlement"):
                    carrier.asked.add(str(step["entitlement"]))
        stored = carrier.stored
        awaiting = bool(stored and AWAITING in stored.written)
        if stored and (self.case.file.open_plan or stored.checked_at is None or awaiting):
            await carrier.look(stored.observed.native_id)
            if await self._is_anothers(stored, carrier):
                return
            if awaiting and carrier.stored and carrier.stored.observed.state in GONE:
                if self.case.desired.access == "closed":
                    return  # nobody waits for it any more; a sweep finds who accepts all the same
                raise AwaitsAcceptanceError("awaiting", "look")
            if carrier.stored:
                carrier.stored = carrier.stored.without(AWAITING)
                if self.case.file.open_plan:
                    carrier.stored = resolved(carrier.stored, self.case.file.open_plan.steps)

    async def _is_anothers(self, before: StoredAccount, carrier: Carrier) -> bool:
        """Whether somebody took the very id while our create was without an answer: then the next name is tried."""
        found = carrier.stored.observed if carrier.stored else None
        if not _tried(before) or found is None or found.state in GONE:
            return False
        if adopt.can_be_ours(found, before.written, self.target.match):
            return False
        await self.store.refuse_name(self.target.name, self.claim.person_id, found.native_id)
        carrier.stored = None
        return True

    async def _wish(self, carrier: Carrier) -> Wish | Ending:
        """The wish in native terms, with a name reserved when an account is to be made."""
        managed = self.target.departments != "none"
        links = await self.store.department_links(self.target.name) if managed else {}
        native_id = carrier.stored.observed.native_id if carrier.stored else None
        wanted = wish(self.case.desired, native_id, links, await self.target.top(), managed=managed)
        wanted = await self._handing_over(wanted, carrier.stored)
        deletes, decisions = self.case.desired.deletes, self.case.file.decisions
        wanted = numbers.wished(wanted, carrier.stored, self.target.fields, decisions, self.case.at, deletes=deletes)
        there = carrier.stored is not None and carrier.stored.observed.state not in GONE
        if wanted.access == "closed" or wanted.waits or there or self.case.desired.mode != "enforce":
            return wanted
        for many in NAMES_AT_ONCE:
            names = candidates(self.target.username, self.case.state, many)
            reserved = await self.store.reserve(self.target.name, self.claim.person_id, names)
            if reserved is not None:
                return replace(wanted, native_id=reserved)
        return Ending("inbox", "no_name_left")

    async def _handing_over(self, wanted: Wish, stored: StoredAccount | None) -> Wish:
        """The wish with what is to be handed over, and to whom."""
        connector, what = self.target.connector, self.case.desired.hand_over
        if not what:
            return wanted
        needed = connector.needed_to_hand_over if isinstance(connector, HandsOver) else frozenset[str]()
        asked = handing_over.wished(wanted, what, None, stored, self.case.at, needed, given_in_removal(connector))
        if not asked.hand_over and not asked.given:
            return asked
        heirs, leaver = self.case.desired.heirs, self.claim.person_id
        return replace(asked, heir=await heir_of(heirs, leaver, self.target.name, self.store, self._refused_heirs))

    def _settled(self, made: Plan, stored: StoredAccount | None) -> Ending:
        self._reports = made.reports
        if made.inbox:
            return Ending("inbox", made.inbox[0])
        if made.holds:
            return Ending("held", made.holds[0])
        if made.waits:
            return Ending("waiting", made.waits[0])
        if self.case.elsewhere and stored and stored.observed.state not in GONE:
            # A second account of one human: what it owns is handed over by a person.
            return Ending("inbox", f"linked_elsewhere:hand_over:{stored.observed.native_id}")
        if self.case.desired.notices and self.case.desired.mode == "enforce":
            return Ending("inbox", self.case.desired.notices[0])
        return Ending("settled", "")

    async def _read_first(self, carrier: Carrier, made: Plan) -> bool:
        """Whether a fresh read was needed and done: a verb that replaces a list or destroys reads first."""
        first = {step.verb for step in made.steps} & self.target.connector.reads_first
        if carrier.fresh or not first or carrier.stored is None:
            return False
        await carrier.look(carrier.stored.observed.native_id)
        return True

    async def _read_back(self, carrier: Carrier) -> None:
        if carrier.stored and not carrier.fresh:
            await carrier.look(carrier.stored.observed.native_id)

    async def _after(self, carrier: Carrier, wanted: Wish, error: PlatformError | None) -> Ending | None:
        """What a refused step means; None to go on with a new plan."""
        match error:
            case TakenError():
                return await self._clash(carrier, wanted, error)
            case AwaitsAcceptanceError() if wanted.native_id:
                nobody = Account(wanted.native_id, AccountState.NONE)
                carrier.stored = StoredAccount(nobody, self.case.at, written={AWAITING: "1"})
            case NotThereError(what="account") if carrier.stored:
                await carrier.look(carrier.stored.observed.native_id)
                return None
            case NotThereError(what="department"):
                self._lost_department = True
            case NeedsPersonError(hint="hand_over_refused") if wanted.given and wanted.heir:
                self._refused_heirs |= {wanted.heir}  # access does not wait for somebody who can take over
                return None
        if error is None:
            return None
        await self._hold_back(error)
        return ending(error, self.claim.attempts, self.case.at)

    async def _hold_back(self, error: PlatformError) -> None:
        if isinstance(error, TryLaterError) and error.after:
            await self.pauses.block(self.target.name, error.after, error.api)

    async def _clash(self, carrier: Carrier, wanted: Wish, error: TakenError) -> Ending | None:
        clash = await adopt.resolve(
            error, wanted, self.claim.person_id, self.target.match, self.target.connector, self.store, self.case.at
        )
        made = carrier.stored if carrier.stored and _tried(carrier.stored) else None
        if clash.adopted:
            same = made and made.observed.native_id == clash.adopted.observed.native_id
            shown = replace(made, observed=clash.adopted.observed, checked_at=self.case.at) if made and same else None
            carrier.stored, carrier.fresh = shown or clash.adopted, True
            return None
        if clash.unseen and made:
            return self._not_shown(made.observed.native_id)
        if clash.rename and wanted.native_id:
            await self.store.refuse_name(self.target.name, self.claim.person_id, wanted.native_id)
            carrier.stored, carrier.fresh = None, True
            return None
        deletes, at = self.case.desired.deletes, self.case.at
        if clash.owner and await freeing.ask(
            self.store, self.target, clash.owner, error.field, self.claim.person_id, at, deletes=deletes
        ):
            return Ending("waiting", f"being_freed:{clash.reason}", next_at=at + FREED)
        return Ending("inbox", clash.reason)

    def _contradicted(self, steps: tuple[Step, ...]) -> Ending:
        """The platform took the steps and does not show them."""
        if steps[0].verb == "create":
            return self._not_shown(steps[0].native_id)
        return Ending("inbox", "contradicted:" + ",".join(sorted({step.verb for step in steps})))

    def _not_shown(self, native_id: str) -> Ending:
        """We made it and no read shows it: not yet, or it is out of the range that our application sees."""
        if self.claim.attempts < LOOKS:
            return Ending("retry", "not_shown_yet", not_before=back_off(self.claim.attempts))
        return Ending("inbox", f"not_visible:{native_id}")

    # ------------------------------------------------------------ the end

    async def _finish(self, carrier: Carrier, how: Ending) -> Finished:
        if how.pause_target:
            await self.pauses.pause(self.target.name, "tenure", how.reason)
        decisions = decided(self.case, self.target.name, self.claim.person_id, carrier.stored)
        under_way = handing_over.under_way(carrier.stored).values() if how.verdict == "settled" else ()
        dates = [date for date in (self.case.next_change, how.next_at, *under_way) if date]
        if how.reason == "newer_facts":
            dates = [self.case.at]
        freed_for = numbers.for_whom(carrier.stored) if how.verdict == "settled" else frozenset[str]()
        if freed_for and carrier.stored:
            carrier.stored = numbers.forgotten(carrier.stored)
        forget = how.verdict == "settled" and self._undone(carrier.stored)
        end = End(
            verdict=how.verdict,
            reason=how.reason or None,
            reached_at=self.case.at,
            next_at=min(dates, default=None),
            next_lane=self.case.next_lane,
            not_before=how.not_before,
            account=None if forget else carrier.stored,
            forget=forget,
            in_doubt=carrier.unseen,
            result=await self._result(carrier.stored),
            department_id=self.case.state.assignment.department_id,
            standing=self.case.books.standing,
            messages=(*self._checked(carrier, how), *(each for d in decisions for each in told(d))),
            decisions=decisions,
        )
        asks = await self._asks_departments(how)
        if freed_for:  # before we forget whom it is for: a crash in between wakes them twice
            async with self.store.intake() as tx:
                await tx.mark([Mark(who, gate.EVERYDAY, self.case.at) for who in sorted(freed_for)], [self.target.name])
        finished = await self.store.finish(self.claim, self.process, end, self._books())
        if asks:
            async with self.store.intake() as tx:
                await tx.mark([Mark(DEPARTMENTS, gate.EVERYDAY, self.case.at)], [self.target.name])
        return finished

    def _books(self) -> Books:
        """What is being handed over on any target is due later because of the last leave."""
        left = [worker.left_at for worker in self.case.state.workers if worker.left_at]
        closed = self.case.desired.access == "closed"
        return replace(self.case.books, left_at=max(left, default=None)) if closed else self.case.books

    def _undone(self, stored: StoredAccount | None) -> bool:
        """Whether what was prepared for a hire that was taken back is gone."""
        marked = stored is not None and PREPARED in stored.written and stored.observed.state in GONE
        return self.case.desired.undo and marked

    async def _asks_departments(self, how: Ending) -> bool:
        """A department that is missing is made before its people; leaders are named once they are in it.

        Who waits as before has asked: where the platform refuses the department, both would wake each other for ever.
        """
        if how.reason.startswith("department:") or self._lost_department:
            rows = await self.store.rows_of(self.claim.person_id)
            stood = next(((row.verdict, row.reason) for row in rows if row.target == self.target.name), None)
            return stood != (how.verdict, how.reason)
        leads = self.case.desired.leads and self.target.connector.leaders_with_departments
        return bool(leads and how.verdict == "settled" and self._moved)

    async def _result(self, stored: StoredAccount | None) -> TargetResult:
        account = stored.observed if stored else None
        residue = await left_behind(self.target.connector, self.case.desired, stored, self._reports, moved=self._moved)
        return TargetResult(
            target=self.target.name,
            platform=self.target.platform,
            mode=self.case.desired.mode,
            native_id=account.native_id if account else None,
            state=account.state.value if account else "none",
            residue=residue,
            due_later=handing_over.due_later(self.target.name, stored) if self.case.desired.access == "closed" else (),
        )

    def _checked(self, carrier: Carrier, how: Ending) -> tuple[Message, ...]:
        """A read-back that closed or contradicted something, for the audit."""
        stored = carrier.stored
        if stored is None or not carrier.fresh or not carrier.calls:
            return ()
        agrees = how.verdict in ("settled", "waiting")
        body = AccountChecked(
            person_id=self.claim.person_id,
            target=self.target.name,
            platform=self.target.platform,
            native_id=stored.observed.native_id,
            state=stored.observed.state.value,
            grants=tuple(sorted(stored.observed.grants)),
            agrees=agrees,
            differences=() if agrees else (how.reason,),
            at=self.case.at,
        )
        record_id = f"checked/{self.target.name}/{self.claim.person_id}/{self.claim.fence}"
        return (message(body, record_id, self.claim.person_id, self.case.at),)


def _tried(stored: StoredAccount) -> bool:
    """We made it, or may have, and no look has shown it yet."""
    return stored.ours and stored.observed.state is AccountState.NONE

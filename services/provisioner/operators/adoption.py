"""First contact with one target: its listing against the people who are to have an account there.

Nothing is written on the platform. `apply` remembers what is linked: the account, the name, and the decision, in one
transaction a person with the mark that has them looked at.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.kit.clock import Clock
from services.platforms import gate
from services.provisioner.act.identify import folded
from services.provisioner.act.sweep import PAGE, owned_on, wanted_of, whole
from services.provisioner.act.target import Target
from services.provisioner.act.trees import Trees
from services.provisioner.model import Account, AccountState, Desired
from services.provisioner.operators.errors import OperatorError
from services.provisioner.plan.decided import linked, told
from services.provisioner.plan.first_contact import Candidate, Match, match, match_departments
from services.provisioner.plan.planner import GONE, plan
from services.provisioner.plan.wish import wish
from services.provisioner.policy.desired import Past, desired
from services.provisioner.policy.load import Policy
from services.provisioner.policy.usernames import candidates
from services.provisioner.store.port import DEPARTMENTS, Mark, Store, StoredAccount


class OnlyObservedError(OperatorError):
    status, title = 409, "this target is only observed"

    def __init__(self, target: str) -> None:
        super().__init__(f"set `mode: adopt` or `mode: enforce` under targets.{target} and start Tenure again")


@dataclass(frozen=True, slots=True)
class _Expected:
    candidate: Candidate
    desired: Desired


@dataclass(slots=True)
class Adoption:
    """`woken` is called when somebody was marked."""

    store: Store
    policy: Policy
    clock: Clock
    targets: Mapping[str, Target]
    trees: Trees
    woken: Callable[[], None] = lambda: None

    async def look(self, target: Target, stated: Mapping[str, str], by: str | None) -> list[Match]:
        """A line each. `stated`: native id by person; `by`: link what is linked in that operator's name.

        Raises OnlyObservedError, PlatformError, GateClosedError.
        """
        if by and target.mode == "observe":
            raise OnlyObservedError(target.name)
        lane = gate.lane.set(gate.BULK)
        try:
            shown, _ = await whole(target, owned_on(self.policy, target).lists)
            departments = await self._departments(target)
        finally:
            gate.lane.reset(lane)
        at, taken = self.clock.business_now(), await self._taken(target)
        owners = set(taken.values())
        people = {e.candidate.person_id: e async for e in self._expected(target, at) if _free(e, owners)}
        free = [a for key, a in sorted(shown.items()) if key not in taken and a.state not in GONE]
        asked = {person: native for person, native in stated.items() if person in people}
        lines = list(match([e.candidate for e in people.values()], free, target.match, asked))
        lines += _unexpected(stated, people.keys(), taken)
        if by:
            await self._link_departments(target, departments, at)
            lines = [await self._link(target, m, people, shown, at, by) if m.kind == "linked" else m for m in lines]
            self.woken()
        found = [m for m in lines if m.kind == "linked"]
        changes = [await self._changes(target, m, people, shown, at) for m in found]
        return [*lines, *(change for change in changes if change), *departments]

    # ------------------------------------------------------------ whom and what there is

    async def _taken(self, target: Target) -> dict[str, str]:
        """Whose each remembered account is, by folded native id; closed ones too."""
        taken: dict[str, str] = {}
        after = ""
        while page := await self.store.accounts_on(target.name, after, PAGE):
            for kept in page:
                if kept.account.observed.state is not AccountState.NONE:
                    taken[kept.account.observed.native_id.casefold()] = kept.person_id
            after = page[-1].person_id
        return taken

    async def _expected(self, target: Target, at: datetime) -> AsyncIterator[_Expected]:
        """Who is to have an account there now, whether they have one or not."""
        tree = await self.trees.at(at)
        for person_id in await self.store.persons():
            facts, decisions = await self.store.facts_of(person_id)
            line = await folded(person_id, facts, decisions, self.store)
            state, past = line.state(at), Past(line, self.trees.earlier, decisions, self.trees.turns)
            wanted = desired(self.policy, state, tree, target.name, at, past)
            if wanted.access != "closed":
                name = next(iter(candidates(target.username, state, 1)))
                yield _Expected(Candidate(person_id, name, wanted.attributes), wanted)

    async def _departments(self, target: Target) -> list[Match]:
        if target.departments == "none":
            return []
        tree = await self.trees.at(self.clock.business_now())
        links, shown = await self.store.department_links(target.name), await target.connector.departments()
        fitting = target.connector.fitting
        return list(match_departments(wanted_of(tree), links, shown, await target.top(), fitting))

    # ------------------------------------------------------------ what would change

    async def _changes(
        self, target: Target, found: Match, people: Mapping[str, _Expected], shown: Mapping[str, Account], at: datetime
    ) -> Match | None:
        account, expected = _of(found, people, shown)
        links = await self.store.department_links(target.name)
        managed = target.departments != "none"
        wanted = wish(expected.desired, account.native_id, links, await target.top(), managed=managed)
        made = plan(wanted, _adopted(account, expected.desired, at), target)
        changes = [f"{step.verb}:{step.entitlement}" if step.entitlement else step.verb for step in made.steps]
        by = (*changes, *made.waits, *made.holds, *made.inbox)
        return replace(found, kind="would_change", by=by) if by else None

    # ------------------------------------------------------------ remembering

    async def _link(
        self,
        target: Target,
        found: Match,
        people: Mapping[str, _Expected],
        shown: Mapping[str, Account],
        at: datetime,
        by: str,
    ) -> Match:
        account, expected = _of(found, people, shown)
        if expected.desired.mode == "observe":
            return found
        person_id = expected.candidate.person_id
        await self.store.reserve(target.name, person_id, [account.native_id])
        reason = "adopted:" + ",".join(found.by)
        decision = linked(person_id, target.name, account.native_id, at).model_copy(update={"by": by, "reason": reason})
        async with self.store.intake() as tx:
            await tx.mark([Mark(person_id, gate.BULK, at)], [target.name])
            if not await tx.link(target.name, person_id, _adopted(account, expected.desired, at)):
                return replace(found, kind="ambiguous", by=("taken_meanwhile",))
            await tx.decide(decision)
            await tx.publish(told(decision))
        return found

    async def _link_departments(self, target: Target, found: Iterable[Match], at: datetime) -> None:
        for one in found:
            if one.kind == "linked" and one.department_id:
                await self.store.link_department(target.name, one.department_id, one.native_id)
        async with self.store.intake() as tx:
            await tx.mark([Mark(DEPARTMENTS, gate.BULK, at)], [target.name])


def _free(expected: _Expected, owners: set[str]) -> bool:
    return expected.candidate.person_id not in owners


def _unexpected(stated: Mapping[str, str], people: Iterable[str], taken: Mapping[str, str]) -> Sequence[Match]:
    """What the company's list says of people who are to have no account, or have another already."""
    expected, owners = set(people), set(taken.values())
    return [
        Match("ambiguous", native, person, ("map", "has_another" if person in owners else "not_expected"))
        for person, native in stated.items()
        if person not in expected and taken.get(native.casefold()) != person
    ]


def _of(found: Match, people: Mapping[str, _Expected], shown: Mapping[str, Account]) -> tuple[Account, _Expected]:
    return shown[(found.native_id or "").casefold()], people[found.person_id or ""]


def _adopted(account: Account, wanted: Desired, at: datetime) -> StoredAccount:
    """What it holds of what policy gives becomes ours; the rest stays somebody else's gift."""
    found = StoredAccount(account, at, granted=account.grants & wanted.grants.keys(), ours=False)
    return found.read(account.state, at)

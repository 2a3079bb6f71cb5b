"""A sweep: a whole target is read, compared with what is remembered, and whoever differs is marked due.

It changes nothing on the platform: the pass that it wakes looks again and decides as ever. A listing that breaks off
is no listing: nothing is compared before it is whole.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.platforms import gate
from services.provisioner.act.target import Target
from services.provisioner.act.trees import Trees
from services.provisioner.facts.departments import Departments
from services.provisioner.model import Account, WorkerKey
from services.provisioner.plan.departments import Wanted, plan_departments
from services.provisioner.plan.drift import Compared, Kind, Line, Owned, changes, compare, orphans, tree_drift
from services.provisioner.plan.planner import GONE, REOPENED_BY_OTHERS
from services.provisioner.policy.load import Policy
from services.provisioner.store.guard_values import SWEEP, Change
from services.provisioner.store.port import DEPARTMENTS, Kept, Mark, Seen, Store, Swept

PAGE = 500
"""Accounts compared, and written, at once."""
SHARE = 0.2
"""Of the quota, at most."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one sweep found, and when it began to read."""

    target: str
    at: datetime
    lines: tuple[Line, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        return Counter(line.kind for line in self.lines)


def owned_on(policy: Policy, target: Target) -> Owned:
    """What policy keeps on a target: fields it always writes, the lists it names."""
    attributes = policy.accounts[target.name].attributes
    fields = (name for name, attribute in attributes.items() if not attribute.on_create)
    named = [(rule.grants.get(target.name, ()), rule.deny.get(target.name, ())) for rule in policy.birthrights]
    denied = frozenset(entitlement for _, deny in named for entitlement in deny)
    granted = frozenset(entitlement for grants, _ in named for entitlement in grants)
    exclusive = policy.exclusive.get(target.name, frozenset())
    return Owned(
        frozenset(name for name in fields if name in target.fields and target.fields[name].writable == "always"),
        granted | denied | exclusive,
        denied | exclusive,
    )


@dataclass(slots=True)
class Sweep:
    """`run` reads the target of one policy; `guarded`: guards count what it wakes as a cause of its own.

    `found(kind)` is told of each account that somebody else changed, when that is first seen.
    """

    store: Store
    target: Target
    owned: Owned
    trees: Trees
    guarded: bool = False
    found: Callable[[Kind], None] = lambda _kind: None
    protected: Collection[str] = ()
    """Persons, or workers as `id_space/worker_id`, whose accounts are looked at as often as those that we locked."""
    _lists: Mapping[str, frozenset[str]] = field(default_factory=dict)

    async def run(self, at: datetime, *, repair: bool) -> Report:
        """Compare everything; with `repair` mark whoever differs. Raises PlatformError, GateClosedError."""
        lane, share = gate.lane.set(gate.BULK), gate.share.set(SHARE)
        try:
            shown, self._lists = await whole(self.target, self.owned.lists)
            tree = [*await self._departments(at)]
        finally:
            gate.lane.reset(lane)
            gate.share.reset(share)
        lines, known = list[Line](), set[str]()
        async for page in self._remembered():
            known.update(kept.account.observed.native_id.casefold() for kept in page)
            compared = [self._compare(kept, shown, at) for kept in page if kept.at_rest]
            lines += [one.line for one in compared if one.line.kind != "agrees"]
            if repair:
                await self._wake([(k, c) for k, c in zip((k for k in page if k.at_rest), compared, strict=True)], at)
        lines += [*orphans(shown, known), *tree]
        report = Report(self.target.name, at, tuple(lines))
        if repair:
            await self._departments_due(tree, at)
            await self.store.swept(self.target.name, Swept(at, report.counts))
        return report

    async def glance(self, at: datetime) -> int:
        """Read each account that we locked, and those of protected people, one by one; how many were read.

        Whoever got in again, or was changed, is marked.

        Raises PlatformError, GateClosedError.
        """
        lane, share = gate.lane.set(gate.BULK), gate.share.set(SHARE)
        try:
            locked = [*await self.store.locked_on(self.target.name), *await self._of_protected()]
            looked_at = {kept.person_id: kept for kept in locked if kept.at_rest}
            for kept in looked_at.values():
                shown = await self.target.connector.read(kept.account.observed.native_id)
                if shown is not None and not self.target.connector.shows_grants:
                    shown = replace(shown, grants=kept.account.observed.grants)
                await self._wake([(kept, compare(kept.person_id, kept.account, shown, self.owned, at))], at)
        finally:
            gate.lane.reset(lane)
            gate.share.reset(share)
        return len(looked_at)

    async def _of_protected(self) -> Sequence[Kept]:
        found = list[Kept]()
        for one in sorted(self.protected):
            id_space, _, worker_id = one.rpartition("/")
            person_id = await self.store.person_of(WorkerKey(id_space, worker_id)) or one
            account = (await self.store.accounts_of(person_id)).get(self.target.name)
            if account is not None and account.observed.state not in GONE:
                rows = await self.store.rows_of(person_id)
                at_rest = all(row.current for row in rows if row.target == self.target.name)
                found.append(Kept(person_id, account, at_rest))
        return found

    # ------------------------------------------------------------ reading

    async def _departments(self, at: datetime) -> Iterator[Line]:
        target = self.target
        if target.departments == "none" or target.mode != "enforce":
            return iter(())
        tree = await self.trees.at(at)
        links, shown = await self.store.department_links(target.name), await target.connector.departments()
        closed = [d.department_id for d in tree.closed()] if target.departments == "full" else []
        fitting = target.connector.fitting
        return tree_drift(plan_departments(wanted_of(tree), closed, links, shown, await target.top(), fitting))

    async def _remembered(self) -> AsyncIterator[Sequence[Kept]]:
        after = ""
        while page := await self.store.accounts_on(self.target.name, after, PAGE):
            yield page
            after = page[-1].person_id

    def _compare(self, kept: Kept, shown: Mapping[str, Account], at: datetime) -> Compared:
        key = kept.account.observed.native_id.casefold()
        account = shown.get(key)
        if account is not None and not self.target.connector.shows_grants:
            unread = kept.account.observed.grants - self._lists.keys()
            account = replace(account, grants=unread | account.grants)
        return compare(kept.person_id, kept.account, account, self.owned, at)

    # ------------------------------------------------------------ waking

    async def _wake(self, found: Sequence[tuple[Kept, Compared]], at: datetime) -> None:
        """One transaction a page: the marks of those who differ, then what was seen of them."""
        differing = [(k, c) for k, c in found if c.line.kind != "agrees" and c.line.news]
        if self.guarded:
            for kept, one in differing:
                for kind in changes(one.line):
                    await self.store.note(Change(f"{SWEEP}{self.target.name}", kind, kept.person_id, at))
        marks = [Mark(kept.person_id, _lane(one.line), at) for kept, one in differing]
        quiet = [(k, c) for k, c in found if c.line.kind == "agrees" and c.learnt]
        seen = [Seen(k.person_id, k.account.checked_at, c.learnt) for k, c in (*differing, *quiet) if c.learnt]
        if seen:
            async with self.store.intake() as tx:
                await tx.mark(marks, [self.target.name])
                await tx.see(self.target.name, seen)
        for _, one in differing:
            self.found(one.line.kind)

    async def _departments_due(self, lines: Sequence[Line], at: datetime) -> None:
        if lines:
            async with self.store.intake() as tx:
                await tx.mark([Mark(DEPARTMENTS, gate.BULK, at)], [self.target.name])


Lists = Mapping[str, frozenset[str]]


async def whole(target: Target, names: Iterable[str]) -> tuple[dict[str, Account], Lists]:
    """Every account by folded native id, with its grants, and the lists that were read for them.

    Where accounts do not show what they hold, those lists of `names` that exist are read one by one.
    """
    connector = target.connector
    shown = {account.native_id.casefold(): account async for account in connector.accounts()}
    if connector.shows_grants:
        return shown, {}
    lists = {name: frozenset(map(str.casefold, await connector.members(name))) for name in sorted(names)}
    for name, members in lists.items():
        for key in members & shown.keys():
            shown[key] = replace(shown[key], grants=shown[key].grants | {name})
    return shown, lists


def wanted_of(tree: Departments) -> list[Wanted]:
    """The open departments, parents first, without their leaders."""
    return [Wanted(d.department_id, d.name, tree.parent(d.department_id), d.order) for d in tree.open()]


def _lane(line: Line) -> int:
    """Access that somebody opened again is closed as fast as a leave."""
    return gate.URGENT if line.kind == REOPENED_BY_OTHERS else gate.BULK

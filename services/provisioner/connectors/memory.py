"""A target in memory: for benchmarks, simulation and tests. It has what WeCom and DingTalk have together.

Its state lives in this process and dies with it: two processes never see the same one. An account is open at once
unless it is made suspended or invited; nothing is ever masked.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Setting

from services.platforms.errors import NeedsPersonError, NotThereError, PlatformError, TakenError
from services.platforms.gate import Gate
from services.provisioner.connectors.base import (
    ALREADY_SO,
    DONE,
    Change,
    Field,
    HandedOver,
    NativeDepartment,
    NewAccount,
    Outcome,
)
from services.provisioner.model import Account, AccountState, Case, Verb

ROOT = "1"
PER_CALL = 1000
NAME_LENGTH = 64
FIELDS: Mapping[str, Field] = {
    "name": Field(clearable=False),
    "mobile": Field(writable="before_activation"),
    "email": Field(writable="before_activation"),
    **dict.fromkeys(("alias", "position", "title", "telephone", "job_number", "work_place"), Field()),
}
CLOSING: Mapping[Case, tuple[Verb, ...]] = {"leave": ("suspend",), "stop": ("suspend",), "absence": ("suspend",)}
RESIDUE: Mapping[Case, tuple[str, ...]] = {"leave": (), "stop": (), "absence": ()}

UNIQUE: tuple[Literal["mobile", "email"], ...] = ("mobile", "email")


class MemoryConfig(BaseModel):
    """A target of kind `memory`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency: float = Setting(default=0.0, ge=0)
    """Seconds that every call takes."""


class Failure(NamedTuple):
    """What the next call of `verb` raises, before or after it is done."""

    verb: str
    error: PlatformError
    after_commit: bool


@dataclass
class MemoryPlatform:
    """The state that connectors share, and what a test may do to it. `calls` counts by verb, failed ones too."""

    accounts: dict[str, Account] = field(default_factory=dict)
    """By folded native id."""
    lists: dict[str, set[str]] = field(default_factory=dict)
    """Folded native ids by entitlement."""
    tree: dict[str, NativeDepartment] = field(
        default_factory=lambda: {ROOT: NativeDepartment(ROOT, "company", None, order=0)}
    )
    calls: Counter[str] = field(default_factory=Counter)
    holders: dict[tuple[str, str], str] = field(default_factory=dict)
    """Who holds a mobile or e-mail (folded), by folded native id."""
    failures: list[Failure] = field(default_factory=list)
    owned: dict[tuple[str, str], str] = field(default_factory=dict)
    """Folded native id of the owner of a thing: (`customers`, its id)."""
    handing: dict[tuple[str, str], str] = field(default_factory=dict)
    """To whom it goes once `hand_over` is called."""
    hidden: dict[str, int | None] = field(default_factory=dict)
    """Folded native ids of accounts that are not shown: for so many reads and listings, or for good."""

    def fail(self, verb: str, error: PlatformError, *, after_commit: bool = False) -> None:
        """Let the next call of `verb` ("create", "*" for any) raise `error`, not done or done."""
        self.failures.append(Failure(verb, error, after_commit))

    def failure(self, verb: str) -> Failure | None:
        """Take the failure that waits for such a call."""
        found = next((failure for failure in self.failures if failure.verb in (verb, "*")), None)
        if found:
            self.failures.remove(found)
        return found

    def activate(self, native_id: str) -> None:
        """The person joins."""
        self.put(replace(self.accounts[native_id.casefold()], state=AccountState.ACTIVE))

    def hand_over(self) -> None:
        """The time is over in which a hand-over takes effect."""
        self.owned |= self.handing
        self.handing.clear()

    def hides(self, key: str) -> bool:
        """Whether this look does not find it."""
        left = self.hidden.get(key, 0)
        if left:
            self.hidden[key] = left - 1
        return left != 0

    def put(self, account: Account) -> None:
        """Also an administrator's hand: no rule is checked."""
        key = account.native_id.casefold()
        self._release(key)
        self.accounts[key] = account
        self.holders.update({mark: key for name in UNIQUE if (mark := _mark(name, account.attributes))})

    def drop(self, native_id: str) -> None:
        key = native_id.casefold()
        self._release(key)
        self.accounts.pop(key, None)
        for holders in self.lists.values():
            holders.discard(key)

    def _release(self, key: str) -> None:
        if account := self.accounts.get(key):
            for name in UNIQUE:
                if mark := _mark(name, account.attributes):
                    self.holders.pop(mark, None)


def _mark(name: str, attributes: Mapping[str, str | None]) -> tuple[str, str] | None:
    """A mobile or e-mail as platforms compare it: without regard to case."""
    value = attributes.get(name)
    return (name, value.casefold()) if value else None


def open_memory(target: str, config: MemoryConfig, gate: Gate, platform: MemoryPlatform | None = None) -> "Memory":
    """Connectors that are given the same `platform` see the same accounts; without one it is a new one."""
    return Memory(target, config, gate, platform or MemoryPlatform())


class Memory:
    """See `base.Connector`."""

    fields = FIELDS
    closing = CLOSING
    residue = RESIDUE
    shows_grants = True
    can_prepare = True
    reads_first: frozenset[Verb] = frozenset({"remove", "delete"})
    per_call = PER_CALL
    root = ROOT
    leaders_with_departments = False
    hands_over = frozenset({"customers", "customer_groups"})
    needed_to_hand_over = frozenset[str]()

    def __init__(self, target: str, config: MemoryConfig, gate: Gate, platform: MemoryPlatform) -> None:
        self.platform = platform
        self._target, self._latency, self._gate = target, config.latency, gate

    async def create(self, account: NewAccount) -> str:
        async with self._call("create"):
            if holder := self.platform.accounts.get(account.native_id.casefold()):
                raise TakenError("taken", "memory", "native_id", holder.native_id)
            self._check_free(account.attributes, account.native_id)
            state = AccountState.INVITED if account.invite else AccountState.ACTIVE
            self.platform.put(
                Account(
                    account.native_id,
                    AccountState.SUSPENDED if account.suspended else state,
                    dict(account.attributes),
                    self._known(account.departments or (ROOT,)),
                    leads=account.leads,
                )
            )
        return account.native_id

    async def read(self, native_id: str) -> Account | None:
        async with self._call("read"):
            return self._shown(native_id)

    async def update(self, native_id: str, change: Change) -> Outcome:
        async with self._call("update"):
            account = self._existing(native_id)
            self._check_free(change.attributes, native_id)
            after = replace(account, attributes={**account.attributes, **change.attributes})
            if change.departments is not None:
                after = replace(after, departments=self._known(change.departments or (ROOT,)), leads=change.leads)
            self.platform.put(after)
            return ALREADY_SO if after == account else DONE

    async def suspend(self, native_id: str) -> Outcome:
        return await self._set("suspend", native_id, AccountState.SUSPENDED)

    async def resume(self, native_id: str) -> Outcome:
        return await self._set("resume", native_id, AccountState.ACTIVE)

    async def strip(self, native_id: str) -> Outcome:
        async with self._call("strip"):
            account = self._existing(native_id)
            for holders in self.platform.lists.values():
                holders.discard(native_id.casefold())
            after = replace(account, state=AccountState.STRIPPED, departments=(), leads=frozenset())
            self.platform.put(after)
            return ALREADY_SO if after == account else DONE

    async def remove(self, native_id: str) -> Outcome:
        return await self._drop("remove", native_id)

    async def delete(self, native_id: str) -> Outcome:
        return await self._drop("delete", native_id)

    async def invite(self, native_id: str) -> Outcome:
        async with self._call("invite"):
            self._existing(native_id)
            return DONE

    async def accounts(self) -> AsyncIterator[Account]:
        async with self._call("accounts"):
            shown = [self._shown(native_id) for native_id in self.platform.accounts]
        for account in filter(None, shown):
            yield account

    def refusal(self, entitlement: str) -> str | None:  # noqa: ARG002 - the port's signature
        return None

    async def grant(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        async with self._call("grant"):
            holders = self.platform.lists.setdefault(entitlement, set())
            outcomes: dict[str, Outcome] = {}
            for native_id in native_ids:
                self._existing(native_id)
                outcomes[native_id] = ALREADY_SO if native_id.casefold() in holders else DONE
            holders.update(native_id.casefold() for native_id in native_ids)
            return outcomes

    async def revoke(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        async with self._call("revoke"):
            holders = self.platform.lists.get(entitlement, set())
            outcomes: dict[str, Outcome] = {n: DONE if n.casefold() in holders else ALREADY_SO for n in native_ids}
            holders.difference_update(native_id.casefold() for native_id in native_ids)
            return outcomes

    async def members(self, entitlement: str) -> frozenset[str]:
        async with self._call("members"):
            holders = self.platform.lists.get(entitlement, set())
            return frozenset(self.platform.accounts[key].native_id for key in holders)

    async def hand_over(self, native_id: str, to: str | None, what: str) -> HandedOver:
        """It takes effect when the platform says so (`MemoryPlatform.hand_over`)."""
        async with self._call("hand_over"):
            things = self.platform.owned.items()
            theirs = [thing for thing, owner in things if thing[0] == what and owner == native_id.casefold()]
            if theirs and to is None:
                raise NeedsPersonError("nobody", "memory", "nobody_to_take_over")
            self.platform.handing |= {t: str(to).casefold() for t in theirs if t not in self.platform.handing}
            return HandedOver(len(theirs))

    async def departments(self) -> Sequence[NativeDepartment]:
        async with self._call("departments"):
            tree, todo = [], [ROOT]
            while todo:
                tree.append(self._with_leaders(self.platform.tree[todo.pop(0)]))
                todo += [d.native_id for d in self.platform.tree.values() if d.parent == tree[-1].native_id]
            return tree

    async def create_department(self, name: str, parent: str, order: int | None, mark: str) -> str:
        async with self._call("create_department"):
            self._department(parent)
            for sibling in self.platform.tree.values():
                if sibling.parent != parent:
                    continue
                if sibling.mark == mark or (sibling.name == name and sibling.mark is None):
                    self.platform.tree[sibling.native_id] = replace(sibling, mark=mark)
                    return sibling.native_id
                if sibling.name == name:
                    raise NeedsPersonError("taken", "create_department", "department_name_taken")
            native_id = str(max(map(int, self.platform.tree)) + 1)
            self.platform.tree[native_id] = NativeDepartment(native_id, name, parent, order, mark=mark)
            return native_id

    async def update_department(
        self,
        native_id: str,
        *,
        name: str | None = None,
        parent: str | None = None,
        order: int | None = None,
        leaders: tuple[str, ...] | None = None,  # noqa: ARG002 - who leads is written with the account
    ) -> Outcome:
        async with self._call("update_department"):
            department = self._department(native_id)
            if parent is not None and native_id in self._line(parent):
                raise NeedsPersonError("cycle", "update_department", "department_cycle")
            after = replace(
                department,
                name=name or department.name,
                parent=parent or department.parent,
                order=department.order if order is None else order,
            )
            twins = (d for d in self.platform.tree.values() if (d.name, d.parent) == (after.name, after.parent))
            if any(twin.native_id != native_id for twin in twins):
                raise NeedsPersonError("taken", "update_department", "department_name_taken")
            self.platform.tree[native_id] = after
            return ALREADY_SO if after == department else DONE

    async def delete_department(self, native_id: str) -> Outcome:
        async with self._call("delete_department"):
            if native_id not in self.platform.tree:
                return ALREADY_SO
            inside = any(native_id in account.departments for account in self.platform.accounts.values())
            if inside or any(d.parent == native_id for d in self.platform.tree.values()):
                raise NeedsPersonError("not_empty", "delete_department", "department_not_empty")
            del self.platform.tree[native_id]
            return DONE

    def fitting(self, name: str) -> str:
        return name.replace("/", "_").strip()[:NAME_LENGTH] or "_"

    async def probe(self) -> None:
        async with self._call("probe"):
            return

    async def close(self) -> None:
        """Nothing to close: the platform stays."""

    async def _set(self, verb: Verb, native_id: str, state: AccountState) -> Outcome:
        async with self._call(verb):
            account = self._existing(native_id)
            self.platform.put(replace(account, state=state))
            return ALREADY_SO if account.state is state else DONE

    async def _drop(self, verb: Verb, native_id: str) -> Outcome:
        async with self._call(verb):
            there = native_id.casefold() in self.platform.accounts
            self.platform.drop(native_id)
            return DONE if there else ALREADY_SO

    @asynccontextmanager
    async def _call(self, verb: str) -> AsyncIterator[None]:
        """Around every call: gate, count, latency, and the failure that a test has laid out."""
        async with self._gate.call(self._target, verb):
            self.platform.calls[verb] += 1
            if self._latency:
                await asyncio.sleep(self._latency)
            failure = self.platform.failure(verb)
            if failure and not failure.after_commit:
                raise failure.error
            yield
            if failure:
                raise failure.error

    def _shown(self, native_id: str) -> Account | None:
        key = native_id.casefold()
        account = self.platform.accounts.get(key)
        grants = frozenset(name for name, holders in self.platform.lists.items() if key in holders)
        return replace(account, grants=grants) if account and not self.platform.hides(key) else None

    def _existing(self, native_id: str) -> Account:
        account = self.platform.accounts.get(native_id.casefold())
        if account is None:
            raise NotThereError("no_such_account", "memory", "account")
        return account

    def _check_free(self, attributes: Mapping[str, str | None], native_id: str) -> None:
        for name in UNIQUE:
            mark = _mark(name, attributes)
            holder = self.platform.holders.get(mark) if mark else None
            if holder is not None and holder != native_id.casefold():
                raise TakenError("taken", "memory", name, self.platform.accounts[holder].native_id)

    def _known(self, departments: Sequence[str]) -> tuple[str, ...]:
        for native_id in departments:
            self._department(native_id)
        return tuple(sorted(departments))

    def _department(self, native_id: str) -> NativeDepartment:
        if native_id not in self.platform.tree:
            raise NotThereError("no_such_department", "memory", "department")
        return self.platform.tree[native_id]

    def _line(self, native_id: str) -> list[str]:
        """The department and all above it."""
        line: list[str] = []
        above: str | None = native_id
        while above is not None:
            line.append(above)
            above = self._department(above).parent
        return line

    def _with_leaders(self, department: NativeDepartment) -> NativeDepartment:
        accounts = self.platform.accounts.values()
        leaders = sorted(a.native_id for a in accounts if a.leads and department.native_id in a.leads)
        return replace(department, leaders=tuple(leaders))

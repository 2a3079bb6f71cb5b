"""What a target shows against what is remembered of it: drift, orphans, and what others closed or opened. Pure.

Only what is ours counts as drift: fields that policy keeps, departments, lists that we granted or that only policy
gives. What was given by somebody else in an additive list, or changed in a field we write once, is left unsaid.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.provisioner.model import Account, AccountState
from services.provisioner.plan.departments import DepartmentStep
from services.provisioner.plan.planner import CLOSED_BY_OTHERS, GONE, REOPENED_BY_OTHERS
from services.provisioner.store.guard_values import ChangeKind
from services.provisioner.store.port import StoredAccount

Kind = Literal[
    "agrees", "drift", "closed_by_others", "reopened_by_others", "missing", "orphan", "department", "department_missing"
]
KINDS: tuple[Kind, ...] = (
    "drift", "closed_by_others", "reopened_by_others", "missing", "orphan", "department", "department_missing",
)  # fmt: skip
"""Those that differ. `missing`: an account that existed is not listed, and nobody has looked for it yet."""

NEWS: tuple[Kind, ...] = KINDS[:4]
"""Those of accounts that are somebody's: each is told once, when it is first seen."""

_LOCKED = frozenset({AccountState.SUSPENDED, AccountState.STRIPPED})


@dataclass(frozen=True, slots=True)
class Owned:
    """What is ours on a target: `fields` that policy keeps, `lists` that it names, `strict` ones that only it gives."""

    fields: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    strict: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """One difference. `fields`: attributes by name, `state`, `departments`, `leads`, `+list` given, `-list` taken.

    `news`: it was not there when the account was last looked at. `native_id` of a department is its own.
    """

    kind: Kind
    native_id: str | None
    person_id: str | None = None
    fields: tuple[str, ...] = ()
    news: bool = True


@dataclass(frozen=True, slots=True)
class Compared:
    """`learnt` is what to remember of the account; where it is not checked, the next pass looks before it plans."""

    line: Line
    learnt: StoredAccount | None = None


def compare(person_id: str, stored: StoredAccount, shown: Account | None, owned: Owned, at: datetime) -> Compared:
    """One remembered account against the listing, read at `at`; `shown` None where it is not in it."""
    before = stored.observed

    def line(kind: Kind, fields: Iterable[str] = (), *, news: bool = True) -> Line:
        return Line(kind, before.native_id, person_id, tuple(fields), news)

    if shown is None or shown.state in GONE:
        if before.state not in GONE:
            missed = stored.read(AccountState.REMOVED, at)
            return Compared(line("missing", ("state",)), replace(missed, checked_at=None))
        by_others = before.state is not AccountState.NONE and not stored.closed_by_us
        return Compared(line(CLOSED_BY_OTHERS, ("state",), news=False) if by_others else line("agrees"))
    fields = tuple(_fields(stored, shown, owned))
    found = line(_kind(stored, shown, fields), fields, news=_changed(before, shown, fields))
    if found.kind == "agrees":
        joined = before.state is AccountState.INVITED and shown.state is AccountState.ACTIVE
        return Compared(found, replace(stored, observed=replace(before, state=shown.state)) if joined else None)
    leads = before.leads if shown.leads is None else shown.leads
    observed = replace(shown, attributes={**before.attributes, **shown.attributes}, leads=leads)
    return Compared(found, replace(stored.read(shown.state, at), observed=observed, checked_at=None))


def _kind(stored: StoredAccount, shown: Account, fields: tuple[str, ...]) -> Kind:
    if stored.closed_by_us and shown.state.open:
        return REOPENED_BY_OTHERS
    if shown.state in _LOCKED and not stored.closed_by_us:
        return CLOSED_BY_OTHERS
    return "drift" if fields else "agrees"


def _changed(before: Account, shown: Account, fields: tuple[str, ...]) -> bool:
    """Whether something differs from the last look: what is held or left alone by policy is not brought up again."""
    known = {name for name, value in shown.attributes.items() if before.attributes.get(name) == value}
    return bool(set(fields) - known)


def _fields(stored: StoredAccount, shown: Account, owned: Owned) -> Iterator[str]:
    before = stored.observed
    if before.state != shown.state and {before.state, shown.state} != {AccountState.INVITED, AccountState.ACTIVE}:
        yield "state"
    if not stored.closed_by_us:
        for name in sorted(owned.fields & shown.attributes.keys()):
            if (shown.attributes[name] or None) not in _kept(stored, name, shown.attributes[name]):
                yield name
        if set(before.departments) != set(shown.departments):
            yield "departments"
        if None not in (before.leads, shown.leads) and before.leads != shown.leads:
            yield "leads"
        ours = before.grants & owned.lists | stored.granted
        yield from (f"-{name}" for name in sorted(ours - shown.grants))
    given = shown.grants - before.grants
    yield from (f"+{name}" for name in sorted(given if stored.closed_by_us else given & owned.strict))


def _kept(stored: StoredAccount, name: str, shown: str | None) -> tuple[str | None, ...]:
    """What the field should be: what we wrote last, else what it was; what nobody knows may be anything."""
    for known in (stored.written, stored.observed.attributes):
        if name in known:
            return (known[name] or None,)
    return (shown or None,)


def orphans(shown: Mapping[str, Account], owned_ids: Iterable[str]) -> Iterator[Line]:
    """Accounts of nobody; `shown` and `owned_ids` by folded native id."""
    for key in sorted(shown.keys() - set(owned_ids)):
        if shown[key].state not in GONE:
            yield Line("orphan", shown[key].native_id)


def tree_drift(steps: Iterable[DepartmentStep]) -> Iterator[Line]:
    """Departments that are not as HR says; `fields` begins with the department's HR id."""
    for step in steps:
        if step.verb == "create_department":
            yield Line("department_missing", None, fields=(step.department_id,))
            continue
        moved = {"name": step.name, "parent": step.moves or None, "order": step.order, "leaders": step.leaders}
        changed = ("closed",) if step.verb == "delete_department" else [n for n, v in moved.items() if v is not None]
        yield Line("department", step.native_id, fields=(step.department_id, *changed))


def changes(line: Line) -> Iterator[ChangeKind]:
    """The kinds of change that repairing it asks for, as guards count them."""
    if line.kind == REOPENED_BY_OTHERS:
        yield "close"
    elif line.kind == "drift":
        if any(name.startswith("+") for name in line.fields):
            yield "revoke"
        if {"departments", "leads"} & set(line.fields):
            yield "move"
        elif any(name[0] not in "+-" and name != "state" for name in line.fields):
            yield "rename"

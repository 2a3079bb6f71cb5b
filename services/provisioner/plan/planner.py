"""The pure planner: what closes the difference between what should be and what the target shows.

A leaver is locked first, so that a plan that stops half-way leaves no way in; a mover loses the old access before
gaining the new. Planning again after carrying out gives nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.provisioner.connectors.base import Field
from services.provisioner.model import Account, AccountState, Case, Reason, Step, Verb
from services.provisioner.plan.wish import Wish
from services.provisioner.store.port import StoredAccount

CLOSED_BY_OTHERS = "closed_by_others"

_ENDS_IN: Mapping[Verb, AccountState] = {
    "suspend": AccountState.SUSPENDED,
    "strip": AccountState.STRIPPED,
    "remove": AccountState.REMOVED,
    "delete": AccountState.DELETED,
}
_CLOSED_TO = {
    AccountState.SUSPENDED: 1,
    AccountState.STRIPPED: 1,
    AccountState.REMOVED: 2,
    AccountState.DELETED: 3,
    AccountState.NONE: 3,
}
GONE = frozenset({AccountState.NONE, AccountState.REMOVED, AccountState.DELETED})


class Abilities(Protocol):
    """What the planner must know of a target."""

    @property
    def fields(self) -> Mapping[str, Field]: ...
    @property
    def closing(self) -> Mapping[Case, tuple[Verb, ...]]: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order they must run; `waits` and `holds` say why something that differs is not among them."""

    steps: tuple[Step, ...] = ()
    waits: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


def plan(wish: Wish, stored: StoredAccount | None, abilities: Abilities, begun: datetime | None = None) -> Plan:
    """Compare the wish with the stored account. `begun`: when the fact that began the employment was recorded."""
    there = stored is not None and stored.observed.state not in GONE
    if wish.access == "closed":
        return Plan(tuple(_close(wish, stored, abilities))) if stored and there else Plan()
    if stored and _closed_by_others(stored, begun):
        return Plan(holds=(CLOSED_BY_OTHERS,))
    if wish.waits and not there:
        return Plan(waits=wish.waits)
    if stored is None or not there:
        return Plan((*_first_account(wish),))
    return Plan(tuple(_change(wish, stored, abilities)), waits=wish.waits)


def _closed_by_others(stored: StoredAccount, begun: datetime | None) -> bool:
    """Somebody else closed an account that existed; an employment that began since gives it back."""
    closed = stored.observed.state in _CLOSED_TO and stored.observed.state is not AccountState.NONE
    seen = stored.checked_at
    return closed and not stored.closed_by_us and not (begun and seen and begun > seen)


def _first_account(wish: Wish) -> Iterator[Step]:
    prepared = wish.access == "prepared"
    yield Step(
        "create",
        wish.target,
        wish.native_id or "",
        attributes={name: value for name, value in wish.attributes.items() if value is not None},
        departments=wish.departments,
        leads=wish.leads,
        suspended=prepared,
        invite=wish.invite and not prepared,
        reason=wish.reason,
    )
    if not prepared:
        yield from _grants(wish, wish.native_id or "", frozenset())


def _close(wish: Wish, stored: StoredAccount, abilities: Abilities) -> Iterator[Step]:
    account = stored.observed
    reached = _CLOSED_TO.get(account.state, 0)
    for verb in abilities.closing[wish.case]:
        ends_in = _ENDS_IN[verb]
        if _CLOSED_TO[ends_in] > reached or (wish.case != "leave" and account.state.open):
            irreversible = verb in ("remove", "delete")
            yield Step(verb, wish.target, account.native_id, irreversible=irreversible, reason=wish.reason)
            reached = _CLOSED_TO[ends_in]
    gone = reached >= _CLOSED_TO[AccountState.REMOVED]
    if wish.case == "leave" and not gone:
        yield from _revokes(wish, account, account.grants)


def _change(wish: Wish, stored: StoredAccount, abilities: Abilities) -> Iterator[Step]:
    account = stored.observed
    yield from _revokes(wish, account, account.grants & stored.granted)
    attributes = dict(_differing(wish, stored, abilities.fields))
    if _placed_otherwise(wish, account):
        yield Step(
            "move",
            wish.target,
            account.native_id,
            attributes=attributes,
            departments=wish.departments,
            leads=wish.leads,
            reason=wish.reason,
        )
    elif attributes:
        yield Step("update", wish.target, account.native_id, attributes=attributes, reason=wish.reason)
    if wish.access == "prepared":
        return
    if account.state in (AccountState.SUSPENDED, AccountState.STRIPPED):
        yield Step("resume", wish.target, account.native_id, reason=wish.reason)
        if wish.invite:
            yield Step("invite", wish.target, account.native_id, reason=wish.reason)
    yield from _grants(wish, account.native_id, account.grants)


def _placed_otherwise(wish: Wish, account: Account) -> bool:
    if wish.waits:
        return False
    elsewhere = set(wish.departments) != set(account.departments)
    return elsewhere or (account.leads is not None and wish.leads != account.leads)


def _differing(wish: Wish, stored: StoredAccount, fields: Mapping[str, Field]) -> Iterator[tuple[str, str | None]]:
    account = stored.observed
    for name, value in wish.attributes.items():
        field = fields.get(name, Field())
        shown = account.attributes[name] if name in account.attributes else stored.written.get(name)
        if (value or None) == (shown or None) or name in wish.on_create or field.writable == "never":
            continue
        if field.writable == "before_activation" and account.state is AccountState.ACTIVE:
            continue  # a request to the member, not drift
        if value is None and not field.clearable:
            continue
        yield name, value


def _revokes(wish: Wish, account: Account, owned: frozenset[str]) -> Iterator[Step]:
    kept = {} if wish.access == "closed" else wish.grants
    for entitlement in sorted(owned - kept.keys()):
        yield Step("revoke", wish.target, account.native_id, entitlement, reason=wish.reason)


def _grants(wish: Wish, native_id: str, held: frozenset[str]) -> Iterator[Step]:
    for entitlement in sorted(wish.grants.keys() - held):
        reason = wish.grants[entitlement]
        yield Step("grant", wish.target, native_id, entitlement, reason=reason or Reason())

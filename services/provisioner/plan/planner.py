"""The pure planner: what closes the difference between what should be and what the target shows.

A leaver is locked first, so that a plan that stops half-way leaves no way in; a mover loses the old access before
gaining the new. Planning again after carrying out gives nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from services.provisioner.connectors.base import Field
from services.provisioner.model import Account, AccountState, Case, Reason, Step, Verb
from services.provisioner.plan.wish import Wish
from services.provisioner.store.port import StoredAccount

CLOSED_BY_OTHERS: Final = "closed_by_others"
REOPENED_BY_OTHERS: Final = "reopened_by_others"
FIELD_OF_OURS = "field_of_ours"
ANOTHER_WRITES = "another_system_writes_this"
PROTECTED = "protected"
PREPARED = "#prepared"
"""A mark in `written`: made suspended for a first day, and nobody has opened it since."""
AWAITING = "#awaits_acceptance"
"""A mark in `written`: the person was invited by the platform itself and is not invited again."""
REPAIRED = "#repaired:"
"""How a mark in `written` begins that says when a field which others changed was last written back."""
AGAIN = timedelta(hours=24)
"""A field that others change twice in this time is left alone: two systems would write it in turns for ever."""

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
    """Steps in the order they must run; the rest says why something that differs is not among them.

    `waits` for something that must be there first, `holds` until released, `inbox` for a person's word; `reports` is
    named and left as it is.
    """

    steps: tuple[Step, ...] = ()
    waits: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    inbox: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()


def plan(wish: Wish, stored: StoredAccount | None, abilities: Abilities, begun: datetime | None = None) -> Plan:
    """Compare the wish with the stored account. `begun`: when the fact that began the employment was recorded."""
    there = stored is not None and stored.observed.state not in GONE
    if wish.access == "closed":
        return _closing(wish, stored, abilities) if stored and there else Plan((*_hand_over(wish, stored),))
    if stored and _closed_by_others(wish, stored, begun) and wish.drift.closed_by_others != "repair":
        return _left_alone(CLOSED_BY_OTHERS, held=wish.drift.closed_by_others == "hold")
    if wish.waits and not there:
        return Plan(waits=wish.waits)
    if stored is None or not there:
        return Plan((*_first_account(wish),))
    return _changing(wish, stored, abilities)


def _closing(wish: Wish, stored: StoredAccount, abilities: Abilities) -> Plan:
    steps = tuple(_close(wish, stored, abilities))
    if steps and wish.protected:
        return Plan(inbox=(PROTECTED,))
    reopened = stored.closed_by_us and stored.observed.state.open
    if reopened and wish.drift.reopened_by_others != "close":
        return _left_alone(REOPENED_BY_OTHERS, held=wish.drift.reopened_by_others == "hold")
    return Plan(steps)


def _changing(wish: Wish, stored: StoredAccount, abilities: Abilities) -> Plan:
    if wish.protected and wish.access == "prepared" and stored.observed.state.open:
        return Plan(inbox=(PROTECTED,))
    changed, word = _changed_by_others(wish, stored, abilities.fields), FIELD_OF_OURS
    if wish.drift.field_of_ours == "repair":
        changed, word = tuple(name for name in changed if _repaired_lately(stored, name)), ANOTHER_WRITES
    kept = {name: value for name, value in wish.attributes.items() if name not in changed}
    steps = tuple(_change(replace(wish, attributes=kept), stored, abilities))
    left = tuple(f"{word}:{name}" for name in changed)
    reported = wish.drift.field_of_ours == "report"
    return Plan(steps, wish.waits, holds=() if reported else left, reports=left if reported else ())


def _repaired_lately(stored: StoredAccount, name: str) -> bool:
    mark, seen = stored.written.get(REPAIRED + name), stored.checked_at
    return mark is not None and seen is not None and seen - datetime.fromisoformat(mark) < AGAIN


def _left_alone(what: str, *, held: bool) -> Plan:
    return Plan(holds=(what,)) if held else Plan(reports=(what,))


def _closed_by_others(wish: Wish, stored: StoredAccount, begun: datetime | None) -> bool:
    """Somebody else closed an account that existed; an employment that began since gives it back."""
    if wish.access == "prepared" and stored.observed.state is AccountState.SUSPENDED:
        return False  # as it should be until the first day
    closed = stored.observed.state in _CLOSED_TO and stored.observed.state is not AccountState.NONE
    seen = stored.shown_closed_at or stored.checked_at
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
    if wish.undo and PREPARED in stored.written and account.state is AccountState.SUSPENDED:
        yield Step("delete", wish.target, account.native_id, irreversible=True, reason=wish.reason)
        return
    reached = _CLOSED_TO.get(account.state, 0)
    for verb in abilities.closing[wish.case]:
        ends_in = _ENDS_IN[verb]
        if _CLOSED_TO[ends_in] > reached or (wish.case != "leave" and account.state.open):
            given = wish.given if verb == "remove" and wish.case == "leave" else None
            yield Step(
                verb,
                wish.target,
                account.native_id,
                what=given,
                to=wish.heir if given else None,
                irreversible=verb in ("remove", "delete"),
                reason=wish.reason,
            )
            reached = _CLOSED_TO[ends_in]
    gone = reached >= _CLOSED_TO[AccountState.REMOVED]
    if wish.case == "leave" and not gone:
        yield from _revokes(wish, account, account.grants - wish.needed)
        yield from _hand_over(wish, stored)
    if wish.let_go and not gone:
        cleared = dict.fromkeys(wish.let_go)
        yield Step("update", wish.target, account.native_id, attributes=cleared, reason=wish.reason)
    if wish.delete and not gone and not wish.handing_over:
        yield Step("delete", wish.target, account.native_id, irreversible=True, reason=wish.reason)


def _hand_over(wish: Wish, stored: StoredAccount | None) -> Iterator[Step]:
    """Also of an account that somebody else deleted: what it owned is still the company's."""
    for what in wish.hand_over if stored and wish.case == "leave" else ():
        native_id = stored.observed.native_id if stored else ""
        yield Step("hand_over", wish.target, native_id, what=what, to=wish.heir, reason=wish.reason)


def _change(wish: Wish, stored: StoredAccount, abilities: Abilities) -> Iterator[Step]:
    account = stored.observed
    if wish.access == "prepared" and account.state.open:
        yield from _close(replace(wish, access="closed", case="leave"), stored, abilities)
    else:
        yield from _revokes(wish, account, account.grants & (stored.granted | wish.exclusive | wish.denied.keys()))
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


def _changed_by_others(wish: Wish, stored: StoredAccount, fields: Mapping[str, Field]) -> tuple[str, ...]:
    """Fields that differ although what we wrote last is what they should be."""
    differing = _differing(wish, stored, fields)
    return tuple(
        name
        for name, value in differing
        if name in stored.written and (stored.written[name] or None) == (value or None)
    )


def _revokes(wish: Wish, account: Account, owned: frozenset[str]) -> Iterator[Step]:
    kept = {} if wish.access == "closed" else wish.grants
    for entitlement in sorted(owned - kept.keys()):
        reason = wish.denied.get(entitlement, wish.reason)
        yield Step("revoke", wish.target, account.native_id, entitlement, reason=reason)


def _grants(wish: Wish, native_id: str, held: frozenset[str]) -> Iterator[Step]:
    for entitlement in sorted(wish.grants.keys() - held):
        reason = wish.grants[entitlement]
        yield Step("grant", wish.target, native_id, entitlement, reason=reason or Reason())

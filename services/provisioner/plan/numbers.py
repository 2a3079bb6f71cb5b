"""A mobile or e-mail that a newcomer needs and an account of ours holds whose owner has left: it is let go early.

Where the platform lets the field be cleared the account stays without it, else its deletion is brought forward, if
policy deletes leavers at all. The wish is a mark in the account's memory, `#wanted:` with whom it is for.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from contracts.decisions import Decision, Retained
from services.provisioner.connectors.base import Field
from services.provisioner.model import AccountState
from services.provisioner.plan.planner import GONE
from services.provisioner.plan.wish import Wish
from services.provisioner.store.port import StoredAccount

WANTED = "#wanted:"
_LOCKED = frozenset({AccountState.SUSPENDED, AccountState.STRIPPED})


def can_let_go(
    stored: StoredAccount, field: str, fields: Mapping[str, Field], decisions: tuple[Decision, ...], at: datetime,
    *, deletes: bool,
) -> bool:  # fmt: skip
    """Whether a closed account may give up what it holds. `deletes`: policy deletes leavers."""
    if not stored.closed_by_us or stored.observed.state not in _LOCKED:
        return False
    return _clearable(field, fields) or (deletes and not retained(decisions, at))


def asked(stored: StoredAccount, field: str, person_id: str) -> StoredAccount:
    return replace(stored, written={**stored.written, WANTED + field: person_id})


def wished(
    wish: Wish, stored: StoredAccount | None, fields: Mapping[str, Field], decisions: tuple[Decision, ...],
    at: datetime, *, deletes: bool,
) -> Wish:  # fmt: skip
    """The wish of a leaver's account with what it is to let go."""
    if stored is None or wish.access != "closed" or wish.case != "leave":
        return wish
    names = [name.removeprefix(WANTED) for name in sorted(stored.written) if name.startswith(WANTED)]
    cleared = tuple(name for name in names if _clearable(name, fields) and _holds(stored, name))
    stuck = any(not _clearable(name, fields) for name in names)
    delete = wish.delete or (stuck and deletes and not retained(decisions, at))
    return replace(wish, let_go=cleared, delete=delete)


def for_whom(stored: StoredAccount | None) -> frozenset[str]:
    """Who waited for something that this account holds no more; nobody while it still holds anything wanted."""
    if stored is None:
        return frozenset()
    marks = {name.removeprefix(WANTED): who for name, who in stored.written.items() if name.startswith(WANTED)}
    if stored.observed.state not in GONE and any(_holds(stored, name) for name in marks):
        return frozenset()
    return frozenset(filter(None, marks.values()))


def forgotten(stored: StoredAccount) -> StoredAccount:
    """Memory once it is let go, or needed by its owner again."""
    return stored.without(WANTED)


def retained(decisions: tuple[Decision, ...], at: datetime) -> bool:
    return any(isinstance(one, Retained) and one.until > at for one in decisions)


def _clearable(field: str, fields: Mapping[str, Field]) -> bool:
    rule = fields.get(field)
    return rule is not None and rule.clearable and rule.writable != "never"


def _holds(stored: StoredAccount, field: str) -> bool:
    return bool(stored.observed.attributes.get(field, stored.written.get(field)))

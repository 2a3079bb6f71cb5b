"""Desired in the target's own terms: HR departments become native ids, the username becomes the native id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from services.provisioner.model import Case, Desired, Drift, Reason


@dataclass(frozen=True, slots=True)
class Wish:
    """What one account should look like. `waits` names what must be there before anything may be made or moved."""

    target: str
    access: Literal["open", "prepared", "closed"]
    case: Case = "leave"
    native_id: str | None = None
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    on_create: frozenset[str] = frozenset()
    departments: tuple[str, ...] = ()
    leads: frozenset[str] = frozenset()
    grants: Mapping[str, Reason] = field(default_factory=dict)
    denied: Mapping[str, Reason] = field(default_factory=dict)
    exclusive: frozenset[str] = frozenset()
    hand_over: tuple[str, ...] = ()
    """What is to be handed over now, or looked for again."""
    let_go: tuple[str, ...] = ()
    """Fields that a closed account gives up, since somebody else needs what stands in them."""
    handing_over: bool = False
    """Something is not handed over yet: the account is not deleted before."""
    given: str | None = None
    """What goes to the heir in the very step that removes the account."""
    heir: str | None = None
    needed: frozenset[str] = frozenset()
    """Entitlements that a leaver keeps until everything is handed over."""
    delete: bool = False
    undo: bool = False
    protected: bool = False
    drift: Drift = field(default_factory=Drift)
    invite: bool = False
    waits: tuple[str, ...] = ()
    reason: Reason = field(default_factory=Reason)


def wish(desired: Desired, native_id: str | None, links: Mapping[str, str], under: str, *, managed: bool) -> Wish:
    """Translate; `links` gives HR department → native id, `under` the native department of those without one.

    Where departments are not `managed` on the target, everybody sits in `under`.
    """
    waits = [f"requires:{path}" for path in desired.missing]
    departments: list[str] = []
    if managed:
        waits += [f"department:{d}" for d in desired.departments if d not in links]
        departments = [links[d] for d in desired.departments if d in links]
    return Wish(
        target=desired.target,
        access=desired.access,
        case=desired.case,
        native_id=native_id,
        attributes=desired.attributes,
        on_create=desired.on_create,
        departments=tuple(dict.fromkeys(departments)) or (under,),
        leads=frozenset(links[d] for d in desired.leads if managed and d in links),
        grants=desired.grants,
        denied=desired.denied,
        exclusive=desired.exclusive,
        delete=desired.delete,
        undo=desired.undo,
        protected=desired.protected,
        drift=desired.drift,
        invite=desired.invite,
        waits=tuple(waits),
        reason=desired.reason,
    )

"""How far an account's hand-over is, in marks of its memory: `#handing:` with when to look again, `#handed:` when done.

What a leaver owned goes over in its own time, so that a leave is confirmed before: until then it is due later.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from contracts.provisioning import DueLater
from services.provisioner.connectors.base import HandedOver
from services.provisioner.model import AccountState, Step
from services.provisioner.plan.wish import Wish
from services.provisioner.policy.desired import NOT_HANDED_OVER
from services.provisioner.store.port import StoredAccount

HANDING = "#handing:"
HANDED = "#handed:"
"""The value is how many stay where they are for good."""


def wished(
    wish: Wish,
    what: tuple[str, ...],
    heir: str | None,
    stored: StoredAccount | None,
    at: datetime,
    needed: frozenset[str] = frozenset(),
    given: frozenset[str] = frozenset(),
) -> Wish:
    """The wish with what of `what` is to be handed over at this moment; `needed` is kept until all of it is.

    What is `given` in the removal needs no step of its own.
    """
    if stored is None or stored.observed.state is AccountState.NONE:
        return wish
    left = tuple(one for one in what if one not in given and HANDED + one not in stored.written)
    again = under_way(stored)
    due = tuple(one for one in left if again.get(one, at) <= at)
    wish = replace(wish, given=next((one for one in what if one in given), None), heir=heir)
    return replace(wish, hand_over=due, handing_over=bool(left), needed=needed if left else frozenset())


def noted(stored: StoredAccount, what: str, handed: HandedOver, at: datetime) -> StoredAccount:
    """Memory after the platform said how far it is."""
    kept = {name: value for name, value in stored.written.items() if name not in (HANDING + what, HANDED + what)}
    mark = (HANDING, (at + handed.after).isoformat()) if handed.under_way else (HANDED, str(handed.refused))
    return replace(stored, written={**kept, mark[0] + what: mark[1]})


def given(stored: StoredAccount, removal: Step) -> StoredAccount:
    """Memory after a removal that gave what the account owned to somebody."""
    if removal.what is None or removal.to is None:
        return stored
    return replace(stored, written={**stored.written, HANDED + removal.what: "0"})


def missed(stored: StoredAccount, what: Collection[str]) -> Iterator[str]:
    """Words for what should have gone with the removal of an account that is gone, and went to nobody we know of."""
    for one in sorted(what):
        if HANDED + one not in stored.written:
            yield f"{NOT_HANDED_OVER}:{one}"


def forgotten(stored: StoredAccount) -> StoredAccount:
    """Memory once somebody works with the account again: what they own then is another matter."""
    return stored.without(HANDING, HANDED)


def under_way(stored: StoredAccount | None) -> Mapping[str, datetime]:
    """What is on its way, with when to look again."""
    marks = stored.written.items() if stored else ()
    found = {name.removeprefix(HANDING): value for name, value in marks if name.startswith(HANDING)}
    return {what: datetime.fromisoformat(value) for what, value in found.items() if value}


def due_later(target: str, stored: StoredAccount | None) -> tuple[DueLater, ...]:
    """What is on its way."""
    ahead = sorted(under_way(stored).items())
    return tuple(DueLater(target=target, verb="hand_over", due_at=again) for _, again in ahead)


def refused(stored: StoredAccount) -> Iterator[str]:
    """Words for what stayed where it is: the other side has said no."""
    for name, value in sorted(stored.written.items()):
        if name.startswith(HANDED) and value not in (None, "0"):
            yield f"hand_over_refused:{name.removeprefix(HANDED)}"

"""What a date brings about by itself: an employment that runs out, an account whose time to be deleted has come."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.decisions import Retained
from services.provisioner.facts.dates import instant
from services.provisioner.model import Due, PersonState
from services.provisioner.policy.past import Past
from services.provisioner.policy.rules import Policy

ANNOUNCED = timedelta(days=14)
"""How long before its end an employment that runs out is announced."""
NOTICE = "employment_ends"
"""How the announcement begins that waits in the inbox: it stands in nobody's way."""


class End(NamedTuple):
    """An employment with its last instant, and what policy makes of that."""

    type: str
    at: datetime
    does: str


def ends(policy: Policy, state: PersonState) -> Iterator[End | None]:
    """For each employment that lasts: its end, None where it has none or policy ignores it."""
    for worker in state.workers:
        if worker.active:
            kind, until = worker.employment.type or "", worker.employment.ends_at
            does = policy.employment_end(kind)
            yield End(kind, instant(until, state.zone), does) if until and does != "ignore" else None


def runs_out(policy: Policy, state: PersonState) -> End | None:
    """When the last of a person's employments ends, if every one ends and closes access."""
    found = list(ends(policy, state))
    closing = [end for end in found if end is not None and end.does == "close"]
    return max(closing, key=lambda end: end.at) if closing and len(closing) == len(found) else None


def notices(policy: Policy, state: PersonState, at: datetime) -> tuple[str, ...]:
    """What a person must be told to decide: employments that end soon, or have ended, and keep their access."""
    told = [end for end in ends(policy, state) if end and end.does == "inbox" and end.at - ANNOUNCED <= at]
    return tuple(f"{NOTICE}:{end.type}:{end.at.isoformat()}" for end in sorted(told, key=lambda end: end.at))


def turns(policy: Policy, state: PersonState) -> Iterator[datetime]:
    """The instants at which any of this changes."""
    for end in ends(policy, state):
        if end is not None:
            yield end.at - ANNOUNCED
            yield end.at


def deletion(policy: Policy, state: PersonState, past: Past | None, at: datetime) -> Due | None:
    """When a leaver's accounts are destroyed; None for whoever works or comes back, and where policy says nothing.

    Counted from the later of the leave and of our learning of it, so that late news leaves time to object.
    """
    after = policy.leavers.delete_after
    left = [worker.left_at for worker in state.workers if worker.left_at is not None]
    if after is None or state.active or state.next_hire_at is not None or not left:
        return None
    told = [worker.left_recorded_at for worker in state.workers if worker.left_recorded_at is not None]
    retained = [decision.until for decision in past.told(Retained, at)] if past else []
    return Due("delete", max([max([*left, *told]) + after, *retained]), since=max(left))

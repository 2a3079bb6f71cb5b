"""What decisions add to a timeline. So far the stops; links, names and exceptions find their place here."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from contracts import hr
from contracts.decisions import AccessAllowed, AccessStopped, Decision
from services.provisioner.facts.standing import Name, name_of
from services.provisioner.model import Fact

Change = tuple[datetime, bool]
"""From this instant on: is the person stopped?"""


def stops(
    decisions: Iterable[Decision], begun: Iterable[tuple[datetime, Fact]], first_recorded: Mapping[Name, datetime]
) -> tuple[Change, ...]:
    """When access was stopped and allowed again, in order of time.

    `begun` are the facts that began employment and when. A stop ends with `access_allowed`, or with a hire that
    begins after it and was first heard of after it: neither a leave, nor a correction of an older fact, nor a
    record (`stated`) reopens what an operator closed.
    """
    told = [d for d in decisions if isinstance(d, AccessStopped | AccessAllowed)]
    if not told:
        return ()
    changes: list[Change] = []
    stop: AccessStopped | None = None
    hires = sorted((at, first_recorded[name_of(f)]) for at, f in begun if isinstance(f.body, hr.Hired))
    for decision in sorted(told, key=_order):
        if stop is not None and (ended := _ended(stop, hires, decision.effective_at)):
            changes.append((ended, False))
            stop = None
        if isinstance(decision, AccessAllowed):
            if stop is not None:
                changes.append((decision.effective_at, False))
            stop = None
            continue
        if stop is None:
            changes.append((decision.effective_at, True))
        stop = decision
    if stop is not None and (ended := _ended(stop, hires, None)):
        changes.append((ended, False))
    return tuple(changes)


def _order(decision: AccessStopped | AccessAllowed) -> tuple[datetime, datetime, bool, str]:
    """In doubt the stop comes last, and stands."""
    stop = isinstance(decision, AccessStopped)
    return (decision.effective_at, decision.recorded_at, stop, decision.decision_id)


def _ended(stop: AccessStopped, hires: list[tuple[datetime, datetime]], before: datetime | None) -> datetime | None:
    """When a later hire ended the stop, if one did before that instant."""
    for at, recorded_at in hires:
        if at > stop.effective_at and recorded_at > stop.recorded_at and (before is None or at < before):
            return at
    return None

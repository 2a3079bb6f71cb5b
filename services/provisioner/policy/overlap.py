"""Overlap: what a job brought stays for a while after it, for handing over.

It runs from the effective instant at which the rule stopped holding. A later move neither lengthens nor shortens it,
a return cancels its end, a leave or a stop ends it, and late news gets none beyond that instant.
"""

from datetime import datetime
from typing import NamedTuple

from contracts.decisions import OverlapExtended
from services.provisioner.model import PersonState
from services.provisioner.policy.cel import Context
from services.provisioner.policy.past import Past
from services.provisioner.policy.rules import Accounts, Birthright, Policy


class Overlap(NamedTuple):
    since: datetime
    """When the rule stopped holding."""
    until: datetime


def overlap(policy: Policy, rule: Birthright, accounts: Accounts, past: Past, at: datetime) -> Overlap | None:
    """The overlap of a rule that does not hold at that instant; None where there is none, or none any more."""
    told = [d for d in past.told(OverlapExtended, at) if d.rule == rule.name]
    extended = [(d.effective_at, policy.bounded(d.effective_at, d.until)) for d in told]
    if rule.when is None or not (rule.keep or any(until > at for _, until in extended)):
        return None
    longer = any(until > at for _, until in extended)
    since = None if longer else at - rule.keep
    placed = rule.when.reads("department") or (accounts.for_ is not None and accounts.for_.reads("department"))
    stopped = None
    for begin, state, context in past.stretches(rule.when, since, at, placed=placed):
        if not _has_access(state, context, accounts):
            return None
        if rule.holds(context):
            return _running(rule, stopped, extended, at) if stopped else None
        stopped = begin
    return None


def _running(
    rule: Birthright, since: datetime, extended: list[tuple[datetime, datetime]], at: datetime
) -> Overlap | None:
    until = since + rule.keep
    for decided_at, longer in extended:
        if decided_at <= until:  # what has ended is given anew only by an exception
            until = max(until, longer)
    return Overlap(since, until) if until > at else None


def _has_access(state: PersonState, context: Context, accounts: Accounts) -> bool:
    return state.active and not state.stopped and (accounts.for_ is None or accounts.for_.holds(context))

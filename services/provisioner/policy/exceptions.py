"""Exceptions: a grant or a refusal that a person decided, always with an end."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from contracts.decisions import ExceptionEnded, ExceptionGranted
from services.provisioner.model import PersonState, Reason
from services.provisioner.policy.past import Past
from services.provisioner.policy.rules import Policy


class InEffect(NamedTuple):
    """`until` is what was decided, or earlier where policy allows no longer."""

    decision: ExceptionGranted
    until: datetime

    def reason(self, policy: Policy) -> Reason:
        return Reason(rule=f"exception.{self.decision.decision_id}", policy=policy.version)


def in_effect(policy: Policy, target: str, past: Past, at: datetime) -> Mapping[str, InEffect]:
    """By entitlement; of several the one decided last stands."""
    ended = {d.decision for d in past.told(ExceptionEnded, at)}
    found: dict[str, InEffect] = {}
    for decision in past.told(ExceptionGranted, at):
        until = policy.bounded(decision.effective_at, decision.until)
        if decision.target != target or decision.decision_id in ended or until <= at:
            continue
        if not _ended_by_hr(policy, past, decision.effective_at, at):
            found[decision.entitlement] = InEffect(decision, until)
    return found


def _ended_by_hr(policy: Policy, past: Past, since: datetime, at: datetime) -> bool:
    """Whether the person left, or moved, since then; what so ended does not come back with the old job."""
    ends_on = policy.exceptions.ends_on if policy.exceptions else ()
    if not ends_on:
        return False
    before = past.line.state(since)
    for instant in past.changes(since, at):
        state = past.line.state(instant)
        moved = state.active and _place(state) != _place(before) and before.active
        if ("leave" in ends_on and before.active and not state.active) or ("move" in ends_on and moved):
            return True
        before = state
    return False


def _place(state: PersonState) -> tuple[str | None, str | None]:
    return state.assignment.department_id, state.assignment.job_function

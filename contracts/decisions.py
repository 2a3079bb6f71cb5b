"""Decisions: facts made by an operator or by Tenure itself, on `tenure.decisions` as `tenure.decision.<kind>.v1`.

The two record topics of HR, `hr.departments` and this one are enough to rebuild everything.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from contracts.base import Frozen, Id, Text

PersonId = Annotated[str, Field(min_length=1, max_length=320)]


class Decision(Frozen):
    """Who decided what about whom, when it becomes true, and why."""

    decision_id: Id
    person_id: PersonId
    by: Text
    """`operator:<name>` or `tenure`."""
    reason: Text | None = None
    effective_at: AwareDatetime
    recorded_at: AwareDatetime


class PersonIdentified(Decision):
    kind: Literal["person_identified"] = "person_identified"
    id_space: Id
    worker_id: Id
    since: AwareDatetime | None = None
    """Where several humans had the number one after the other: the first moment (UTC, whole seconds) of this one."""


class AccountLinked(Decision):
    kind: Literal["account_linked"] = "account_linked"
    target: Id
    native_id: Id


class UsernameGiven(Decision):
    kind: Literal["username_given"] = "username_given"
    target: Id
    username: Id


class ConflictSettled(Decision):
    kind: Literal["conflict_settled"] = "conflict_settled"
    source: Text
    event_id: Id
    revision: int
    digest: Id


class AccessStopped(Decision):
    kind: Literal["access_stopped"] = "access_stopped"


class AccessAllowed(Decision):
    kind: Literal["access_allowed"] = "access_allowed"


class ExceptionGranted(Decision):
    kind: Literal["exception_granted"] = "exception_granted"
    target: Id
    entitlement: Text
    deny: bool = False
    until: AwareDatetime


class ExceptionEnded(Decision):
    kind: Literal["exception_ended"] = "exception_ended"
    decision: Id


class OverlapExtended(Decision):
    kind: Literal["overlap_extended"] = "overlap_extended"
    rule: Id
    until: AwareDatetime


class Retained(Decision):
    kind: Literal["retained"] = "retained"
    until: AwareDatetime


class HoldReleased(Decision):
    kind: Literal["hold_released"] = "hold_released"
    target: Id
    verb: Id


class HoldRefused(Decision):
    kind: Literal["hold_refused"] = "hold_refused"
    target: Id
    verb: Id


class PolicyApplied(Decision):
    """`person_id` is `#policy`: it concerns everybody."""

    kind: Literal["policy_applied"] = "policy_applied"
    version: Id


AnyDecision = Annotated[
    PersonIdentified
    | AccountLinked
    | UsernameGiven
    | ConflictSettled
    | AccessStopped
    | AccessAllowed
    | ExceptionGranted
    | ExceptionEnded
    | OverlapExtended
    | Retained
    | HoldReleased
    | HoldRefused
    | PolicyApplied,
    Field(discriminator="kind"),
]

KINDS: dict[str, type[Decision]] = {
    model.model_fields["kind"].default: model
    for model in (
        PersonIdentified,
        AccountLinked,
        UsernameGiven,
        ConflictSettled,
        AccessStopped,
        AccessAllowed,
        ExceptionGranted,
        ExceptionEnded,
        OverlapExtended,
        Retained,
        HoldReleased,
        HoldRefused,
        PolicyApplied,
    )
}


def type_of(decision: Decision) -> str:
    """The CloudEvent type, such as `tenure.decision.access_stopped.v1`."""
    return f"tenure.decision.{decision.model_dump()['kind']}.v1"

"""Outcomes, on `provisioning.outcomes`: what the provisioner learned, decided, did and saw, complete enough to audit.

Every record is a CloudEvent of source `urn:tenure:provisioner`; its id is made from what it tells (plan and step
number, fact, event), so that a record sent again is the same record.
"""

from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.base import Frozen, Id, Text
from contracts.decisions import AnyDecision

SOURCE = "urn:tenure:provisioner"

Verb = Literal[
    "create",
    "update",
    "move",
    "suspend",
    "resume",
    "strip",
    "remove",
    "delete",
    "invite",
    "hand_over",
    "grant",
    "revoke",
    "create_department",
    "update_department",
    "delete_department",
]
AccountState = Literal["none", "invited", "active", "suspended", "stripped", "removed", "deleted"]
Result = Literal["done", "already_so", "try_later", "unknown", "needs_person"]
EventState = Literal["waiting", "held", "inbox", "quarantined", "confirmed", "superseded", "duplicate"]
Change = Literal["joiner", "mover", "leaver"]


class Reason(Frozen):
    """Why: the facts (their ids), the rule of the policy, and its version."""

    facts: tuple[str, ...] = ()
    rule: str = ""
    policy: str = ""


class EventRef(Frozen):
    """An HR event by its own source, id and revision."""

    source: Text
    id: Id
    revision: int
    type: Text


class FactRecorded(Frozen):
    """A fact or message was taken in, with what became of it at once (`applied` if it lives in a timeline)."""

    event: EventRef
    person_id: str | None = None
    worker_id: str | None = None
    outcome: Literal["applied", "duplicate", "superseded", "withdrawn", "conflict", "waiting", "inbox", "quarantined"]
    reason: str | None = None
    effective_at: AwareDatetime | None = None
    recorded_at: AwareDatetime


class DecisionMade(Frozen):
    decision: AnyDecision


class StepTaken(Frozen):
    """One step and what became of it. `from` and `to` hold ids and names of entitlements, never personal data."""

    plan_id: Id
    number: int
    person_id: str
    target: Id
    platform: Id
    verb: Verb
    native_id: str | None = None
    entitlement: str | None = None
    fields: tuple[str, ...] = ()
    """Names of the attributes that change, never their values; of a hand-over what is handed over."""
    to: str | None = None
    """Of a hand-over: the native id of who takes over."""
    result: Result
    code: str | None = None
    """The platform's own code, where it gave one."""
    detail: str | None = None
    irreversible: bool = False
    reason: Reason = Reason()
    at: AwareDatetime


class AccountChecked(Frozen):
    """A read-back that closed something (`agrees`) or contradicted what was expected."""

    person_id: str
    target: Id
    platform: Id
    native_id: str
    state: AccountState
    grants: tuple[str, ...] = ()
    agrees: bool
    differences: tuple[str, ...] = ()
    at: AwareDatetime


class Done(Frozen):
    verb: Verb
    entitlement: str | None = None
    fields: tuple[str, ...] = ()
    result: Result = "done"


class DueLater(Frozen):
    target: Id
    verb: Verb
    due_at: AwareDatetime
    entitlement: str | None = None


class TargetResult(Frozen):
    """What is in place on one target."""

    target: Id
    platform: Id
    mode: Literal["observe", "adopt", "enforce"]
    native_id: str | None = None
    state: AccountState = "none"
    done: tuple[Done, ...] = ()
    residue: tuple[str, ...] = ()
    """Codes such as `not_activated` or `log_in_remains`: access or property no call can end or read."""
    due_later: tuple[DueLater, ...] = ()
    """What is on its way there in the platform's own time: a hand-over, with when it is looked at again."""


class Recipient(Frozen):
    """Who is told: a person with accounts, or a channel named in the policy."""

    audience: Literal["manager", "it"]
    person_id: str | None = None
    locale: str | None = None
    accounts: dict[str, str] = Field(default_factory=dict)
    """Native id by target, of open accounts only."""


class Statement(Frozen):
    """An HR event reached a final state; `confirmed` when every enforcing target shows what was due at its instant.

    `due_later` lists what follows with its dates; `residue` of a target names what the platform gives no way to end
    or read.
    """

    event: EventRef
    state: EventState
    reason: str | None = None
    person_id: str | None = None
    worker_id: str | None = None
    department_id: str | None = None
    change: Change | None = None
    effective_at: AwareDatetime | None = None
    accepted_at: AwareDatetime
    settled_at: AwareDatetime
    targets: tuple[TargetResult, ...] = ()
    nothing_enforced: bool = False
    due_later: tuple[DueLater, ...] = ()


class EventSettled(Statement):
    """The statement with what only messages need."""

    display_name: Text | None = None
    """For the messages to the manager and to IT only; it reaches no log and no audit record in clear."""
    recipients: tuple[Recipient, ...] = ()


class LifecycleCompleted(Frozen):
    """What a confirmation listed as due later is done."""

    event: EventRef
    person_id: str
    completed_at: AwareDatetime


MatterKind = Literal["held", "inbox", "waiting", "quarantine", "paused", "retrying", "late", "silent"]


class Matter(Frozen):
    """One thing that waits for a person, as `tenure todo` lists it; `next` is the command to type."""

    since: AwareDatetime
    next: Text
    target: Id | None = None
    person_id: str | None = None
    reason: str | None = None
    people: int | None = None
    """How many are concerned, where one command serves them all."""


class AttentionRaised(Frozen):
    """Something waits for a person. What was found of one kind at once is told together: `count`, and the first few."""

    kind: MatterKind
    count: int
    matters: tuple[Matter, ...]
    raised_at: AwareDatetime


OUTCOMES: dict[str, type[Frozen]] = {
    "tenure.fact.recorded.v1": FactRecorded,
    "tenure.decision.made.v1": DecisionMade,
    "tenure.step.taken.v1": StepTaken,
    "tenure.account.checked.v1": AccountChecked,
    "tenure.event.settled.v1": EventSettled,
    "tenure.lifecycle.completed.v1": LifecycleCompleted,
    "tenure.attention.raised.v1": AttentionRaised,
}
TYPE_OF: dict[type[Frozen], str] = {model: name for name, model in OUTCOMES.items()}

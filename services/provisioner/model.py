"""The values every part of the provisioner speaks in. Frozen, without I/O.

Facts say what we know, `PersonState` what they come to at an instant, `Desired` what policy makes of it on a target,
`Account` what the target shows, `Step` what closes the difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from contracts import hr
from contracts.provisioning import Reason, Verb

__all__ = [
    "LEAVES", "Absence", "Account", "AccountState", "Case", "Desired", "Drift", "Due", "Fact", "FactKey", "Mode",
    "OtherAssignment", "PersonState", "Reason", "Step", "Verb", "Verdict", "VerdictKind", "WorkerKey", "WorkerState",
]  # fmt: skip


class WorkerKey(NamedTuple):
    """A worker: the number as one HR system writes it, inside that system's space of numbers."""

    id_space: str
    worker_id: str


class FactKey(NamedTuple):
    """A fact: the id its source gave it, and the revision of what it says."""

    source: str
    id: str
    revision: int

    def __str__(self) -> str:
        return f"{self.source}/{self.id}/{self.revision}"


@dataclass(frozen=True, slots=True)
class Fact:
    """One HR event as taken in; never changed.

    `effective_at` is the instant (UTC) that the event's local date or time means in its zone; `person_id` is the
    whole id (`{id_space}/p/{id}` or as sent) if the event named one; `rank` orders sources at the same instant, the
    preferred one highest; `digest` is the SHA-256 of the canonical data.
    """

    key: FactKey
    body: hr.Event
    effective_at: datetime
    zone: str
    time: datetime
    recorded_at: datetime
    digest: str
    worker: WorkerKey | None = None
    person_id: str | None = None
    rank: int = 0


class VerdictKind(StrEnum):
    """What a fact means where it stands in its timeline, judged anew at every fold."""

    APPLIES = "applies"
    WAITS = "waits"
    """Something it needs is not known yet (its hire, the fact it withdraws)."""
    INBOX = "inbox"
    """It contradicts the timeline: a person decides."""
    NO_EFFECT = "no_effect"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Verdict(NamedTuple):
    kind: VerdictKind
    reason: str = ""
    """A word of a closed set, such as `no_hire_known`, `already_employed`, `revised`, `withdrawn_by:<id>`."""


@dataclass(frozen=True, slots=True)
class OtherAssignment:
    assignment_id: str
    kind: str
    assignment: hr.Assignment


class Absence(NamedTuple):
    kind: str
    since: datetime


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One employment at an instant. `facts` are the ids that made it so.

    `returned_recorded_at`: when we learned of the end of its last absence.
    """

    worker: WorkerKey
    active: bool
    employment: hr.Employment = field(default_factory=hr.Employment)
    assignment: hr.Assignment = field(default_factory=hr.Assignment)
    other_assignments: tuple[OtherAssignment, ...] = ()
    begun_at: datetime | None = None
    begun_recorded_at: datetime | None = None
    left_at: datetime | None = None
    left_recorded_at: datetime | None = None
    """When we learned of that leave."""
    leave: hr.Left | None = None
    facts: tuple[FactKey, ...] = ()
    absent: tuple[Absence, ...] = ()
    returned_recorded_at: datetime | None = None
    marked_at: datetime | None = None
    """When HR called it the person's first employment."""
    unidentified: bool = False
    """Whose employment it is waits for a decision: it gives nothing until then."""


@dataclass(frozen=True, slots=True)
class PersonState:
    """Everything known of a person at an instant: employed while any worker is; the primary assignment decides."""

    person_id: str
    at: datetime
    zone: str
    active: bool
    person: hr.Person
    workers: tuple[WorkerState, ...] = ()
    primary: WorkerState | None = None
    stopped: bool = False
    """An operator closed this person's access (`access_stopped` without a later `access_allowed` or hire)."""
    employed_before: bool = False
    extra: Mapping[str, object] = field(default_factory=dict)
    next_hire_at: datetime | None = None
    """The first instant after `at` at which employment begins, if one is known."""
    facts: tuple[FactKey, ...] = ()
    """The facts that decide the state, newest last."""

    @property
    def assignment(self) -> hr.Assignment:
        return self.primary.assignment if self.primary else hr.Assignment()

    @property
    def employment(self) -> hr.Employment:
        return self.primary.employment if self.primary else hr.Employment()

    @property
    def unidentified(self) -> bool:
        """Employed, and nobody can tell who it is."""
        return self.primary is not None and self.primary.active and self.primary.unidentified

    @property
    def absent(self) -> tuple[Absence, ...]:
        """The absences of all employments that last, a kind once, since it began first."""
        found: dict[str, datetime] = {}
        for kind, since in (each for worker in self.workers if worker.active for each in worker.absent):
            found[kind] = min(since, found.get(kind, since))
        return tuple(Absence(kind, found[kind]) for kind in sorted(found))

    @property
    def entitled_recorded_at(self) -> datetime | None:
        """When we learned of what last began employment or ended an absence: it reopens what others closed before."""
        told = [worker.returned_recorded_at for worker in self.workers if worker.active]
        begun = self.primary.begun_recorded_at if self.primary else None
        return max((at for at in (begun, *told) if at is not None), default=None)


class AccountState(StrEnum):
    NONE = "none"
    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    STRIPPED = "stripped"
    REMOVED = "removed"
    DELETED = "deleted"

    @property
    def open(self) -> bool:
        """Whether somebody can get in with it, or could once the invitation is accepted."""
        return self in (AccountState.ACTIVE, AccountState.INVITED)


LEAVES: Final[Mapping[Verb, AccountState]] = {
    "create": AccountState.ACTIVE,
    "resume": AccountState.ACTIVE,
    "invite": AccountState.INVITED,
    "suspend": AccountState.SUSPENDED,
    "strip": AccountState.STRIPPED,
    "remove": AccountState.REMOVED,
    "delete": AccountState.DELETED,
}
"""In which state a verb leaves an account, as far as the step itself tells."""


Mode = Literal["observe", "adopt", "enforce"]
Case = Literal["leave", "stop", "absence"]


@dataclass(frozen=True, slots=True)
class Account:
    """A person's record on a target, as last shown by the target.

    `departments` are the platform's own department ids, sorted; `grants` the entitlements that are known to be held
    (`tag:sales`), by a read of the account or of the list; `attributes` only what the platform lets us read.
    """

    native_id: str
    state: AccountState
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    departments: tuple[str, ...] = ()
    grants: frozenset[str] = frozenset()
    leads: frozenset[str] | None = None
    """Native ids of the departments in which the person is a leader; None where a read of the account does not tell."""


class Due(NamedTuple):
    """What time alone will change of one account: then `verb` is due. `since`: the instant that brought it about."""

    verb: Verb
    at: datetime
    entitlement: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What is done about a difference that somebody else made."""

    closed_by_others: Literal["hold", "repair", "report"] = "hold"
    reopened_by_others: Literal["close", "hold", "report"] = "close"
    field_of_ours: Literal["repair", "hold", "report"] = "repair"
    unknown_account: Literal["report", "hold"] = "report"


@dataclass(frozen=True, slots=True)
class Desired:
    """What policy says a person has on one target at an instant.

    `access`: `open` a usable account, `prepared` one that exists suspended, `closed` none (what exists is closed).
    `departments` are HR department ids, the primary first; empty means the department `under` of the target.
    `grants` gives each entitlement its reason. `missing` names what `requires` lacks: then nothing is created yet.
    """

    target: str
    access: Literal["open", "prepared", "closed"]
    case: Case = "leave"
    """Which way of closing applies when `access` is closed."""
    username: str | None = None
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    on_create: frozenset[str] = frozenset()
    """Attributes written when the account is made and never afterwards."""
    departments: tuple[str, ...] = ()
    leads: frozenset[str] = frozenset()
    """HR ids of those departments in which the person is a leader."""
    manager: str | None = None
    grants: Mapping[str, Reason] = field(default_factory=dict)
    denied: Mapping[str, Reason] = field(default_factory=dict)
    """What is refused here, whoever grants it, with the reason."""
    exclusive: frozenset[str] = frozenset()
    """Entitlements that only policy gives here: what somebody else gave is taken too."""
    delete: bool = False
    """The time has come to destroy a leaver's account."""
    undo: bool = False
    """The hire was taken back before it began: what was prepared for it is deleted and its name free again."""
    protected: bool = False
    """Closing this person's access needs a person's word."""
    notices: tuple[str, ...] = ()
    """What a person must decide and what stands in the way of nothing."""
    hand_over: tuple[str, ...] = ()
    """What a leaver owned and this target can give to somebody else, such as `customers`."""
    deletes: bool = False
    """Whether policy deletes the accounts of leavers in time."""
    heirs: tuple[str, ...] = ()
    """Who takes it over, as `id_space/worker_id`: the first with an open account there."""
    residue: tuple[str, ...] = ()
    """What policy wishes of a closed account and Tenure does not do."""
    drift: Drift = field(default_factory=Drift)
    due: tuple[Due, ...] = ()
    next_at: datetime | None = None
    """The next instant at which policy alone changes the answer, beside rules that compare `today`."""
    missing: tuple[str, ...] = ()
    mode: Mode = "enforce"
    invite: bool = False
    reason: Reason = field(default_factory=Reason)


@dataclass(frozen=True, slots=True)
class Step:
    """One change on one target, with its reason. Only the fields its verb needs are set.

    create: native_id, attributes, departments, suspended, invite. update: attributes and/or departments that change
    (one call). grant, revoke: entitlement. hand_over: what goes `to` whom (a native id;
    None: nobody is known). The rest: native_id alone. `departments` are native ids.
    """

    verb: Verb
    target: str
    native_id: str = ""
    entitlement: str | None = None
    what: str | None = None
    to: str | None = None
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    departments: tuple[str, ...] | None = None
    leads: frozenset[str] = frozenset()
    manager: str | None = None
    suspended: bool = False
    invite: bool = False
    irreversible: bool = False
    reason: Reason = field(default_factory=Reason)

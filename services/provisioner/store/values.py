"""The values that the store takes and gives. Frozen, without I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple, Self

from contracts.decisions import Decision
from contracts.provisioning import StepTaken, TargetResult
from services.provisioner.model import Account, AccountState, Fact, FactKey, WorkerKey

DEPARTMENTS = "#departments"
"""The person_id of the queue row in which a target's departments are reconciled."""

EventStateName = Literal[
    "in_progress", "waiting", "held", "inbox", "quarantined", "confirmed", "superseded", "duplicate"
]  # fmt: skip

FINAL: frozenset[EventStateName] = frozenset({"confirmed", "superseded", "duplicate"})

DUE_LATER = "due_later:"
"""How the reason of a confirmed event begins that owes something later: `due_later:{targets}:{last date}`."""

RowVerdict = Literal["new", "settled", "waiting", "held", "inbox", "retry"]
"""How a person stands on a target: `settled` no difference; the rest with a reason."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One accepted record: where it stood in Kafka, what it is, and its state so far.

    `fact` is None for an unreadable message (then `raw` and `headers` hold its bytes for the quarantine) and for a
    duplicate. `key` and `type` are filled as far as they could be read.
    """

    topic: str
    partition: int
    offset: int
    state: EventStateName
    accepted_at: datetime
    reason: str | None = None
    fact: Fact | None = None
    key: FactKey | None = None
    type: str | None = None
    raw: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """Wake a person (or DEPARTMENTS) on every given target: due at `due_at` business time, in `lane` 0, 1 or 2."""

    person_id: str
    lane: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One outbox row: a CloudEvent for a topic, with its Kafka key, headers and value."""

    topic: str
    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom a newly recorded fact concerns: persons (both, if a worker changes hands) and departments."""

    persons: frozenset[str]
    departments: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A person on a target, held by this process under `fence`."""

    person_id: str
    target: str
    lane: int
    due_at: datetime
    generation: int
    fence: int
    attempts: int
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """What we know of a person's account on a target.

    `observed` is the last read-back (state NONE when we looked and there is none), `written` the attributes as we
    last wrote them (for those that cannot be read), `granted` the entitlements that we gave (what somebody else gave
    is revoked only from leavers), `ours` whether we made it, `closed_by_us` whether we closed it. `shown_closed_at` is
    the first reading that showed it closed since it was open, or opened by us.
    """

    observed: Account
    checked_at: datetime | None
    written: Mapping[str, str | None] = field(default_factory=dict)
    granted: frozenset[str] = frozenset()
    ours: bool = True
    closed_by_us: bool = False
    shown_closed_at: datetime | None = None

    def read(self, state: AccountState, at: datetime) -> Self:
        """The same after a reading at `at` that showed this state."""
        return replace(self, shown_closed_at=None if state.open else self.shown_closed_at or at)

    def without(self, *marks: str) -> Self:
        """The same, but for what is `written` under a name that begins so."""
        kept = {name: value for name, value in self.written.items() if not name.startswith(marks)}
        return replace(self, written=kept)


@dataclass(frozen=True, slots=True)
class Kept:
    """A person's account on a target as remembered. `at_rest`: no pass holds it and none is due."""

    person_id: str
    account: StoredAccount
    at_rest: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What a sweep saw of a person's account, which had been checked at `before` when the sweep compared it."""

    person_id: str
    before: datetime | None
    account: StoredAccount


@dataclass(frozen=True, slots=True)
class Swept:
    """A whole target was read, begun at `at` (business time); how many accounts differed, by kind."""

    at: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An accepted event of this person (or of departments) that is not in a final state, or confirmed and owing."""

    event_no: int
    key: FactKey
    type: str
    state: EventStateName
    reason: str | None
    accepted_at: datetime
    traceparent: str | None = None
    """Where its trace goes on, if it has one."""


@dataclass(frozen=True, slots=True)
class OpenPlan:
    """Plans whose end was never written: their process died. Look before anything else. `steps` of all, in order."""

    plan_id: int
    steps: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class PersonFile:
    """Everything a pass needs, read after the claim committed. For DEPARTMENTS, `facts` are the department facts."""

    facts: tuple[Fact, ...]
    decisions: tuple[Decision, ...]
    events: tuple[OpenEvent, ...]
    account: StoredAccount | None
    open_plan: OpenPlan | None
    accounts: Mapping[str, StoredAccount] = field(default_factory=dict)
    """The person's accounts on all targets, by target."""
    turns_at: datetime | None = None
    """When a link that does not count yet moves one of the person's workers (business time)."""


@dataclass(frozen=True, slots=True)
class TargetRow:
    """How the person stands on one target, seen inside the end's transaction.

    `current`: nothing was marked since its last pass began, and that pass has ended; `reached_at` is the business
    instant for which it compared.
    """

    target: str
    verdict: RowVerdict
    reason: str | None
    reached_at: datetime | None
    current: bool
    result: TargetResult | None


@dataclass(frozen=True, slots=True)
class EventChange:
    """A new state of an event."""

    event_no: int
    state: EventStateName
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the end of a pass makes of the person's events, and what it tells."""

    changes: tuple[EventChange, ...] = ()
    messages: tuple[Message, ...] = ()


Settle = Callable[[Sequence[TargetRow], Sequence[OpenEvent], Sequence[StepTaken]], Settlement]
"""Pure: given all the person's rows (this one as it ends now), the open events as they are now and, where there are
any, the person's latest steps (newest last, at most 500), say which events change state."""


@dataclass(frozen=True, slots=True)
class End:
    """How a pass ended. `next_at`: the next date on which something changes by itself (business time), None if none.

    `not_before` (machine time, seconds from now) delays the row whatever is marked meanwhile; the row is due then, in
    the lane it has, and `next_at` and `next_lane` do not count. `account` and `result` replace what is remembered
    (None leaves it). `department_id` is where the person counts now.
    """

    verdict: RowVerdict
    reason: str | None = None
    reached_at: datetime | None = None
    next_at: datetime | None = None
    next_lane: int = 1
    not_before: float | None = None
    account: StoredAccount | None = None
    result: TargetResult | None = None
    department_id: str | None = None
    standing: frozenset[FactKey] = frozenset()
    """Facts that stand in the timeline. An event of theirs that a withdrawal, a revision or another fact had undone is
    open again, before `settle` is asked, unless newer facts came meanwhile: then the next pass says it."""
    messages: tuple[Message, ...] = ()
    decisions: tuple[Decision, ...] = ()
    forget: bool = False
    """What was prepared is undone: account and name of the person on this target are free, as if never given."""
    in_doubt: bool = False
    """What the last steps did was not seen: the plans stay open, and the next pass looks before anything else."""


Finished = Literal["done", "again", "fenced"]
"""`again`: something was marked meanwhile, the row is due now. `fenced`: it was no longer ours."""


@dataclass(frozen=True, slots=True)
class Books:
    """Events by state (P8) and what reached the store; `accepted` comes from Kafka and is compared by the API."""

    by_state: Mapping[EventStateName, int]
    positions: Mapping[tuple[str, str, int], int]
    """(epoch, topic, partition) → next offset."""
    scheduled_steps: int
    """Rows whose only due date lies in the future."""
    oldest_unfinished: datetime | None
    owing: int = 0
    """Confirmed events whose confirmation lists something that is due later."""


@dataclass(frozen=True, slots=True)
class QueueDepth:
    target: str
    lane: int
    due: int
    oldest_due: datetime | None
    held: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that stands in the way of an event or a person, for `todo`, `status` and metrics."""

    person_id: str
    target: str
    verdict: RowVerdict
    reason: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    event_no: int
    topic: str
    partition: int
    offset: int
    reason: str | None
    accepted_at: datetime
    raw: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Undecided:
    """An event in the inbox, or one that waits for a fact that nobody has told. `person_id` None: nobody's yet.

    `worker` is whom it is about, None of departments.
    """

    event_no: int
    key: FactKey
    type: str
    state: EventStateName
    reason: str | None
    accepted_at: datetime
    person_id: str | None
    worker: WorkerKey | None = None


@dataclass(frozen=True, slots=True)
class InBatch:
    """An event of an import that stands; `number` is its place in the store.

    `reinstated`: how many withdrawals of it there were, all of which were withdrawn themselves.
    """

    number: int
    source: str
    id: str
    worker_id: str | None
    reinstated: int = 0


@dataclass(frozen=True, slots=True)
class PersonCard:
    """Enough to recognise a person: ids only; names come from folding."""

    person_id: str
    workers: tuple[WorkerKey, ...]
    native_ids: Mapping[str, str]


class PolicyInForce(NamedTuple):
    """A policy as its file says it. `looked`: everybody was marked to be looked at since it came into force."""

    version: str
    text: str
    looked: bool = False

"""What the provisioner asks of its store. PostgreSQL and the in-memory twin pass one suite.

Three groups: intake (facts in, one transaction a batch), the queue (claim, intend, finish: reconcile.md's rules) and
questions. Lock order everywhere: `due` rows first, in (person_id, target) order. Nothing here waits on a platform.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from contracts.decisions import Decision
from contracts.provisioning import StepTaken, TargetResult
from services.provisioner.model import Account, Fact, FactKey, Step, WorkerKey

DEPARTMENTS = "#departments"
"""The person_id of the queue row in which a target's departments are reconciled."""

EventStateName = Literal[
    "in_progress", "waiting", "held", "inbox", "quarantined", "confirmed", "superseded", "duplicate"
]  # fmt: skip
FINAL: frozenset[EventStateName] = frozenset({"confirmed", "superseded", "duplicate"})

RowVerdict = Literal["new", "settled", "waiting", "held", "inbox", "retry"]
"""How a person stands on a target: `settled` no difference; the rest with a reason."""


# ---------------------------------------------------------------- intake


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One accepted record: where it stood in Kafka, what it is, and its state so far.

    `fact` is None for an unreadable message (then `raw` and `headers` hold its bytes for the quarantine) and for a
    duplicate. `key`, `type`, `worker` and `department_id` are filled as far as they could be read.
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


class IntakeTx(Protocol):
    """One transaction: positions, events, facts, marks and outbox together, or nothing."""

    async def positions(self, epoch: str, parts: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """The next offset expected per (topic, partition), locked until the end; 0 where none was seen."""
        ...

    async def known(self, ids: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Mapping[int, str]]:
        """For each (source, id): revision → digest of what is recorded."""
        ...

    async def add(self, epoch: str, events: Sequence[NewEvent]) -> Sequence[Touched]:
        """Record events and their facts, in order; answers whom each concerns (nobody for those without a fact).

        A worker's person is the one its facts name (the fact first in `effective_at`, `time`), else
        `{id_space}/{worker_id}`. A withdrawal belongs to the worker or department of the fact it is about, also when
        that fact comes later, and through withdrawals of withdrawals.
        """
        ...

    async def mark(self, marks: Sequence[Mark], targets: Sequence[str]) -> None:
        """Wake each person on each target; the bell rings when a lane is 0.

        Several marks of a person are collapsed: earliest due first, most urgent lane of that date.
        """
        ...

    async def advance(self, epoch: str, nexts: Mapping[tuple[str, int], int]) -> None: ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Write outbox rows."""
        ...

    async def decide(self, decision: Decision) -> None:
        """Record a decision; known ids are ignored."""
        ...


# ---------------------------------------------------------------- the queue


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
    is revoked only from leavers), `ours` whether we made it, `closed_by_us` whether we closed it.
    """

    observed: Account
    checked_at: datetime | None
    written: Mapping[str, str | None] = field(default_factory=dict)
    granted: frozenset[str] = frozenset()
    ours: bool = True
    closed_by_us: bool = False


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An accepted event of this person (or of departments) that is not in a final state."""

    event_no: int
    key: FactKey
    type: str
    state: EventStateName
    reason: str | None
    accepted_at: datetime


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
"""Pure: given all the person's rows (this one as it ends now), the open events as they are now and the person's
latest steps (newest last, at most 500), say which events change state."""


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
    messages: tuple[Message, ...] = ()
    decisions: tuple[Decision, ...] = ()


Finished = Literal["done", "again", "fenced"]
"""`again`: something was marked meanwhile, the row is due now. `fenced`: it was no longer ours."""


class Queue(Protocol):
    """The durable queue: one row a person and target, three lanes, process leases, fencing, no lost wake-up."""

    async def join(self, name: str, lease: timedelta) -> UUID:
        """Register this process; its claims live as long as its lease."""
        ...

    async def beat(self, process: UUID, lease: timedelta) -> bool:
        """Renew the lease; False when it is lost: claim and call no more."""
        ...

    async def leave(self, process: UUID) -> None:
        """End the lease at a graceful stop; what is held becomes free."""
        ...

    async def reap(self) -> int:
        """Free what dead processes held; how many rows."""
        ...

    async def claim(self, process: UUID, target: str, lane: int, limit: int) -> Sequence[Claim]: ...

    async def held(self, process: UUID) -> frozenset[tuple[str, str]]:
        """(person, target) this process holds by the store's word; compared each minute with what it works on."""
        ...

    async def load(self, claim: Claim) -> PersonFile: ...

    async def intend(self, claim: Claim, process: UUID, steps: Sequence[Step]) -> int | None:
        """Write the plan before its first call; None when fenced off. Durable when it returns."""
        ...

    async def record(self, taken: Sequence[tuple[int, StepTaken]], messages: Sequence[Message]) -> None:
        """Write outcomes (plan id, step) and what they tell; durable when it returns, grouped with others'."""
        ...

    async def newer(self, claim: Claim) -> bool:
        """Whether something was marked since this claim: then stop after the present step."""
        ...

    async def finish(self, claim: Claim, process: UUID, end: End, settle: Settle) -> Finished:
        """End a pass in one transaction under the person's lock: row, account, result, events by `settle`, outbox.

        The last of a person's targets so sees the others. Every open plan of this row ends with it. When fenced,
        nothing of `end` is kept, the person is marked again, and the outcomes of its plan are kept as late.
        """
        ...

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - returning is no error
        """Return when something urgent was marked (LISTEN) or after `timeout` seconds."""
        ...


# ---------------------------------------------------------------- questions and decisions


@dataclass(frozen=True, slots=True)
class Books:
    """Events by state (P8) and what reached the store; `accepted` comes from Kafka and is compared by the API."""

    by_state: Mapping[EventStateName, int]
    positions: Mapping[tuple[str, str, int], int]
    """(epoch, topic, partition) → next offset."""
    scheduled_steps: int
    """Rows whose only due date lies in the future."""
    oldest_unfinished: datetime | None


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
class PersonCard:
    """Enough to recognise a person: ids only; names come from folding."""

    person_id: str
    workers: tuple[WorkerKey, ...]
    native_ids: Mapping[str, str]


class Questions(Protocol):
    async def books(self) -> Books: ...

    async def standing(self) -> Mapping[tuple[str, RowVerdict], int]:
        """(target, verdict) → persons, for every verdict that something stands in the way of."""
        ...

    async def snapshot_age(self) -> float:
        """Seconds for which the oldest open transaction of this database has kept dead rows from being cleared."""
        ...

    async def depth(self) -> Sequence[QueueDepth]: ...

    async def waiting(self, limit: int = 1000) -> Sequence[Waiting]: ...

    async def quarantined(self, event_no: int | None = None, limit: int = 1000) -> Sequence[Quarantined]: ...

    async def close_quarantined(self, event_no: int, reason: str) -> bool:
        """Make a quarantined event superseded (resent or dismissed); False when it is not quarantined."""
        ...

    async def find(self, text: str, limit: int = 20) -> Sequence[PersonCard]:
        """Persons one of whose ids (person, worker, native) or names, mobile or e-mail in facts equals or starts so."""
        ...

    async def facts_of(self, person_id: str) -> tuple[tuple[Fact, ...], tuple[Decision, ...]]: ...

    async def department_facts(self) -> tuple[Fact, ...]: ...

    async def department_version(self) -> int:
        """Changes with every department fact; cheap, so that the tree is folded only when it changed."""
        ...

    async def events_of(self, person_id: str) -> Sequence[OpenEvent]:
        """All events of a person, final ones too."""
        ...

    async def steps_of(self, person_id: str, limit: int = 500) -> Sequence[StepTaken]: ...

    async def rows_of(self, person_id: str) -> Sequence[TargetRow]: ...

    async def accounts_of(self, person_id: str) -> Mapping[str, StoredAccount]: ...

    async def person_of(self, worker: WorkerKey) -> str | None: ...

    async def persons(self) -> Sequence[str]: ...

    async def persons_in(self, departments: Collection[str]) -> frozenset[str]:
        """Persons who counted in one of these departments at their last pass."""
        ...


class Registry(Protocol):
    """Names given for ever, accounts and departments linked to what is theirs."""

    async def reserve(self, target: str, person_id: str, candidates: Sequence[str]) -> str | None:
        """Give the person the first candidate nobody else has (case folded), for ever; None when all are taken.

        A name given before to this person on this target is answered again.
        """
        ...

    async def refuse_name(self, target: str, person_id: str, native_id: str) -> None:
        """The platform says somebody else has that name: never offer it again, forget it for this person."""
        ...

    async def linked(self, target: str, native_id: str) -> str | None:
        """Whose account this is, open or closed."""
        ...

    async def department_links(self, target: str) -> Mapping[str, str]:
        """department_id → native id, of those we made or adopted."""
        ...

    async def link_department(self, target: str, department_id: str, native_id: str | None) -> None:
        """Remember (None: forget) which native department is ours for that id; durable when it returns."""
        ...


class Store(Queue, Questions, Registry, Protocol):
    """All of it."""

    def intake(self) -> AbstractAsyncContextManager[IntakeTx]:
        """A transaction for handlers and operators; rolled back when left by an exception."""
        ...

    async def outbox(self, limit: int) -> Sequence[tuple[int, Message]]:
        """What is to be sent, oldest first."""
        ...

    async def sent(self, ids: Sequence[int]) -> None:
        """Move exactly these rows to `sent` (kept `outbox.keep`), after the broker acknowledged them."""
        ...

    async def purge(self, keep: timedelta) -> int:
        """Forget what was sent longer ago than `keep` (machine time); how many rows."""
        ...

    async def refill(self, epoch: str) -> int:
        """A new broker epoch: put what `sent` keeps back into the outbox, once an epoch; how many rows."""
        ...

    async def lead(self, duty: str, holder: str, lease: timedelta) -> int | None:
        """Hold or renew a duty by row lease; its epoch, or None while another holds it."""
        ...

    async def clock_row(self) -> tuple[datetime, datetime, float] | None:
        """(real_at, business_at, speed), or None: business time is real time."""
        ...

    async def set_clock(self, business_at: datetime, speed: float) -> None: ...

    async def next_due(self, after: datetime) -> datetime | None:
        """The earliest date after `after` on which a row is due (business time)."""
        ...

    async def idle(self) -> bool:
        """Nothing due, held, in retry, or in the outbox."""
        ...

    async def close(self) -> None: ...

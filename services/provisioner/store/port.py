"""What the provisioner asks of its store. PostgreSQL and the in-memory twin pass one suite.

Three groups: intake (facts in, one transaction a batch), the queue (claim, intend, finish) and questions. Rows of the
queue are locked in (person_id, target) order everywhere; an end takes them first, intake last. Nothing here waits on a
platform. The values are in `values.py` and imported from here.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from contracts.decisions import Decision
from contracts.provisioning import StepTaken
from services.kit.clock import ClockRow
from services.provisioner.model import Fact, FactKey, Step, WorkerKey
from services.provisioner.store.guard_values import Announced, Change, HeldGroup, HeldRow, Known, News, Stretch
from services.provisioner.store.values import (
    DEPARTMENTS,
    DUE_LATER,
    FINAL,
    Books,
    Claim,
    End,
    EventChange,
    EventStateName,
    Finished,
    InBatch,
    Kept,
    Mark,
    Message,
    NewEvent,
    OpenEvent,
    OpenPlan,
    PersonCard,
    PersonFile,
    PolicyInForce,
    Quarantined,
    QueueDepth,
    RowVerdict,
    Seen,
    Settle,
    Settlement,
    StoredAccount,
    Swept,
    TargetRow,
    Touched,
    Undecided,
    Waiting,
)

__all__ = [
    "DEPARTMENTS",
    "DUE_LATER",
    "FINAL",
    "Announcing",
    "Books",
    "Claim",
    "End",
    "EventChange",
    "EventStateName",
    "Finished",
    "Governing",
    "Guarding",
    "InBatch",
    "IntakeTx",
    "Kept",
    "Mark",
    "Message",
    "NewEvent",
    "OpenEvent",
    "OpenPlan",
    "PersonCard",
    "PersonFile",
    "PolicyInForce",
    "Quarantined",
    "Questions",
    "Queue",
    "QueueDepth",
    "Registry",
    "RowVerdict",
    "Seen",
    "Settle",
    "Settlement",
    "Store",
    "StoredAccount",
    "Sweeping",
    "Swept",
    "TargetRow",
    "Touched",
    "Undecided",
    "Waiting",
]  # fmt: skip


class Announcing(Protocol):
    """The part of an intake transaction that guards need; used only where a policy has guards."""

    async def histories(self, persons: Collection[str]) -> Mapping[str, Known]:
        """What is known of these people now, the facts just added among it; nobody is left out."""
        ...

    async def announce(self, news: News) -> None:
        """Keep what facts announce, before the marks of the same transaction. Announced twice counts once.

        A new wave begins when nothing is due and nothing was announced for `QUIET` of machine time.
        """
        ...


class IntakeTx(Announcing, Protocol):
    """One transaction: positions, events, facts, marks and outbox together, or nothing."""

    async def positions(self, epoch: str, parts: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        """The next offset expected per (topic, partition), locked until the end; 0 where none was seen."""
        ...

    async def known(self, ids: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Mapping[int, str]]:
        """For each (source, id): revision → digest of what is recorded."""
        ...

    async def add(self, epoch: str, events: Sequence[NewEvent]) -> Sequence[Touched]:
        """Record events and their facts, in order; answers whom each concerns (nobody for those without a fact).

        A worker's person is the one that a decision gives, else HR's last link that counts by now (`turn`), else the
        fact first in `effective_at` and `time` that names one, else `{id_space}/{worker_id}`; a worker that is named
        as a person is followed. A withdrawal belongs to the worker or department of the fact it is about, also when
        that fact comes later, and through withdrawals of withdrawals.
        """
        ...

    async def earlier(self, times: Mapping[FactKey, datetime]) -> Touched:
        """A fact told again keeps its earliest `time`; whom that concerns, nobody where it was the earliest already."""
        ...

    async def turn(self, person_id: str, at: datetime) -> frozenset[str]:
        """Judge anew whose the person's workers are, a link having come to its date; whom that concerns.

        A link of somebody employed before its date counts from that date on, any other at once.
        """
        ...

    async def doubting(self, persons: Collection[str]) -> frozenset[str]:
        """Who waits for a word on whether they are one of these persons: what is known of those may end the doubt."""
        ...

    async def mark(self, marks: Sequence[Mark], targets: Sequence[str]) -> None:
        """Wake each person on each target; the bell rings when a lane is 0.

        Several marks of a person are collapsed: earliest due first, most urgent lane of that date.
        """
        ...

    async def advance(self, epoch: str, nexts: Mapping[tuple[str, int], int]) -> None: ...

    async def hear(self, sources: Mapping[str, datetime]) -> None:
        """These sources (URN) spoke at that business time; the latest is kept."""
        ...

    async def publish(self, messages: Sequence[Message]) -> None:
        """Write outbox rows."""
        ...

    async def forget_checks(self, person_id: str) -> None:
        """Nothing remembered of the person's accounts counts as checked: the next pass looks before it plans."""
        ...

    async def see(self, target: str, seen: Sequence[Seen]) -> None:
        """Remember what a sweep saw, except of accounts that were checked since it compared them; after the marks."""
        ...

    async def link(self, target: str, person_id: str, account: StoredAccount) -> bool:
        """Remember an existing account as the person's; False when it is somebody else's or they have one."""
        ...

    async def decide(self, decision: Decision) -> None:
        """Record a decision; known ids are ignored."""
        ...

    async def enforce(self, policy: PolicyInForce) -> None:
        """Put a policy in force: processes that run another one claim nothing from here on."""
        ...


class Queue(Protocol):
    """The durable queue: one row a person and target, three lanes, process leases, fencing, no lost wake-up."""

    async def join(self, name: str, lease: timedelta, policy: str | None = None) -> UUID:
        """Register this process; its claims live as long as its lease.

        One that runs a policy (its version) claims nothing while another is in force.
        """
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

    async def batch(self, name: str, after: int = 0, limit: int = 1000) -> Sequence[InBatch]:
        """Events whose newest revision names this batch and that are not withdrawn; those after number `after`."""
        ...

    async def undecided(self, waiting_for: Collection[str], limit: int = 1000) -> Sequence[Undecided]:
        """Events in the inbox, and waiting ones whose reason is one of `waiting_for`; oldest first."""
        ...

    async def close_conflict(self, event_no: int, reason: str) -> bool:
        """Make an event that conflicts with an earlier one superseded; False when it is no conflict in the inbox."""
        ...

    async def processes(self) -> Sequence[str]:
        """The names of the processes whose lease is alive, one each, sorted: a name twice is one too many."""
        ...

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

    async def persons_known_by(self, marks: Collection[str]) -> frozenset[str]:
        """Persons of whom a fact names one of these, case folded and whole: a mobile, an e-mail."""
        ...

    async def person_of(self, worker: WorkerKey) -> str | None: ...

    async def persons(self) -> Sequence[str]: ...

    async def families(self) -> Sequence[tuple[str, ...]]:
        """Everybody, each by themselves, but together whom a link will join that does not count yet."""
        ...

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


class Guarding(Protocol):
    """What guards count, and whom they hold."""

    async def announced(self, person_id: str, target: str, at: datetime) -> tuple[int, Sequence[Announced]]:
        """The version of all announced changes, and this person's, due by then and not yet seen settled on the target.

        The version changes with every change that is announced or lapses.
        """
        ...

    async def note(self, change: Change) -> Announced:
        """Keep a change that no fact announced, with the first step that it asks for; known ones are not moved."""
        ...

    async def stretch(self, cause: str, kind: str, since: datetime, until: datetime) -> Stretch:
        """Changes of a cause and kind in [since, until), and the people active in it; in no HR source's: of all."""
        ...

    async def held_groups(self) -> Sequence[HeldGroup]:
        """Held rows by target and reason, the oldest first."""
        ...

    async def held_rows(self, target: str, reason: str) -> Sequence[HeldRow]:
        """The people of one group."""
        ...


class Sweeping(Protocol):
    """Whole targets."""

    async def accounts_on(self, target: str, after: str, limit: int) -> Sequence[Kept]:
        """The accounts remembered there, by person, those after `after`."""
        ...

    async def locked_on(self, target: str) -> Sequence[Kept]:
        """Those that we closed and that are still there, suspended or stripped."""
        ...

    async def last_sweep(self, target: str) -> Swept | None:
        """The last sweep; before the first one the earliest check of any account, None where none was checked."""
        ...

    async def swept(self, target: str, sweep: Swept) -> None: ...


class Attending(Protocol):
    """What the IT team was told of, and which sources speak."""

    async def attended(self) -> frozenset[str]:
        """The matters that were told and are not over."""
        ...

    async def attend(self, new: Collection[str], over: Collection[str], messages: Sequence[Message]) -> None:
        """Remember the new ones, forget those that are over, and publish, in one transaction."""
        ...

    async def heard(self) -> Mapping[str, datetime]:
        """When the newest record of each source was taken in (business time), by the source's URN."""
        ...


class Governing(Protocol):
    """The one policy that is in force, whatever the files of the processes say."""

    async def policy_in_force(self) -> PolicyInForce | None:
        """None before the first start."""
        ...

    async def first_policy(self, policy: PolicyInForce) -> PolicyInForce:
        """Put it in force unless there is one; the one in force then."""
        ...

    async def looked(self, version: str) -> None:
        """Everybody was marked since this version came into force; nothing where another one is."""
        ...


class Store(Queue, Questions, Registry, Guarding, Sweeping, Attending, Governing, Protocol):
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

    async def clock_row(self) -> ClockRow | None:
        """The row that business time follows; None: it is real time."""
        ...

    async def set_clock(self, business_at: datetime, speed: float) -> None: ...

    async def next_due(self, after: datetime) -> datetime | None:
        """The earliest date after `after` on which a row is due (business time)."""
        ...

    async def idle(self) -> bool:
        """Nothing due, held, in retry, or in the outbox."""
        ...

    async def close(self) -> None: ...

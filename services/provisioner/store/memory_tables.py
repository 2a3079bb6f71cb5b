"""What the in-memory store keeps. Values are never changed in place, so that a shallow copy is a snapshot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from contracts.decisions import Decision
from contracts.provisioning import StepTaken, TargetResult
from services.kit.clock import ClockRow
from services.provisioner.model import Fact, FactKey, WorkerKey
from services.provisioner.store.codec import traceparent_of
from services.provisioner.store.guard_values import Change
from services.provisioner.store.port import (
    DUE_LATER,
    FINAL,
    EventStateName,
    Message,
    NewEvent,
    OpenEvent,
    PolicyInForce,
    RowVerdict,
    StoredAccount,
    TargetRow,
)
from services.provisioner.store.routing import Ident, Known, Subject

RowKey = tuple[str, str]
"""(person_id, target)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A person on a target. `due_at` None: nothing to do; `not_before` machine time."""

    lane: int
    due_at: datetime | None
    marked_at: datetime
    since: datetime
    generation: int = 1
    seen: int | None = None
    settled_generation: int | None = None
    fence: int = 0
    holder: UUID | None = None
    attempts: int = 0
    not_before: datetime | None = None
    verdict: RowVerdict = "new"
    reason: str | None = None
    reached_at: datetime | None = None
    result: TargetResult | None = None
    department_id: str | None = None

    def shown(self, target: str) -> TargetRow:
        current = self.settled_generation == self.generation
        return TargetRow(target, self.verdict, self.reason, self.reached_at, current, self.result)


@dataclass(frozen=True, slots=True)
class KeptEvent:
    event_no: int
    epoch: str
    new: NewEvent
    key: FactKey | None
    type: str
    state: EventStateName
    reason: str | None

    def shown(self) -> OpenEvent | None:
        """None while nobody knows whose it is."""
        if self.key is None:
            return None
        return OpenEvent(self.event_no, self.key, self.type, self.state, self.reason, self.new.accepted_at,
                         traceparent_of(self.new.headers))  # fmt: skip

    @property
    def final(self) -> bool:
        """Nothing more becomes of it: a confirmed one may still owe something later."""
        return self.state in FINAL and not (self.reason or "").startswith(DUE_LATER)


@dataclass(frozen=True, slots=True)
class Plan:
    person_id: str
    target: str
    fence: int
    steps: tuple[Any, ...]
    ended: bool = False


ChangeKey = tuple[str, str, datetime]
"""(cause, kind, due_at)."""


@dataclass(frozen=True, slots=True)
class KeptChange:
    change: Change
    wave: int
    announced_at: datetime


@dataclass(slots=True)
class Tables:
    """What a transaction may change; all else is the store's."""

    positions: dict[tuple[str, str, int], int] = field(default_factory=dict)
    events: dict[int, KeptEvent] = field(default_factory=dict)
    events_of: dict[Ident, tuple[int, ...]] = field(default_factory=dict)
    facts: dict[FactKey, Fact] = field(default_factory=dict)
    fact_no: dict[FactKey, int] = field(default_factory=dict)
    facts_of: dict[Ident, tuple[FactKey, ...]] = field(default_factory=dict)
    subjects: dict[Ident, Subject] = field(default_factory=dict)
    about: dict[Ident, frozenset[Ident]] = field(default_factory=dict)
    of_worker: dict[WorkerKey, frozenset[Ident]] = field(default_factory=dict)
    of_departments: dict[Ident, None] = field(default_factory=dict)
    workers: dict[WorkerKey, Known] = field(default_factory=dict)
    later: dict[WorkerKey, frozenset[WorkerKey]] = field(default_factory=dict)
    """The later holders of a number that several humans had, gone ones too."""
    of_person: dict[str, frozenset[WorkerKey]] = field(default_factory=dict)
    words: dict[str, frozenset[WorkerKey]] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    rows: dict[RowKey, Row] = field(default_factory=dict)
    targets_of: dict[str, frozenset[str]] = field(default_factory=dict)
    plans: dict[int, Plan] = field(default_factory=dict)
    outcomes: dict[str, dict[tuple[int, int], StepTaken]] = field(default_factory=dict)
    accounts: dict[RowKey, StoredAccount] = field(default_factory=dict)
    outbox: dict[int, Message] = field(default_factory=dict)
    sent: dict[int, tuple[Message, datetime]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    changes: dict[str, Mapping[ChangeKey, KeptChange]] = field(default_factory=dict)
    announced_at: dict[str, datetime] = field(default_factory=dict)
    heard: dict[str, datetime] = field(default_factory=dict)
    policy: dict[bool, PolicyInForce] = field(default_factory=dict)
    """One at most, as in the table."""

    def copy(self) -> Self:
        return replace(self, **{f.name: dict(getattr(self, f.name)) for f in fields(self)})

    def number(self, of: str) -> int:
        """The next number of a kind, from 1."""
        self.counters[of] = self.counters.get(of, 0) + 1
        return self.counters[of]


class Base:
    """The state that the parts of the memory store share, and the two clocks."""

    def __init__(self, now: Callable[[], datetime], paused: Callable[[str], bool]) -> None:
        self._now, self._paused = now, paused
        self._tables = Tables()
        self._clock: ClockRow | None = None

    def _business_now(self) -> datetime:
        return self._now() if self._clock is None else self._clock.at(self._now())

    def _publish(self, messages: tuple[Message, ...]) -> None:
        for message in messages:
            self._tables.outbox[self._tables.number("outbox")] = message

"""The books: which state each accepted event is in, decided at the end of every pass (P8, P10).

An event is confirmed when, at or after its effective instant and with it in the timeline, no enforcing target shows a
difference. Until then the strongest reason on any target is its state.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from contracts.base import MAX_ID, Frozen
from contracts.envelope import Attributes, to_headers
from contracts.provisioning import (
    SOURCE,
    TYPE_OF,
    Change,
    Done,
    DueLater,
    EventRef,
    EventSettled,
    LifecycleCompleted,
    Recipient,
    StepTaken,
)
from contracts.topics import OUTCOMES
from services.provisioner.facts.standing import ALREADY_WITHDRAWN
from services.provisioner.model import FactKey, Verdict, VerdictKind
from services.provisioner.policy.endings import NOTICE
from services.provisioner.store.port import (
    DUE_LATER,
    EventChange,
    EventStateName,
    Message,
    OpenEvent,
    RowVerdict,
    Settlement,
    TargetRow,
)

_BY_VERDICT: Mapping[VerdictKind, EventStateName] = {
    VerdictKind.WAITS: "waiting",
    VerdictKind.INBOX: "inbox",
    VerdictKind.NO_EFFECT: "superseded",
    VerdictKind.SUPERSEDED: "superseded",
    VerdictKind.WITHDRAWN: "superseded",
}
_STRONGEST: tuple[tuple[RowVerdict, EventStateName], ...] = (
    ("inbox", "inbox"),
    ("held", "held"),
    ("waiting", "waiting"),
    ("retry", "in_progress"),
    ("new", "in_progress"),
)
_GONE = ("none", "removed", "deleted")
_AT_ONCE = frozenset({"hr.event.withdrawn.v1"})
"""Their effect is the undoing, whatever date they carry."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What folding says of one event."""

    verdict: Verdict
    effective_at: datetime
    change: Change | None = None
    gives_back: datetime | None = None
    """Of a withdrawal of a withdrawal: the instant of the fact that has its effect again."""


class Owed(NamedTuple):
    """What a confirmation lists as due later. `since`: the instant whose events brought it about; None: announced."""

    later: DueLater
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Books:
    """Everything settling needs; called by the store inside the end's transaction."""

    at: datetime
    judged: Mapping[FactKey, Judged]
    person_id: str | None = None
    department_id: str | None = None
    worker_ids: Mapping[FactKey, str] = field(default_factory=dict)
    department_ids: Mapping[FactKey, str] = field(default_factory=dict)
    display_name: str | None = None
    recipients: tuple[Recipient, ...] = ()
    owed: Callable[[], Sequence[Owed]] = tuple
    """Worked out only when an event is confirmed: at the end of the last of a person's passes."""
    left_at: datetime | None = None
    """When a person without access left last: what targets still hand over is due because of that."""
    changed_at: datetime | None = None
    """When what is known of the person changed last."""

    @property
    def standing(self) -> frozenset[FactKey]:
        """The facts that are not undone and have, or may come to have, an effect."""
        return frozenset(key for key, judged in self.judged.items() if not _undone(judged.verdict))

    def __call__(
        self, rows: Sequence[TargetRow], events: Sequence[OpenEvent], steps: Sequence[StepTaken]
    ) -> Settlement:
        changes: list[EventChange] = []
        messages: list[Message] = []
        for event in events:
            judged = self.judged.get(event.key)
            if judged is None or event.reason == "conflict":
                continue  # the first taken stands; this one waits for a person
            if event.state == "confirmed":
                change = self._owing(event, judged, rows)
            else:
                change = EventChange(event.event_no, *self._state(event, judged, rows))
            if (change.state, change.reason) == (event.state, event.reason):
                continue
            if event.state == "confirmed":
                messages += [] if change.reason else [self._completed(event)]
            elif change.state in ("confirmed", "superseded"):
                messages.append(self._settled(event, judged, change.state, change.reason, rows, steps))
                change = self._owing(event, judged, rows) if change.state == "confirmed" else change
            changes.append(change)
        return Settlement(tuple(changes), tuple(messages))

    def _later(self, judged: Judged, rows: Sequence[TargetRow]) -> list[Owed]:
        """What is due later because of an event, and what is announced; nothing of accounts that are gone already."""
        gone = {row.target for row in rows if row.result and row.result.state in _GONE}
        since = (None, judged.effective_at, judged.gives_back)
        handed = [Owed(later, self.left_at) for row in rows if row.result for later in row.result.due_later]
        mine = [owed for owed in (*self.owed(), *(handed if self.left_at else ())) if owed.since in since]
        return [owed for owed in mine if owed.later.verb != "delete" or owed.later.target not in gone]

    def _owing(self, event: OpenEvent, judged: Judged, rows: Sequence[TargetRow]) -> EventChange:
        """A confirmed event remembers until when it owes what, until every target shows it done, or not due at all."""
        owed = [one.later for one in self._later(judged, rows) if one.since is not None]
        if owed:
            last = max(later.due_at for later in owed)
            targets = ",".join(sorted({later.target for later in owed}))
            return EventChange(event.event_no, "confirmed", f"{DUE_LATER}{targets}:{last.isoformat()}")
        owes = (event.reason or "").removeprefix(DUE_LATER) if event.state == "confirmed" else ""
        return EventChange(event.event_no, "confirmed", None if self._paid(owes, rows) else event.reason)

    def _paid(self, owes: str, rows: Sequence[TargetRow]) -> bool:
        targets, _, last = owes.partition(":")
        if not last:
            return True
        until = datetime.fromisoformat(last)
        since = until if until <= self.at else self.changed_at or until
        return all(
            row.current and row.verdict == "settled" and row.reached_at and row.reached_at >= since
            for row in rows
            if row.target in targets.split(",") and (row.result is None or row.result.mode == "enforce")
        )

    def _completed(self, event: OpenEvent) -> Message:
        body = LifecycleCompleted(event=_ref(event), person_id=self.person_id or "", completed_at=self.at)
        return message(body, f"completed/{event.key}", self.person_id or "", self.at, event.traceparent)

    def _state(self, event: OpenEvent, judged: Judged, rows: Sequence[TargetRow]) -> tuple[EventStateName, str | None]:
        if judged.verdict == ALREADY_WITHDRAWN:
            return "duplicate", ALREADY_WITHDRAWN.reason
        by_verdict = _BY_VERDICT.get(judged.verdict.kind)
        if by_verdict:
            return by_verdict, judged.verdict.reason or judged.verdict.kind.value
        if judged.effective_at > self.at and event.type not in _AT_ONCE:
            return "waiting", f"until:{judged.effective_at.isoformat()}"
        if not all(row.current and row.reached_at and row.reached_at >= self._due(event, judged) for row in rows):
            return "in_progress", None
        enforcing = [row for row in rows if row.result is None or row.result.mode == "enforce"]
        for verdict, state in _STRONGEST:
            for row in enforcing:
                announced = (row.reason or "").startswith(f"{NOTICE}:")
                if row.verdict == verdict and not announced:
                    return state, f"{row.target}:{row.reason or verdict}"
        return "confirmed", None

    def _due(self, event: OpenEvent, judged: Judged) -> datetime:
        return min(judged.effective_at, self.at) if event.type in _AT_ONCE else judged.effective_at

    def _settled(
        self,
        event: OpenEvent,
        judged: Judged,
        state: EventStateName,
        reason: str | None,
        rows: Sequence[TargetRow],
        steps: Sequence[StepTaken],
    ) -> Message:
        targets = tuple(
            row.result.model_copy(update={"done": tuple(_done(event, row.target, steps))}) for row in rows if row.result
        )
        body = EventSettled(
            event=_ref(event),
            state=state,
            reason=reason,
            person_id=self.person_id,
            worker_id=self.worker_ids.get(event.key),
            department_id=self.department_ids.get(event.key),
            display_name=self.display_name,
            change=judged.change,
            effective_at=judged.effective_at,
            accepted_at=event.accepted_at,
            settled_at=self.at,
            targets=targets if state == "confirmed" else (),
            nothing_enforced=state == "confirmed" and not any(t.mode == "enforce" for t in targets),
            due_later=tuple(owed.later for owed in self._later(judged, rows)) if state == "confirmed" else (),
            recipients=self.recipients if state == "confirmed" else (),
        )
        return message(body, _told_as(body), self.person_id or "#departments", self.at, event.traceparent)


def _undone(verdict: Verdict) -> bool:
    return _BY_VERDICT.get(verdict.kind) == "superseded"


def _told_as(settled: EventSettled) -> str:
    """Superseded, an event may stand again and be confirmed after all: each is a record of its own."""
    event = settled.event
    why = f"/{settled.reason}" if settled.reason else ""
    return f"settled/{event.source}/{event.id}/{event.revision}/{settled.state}{why}"


def _ref(event: OpenEvent) -> EventRef:
    return EventRef(source=event.key.source, id=event.key.id, revision=event.key.revision, type=event.type)


def _done(event: OpenEvent, target: str, steps: Sequence[StepTaken]) -> Iterator[Done]:
    for step in steps:
        because = str(event.key) in step.reason.facts
        if step.target == target and step.result in ("done", "already_so") and because:
            yield Done(verb=step.verb, entitlement=step.entitlement, fields=step.fields, result=step.result)


def message(body: Frozen, record_id: str, key: str, at: datetime, traceparent: str | None = None) -> Message:
    """An outcome as an outbox row; the id is made from what it tells, so that sending it again changes nothing."""
    if len(record_id) > MAX_ID:
        record_id = sha256(record_id.encode()).hexdigest()
    attributes = Attributes(
        specversion="1.0", id=record_id, source=SOURCE, type=TYPE_OF[type(body)], time=at, subject=key[:256],
        traceparent=traceparent,
    )  # fmt: skip
    return Message(OUTCOMES.name, key, body.model_dump_json().encode(), tuple(to_headers(attributes)))

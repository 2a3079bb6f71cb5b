"""The books: which state each accepted event is in, decided at the end of every pass (P8, P10).

An event is confirmed when, at or after its effective instant and with it in the timeline, no enforcing target shows a
difference. Until then the strongest reason on any target is its state.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from contracts.base import MAX_ID, Frozen
from contracts.envelope import Attributes, to_headers
from contracts.provisioning import (
    SOURCE,
    TYPE_OF,
    Change,
    Done,
    EventRef,
    EventSettled,
    Recipient,
    StepTaken,
)
from contracts.topics import OUTCOMES
from services.provisioner.model import FactKey, Verdict, VerdictKind
from services.provisioner.store.port import (
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
_AT_ONCE = frozenset({"hr.event.withdrawn.v1"})
"""Their effect is the undoing, whatever date they carry."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What folding says of one event."""

    verdict: Verdict
    effective_at: datetime
    change: Change | None = None


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

    def __call__(
        self, rows: Sequence[TargetRow], events: Sequence[OpenEvent], steps: Sequence[StepTaken]
    ) -> Settlement:
        changes: list[EventChange] = []
        messages: list[Message] = []
        for event in events:
            judged = self.judged.get(event.key)
            if judged is None or event.reason == "conflict":
                continue  # the first taken stands; this one waits for a person
            state, reason = self._state(event, judged, rows)
            if (state, reason) == (event.state, event.reason):
                continue
            changes.append(EventChange(event.event_no, state, reason))
            if state in ("confirmed", "superseded"):
                messages.append(self._settled(event, judged, state, reason, rows, steps))
        return Settlement(tuple(changes), tuple(messages))

    def _state(self, event: OpenEvent, judged: Judged, rows: Sequence[TargetRow]) -> tuple[EventStateName, str | None]:
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
                if row.verdict == verdict:
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
            event=EventRef(source=event.key.source, id=event.key.id, revision=event.key.revision, type=event.type),
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
            recipients=self.recipients if state == "confirmed" else (),
        )
        return message(body, f"settled/{event.key}", self.person_id or "#departments", self.at)


def _done(event: OpenEvent, target: str, steps: Sequence[StepTaken]) -> Iterator[Done]:
    for step in steps:
        because = str(event.key) in step.reason.facts
        if step.target == target and step.result in ("done", "already_so") and because:
            yield Done(verb=step.verb, entitlement=step.entitlement, fields=step.fields, result=step.result)


def message(body: Frozen, record_id: str, key: str, at: datetime) -> Message:
    """An outcome as an outbox row; the id is made from what it tells, so that sending it again changes nothing."""
    if len(record_id) > MAX_ID:
        record_id = sha256(record_id.encode()).hexdigest()
    attributes = Attributes(
        specversion="1.0", id=record_id, source=SOURCE, type=TYPE_OF[type(body)], time=at, subject=key[:256]
    )
    return Message(OUTCOMES.name, key, body.model_dump_json().encode(), tuple(to_headers(attributes)))

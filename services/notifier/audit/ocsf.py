"""Every outcome and every message as an OCSF 1.8 event. Pure: ids, codes and names of fields, never personal data.

Changes of an account are 3001 (Account Change), grants 3005 (User Access Management), everything else 3004 (Entity
Management). What OCSF has no field for stands in `unmapped.tenure`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, assert_never

from contracts import provisioning
from contracts.audit import OCSF_VERSION, SOURCE, AuditRecord
from contracts.decisions import AccessAllowed, AccessStopped, Decision
from contracts.provisioning import (
    AccountChecked,
    AttentionRaised,
    DecisionMade,
    EventRef,
    EventSettled,
    FactRecorded,
    LifecycleCompleted,
    Result,
    StepTaken,
    Verb,
)
from services.notifier.messages import Message, State
from services.notifier.read import Told
from services.notifier.records import short

ACCOUNT: Final = 3001
ENTITY: Final = 3004
ACCESS: Final = 3005
SUCCESS, FAILURE, UNKNOWN = 1, 2, 0
INFORMATIONAL, LOW, MEDIUM = 1, 2, 3
OTHER, USER = 99, 2
CREATE, READ, UPDATE, DELETE, SUSPEND, RESUME = 1, 2, 3, 4, 12, 13

Act = tuple[Literal[3001, 3004, 3005], int]
"""Class and activity."""
How = tuple[int, int]
"""Status and severity."""
WELL: How = (SUCCESS, INFORMATIONAL)

ACTIVITY: Mapping[Verb, Act] = {
    "create": (ACCOUNT, 1),
    "resume": (ACCOUNT, 2),
    "suspend": (ACCOUNT, 5),
    "strip": (ACCOUNT, 5),
    "remove": (ACCOUNT, 6),
    "delete": (ACCOUNT, 6),
    "update": (ENTITY, UPDATE),
    "move": (ENTITY, 5),
    "invite": (ENTITY, 6),
    "hand_over": (ACCESS, OTHER),
    "grant": (ACCESS, 1),
    "revoke": (ACCESS, 2),
    "create_department": (ENTITY, CREATE),
    "update_department": (ENTITY, UPDATE),
    "delete_department": (ENTITY, DELETE),
}
"""What a step is. OCSF has no Remove: an account that can come back only as new counts as deleted."""

RESULT: Mapping[Result, How] = {
    "done": WELL,
    "already_so": WELL,
    "try_later": (FAILURE, INFORMATIONAL),
    "unknown": (UNKNOWN, LOW),
    "needs_person": (FAILURE, MEDIUM),
}
MESSAGE: Mapping[State, How] = {
    "waiting": (UNKNOWN, INFORMATIONAL),
    "sending": (UNKNOWN, INFORMATIONAL),
    "sent": WELL,
    "perhaps_sent": (UNKNOWN, LOW),
    "failed": (FAILURE, LOW),
}
DECIDED: Mapping[type[Decision], int] = {AccessStopped: SUSPEND, AccessAllowed: RESUME}


@dataclass(frozen=True, slots=True)
class Entry:
    """An audit record that has no number yet. `record_id` is made from what it tells, `key` is the person's."""

    record_id: str
    key: str
    at: datetime
    record: AuditRecord

    def numbered(self, sequence: int) -> AuditRecord:
        """The record at its place in the log."""
        old = self.record
        unmapped = {"tenure": {**old.unmapped["tenure"], "sequence": sequence}}
        return old.model_copy(update={"metadata": {**old.metadata, "sequence": sequence}, "unmapped": unmapped})


def entry(told: Told) -> Entry:
    """The audit record of an outcome; its id is the outcome's."""
    body = told.body
    match body:
        case StepTaken():
            record = _step(body, told.id)
        case AccountChecked():
            record = _check(body, told.id)
        case FactRecorded():
            record = _fact(body, told.id)
        case DecisionMade():
            record = _decision(body.decision, told.id)
        case EventSettled():
            record = _settled(body, told.id)
        case LifecycleCompleted():
            record = _completed(body, told.id)
        case AttentionRaised():
            record = _attention(body, told.id)
        case _:
            assert_never(body)
    return Entry(told.id, told.key, told.at, record)


def message_entry(message: Message, state: State, code: str, at: datetime) -> Entry:
    """The audit record of a message's end: whom (by audience and native ids), how and with which result."""
    record_id = short(f"{message.message_id}/{state}")
    facts = {
        "message": message.message_id, "audience": message.audience, "channel": message.channel,
        "target": message.target, "to": list(message.to), "result": state, "person_id": message.person_id,
        **_event(message.event),
    }  # fmt: skip
    record = _record(
        record_id, at, (ENTITY, CREATE), MESSAGE[state], code or state,
        f"message to {message.audience} by {message.channel}: {state}", facts,
        actor=SOURCE, entity=_thing(message.message_id, "Message"),
    )  # fmt: skip
    return Entry(record_id, message.person_id or message.event.id, at, record)


def _step(step: StepTaken, record_id: str) -> AuditRecord:
    facts = {
        "person_id": step.person_id, "target": step.target, "platform": step.platform, "verb": step.verb,
        "native_id": step.native_id, "entitlement": step.entitlement, "fields": list(step.fields),
        "to": step.to,
        "result": step.result, "irreversible": step.irreversible, "plan": step.plan_id, "number": step.number,
        "facts": list(step.reason.facts), "rule": step.reason.rule, "policy": step.reason.policy,
    }  # fmt: skip
    return _record(
        record_id, step.at, ACTIVITY[step.verb], RESULT[step.result], step.code or step.result,
        f"{step.verb} on {step.target}: {step.result}", facts, **_concerns(step),
    )  # fmt: skip


def _concerns(step: StepTaken) -> dict[str, Any]:
    """Whom or what a step is about, as its class wants it."""
    user = _user(step.person_id, step.native_id, step.platform)
    class_uid, _ = ACTIVITY[step.verb]
    if step.verb.endswith("_department"):
        return {"entity": _thing(step.native_id or step.target, "Department")}
    if class_uid == ENTITY:
        return {"entity": _account(user)}
    return {"user": user, "privileges": (step.entitlement or "",)} if class_uid == ACCESS else {"user": user}


def _check(check: AccountChecked, record_id: str) -> AuditRecord:
    facts = {
        "person_id": check.person_id, "target": check.target, "platform": check.platform, "state": check.state,
        "native_id": check.native_id, "grants": list(check.grants), "agrees": check.agrees,
        "differences": list(check.differences),
    }  # fmt: skip
    word = "agrees" if check.agrees else "contradicts"
    return _record(
        record_id, check.at, (ENTITY, READ), WELL if check.agrees else (SUCCESS, MEDIUM), word,
        f"read-back on {check.target}: {word}", facts,
        entity=_account(_user(check.person_id, check.native_id, check.platform)),
    )  # fmt: skip


def _fact(fact: FactRecorded, record_id: str) -> AuditRecord:
    facts = {"person_id": fact.person_id, "worker_id": fact.worker_id, "outcome": fact.outcome, "reason": fact.reason,
             "effective_at": _iso(fact.effective_at), **_event(fact.event)}  # fmt: skip
    return _record(
        record_id, fact.recorded_at, (ENTITY, CREATE), (FAILURE, LOW) if fact.outcome == "quarantined" else WELL,
        fact.outcome, f"fact {fact.event.type}: {fact.outcome}", facts, entity=_thing(fact.event.id, "HR event"),
    )  # fmt: skip


def _decision(decision: Decision, record_id: str) -> AuditRecord:
    facts = decision.model_dump(mode="json", exclude_none=True)
    return _record(
        record_id, decision.recorded_at, (ENTITY, DECIDED.get(type(decision), CREATE)), WELL, str(facts["kind"]),
        f"decision {facts['kind']}", facts, actor=decision.by, entity=_person(decision.person_id),
    )  # fmt: skip


def _settled(settled: EventSettled, record_id: str) -> AuditRecord:
    facts = {
        "person_id": settled.person_id, "worker_id": settled.worker_id, "department_id": settled.department_id,
        "state": settled.state, "reason": settled.reason, "change": settled.change,
        "effective_at": _iso(settled.effective_at), "accepted_at": _iso(settled.accepted_at),
        "nothing_enforced": settled.nothing_enforced,
        "targets": [target.model_dump(mode="json", exclude_none=True) for target in settled.targets],
        "due_later": [due.model_dump(mode="json", exclude_none=True) for due in settled.due_later],
        **_event(settled.event),
    }  # fmt: skip
    return _record(
        record_id, settled.settled_at, (ENTITY, UPDATE), WELL, settled.state,
        f"event {settled.event.type}: {settled.state}", facts, entity=_thing(settled.event.id, "HR event"),
    )  # fmt: skip


def _completed(completed: LifecycleCompleted, record_id: str) -> AuditRecord:
    facts = {"person_id": completed.person_id, "state": "completed", **_event(completed.event)}
    return _record(
        record_id, completed.completed_at, (ENTITY, UPDATE), WELL, "completed",
        f"event {completed.event.type}: completed", facts, entity=_thing(completed.event.id, "HR event"),
    )  # fmt: skip


def _attention(raised: AttentionRaised, record_id: str) -> AuditRecord:
    facts = {"kind": raised.kind, "count": raised.count,
             "matters": [matter.model_dump(mode="json", exclude_none=True) for matter in raised.matters]}  # fmt: skip
    return _record(
        record_id, raised.raised_at, (ENTITY, OTHER), (SUCCESS, MEDIUM), raised.kind,
        f"waits for a person: {raised.kind}", facts, entity=_thing(raised.kind, "Matter"),
    )  # fmt: skip


def _record(
    record_id: str, at: datetime, act: Act, how: How, code: str, message: str, facts: Mapping[str, Any],
    *, actor: str = "tenure", **about: Any,  # noqa: ANN401 - OCSF objects
) -> AuditRecord:  # fmt: skip
    (class_uid, activity), (status, severity) = act, how
    return AuditRecord(
        class_uid=class_uid,
        activity_id=activity,
        type_uid=class_uid * 100 + activity,
        severity_id=severity,
        status_id=status,
        status_code=code,
        time=int(at.timestamp() * 1000),
        message=message,
        metadata={"version": OCSF_VERSION, "uid": record_id, "product": {"name": "Tenure", "vendor_name": "Tenure"}},
        actor=_actor(actor),
        unmapped={"tenure": {name: value for name, value in facts.items() if value is not None}},
        **about,
    )


def _actor(by: str) -> dict[str, Any]:
    if by.startswith("operator:"):
        return {"app_name": "tenure", "user": {"uid": by, "type_id": USER}}
    return {"app_name": "tenure", "app_uid": SOURCE if by == SOURCE else provisioning.SOURCE}


def _user(person_id: str, native_id: str | None, platform: str) -> dict[str, Any]:
    account = {"account": {"uid": native_id, "type_id": OTHER, "type": platform}} if native_id else {}
    return {"uid": person_id, "type_id": 1, "type": "User", **account}


def _account(user: Mapping[str, Any]) -> dict[str, Any]:
    return {"uid": user["uid"], "type_id": USER, "type": "User", "user": user}


def _person(person_id: str) -> dict[str, Any]:
    return {"uid": person_id, "type_id": USER, "type": "User"}


def _thing(uid: str, kind: str) -> dict[str, Any]:
    return {"uid": uid, "type_id": OTHER, "type": kind}


def _event(ref: EventRef) -> dict[str, Any]:
    return {"event": {"source": ref.source, "id": ref.id, "revision": ref.revision, "type": ref.type}}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

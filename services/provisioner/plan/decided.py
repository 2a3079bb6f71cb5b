"""Decisions as messages: one record on `tenure.decisions` for the facts, one outcome for the audit."""

import uuid
from datetime import datetime
from typing import Any

from contracts.decisions import AccountLinked, ConflictSettled, Decision, PersonIdentified, UsernameGiven, type_of
from contracts.envelope import Attributes, to_headers
from contracts.provisioning import SOURCE, DecisionMade
from contracts.topics import DECISIONS
from services.provisioner.facts.identity import TENURE
from services.provisioner.model import Fact, WorkerKey
from services.provisioner.plan.books import message
from services.provisioner.store.port import Message

_OURS = uuid.UUID("6d0b7f1c-6c0a-5b8e-9a39-1f2f6f0f7d51")


def told(decision: Decision) -> tuple[Message, Message]:
    """What is published of a decision, in the transaction that records it."""
    attributes = Attributes(
        specversion="1.0",
        id=decision.decision_id,
        source=SOURCE,
        type=type_of(decision),
        time=decision.recorded_at,
        subject=decision.person_id[:256],
    )
    body = decision.model_dump_json().encode()
    record = Message(DECISIONS.name, decision.person_id, body, tuple(to_headers(attributes)))
    outcome = DecisionMade(decision=decision)
    return record, message(outcome, f"decided/{decision.decision_id}", decision.person_id, decision.recorded_at)


def stamped(person_id: str, by: str, reason: str | None, at: datetime) -> dict[str, Any]:
    """What every decision of an operator says, under an id of its own; it is true from the moment it is made."""
    return _said(str(uuid.uuid4()), person_id, by, at) | {"reason": reason}


def linked(person_id: str, target: str, native_id: str, at: datetime) -> AccountLinked:
    """That an account is this person's; the same link is the same decision."""
    return AccountLinked(
        **_said(_id("linked", person_id, target, native_id), person_id, TENURE, at),
        target=target,
        native_id=native_id,
    )


def named(person_id: str, target: str, username: str, at: datetime) -> UsernameGiven:
    """That a name was given to this person on a target, for ever."""
    return UsernameGiven(
        **_said(_id("named", person_id, target, username), person_id, TENURE, at),
        target=target,
        username=username,
    )


def identified(
    person_id: str, worker: WorkerKey, begun: datetime, at: datetime, since: datetime | None = None
) -> PersonIdentified:
    """That the employment of this worker that began then is this person's: a step rests on it."""
    return PersonIdentified(
        decision_id=_id("identified", person_id, *worker, begun.isoformat()),
        person_id=person_id,
        by=TENURE,
        effective_at=begun,
        recorded_at=at,
        id_space=worker.id_space,
        worker_id=worker.worker_id,
        since=since,
    )


def first_stands(fact: Fact, at: datetime) -> ConflictSettled:
    """That of two messages with one id and revision the first taken stands; `digest` is of the one set aside."""
    worker = fact.worker
    person_id = fact.person_id or (f"{worker.id_space}/{worker.worker_id}" if worker else "#departments")
    return ConflictSettled(
        **_said(_id("conflict", str(fact.key), fact.digest), person_id, TENURE, at),
        source=fact.key.source,
        event_id=fact.key.id,
        revision=fact.key.revision,
        digest=fact.digest,
    )


def _said(decision_id: str, person_id: str, by: str, at: datetime) -> dict[str, Any]:
    return {"decision_id": decision_id, "person_id": person_id, "by": by, "effective_at": at, "recorded_at": at}


def _id(*parts: str) -> str:
    return str(uuid.uuid5(_OURS, "\x1f".join(parts)))

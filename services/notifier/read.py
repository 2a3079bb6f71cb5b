"""Bytes from `provisioning.outcomes` to what they tell, or the reason why not. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from contracts.envelope import Attributes, from_headers
from contracts.provisioning import (
    OUTCOMES,
    AccountChecked,
    AttentionRaised,
    DecisionMade,
    EventSettled,
    FactRecorded,
    LifecycleCompleted,
    StepTaken,
)

Outcome = FactRecorded | DecisionMade | StepTaken | AccountChecked | EventSettled | LifecycleCompleted | AttentionRaised


@dataclass(frozen=True, slots=True)
class Told:
    """One outcome. `source` and `id` are the CloudEvent's: the same pair is the same record."""

    source: str
    id: str
    key: str
    at: datetime
    body: Outcome
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """`reason` is a word of a closed set; the bytes stay in Kafka."""

    reason: str


def read(headers: Iterable[tuple[str, bytes | None]], key: bytes | None, value: bytes | None) -> Told | Unreadable:
    """What a record tells."""
    try:
        attributes = Attributes.model_validate(from_headers(headers))
        name = (key or b"").decode()
    except (UnicodeDecodeError, ValidationError):
        return Unreadable("no_cloudevent")
    model = OUTCOMES.get(attributes.type)
    if model is None:
        return Unreadable("unknown_type")
    try:
        body = model.model_validate_json(value or b"")
    except ValidationError:
        return Unreadable("bad_data")
    if not isinstance(body, Outcome):
        return Unreadable("unknown_type")
    return Told(attributes.source, attributes.id, name, attributes.time, body, attributes.traceparent)

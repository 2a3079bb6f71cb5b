"""From a settled HR event to its confirmation. Pure; the name and the recipients stay behind."""

from contracts.lifecycle import CONFIRMED, SOURCE, Confirmation
from contracts.provisioning import EventSettled
from contracts.topics import CONFIRMATIONS
from services.notifier.records import Record, record, short

PUBLISHED = frozenset({"confirmed", "superseded"})
"""The states that are final for the sender of the event; the others still wait for something."""


def confirmation(told: EventSettled, traceparent: str | None = None) -> Record | None:
    """The record on `lifecycle.confirmations`; None while the event is in no final state.

    All revisions of an event have one key, so that they stay in order.
    """
    if told.state not in PUBLISHED:
        return None
    shared = {name: getattr(told, name) for name in Confirmation.model_fields}
    ref = told.event
    return record(
        CONFIRMATIONS.name, f"{ref.source}/{ref.id}", Confirmation.model_validate(shared),
        record_id=record_id(told), source=SOURCE, type_=CONFIRMED, at=told.settled_at,
        traceparent=traceparent,
    )  # fmt: skip


def record_id(told: EventSettled) -> str:
    """What was superseded may stand again and be confirmed after all: that is another record."""
    ref = told.event
    why = f"/{told.reason}" if told.state != "confirmed" else ""
    return short(f"{ref.source}/{ref.id}/{ref.revision}{why}")

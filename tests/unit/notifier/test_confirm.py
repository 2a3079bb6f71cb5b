"""What is confirmed, under which id, and what stays behind."""

import json

import pytest
from notifier_values import NOW, settled

from contracts.envelope import Attributes, from_headers
from contracts.lifecycle import CONFIRMED, Confirmation
from services.notifier.confirm import confirmation


@pytest.mark.parametrize(
    ("state", "reason", "ident"),
    [
        ("confirmed", None, "urn:hr:acme/evt-1/1"),
        ("superseded", "withdrawn_by:w1", "urn:hr:acme/evt-1/1/withdrawn_by:w1"),
    ],
    ids=["confirmed", "superseded: it may be confirmed after all"],
)
def test_a_final_state_is_published(state, reason, ident):
    made = confirmation(settled(state=state, reason=reason))
    attributes = Attributes.model_validate(from_headers(made.headers))
    assert (made.topic, made.key) == ("lifecycle.confirmations", "urn:hr:acme/evt-1")
    assert (attributes.id, attributes.type, attributes.time) == (ident, CONFIRMED, NOW)
    assert attributes.source == "urn:tenure:notifier"
    assert Confirmation.model_validate_json(made.value).state == state


@pytest.mark.parametrize("state", ["waiting", "held", "inbox", "quarantined", "duplicate"])
def test_another_state_is_not(state):
    assert confirmation(settled(state=state)) is None


def test_name_and_recipients_stay_behind():
    data = json.loads(confirmation(settled()).value)
    assert "display_name" not in data
    assert "recipients" not in data
    assert data["targets"][0]["residue"] == ["not_activated"]
    assert data["due_later"][0]["verb"] == "delete"


def test_a_long_id_is_hashed_and_stays_the_same():
    long = settled("e" * 127)
    ids = {dict(confirmation(long).headers)["ce_id"] for _ in range(2)}
    assert len(ids) == 1
    assert len(ids.pop()) == 64

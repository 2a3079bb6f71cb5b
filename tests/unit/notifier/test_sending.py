"""The rules of repeating: within what the platform drops, never beyond, and not for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from notifier_values import NOW, waiting_message

from services.notifier.channels.dingtalk import DingTalkChannel
from services.notifier.channels.wecom import WeComChannel
from services.notifier.sending import (
    CREDENTIAL_WAIT,
    LONGEST_WAIT,
    PAUSED_WAIT,
    Rules,
    in_doubt,
    overdue,
    refused,
    sent,
)
from services.platforms.errors import (
    CredentialError,
    NeedsPersonError,
    NotThereError,
    OutcomeUnknownError,
    TryLaterError,
)
from services.platforms.gate import GateClosedError

RULES = Rules(NOW + timedelta(hours=4), timedelta(days=3))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (TryLaterError("45009", "x", after=60.0), timedelta(seconds=60)),
        (TryLaterError("busy", "x"), SECOND),
        (GateClosedError("paused"), PAUSED_WAIT),
        (CredentialError("40001", "x"), CREDENTIAL_WAIT),
        (OutcomeUnknownError("no_answer", "x"), SECOND),
    ],
    ids=["as the platform says", "first back-off", "paused", "a secret is not asked with often", "in doubt"],
)
def test_how_long_it_waits(error, wait):
    ending = refused(waiting_message(), error, RULES, NOW)
    assert (ending.state, ending.not_before) == ("waiting", NOW + wait)


def test_back_off_grows_and_ends():
    waits = [in_doubt(waiting_message(attempts=n), "x", RULES, NOW).not_before - NOW for n in (1, 2, 3, 5, 30)]
    assert waits == [SECOND, 2 * SECOND, 4 * SECOND, 16 * SECOND, LONGEST_WAIT]


def test_a_doubt_is_remembered_from_its_first_call():
    earlier = NOW - timedelta(hours=1)
    assert in_doubt(waiting_message(), "x", RULES, NOW).doubt_since == NOW
    assert in_doubt(waiting_message(doubt_since=earlier), "x", RULES, NOW).doubt_since == earlier
    again = refused(waiting_message(doubt_since=earlier), TryLaterError("busy", "x"), RULES, NOW)
    assert again.doubt_since == earlier


@pytest.mark.parametrize("error", [NeedsPersonError("44004", "x"), NotThereError("81013", "x", "account")])
def test_a_refusal_ends_it(error):
    ending = refused(waiting_message(), error, RULES, NOW)
    assert (ending.state, ending.code) == ("failed", error.code)
    assert ending.entry is not None


def test_a_refusal_after_a_doubt_leaves_the_doubt():
    assert refused(waiting_message(doubt_since=NOW), NeedsPersonError("44004", "x"), RULES, NOW).state == "perhaps_sent"


def test_beyond_the_window_a_doubt_is_perhaps_sent():
    closed = Rules(NOW, timedelta(days=3))
    assert in_doubt(waiting_message(), "x", closed, NOW).state == "perhaps_sent"
    assert overdue(waiting_message(doubt_since=NOW), closed, NOW).state == "perhaps_sent"
    assert overdue(waiting_message(doubt_since=NOW), RULES, NOW) is None
    assert overdue(waiting_message(), closed, NOW) is None  # nothing was ever sent


def test_what_is_too_old_is_given_up():
    late = NOW + timedelta(days=3)
    assert refused(waiting_message(), TryLaterError("busy", "x"), RULES, late).state == "failed"
    assert refused(waiting_message(doubt_since=NOW), GateClosedError("x"), RULES, late).state == "perhaps_sent"


def test_sent_is_audited():
    ending = sent(waiting_message(), "not_all_receivers", NOW)
    assert (ending.state, ending.entry.record.status_code) == ("sent", "not_all_receivers")


@pytest.mark.parametrize(
    ("tried", "until"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 15, 55, tzinfo=UTC)),
        (datetime(2026, 3, 2, 15, 58, tzinfo=UTC), datetime(2026, 3, 2, 15, 55, tzinfo=UTC)),
        (datetime(2026, 3, 2, 16, 1, tzinfo=UTC), datetime(2026, 3, 3, 15, 55, tzinfo=UTC)),
    ],
    ids=["day in China", "just before midnight: never", "just after midnight"],
)
def test_dingtalk_drops_repeats_until_the_day_ends_in_china(tried, until):
    assert DingTalkChannel(None, 1).dropped_until(tried) == until


def test_wecom_drops_repeats_for_four_hours():
    class Client:
        agent_id = 1

    assert WeComChannel(Client()).dropped_until(NOW) == NOW + timedelta(hours=3, minutes=55)

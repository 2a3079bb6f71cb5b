"""A refusal ends a pass by who acts next."""

from datetime import UTC, datetime, timedelta

import pytest

from services.platforms import errors
from services.provisioner.act.endings import back_off, ending

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        (errors.TryLaterError("45009", "user/get", after=60), "retry", "user/get:45009"),
        (errors.OutcomeUnknownError("time_out", "user/create"), "retry", "unknown:user/create:time_out"),
        (errors.NotThereError("60003", "user/create", "department"), "retry", "user/create:60003"),
        (errors.NeedsPersonError("60112", "user/create", "bad_name"), "inbox", "bad_name:60112"),
        (errors.TakenError("60104", "user/create", "mobile", "wei"), "inbox", "mobile_taken:60104"),
        (errors.AwaitsAcceptanceError("40103", "user/create"), "waiting", "awaits_acceptance"),
        (errors.CredentialError("40001", "gettoken"), "retry", "gettoken:40001"),
    ],
)
def test_ending(error, verdict, reason):
    how = ending(error, 1, NOW)
    assert (how.verdict, how.reason) == (verdict, reason)


def test_a_refused_secret_pauses_the_target_and_nothing_else_does():
    assert ending(errors.CredentialError("40001", "gettoken"), 1, NOW).pause_target
    assert not ending(errors.TryLaterError("-1", "user/get"), 1, NOW).pause_target


def test_the_platforms_own_pause_is_honoured():
    assert ending(errors.TryLaterError("45009", "user/get", after=60), 1, NOW, lambda: 0.5).not_before == 60.5


def test_an_unknown_outcome_waits_until_the_platform_has_surely_finished():
    assert ending(errors.OutcomeUnknownError("t", "x"), 9, NOW).not_before >= 5


def test_an_invitation_is_looked_for_after_an_hour_then_six_then_daily():
    error = errors.AwaitsAcceptanceError("40103", "user/create")
    waits = [ending(error, attempts, NOW).next_at - NOW for attempts in (1, 2, 3, 9)]
    assert waits == [timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=1)]


def test_back_off_grows_and_stays_bounded():
    waits = [back_off(attempts, lambda: 1.0) for attempts in range(1, 40)]
    assert waits[:3] == [1, 2, 4]
    assert max(waits) == 300
    assert back_off(3, lambda: 0.0) == 2

"""Replaying a policy that prepares accounts before the first day."""

from looked_at import POLICY, hired, withdrawn
from test_replay_command import accounts

PREPARES = POLICY.replace("  wecom:\n    requires", "  wecom:\n    prepare: 3d\n    requires")
DAYS = ("2025-05-11T12:00:00+08:00", "2025-05-13T12:00:00+08:00", "2025-05-15T12:00:00+08:00")


def told(tenure, *lines):
    rows = accounts(tenure, [*lines], *DAYS, policy=PREPARES)
    return [(row["wecom"]["status"], row["wecom"]["username"], row["wecom"]["grants"]) for row in rows]


def test_an_account_is_suspended_before_the_first_day_and_open_on_it(tenure):
    hire = hired("2025-05-15", time="2025-04-01T00:00:00Z")
    assert told(tenure, hire) == [
        ("none", None, []), ("suspended", "wangm", []), ("active", "wangm", ["tag:sales"]),
    ]  # fmt: skip


def test_a_hire_taken_back_before_its_day_prepared_nothing_that_stays(tenure):
    hire = hired("2025-05-15", time="2025-04-01T00:00:00Z")
    rows = told(tenure, hire, withdrawn(hire, "2025-05-14"))
    assert {status for status, _, _ in rows} <= {"none", "deleted"}

"""A new number that may be somebody whom we know: replays and previews doubt whom a run doubts, and no one else."""

import random

import pytest
from looked_at import MEI, POLICY, SOURCE, event, hired, left

W1 = f"{SOURCE}/W1"
LIKE_W1 = f"identity_like:{W1}"
JUNE = "2025-06-15T00:00:00+08:00"
GONE = {"status": "none", "username": None, "grants": [], "attributes": {}}
FIRST, AGAIN = hired(person=MEI), hired("2025-05-01", worker="W2", person=MEI)


def replayed(tenure, lines, *moments):
    words = [word for moment in moments or (JUNE,) for word in ("--at", moment)]
    status, rows, _ = tenure("replay", lines, POLICY, *words)
    assert status == 0
    return rows


def doubts(rows):
    return {w["worker_id"]: w["doubt"] for row in rows for w in row["workers"] if "doubt" in w}


def previewed(tenure, lines, *more):
    _, rows, _ = tenure("send", lines, POLICY, "--preview", "--empty", *more)
    return [(row["outcome"], row["reason"]) for row in rows]


def test_a_replay_names_the_doubt_and_gives_nobody_an_account_for_it(tenure):
    rows = replayed(tenure, [FIRST, AGAIN], "2025-04-15T00:00:00+08:00", JUNE)
    assert doubts(rows[:2]) == {}
    assert doubts(rows[2:]) == {"W2": LIKE_W1}
    assert rows[2]["accounts"]["wecom"]["username"] == "wangm"
    assert rows[3]["accounts"] == {"wecom": GONE, "dingtalk": GONE}


@pytest.mark.parametrize(
    ("again", "doubted"),
    [
        (MEI | {"mobile": "+86 138-0000-0001"}, True),
        (MEI | {"mobile": "13800000002"}, False),
        ({"display_name": "李娜", "mobile": "13800000001"}, False),
        ({"display_name": "王梅", "mobile": "13800000002", "personal_email": "Mei@example.net"}, True),
        ({"display_name": "李娜", "mobile": "13800000001", "personal_email": "mei@example.net"}, True),
    ],
    ids=["mobile otherwise written, and name", "name alone", "mobile alone", "e-mail and name", "mobile and e-mail"],
)
def test_the_marks_of_a_run_decide(tenure, again, doubted):
    lines = [hired(person=MEI | {"personal_email": "mei@example.net"}), hired("2025-05-01", worker="W2", person=again)]
    assert doubts(replayed(tenure, lines)) == ({"W2": LIKE_W1} if doubted else {})
    assert previewed(tenure, lines)[1] == (("conflict", LIKE_W1) if doubted else ("applied", None))


def test_whom_hr_names_is_beyond_doubt(tenure):
    named = event("worker.linked", "2025-05-02", worker_id="W2", person_id=W1)
    rows = replayed(tenure, [FIRST, AGAIN, named])
    assert ([row["person_id"] for row in rows], doubts(rows)) == ([W1], {})


def test_who_comes_back_under_the_number_without_a_mark_is_doubted(tenure):
    lines = [FIRST, left("2025-04-01"), hired("2025-05-01", person={"display_name": "李娜", "mobile": "13900000009"})]
    assert doubts(replayed(tenure, lines)) == {"W1": "identity_unclear"}
    assert previewed(tenure, lines)[2] == ("conflict", "identity_unclear")


def test_a_mobile_that_very_many_have_is_nobodys_mark(tenure):
    lines = [hired(worker=f"W{n}", person=MEI) for n in range(1, 61)]
    assert doubts(replayed(tenure, lines)) == {}
    assert {outcome for outcome, _ in previewed(tenure, lines)} == {"applied"}
    assert set(doubts(replayed(tenure, lines[:50]))) == {f"W{n}" for n in range(2, 51)}


def test_a_preview_doubts_the_later_of_two_whichever_is_told_first(tenure):
    assert previewed(tenure, [AGAIN, FIRST]) == [("conflict", LIKE_W1), ("applied", None)]
    assert previewed(tenure, [AGAIN, FIRST], "--each") == [("applied", None), ("applied", None)]
    assert previewed(tenure, [FIRST, AGAIN], "--each") == [("applied", None), ("conflict", LIKE_W1)]


def test_the_order_of_lines_changes_no_doubt(tenure):
    lines = [hired(f"2025-0{n}-01", worker=f"W{n}", person=MEI) for n in (3, 1, 4, 2)]
    rows = replayed(tenure, lines)
    random.Random(1).shuffle(lines)
    assert replayed(tenure, lines) == rows
    assert doubts(rows) == dict.fromkeys(("W2", "W3", "W4"), LIKE_W1)

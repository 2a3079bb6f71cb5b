"""`tenure send --preview --empty`: one outcome a line, for each kind of thing that HR systems do."""

import pytest
from looked_at import POLICY, event, hired, left, moved, renamed, withdrawn

NOBODY = {"display_name": "王梅"}


def look(tenure, lines, *more, policy=POLICY):
    _, rows, _ = tenure("send", lines, policy, "--preview", "--empty", *more)
    assert [row["line"] for row in rows] == [*range(1, len(lines) + 1)]
    return rows


def words(tenure, lines, *more, policy=POLICY):
    return [row["outcome"] for row in look(tenure, lines, *more, policy=policy)]


first = hired()
leave = left("2025-06-01")
later = {**leave, "data": {**leave["data"], "effective_at": "2025-09-01", "revision": 2}}
other = {**first, "data": {**first["data"], "assignment": {"title": "Chief"}}}
move = moved("2025-04-01", title="Chief")
taken_back = withdrawn(move)

KINDS = {
    "a hire that is past applies": ([first], ["applied"], ["applied"]),
    "a hire to come is scheduled": ([hired("2190-01-01")], ["scheduled"], ["scheduled"]),
    "the same event again is a duplicate": ([first, first], ["applied", "duplicate"], ["applied", "duplicate"]),
    "the same id with other data is a conflict": ([first, other], ["applied", "conflict"], ["applied", "conflict"]),
    "a move before its hire waits until it comes": ([move, first], ["applied", "applied"], ["waiting", "applied"]),
    "a move without any hire waits": ([move], ["waiting"], ["waiting"]),
    "a move of somebody hired later is for a person": (
        [hired("2025-08-01"), move], ["applied", "conflict"], ["applied", "conflict"],
    ),
    "a correction supersedes": (
        [first, leave, later], ["applied", "superseded", "applied"], ["applied", "applied", "applied"],
    ),
    "an older revision that comes late is superseded": (
        [first, later, leave], ["applied", "applied", "superseded"], ["applied", "applied", "superseded"],
    ),
    "a move that is withdrawn": (
        [first, move, taken_back], ["applied", "withdrawn", "applied"], ["applied", "applied", "applied"],
    ),
    "a withdrawal that comes before its fact": (
        [first, taken_back, move], ["applied", "applied", "withdrawn"], ["applied", "waiting", "withdrawn"],
    ),
    "a second withdrawal of the same fact is a duplicate": (
        [first, move, taken_back, withdrawn(move, time="2025-03-03T00:00:00Z")],
        ["applied", "withdrawn", "applied", "duplicate"], ["applied", "applied", "applied", "duplicate"],
    ),
    "a second leave has no effect": (
        [first, leave, left("2025-07-01")], ["applied", "applied", "no_effect"], ["applied", "applied", "no_effect"],
    ),
    "a leave of somebody unknown waits": ([leave], ["waiting"], ["waiting"]),
    "a hire of somebody employed with other content is for a person": (
        [first, hired("2025-05-01", title="Chief")], ["applied", "conflict"], ["applied", "conflict"],
    ),
    "a person without contact waits for it": ([hired(person=NOBODY)], ["waiting"], ["waiting"]),
    "and no longer once it is told": (
        [hired(person=NOBODY), renamed("2025-03-02", mobile="13800000009")], ["applied"] * 2, ["waiting", "applied"],
    ),
    "a department": (
        [event("department.changed", "2025-01-01", department_id="D1", name="Sales")], ["applied"], ["applied"],
    ),
    "a department that comes to stand above itself is for a person": (
        [event("department.changed", "2025-01-01", department_id="D1", parent_id="D1")], ["conflict"], ["conflict"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "after_all", "after_each"), KINDS.values(), ids=KINDS)
def test_an_outcome_is_told_as_things_stand_after_all_lines_and_after_each(tenure, lines, after_all, after_each):
    assert words(tenure, lines) == after_all
    assert words(tenure, lines, "--each") == after_each


def test_an_outcome_names_its_event_and_its_reason(tenure):
    rows = look(
        tenure, [first, hired("2190-01-01", worker="W2"), hired(worker="W3", person=NOBODY), move, leave, later]
    )
    reasons = [(row["id"], row["reason"]) for row in rows]
    assert reasons[0] == (first["id"], None)
    assert reasons[1][1] == "until:2189-12-31T16:00:00+00:00"
    assert reasons[2][1] == "wecom:requires:person.mobile"
    assert reasons[4] == (leave["id"], "revised")


def test_what_ingest_would_refuse_is_refused_with_the_words_of_ingest(tenure):
    lines = [
        "{",
        hired(at="2025-02-30", time="2025-03-01T00:00:00Z"),
        {**first, "type": "hr.worker.promoted.v1"},
        first,
    ]
    status, rows, error = tenure("send", lines, POLICY, "--preview", "--empty")
    assert status == 1
    assert [row["outcome"] for row in rows] == ["refused", "refused", "refused", "applied"]
    assert rows[0]["reason"].startswith("event is not JSON")
    assert rows[1]["reason"] == (
        "data.effective_at must be a date that exists, 2026-03-15, or a local time, 2026-03-15T18:00"
    )
    assert rows[2]["problem"]["errors"] == [
        {"index": 0, "field": "type", "problem": "is no type of HR event that is known here"}
    ]
    assert "13800000001" not in error


def test_at_the_address_of_a_source_only_its_own_events_are_taken(tenure):
    strange = {**hired(worker="W2"), "source": "urn:hr:other"}
    assert words(tenure, [first, strange]) == ["applied", "applied"]
    assert words(tenure, [first, strange], "--source", "acme") == ["applied", "refused"]
    assert tenure("send", [first], POLICY, "--preview", "--empty", "--source", "nobody")[0] == 2


def test_each_and_empty_are_words_of_the_preview_alone(tenure):
    assert tenure("send", [first], POLICY, "--each")[0] == 2
    assert tenure("send", [first], POLICY, "--empty")[0] == 2

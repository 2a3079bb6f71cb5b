"""`tenure replay` over files: what HR says, accounts as a run would have left them, names, refusals, differences."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from looked_at import MEI, POLICY, event, hired, left, moved, renamed, withdrawn

from services.cli.__main__ import run
from services.cli.gather import Files
from services.cli.lines import Reader
from services.cli.replaying import replay_all
from services.provisioner.connectors.registry import KINDS
from services.provisioner.policy.load import load
from services.provisioner.preview.shelf import Shelf
from services.provisioner.preview.targets import Planned

JUNE, YEAR_END = "2025-06-01T00:00:00+08:00", "2025-12-31T00:00:00+08:00"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GONE = {"status": "none", "username": None, "grants": [], "attributes": {}}


def accounts(tenure, lines, *moments, policy=POLICY):
    words = [word for moment in moments or (JUNE,) for word in ("--at", moment)]
    status, rows, error = tenure("replay", lines, policy, *words)
    assert status == 0, error
    return [row["accounts"] for row in rows]


def test_a_row_says_who_somebody_is_where_they_work_and_what_they_have(tenure):
    status, rows, _ = tenure("replay", [hired()], POLICY, "--at", JUNE)
    assert status == 0
    assert rows == [
        {
            "at": JUNE, "person_id": "urn:hr:acme/W1", "person": {**MEI, "mobile": "+8613800000001"},
            "workers": [
                {
                    "worker_id": "W1", "id_space": "urn:hr:acme", "active": True, "employment": {},
                    "assignment": {"department_id": "D1", "job_function": "sales", "title": "Clerk"},
                    "other_assignments": [],
                }
            ],
            "accounts": {
                "wecom": {
                    "status": "active", "username": "wangm", "grants": ["tag:sales"],
                    "attributes": {"name": "王梅", "mobile": "+8613800000001", "position": "Clerk"},
                },
                "dingtalk": {"status": "active", "username": "W1", "grants": [], "attributes": {"name": "王梅"}},
            },
        }
    ]  # fmt: skip


def test_each_moment_is_echoed_as_it_was_asked_and_everybody_known_has_a_row(tenure):
    lines = [hired(), hired("2025-09-01", worker="W2", person={"display_name": "魏"})]
    _, rows, _ = tenure("replay", lines, POLICY, "--at", YEAR_END, "--at", "2025-06-01T08:00+08:00")
    early = "2025-06-01T08:00+08:00"
    assert [(row["at"], row["person_id"][-2:], len(row["workers"])) for row in rows] == [
        (early, "W1", 1), (early, "W2", 0), (YEAR_END, "W1", 1), (YEAR_END, "W2", 1),
    ]  # fmt: skip


def test_a_leaver_keeps_the_name_and_what_was_written_and_holds_nothing(tenure):
    lines = [
        hired(),
        renamed("2025-04-01", mobile="13800000002"),
        moved("2025-05-01", title="Chief"),
        left("2025-05-31"),
    ]
    before, after = accounts(tenure, lines, "2025-05-31T12:00:00+08:00", JUNE)
    assert before["wecom"]["status"] == "active"  # the last day worked is worked
    assert after["wecom"] == {
        "status": "suspended", "username": "wangm", "grants": [],
        "attributes": {"name": "王梅", "mobile": "+8613800000001", "position": "Chief"},
    }  # fmt: skip
    assert after["dingtalk"] == {"status": "removed", "username": "W1", "grants": [], "attributes": {}}


def test_who_returns_has_the_same_account_again_and_only_what_the_new_job_gives(tenure):
    (found,) = accounts(tenure, [hired(), left("2025-04-01"), hired("2025-05-01", function="administration")])
    assert (found["wecom"]["status"], found["wecom"]["username"]) == ("active", "wangm")
    assert found["wecom"]["grants"] == ["tag:office"]
    assert found["dingtalk"]["status"] == "active"


def test_an_account_is_made_when_what_it_requires_becomes_known_with_the_name_of_that_day(tenure):
    nameless = {"family_name": "王", "given_name": "梅"}
    lines = [
        hired(person=nameless),
        renamed("2025-04-01", family_name="李"),
        renamed("2025-05-01", mobile="13800000001"),
    ]
    early, late = accounts(tenure, lines, "2025-04-15T00:00:00+08:00", JUNE)
    assert early["wecom"] == GONE
    assert (late["wecom"]["status"], late["wecom"]["username"]) == ("active", "lim")


def test_who_is_not_meant_by_for_any_more_is_closed_there_alone(tenure):
    lines = [hired(), event("worker.transferred", "2025-05-01", worker_id="W1", employment={"type": "agency"})]
    (found,) = accounts(tenure, lines)
    assert (found["wecom"]["status"], found["dingtalk"]["status"]) == ("active", "removed")


def test_a_hire_taken_back_before_its_day_never_was(tenure):
    first = hired()
    (found,) = accounts(tenure, [first, withdrawn(first, "2025-02-01")])
    assert found == {"wecom": GONE, "dingtalk": GONE}


def test_equal_names_are_numbered_by_first_day_and_then_by_person(tenure):
    lines = [hired(f"2025-0{month}-01", worker=f"W{month}") for month in (5, 4, 3)]
    lines += [hired("2025-03-01", worker="W0")]
    names = [found["wecom"]["username"] for found in accounts(tenure, lines)]
    assert names == ["wangm", "wangm2", "wangm3", "wangm4"]  # rows are W0, W3, W4, W5


def test_the_order_of_lines_changes_nothing(tenure):
    first = hired()
    lines = [first, hired(worker="W2"), moved("2025-04-01", title="Chief"), left("2025-05-01", worker="W2")]
    lines += [moved("2025-04-02", worker="W2", title="x"), withdrawn(first, "2025-02-01"), hired(worker="W3")]
    clean = tenure("replay", lines, POLICY, "--at", JUNE)
    for seed in range(10):
        random.Random(seed).shuffle(lines)
        assert tenure("replay", lines, POLICY, "--at", JUNE) == clean


def test_workers_of_one_person_and_withdrawals_without_a_number_find_each_other(tenure):
    move = moved("2025-05-01", title="Chief")
    lines = [hired("2025-04-01", worker="W2", person_id="P-1"), withdrawn(move), hired(person_id="P-1"), move]
    _, rows, _ = tenure("replay", lines, POLICY, "--at", JUNE)
    assert [row["person_id"] for row in rows] == ["urn:hr:acme/p/P-1"]
    assert [(w["worker_id"], w["assignment"]["title"]) for w in rows[0]["workers"]] == [
        ("W1", "Clerk"),
        ("W2", "Clerk"),
    ]


BAD = [
    "{", "[]", '"text"', "null", '{"specversion": "1.0"}', '{"a": 1, "a": 2}',
    {**hired(), "type": "hr.worker.promoted.v1"}, {**hired(), "data": None},
    hired(at="2025-02-30"), hired(person={"mobile": "12"}), '{"x": NaN}',
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=[str(n) for n in range(len(BAD))])
def test_a_line_that_is_no_event_is_refused_and_the_rest_replayed(tenure, bad):
    status, rows, error = tenure("replay", [hired(worker="W8"), bad, hired(worker="W9")], POLICY, "--at", JUNE)
    assert status == 1
    assert [row["person_id"] for row in rows] == ["urn:hr:acme/W8", "urn:hr:acme/W9"]
    assert '"line": 2' in error
    assert "1 lines were refused" in error


def test_a_source_that_nobody_declared_takes_the_defaults_and_is_named(tenure):
    status, rows, error = tenure("replay", [{**hired(), "source": "urn:hr:other"}], POLICY, "--at", JUNE)
    assert (status, rows[0]["person_id"]) == (0, "urn:hr:other/W1")
    assert "urn:hr:other" in error


def test_a_difference_is_told_per_moment_person_and_target(tenure, tmp_path):
    other = tmp_path / "other.yaml"
    text = POLICY.replace('{wecom: ["tag:sales"]}', '{wecom: ["tag:sellers"]}')
    other.write_text(text.replace("for: '", "for: 'has(person.personal_email) && "), encoding="utf-8")
    lines = [hired(), hired(worker="W2", function="administration")]
    status, rows, _ = tenure("replay", lines, POLICY, "--at", JUNE, "--diff", str(other))
    assert status == 0
    assert rows[0] == {
        "at": JUNE, "person_id": "urn:hr:acme/W1",
        "accounts": {
            "dingtalk": {
                "status": {"from": "active", "to": "none"}, "username": {"from": "W1", "to": None},
                "attributes": {"from": {"name": "王梅"}, "to": {}},
            },
            "wecom": {"grants": {"from": ["tag:sales"], "to": ["tag:sellers"]}},
        },
    }  # fmt: skip
    assert rows[1]["accounts"].keys() == {"dingtalk"}
    same = tmp_path / "same.yaml"
    same.write_text(POLICY, encoding="utf-8")
    assert tenure("replay", lines, POLICY, "--at", JUNE, "--diff", str(same)) == (0, [], "")


@pytest.mark.parametrize("alone", [0, 1_000_000], ids=["several processes", "one process"])
def test_one_process_or_several_find_the_same(tmp_path, alone):
    lines = [hired(worker=f"W{number:04}") for number in range(600)]
    lines += [moved("2025-04-01", worker=f"W{number:04}", title="Chief") for number in range(600)]
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {}]), encoding="utf-8")
    policy = load(POLICY, KINDS)
    with Shelf() as shelf:
        origin = Files([str(file)], Reader.of(policy.sources, NOW))
        summary = replay_all(origin, [Planned(policy)], [NOW], shelf, lambda _count: None, alone=alone)
        rows = [*shelf.rows()]
    assert (summary.records, [one.line for one in summary.refused]) == (1200, [1201])
    assert [(moment, person_id[-5:]) for moment, person_id, *_ in rows] == [(0, f"W{n:04}") for n in range(600)]
    assert {said["workers"][0]["assignment"]["title"] for _, _, said, _ in rows} == {"Chief"}
    names = [accounts[0]["wecom"]["username"] for *_, accounts in rows]
    assert names == ["wangm", *(f"wangm{number}" for number in range(2, 601))]


def test_it_is_said_what_is_wrong_with_the_use(tenure, tmp_path):
    assert run(["replay", "--at", JUNE]) == 2
    assert run(["replay", str(Path(__file__)), "--from", "store", "--at", JUNE]) == 2
    assert tenure("replay", [], POLICY, "--at", "soon")[0] == 2
    assert tenure("replay", [], POLICY, "--at", JUNE) == (0, [], "")
    assert not [*tmp_path.glob("tenure-replay-*")]


TIMED = """
sources: {acme: {source: "urn:hr:acme", zone: Asia/Shanghai}}
targets: {wecom: {type: memory}}
accounts: {wecom: {attributes: {name: person.display_name, position: assignment.title}}}
birthright:
  sales: {when: 'assignment.job_function == "sales"', grants: {wecom: ["tag:sales"]}, keep_after_move: 7d}
employment_ends: {contractor: close}
absences: {suspension: close, "*": keep}
leavers: {delete_after: 30d}
"""


def statuses(tenure, lines, *days):
    moments = [f"{day}T12:00:00+08:00" for day in days]
    return [found["wecom"]["status"] for found in accounts(tenure, lines, *moments, policy=TIMED)]


def test_an_overlap_runs_out_by_itself(tenure):
    lines = [hired(), moved("2025-05-10", job_function="administration")]
    during, after = accounts(tenure, lines, "2025-05-16T00:00:00+08:00", "2025-05-18T00:00:00+08:00", policy=TIMED)
    assert (during["wecom"]["grants"], after["wecom"]["grants"]) == (["tag:sales"], [])


def test_a_leavers_account_is_deleted_in_its_time_and_made_anew_for_who_returns(tenure):
    lines = [hired(), event("worker.left", "2025-05-01", time="2025-04-01T00:00:00Z", worker_id="W1")]
    assert statuses(tenure, lines, "2025-04-30", "2025-05-02", "2025-06-02") == ["active", "suspended", "deleted"]
    again = hired("2026-01-15", title="Back")
    (found,) = accounts(tenure, [*lines, again], "2026-02-01T00:00:00+08:00", policy=TIMED)
    assert (found["wecom"]["status"], found["wecom"]["attributes"]["position"]) == ("active", "Back")


def test_an_employment_that_runs_out_closes_with_what_was_written_last(tenure):
    ends = {"type": "contractor", "ends_at": "2025-06-30"}
    lines = [hired(), event("worker.transferred", "2025-04-01", worker_id="W1", employment=ends)]
    lines += [moved("2025-06-15", title="Chief")]
    assert statuses(tenure, lines, "2025-06-29", "2025-07-02") == ["active", "suspended"]
    (found,) = accounts(tenure, lines, "2025-07-02T00:00:00+08:00", policy=TIMED)
    assert found["wecom"]["attributes"]["position"] == "Chief"


ABSENCE = {"started": "2025-04-01", "ended": "2025-05-01"}


def test_an_absence_that_closes_ends_with_it(tenure):
    away, back = (event(f"worker.absence_{what}", at, worker_id="W1") for what, at in ABSENCE.items())
    away["data"]["kind"] = back["data"]["kind"] = "suspension"
    lines = [hired(), away, back]
    assert statuses(tenure, lines, "2025-03-31", "2025-04-02", "2025-05-02") == ["active", "suspended", "active"]

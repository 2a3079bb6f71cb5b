"""`tenure replay` over the real histories: at each date of the oracle exactly who works where, in whatever order.

A few tellings of each history are compared always; all twenty shuffles of each when the histories are run.
"""

import json
import subprocess
import sys
from functools import cache

import pytest
from histories import (
    DATA,
    DISORDERED,
    PLAIN,
    ZH,
    columns_of,
    in_order,
    oracle,
    sha256_of,
    shuffled,
    true_rows,
)

from services.cli.__main__ import run

ZONED = "{}T00:00:00+08:00"
POLICY = """
targets: {wecom: {type: memory}, dingtalk: {type: memory}}
accounts:
  wecom:
    username: "{family.pinyin}{given.initials}"
    attributes: {name: person.display_name, position: assignment.title}
  dingtalk: {}
birthright:
  placed: {when: has(assignment.department_id), grants: {wecom: ["tag:placed"]}}
"""
SEEDS = range(1, 21)
GONE_AT_ONCE = {"K2031"}
"""Hired and gone in the same instant: there never was a moment for an account."""
HISTORIES = (*PLAIN, DISORDERED)


@cache
def events(told):
    program = [sys.executable, str(DATA / "to_contract.py"), str(told.folder / told.file), *told.how]
    return subprocess.run(program, capture_output=True, check=True).stdout


@pytest.fixture
def replayed(tmp_path, capsys):
    """The lines of `tenure replay --json` for one telling of a history at the oracle's dates."""

    def replay(told):
        policy, file = tmp_path / "tenure.yaml", tmp_path / "events.jsonl"
        policy.write_text(POLICY, encoding="utf-8")
        file.write_bytes(events(told))
        moments = [word for day in oracle(told) for word in ("--at", ZONED.format(day))]
        capsys.readouterr()
        assert run(["--json", "--config", str(policy), "replay", str(file), *moments]) == 0
        return capsys.readouterr().out

    return replay


def active_rows(told, lines, at):
    for line in lines:
        if line["at"] != at:
            continue
        for worker in line["workers"]:
            if worker["active"]:
                row = columns(line["person"], worker)
                yield {name: row[name] for name in told.columns}


def columns(person, worker):
    job = worker["assignment"]
    values = {
        "employee_id": worker["worker_id"], "department_id": job.get("department_id"), "title": job.get("title"),
        "manager_id": job.get("manager_id"), "employment_type": worker["employment"].get("type"),
        "name": person.get("display_name"), "given_name": person.get("given_name"),
        "family_name": person.get("family_name"), "mobile": person.get("mobile", "").removeprefix("+86"),
        "email": person.get("personal_email"),
    }  # fmt: skip
    return {name: value or "" for name, value in values.items()}


def compare(told, text):
    lines = [json.loads(line) for line in text.splitlines()]
    dates = oracle(told)
    assert len(dates) == 5
    for day, true in dates.items():
        found = in_order(active_rows(told, lines, ZONED.format(day)))
        expected = in_order({name: row[name] for name in told.columns} for row in true_rows(told, day))
        assert len(found) == true["active"], day
        assert found == expected, day
        if list(told.columns) == columns_of(told):
            assert sha256_of(found, told.columns) == true["sha256_of_rows"], day
    return lines


@pytest.mark.parametrize("told", HISTORIES, ids=lambda told: told.file)
def test_at_each_date_a_replay_shows_exactly_who_works_where(told, replayed):
    lines = compare(told, replayed(told))
    for line in lines:
        employed = any(worker["active"] for worker in line["workers"])
        was_there = any(worker["worker_id"] not in GONE_AT_ONCE for worker in line["workers"])
        status = {account["status"] for account in line["accounts"].values()}
        assert status == ({"active"} if employed else {"suspended"} if was_there else {"none"}), line["person_id"]


@pytest.mark.parametrize("told", [ZH, DISORDERED], ids=lambda told: told.file)
@pytest.mark.parametrize("seed", [1, 20])
def test_a_shuffled_history_replays_to_the_same_text(told, seed, replayed):
    assert replayed(shuffled(told, seed)) == replayed(told)


def test_a_history_told_in_disorder_replays_to_the_people_of_the_clean_one(replayed):
    def people(told):
        return [line for line in map(json.loads, replayed(told).splitlines()) if line["workers"]]

    assert people(DISORDERED) == people(ZH)


@pytest.mark.histories
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("told", HISTORIES, ids=lambda told: told.file)
def test_twenty_shuffles_of_a_history_replay_to_the_same_text(told, replayed):
    clean = replayed(told)
    for seed in SEEDS:
        text = replayed(shuffled(told, seed))
        assert text == clean, seed
    compare(told, text)


def test_names_are_numbered_in_the_order_in_which_people_came(replayed):
    lines = [line for line in map(json.loads, replayed(ZH).splitlines()) if line["accounts"]["wecom"]["username"]]
    names = {line["person_id"]: line["accounts"]["wecom"]["username"] for line in lines}
    assert len({name.casefold() for name in names.values()}) == len(names)
    assert any(name[-1].isdigit() for name in names.values())

"""A real project's members through a running installation on PostgreSQL: whom the guard holds, and the end.

60 of the first day are there, the other 612 are held whole, whatever comes later flows; released, everybody is where
the oracle says. Each wave is told while the target is paused, so that it is known whole before its first step.
"""

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from histories import DATA, PLAIN, true_rows
from world import running, until

from contracts.topics import OUTCOMES

pytestmark = [pytest.mark.histories, pytest.mark.timeout(600)]

TOLD = next(told for told in PLAIN if told.name == "k8s-membership")
LAST = "2019-09-30"
FIRST, HELD = 60, 612
OPEN = ("active", "invited")
QUIET = 1.5
"""Seconds of machine time after which what comes is another wave (`services/provisioner/store/memory_guards.py`)."""


def history():
    program = [sys.executable, str(DATA / "to_contract.py"), str(TOLD.folder / TOLD.file), "--zone", "Asia/Shanghai"]
    made = subprocess.run(program, capture_output=True, check=True, text=True, encoding="utf-8").stdout
    return [json.loads(line) for line in made.splitlines()]


@contextmanager
def told_at_once(world):
    """Nothing is done on the target before all of it is read."""
    ended = time.monotonic()
    until(lambda: time.monotonic() - ended > QUIET, 60, "the wave before is over")
    assert world.order("/v1/pause", {"target": "crm", "reason": "a wave is told"}).status_code == 200
    yield
    world.until(lambda: world.ask("/v1/status")["unread"] == 0, 120, "everything read")
    assert world.order("/v1/continue", {"target": "crm"}).status_code == 200
    world.settle()


def send(world, events):
    for some in range(0, len(events), 200):
        world.send(events[some : some + 200])


def opened(world):
    """Who has access by what the last look at the account showed."""
    last = {}
    for record in world.records(OUTCOMES):
        if dict(record.headers)["ce_type"] == b"tenure.account.checked.v1":
            body = json.loads(record.value)
            last[body["person_id"].rpartition("/")[2]] = body["state"]
    return {worker for worker, state in last.items() if state in OPEN}


def placed(world, workers):
    """Native department of each of them who has access."""
    found = {}
    for worker in workers:
        account = world.ask("/v1/person", id=f"urn:hr:k8s-membership/{worker}")["accounts"]["crm"]
        if account["status"] in OPEN:
            (found[worker],) = account["departments"]
    return found


def test_612_of_672_are_held_the_rest_flows_and_released_the_end_is_the_oracles():
    events = history()
    began = events[0]["time"]
    departments = [e for e in events if e["time"] == began and "department" in e["type"]]
    hires = [e for e in events if e["time"] == began and "department" not in e["type"]]
    later = [e for e in events if e["time"] != began]
    assert len(hires) == FIRST + HELD
    truth = {row["employee_id"]: row["department_id"] for row in true_rows(TOLD, LAST)}
    clock = datetime.fromisoformat(began)
    with running(Path(__file__).with_name("guard.yaml"), clock=clock) as world:
        with told_at_once(world):
            send(world, [*departments, *hires[:FIRST]])
        assert world.ask("/v1/holds") == []
        with told_at_once(world):
            send(world, hires[FIRST:])
        assert [(held["people"], held["kinds"]) for held in world.ask("/v1/holds")] == [(HELD, ["create"])]

        with told_at_once(world):
            send(world, later)
        end = datetime.fromisoformat(f"{LAST}T12:00:00+08:00")
        assert world.order("/v1/clock", {"business_at": end.isoformat(), "speed": 0}).status_code == 200
        world.settle()
        late = {e["data"]["worker_id"] for e in hires[FIRST:]} & truth.keys()
        assert [held["people"] for held in world.ask("/v1/holds")] == [len(late)]
        assert opened(world) == truth.keys() - late

        which = {"cause": "urn:hr:k8s-membership", "kind": "create", "reason": "the first day"}
        assert world.order("/v1/holds/release", which).status_code == 200
        books = world.settle()
        assert world.ask("/v1/holds") == []
        assert opened(world) == truth.keys()
        found = placed(world, sorted(truth))
        pairs = {(truth[worker], native) for worker, native in found.items()}
        assert found.keys() == truth.keys()
        assert len(pairs) == len({name for name, _ in pairs}) == len({native for _, native in pairs})
        assert books["accepted"] == books["confirmed"] + books["superseded"]

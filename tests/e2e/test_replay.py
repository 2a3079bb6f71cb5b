"""The live run's accounts are the replayed ones, plans against them are empty, and looking ahead writes nothing."""

import json

import pytest
from staff import departments, hired, left, moved
from world import POLICY, running

pytestmark = pytest.mark.timeout(240)

FIRST = hired("W000", "+8613800000000", "2025-01-05", "D-SAL", "sales")
KNOWN = hired("W003", "+8613800000003", "2025-01-08", "D-FIN", "finance")


def doubted(worker):
    """Somebody with W003's name and mobile, under a new number."""
    name = KNOWN["data"]["person"]["display_name"]
    return hired(worker, "+8613800000003", "2025-02-08", "D-FIN", "finance", display_name=name)


OPEN = {"invited": "active"}
"""Whoever never joined can: a replay does not know who did."""
READ = ("name", "title", "position")
"""Attributes that both platforms show, and that nobody else writes."""
AT = "2099-01-01T00:00:00+08:00"
"""After everything that was decided, which happens when the test runs."""


@pytest.fixture(scope="module")
def world():
    with running() as world:
        world.send(
            [
                *departments(),
                FIRST,
                hired("W001", "+8613800000001", "2025-01-06", "D-ADM", "administration"),
                hired("W002", "+8613800000002", "2025-01-07", "D-SAL", "sales"),
                KNOWN,
            ]
        )
        world.settle()
        world.send([moved("W000", "2025-02-01", "D-ADM", "administration"), left("W001", "2025-03-01")])
        world.send([doubted("W004")])
        world.settle()
        assert world.order("/v1/stop", {"person": "W002", "reason": "lost laptop"}).status_code == 200
        world.settle()
        yield world


def card_of(world, person_id):
    return world.ask("/v1/person", id=person_id)


def shown(account):
    return {
        "status": OPEN.get(account["status"], account["status"]),
        "username": account["username"],
        "grants": sorted(account["grants"]),
        "attributes": {name: value for name, value in account["attributes"].items() if name in READ},
    }


@pytest.mark.parametrize("origin", ["store", "kafka"])
def test_what_runs_is_what_a_replay_of_its_facts_gives(world, tenure, origin):
    rows = tenure("replay", "--from", origin, "--at", AT)
    assert len(rows) == 5
    for row in rows:
        card = card_of(world, row["person_id"])
        assert [worker["active"] for worker in row["workers"]] == [worker["active"] for worker in card["workers"]]
        for target, account in row["accounts"].items():
            live = card["accounts"][target]
            assert shown(account) == shown(live), (row["person_id"], target)
    statuses = {row["workers"][0]["worker_id"]: row["accounts"]["wecom"]["status"] for row in rows}
    assert statuses == {"W000": "active", "W001": "suspended", "W002": "suspended", "W003": "active", "W004": "none"}
    doubts = {row["person_id"]: worker.get("doubt") for row in rows for worker in row["workers"]}
    assert {who: why for who, why in doubts.items() if why} == {"urn:hr:acme/W004": "identity_like:urn:hr:acme/W003"}


def test_store_and_kafka_replay_to_the_same_rows(tenure):
    assert tenure("replay", "--from", "store", "--at", AT) == tenure("replay", "--from", "kafka", "--at", AT)


def test_where_everything_is_in_place_a_plan_has_no_step(tenure):
    (totals,) = tenure("plan")
    assert (totals["steps"], totals["people"], totals["calls"], totals["seconds"]) == (0, 0, 0, 0)


def test_a_plan_under_another_policy_names_each_step_its_reason_and_its_calls(world, tenure, tmp_path):
    policy = tmp_path / "new.yaml"
    text = POLICY.read_text(encoding="utf-8").replace('"tag:office-management", "tag:announcements"', '"tag:office"')
    policy.write_text(text.replace("position: assignment.title", "position: department.name"), "utf-8")
    *steps, totals = tenure("plan", "--config", str(policy), "--person", "W000")
    assert [(s["target"], s["verb"], s["entitlement"]) for s in steps] == [
        ("wecom", "revoke", "tag:announcements"),
        ("wecom", "revoke", "tag:office-management"),
        ("wecom", "update", None),
        ("wecom", "grant", "tag:office"),
    ]
    assert steps[2]["to"] == {"position": "行政部"}
    assert steps[3]["reason"]["rule"] == "birthright.office"
    assert any(str(fact).startswith("urn:hr:acme/") for fact in steps[3]["reason"]["facts"])
    assert not any(step["irreversible"] for step in steps)
    assert totals["targets"]["wecom"]["calls"] == {
        "tag/addtagusers": 1, "tag/deltagusers": 2, "tag/get": 3, "user/get": 1, "user/update": 1,
    }  # fmt: skip
    before = world.calls("wecom")[-1]["n"]
    tenure("plan", "--config", str(policy))
    assert world.calls("wecom")[-1]["n"] == before


def test_a_preview_judges_lines_against_what_is_recorded_and_records_nothing(world, tenure, tmp_path):
    other = {**FIRST, "data": {**FIRST["data"], "worker_id": "W777"}}
    early = moved("W900", "2025-04-01", "D-ADM", "administration")
    wrong = {**moved("W000", "2025-04-01", "D-ADM", "x"), "source": "urn:hr:somebody"}
    lines = [FIRST, other, moved("W000", "2026-04-01", "D-SAL", "sales"), left("W001", "2025-05-01"), early, wrong]
    lines.append(doubted("W005"))
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    before = world.ask("/v1/status")
    rows = tenure("send", str(file), "--preview", status=1)
    assert [(row["line"], row["outcome"]) for row in rows] == [
        (1, "duplicate"), (2, "conflict"), (3, "applied"), (4, "no_effect"), (5, "waiting"), (6, "refused"),
        (7, "conflict"),
    ]  # fmt: skip
    assert (rows[4]["reason"], rows[5]["reason"]) == (
        "no_hire_known",
        "source is not the one declared for this address",
    )
    assert rows[6]["reason"].startswith("identity_like:")
    after = world.ask("/v1/status")
    assert after["accepted"] == before["accepted"]

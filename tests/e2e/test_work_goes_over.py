"""A leaver's customers and groups end with whom policy names: a running installation, the stand-ins, and two days."""

import json
from datetime import datetime

import pytest
from staff import departments, hired, left
from world import POLICY, running

from contracts.topics import CONFIRMATIONS, OUTCOMES

pytestmark = pytest.mark.timeout(240)

HAND_OVER = """leavers:
  suspend: at_once
  hand_over: {to: [successor, "urn:hr:acme/W003"], what: [customers, customer_groups]}
  delete_after: 12h
"""
START, LEAVES, LATER = "2026-03-01T12:00:00+08:00", "2026-03-02", "2026-03-05T12:00:00+08:00"
MOBILES = {f"W00{n}": f"+86138000000{n:02}" for n in range(4)}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """W000 and W001 have customers and a group each; W002 is to follow W000, nobody is named for W001."""
    policy = tmp_path_factory.mktemp("hand-over") / "tenure.yaml"
    policy.write_text(POLICY.read_text("utf-8").replace("leavers: {suspend: at_once}\n", HAND_OVER), "utf-8")
    with running(policy, clock=datetime.fromisoformat(START)) as world:
        people = [hired(worker, mobile, "2026-01-05", "D-SAL", "sales") for worker, mobile in MOBILES.items()]
        world.send([*departments(), *people])
        world.settle()
        world.sandbox("wecom", "activate", {"all": True})
        for worker in ("W000", "W001"):
            for what in ("customer", "chat"):
                world.sandbox(
                    "wecom", "console", {"op": what, "id": userid(world, worker), what: f"{what}-of-{worker}"}
                )
        yield world


def userid(world, worker):
    """On WeCom, by the mobile that HR told."""
    return next(one.native_id for one in world.accounts("wecom") if one.mobile == MOBILES[worker])


def owners(world):
    state = world.sandbox("wecom", "state")
    return {name: one["owner"] for name, one in state["customers"].items()} | state["chats"]


def told(world, topic, kind):
    bodies = [(dict(r.headers)["ce_type"].decode(), json.loads(r.value)) for r in world.records(topic)]
    return [body for found, body in bodies if found == kind]


def test_customers_and_groups_end_with_whom_policy_names_and_the_confirmation_says_when(world, tenure):
    names = {worker: userid(world, worker) for worker in MOBILES}
    leaves = [left("W000", LEAVES, successor_id="W002"), left("W001", LEAVES)]
    world.send(leaves)
    world.settle()
    tenure("clock", "--until", f"{LEAVES}T00:00:01+08:00")
    world.settle()

    open_ = {one.native_id for one in world.accounts("wecom") if one.open}
    assert open_ == {names["W002"], names["W003"]}, "access ends before anything is handed over"
    confirmations = {c["event"]["id"]: c for c in told(world, CONFIRMATIONS, "tenure.lifecycle.confirmed.v1")}
    for leave in leaves:
        found = confirmations[leave["id"]]
        assert found["state"] == "confirmed"
        assert ("wecom", "hand_over") in {(due["target"], due["verb"]) for due in found["due_later"]}
        residue = {target["target"]: target["residue"] for target in found["targets"]}
        assert set(residue["dingtalk"]) == {"not_handed_over:customers", "not_handed_over:customer_groups"}

    tenure("clock", "--until", LATER)
    world.settle()
    assert owners(world) == {
        "customer-of-W000": names["W002"].casefold(), "chat-of-W000": names["W002"].casefold(),
        "customer-of-W001": names["W003"].casefold(), "chat-of-W001": names["W003"].casefold(),
    }  # fmt: skip
    assert {one.native_id for one in world.accounts("wecom")} == {names["W002"], names["W003"]}, "deleted only then"
    completed = told(world, OUTCOMES, "tenure.lifecycle.completed.v1")
    assert {c["event"]["id"] for c in completed} >= {leave["id"] for leave in leaves}
    assert world.settle()["inbox"] == 0

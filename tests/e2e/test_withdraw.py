"""An import is taken back: shown first, then done, and never twice; reinstated, and taken back again."""

import pytest
from staff import departments, hired
from world import running

pytestmark = pytest.mark.timeout(240)


def imported():
    people = [hired(f"W1{n}", f"+86138000001{n:02}", "2025-01-05", "D-SAL", "sales") for n in range(6)]
    return [event | {"data": event["data"] | {"batch": "b1"}} for event in people]


@pytest.fixture
def world():
    with running() as world:
        world.send([*departments(), hired("W000", "+8613800000000", "2025-01-05", "D-SAL", "sales")])
        world.send(imported())
        world.settle()
        yield world


def open_on(world, platform):
    return sorted(one.mobile[-3:] for one in world.accounts(platform) if one.open)


def test_an_import_is_shown_and_taken_back_and_taking_it_back_again_changes_nothing(world, tenure):
    calls = len(world.calls("wecom"))
    shown = tenure("withdraw", "--batch", "b1", "--preview")
    assert [row["outcome"] for row in shown] == ["applied"] * 6
    assert len(world.calls("wecom")) == calls, "a preview writes nothing"
    assert open_on(world, "wecom") == ["000", *(f"10{n}" for n in range(6))]

    assert tenure("withdraw", "--batch", "b1")[-1] == {"sent": 6, "accepted": 6, "refused": 0, "refusals": []}
    world.settle()
    assert open_on(world, "wecom") == open_on(world, "dingtalk") == ["000"]
    tenure("withdraw", "--batch", "b1", status=1)  # nothing is left of it
    tenure("withdraw", "--batch", "never-heard-of", status=1)

    for batch, left in (("withdraw-b1", ["000", *(f"10{n}" for n in range(6))]), ("b1", ["000"])):
        assert tenure("withdraw", "--batch", batch)[-1]["accepted"] == 6
        world.settle()
        assert open_on(world, "wecom") == open_on(world, "dingtalk") == left, "reinstated, and taken back again"

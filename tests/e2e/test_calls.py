"""What a hire, a move and a leave cost on each platform, counted by the sandbox: the platform's minimum of calls."""

from collections import Counter

import pytest
from staff import departments, hired, left, moved
from world import running

pytestmark = pytest.mark.timeout(180)

ONCE = {
    "gettoken",
    "department/list",
    "department/simplelist",
    "department/create",
    "department/get",
    "tag/list",
    "tag/create",
}
"""Tokens, departments and lists are read or made once, not per person."""


def short(path):
    return path.removeprefix("topapi/").removeprefix("v2/")


def person_calls(world, platform, since):
    """Calls by name since the nth, without those made once."""
    counted = Counter(short(call["path"]) for call in world.calls(platform) if call["n"] > since)
    once = (
        ONCE
        | {"role/list", "role/add_role_group", "role/add_role"}
        | {c for c in counted if c.startswith("department/")}
    )
    return {name: n for name, n in sorted(counted.items()) if name not in once}


def last(world, platform):
    return max((call["n"] for call in world.calls(platform)), default=0)


@pytest.fixture(scope="module")
def world():
    with running() as world:
        world.send([*departments(), hired("W000", "+8613800000000", "2026-01-05", "D-SAL", "sales")])
        world.settle()
        world.send([hired("W001", "+8613800000001", "2026-01-05", "D-ADM", "administration")])
        world.settle()
        yield world


def costs(world, *events):
    before = {platform: last(world, platform) for platform in ("wecom", "dingtalk")}
    world.send(events)
    world.settle()
    return {platform: person_calls(world, platform, n) for platform, n in before.items()}


def test_a_hire_is_create_read_and_one_call_a_list(world):
    cost = costs(world, hired("W100", "+8613800000100", "2026-01-06", "D-SAL", "sales"))
    assert cost["wecom"] == {"user/create": 1, "user/get": 1, "tag/addtagusers": 1, "tag/get": 1}
    assert cost["dingtalk"] == {"user/create": 1, "user/get": 1, "role/addrolesforemps": 1}


def test_a_move_is_read_update_list_calls_read(world):
    cost = costs(world, moved("W000", "2026-01-07", "D-ADM", "administration"))
    assert cost["wecom"] == {
        "user/get": 2, "user/update": 1, "tag/deltagusers": 1, "tag/addtagusers": 2, "tag/get": 3,
    }  # fmt: skip
    assert cost["dingtalk"] == {
        "user/get": 2, "user/update": 1, "role/removerolesforemps": 1, "role/addrolesforemps": 1,
    }  # fmt: skip


def test_a_leave_is_cut_read_and_list_calls_where_accounts_lock_and_read_delete_read_where_not(world):
    cost = costs(world, left("W001", "2026-01-08"))
    assert cost["wecom"] == {"user/update": 1, "user/get": 1, "tag/deltagusers": 2, "tag/get": 2}
    assert cost["dingtalk"] == {"user/get": 2, "user/delete": 1}


def test_a_leaver_is_locked_before_anything_else(world):
    before = last(world, "wecom")
    world.send([left("W100", "2026-01-08")])
    world.settle()
    first = next(call for call in world.calls("wecom") if call["n"] > before)
    assert (first["path"], first["body"]["enable"]) == ("user/update", 0)


def test_people_who_come_together_share_their_list_calls(world):
    for path in ("tag/addtagusers", "tag/get"):  # a call of half a second: whoever comes meanwhile shares the next
        world.fault("wecom", path=path, kind="slow", seconds=0.5, times=None)
    people = [hired(f"W2{n:02}", f"+86138000002{n:02}", "2026-01-06", "D-SAL", "sales") for n in range(20)]
    cost = costs(world, *people)
    world.calm("wecom")
    assert cost["wecom"]["user/create"] == 20
    assert cost["wecom"]["tag/addtagusers"] < 20
    assert cost["wecom"]["tag/get"] < 20

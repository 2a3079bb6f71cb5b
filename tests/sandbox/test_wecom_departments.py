"""Departments: the tree's rules and its errors."""

import pytest
from wecom_caller import calling


@pytest.fixture
async def wecom():
    async with calling() as caller:
        yield caller


@pytest.fixture
async def tree(wecom):
    """1 ─ 2 sales ─ 20 east ─ 200 shop, and 1 ─ 3 office."""
    for number, name, parent in ((2, "sales", 1), (3, "office", 1), (20, "east", 2), (200, "shop", 20)):
        body = {"id": number, "name": name, "parentid": parent}
        assert await wecom.post("department/create", body) == {"errcode": 0, "errmsg": "created", "id": number}
    return wecom


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"parentid": 1}, 60001),
        ({"name": "", "parentid": 1}, 60001),
        ({"name": "x" * 65, "parentid": 1}, 60001),
        ({"name": "部" * 64, "parentid": 1}, 0),
        ({"name": "a:b", "parentid": 1}, 60009),
        ({"name": "a|b", "parentid": 1}, 60009),
        ({"name": "x"}, 60004),
        ({"name": "x", "parentid": 0}, 60004),
        ({"name": "x", "parentid": 99}, 60004),
        ({"name": "x", "parentid": "1"}, 40058),
        ({"name": "sales", "parentid": 1}, 60008),
        ({"name": "sales", "parentid": 3}, 0),
        ({"name": "x", "parentid": 1, "id": 20}, 60008),
        ({"name": "x", "parentid": 1, "id": 1}, 60008),
        ({"name": "x", "parentid": 1, "order": -1}, 40058),
    ],
)
async def test_create(tree, body, errcode):
    assert await tree.code("department/create", body) == errcode


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"id": 99, "name": "x"}, 60003),
        ({"name": "x"}, 60003),
        ({"id": 20, "name": ""}, 60001),
        ({"id": 20, "parentid": 99}, 60124),
        ({"id": 20, "parentid": 20}, 60010),
        ({"id": 2, "parentid": 200}, 60010),
        ({"id": 3, "name": "sales"}, 60008),
        ({"id": 20, "parentid": 3}, 0),
        ({"id": 20, "name": "east"}, 0),
    ],
)
async def test_update(tree, body, errcode):
    assert await tree.code("department/update", body) == errcode


@pytest.mark.parametrize(("number", "errcode"), [(1, 60007), (2, 60005), (20, 60006), (99, 60123), ("", 60123), (3, 0)])
async def test_delete(tree, number, errcode):
    await tree.create("mei", department=[2])
    assert (await tree.get("department/delete", id=number))["errcode"] == errcode


async def test_the_list_holds_what_is_below_and_says_who_leads(tree):
    await tree.create("mei", department=[20, 3], is_leader_in_dept=[1, 0])
    rows = {row["id"]: row for row in (await tree.get("department/list", id=2))["department"]}
    assert set(rows) == {2, 20, 200}
    assert rows[20]["department_leader"] == ["mei"]
    ids = (await tree.get("department/simplelist"))["department_id"]
    assert {row["id"]: row["parentid"] for row in ids} == {1: 0, 2: 1, 3: 1, 20: 2, 200: 20}
    assert (await tree.get("department/get", id=20))["department"]["name"] == "east"
    assert (await tree.get("department/get", id=99))["errcode"] == 60123


async def test_fifteen_levels_and_no_more(wecom):
    parent = 1
    for level in range(2, 16):
        parent = (await wecom.post("department/create", {"name": f"level {level}", "parentid": parent}))["id"]
    assert await wecom.code("department/create", {"name": "level 16", "parentid": parent}) == 81002
    await wecom.post("department/create", {"id": 900, "name": "top", "parentid": 1})
    await wecom.post("department/create", {"id": 901, "name": "below", "parentid": 900})
    level_14 = parent - 1
    assert await wecom.code("department/update", {"id": 900, "parentid": level_14}) == 81002
    assert await wecom.code("department/update", {"id": 901, "parentid": level_14}) == 0


async def test_an_english_name_counts_only_with_several_languages():
    body = {"id": 2, "name": "销售", "name_en": "Sales", "parentid": 1}
    for several, seen in ((False, ""), (True, "Sales")):
        async with calling(multi_language=several) as wecom:
            await wecom.post("department/create", body)
            assert (await wecom.get("department/get", id=2))["department"]["name_en"] == seen


async def test_the_2021_profile_allows_32_characters():
    async with calling(profile="2021") as wecom:
        assert await wecom.code("department/create", {"name": "部" * 33, "parentid": 1}) == 60001


async def test_a_new_department_may_take_a_moment_to_be_usable():
    async with calling(visibility_delay_seconds=2) as wecom:
        await wecom.post("department/create", {"id": 2, "name": "sales", "parentid": 1})
        assert (await wecom.create("mei", department=[2]))["errcode"] == 60123
        wecom.hand.now += 2
        assert (await wecom.create("mei", department=[2]))["errcode"] == 0


async def test_an_application_sees_its_scope_only():
    async with calling(app_scope={"departments": [2]}) as wecom:
        for number in (2, 3):
            await wecom.post("department/create", {"id": number, "name": f"d{number}", "parentid": 1})
            await wecom.create(f"in{number}", department=[number])
        assert [row["id"] for row in (await wecom.get("department/list", "app"))["department"]] == [2]
        assert (await wecom.get("user/get", "app", userid="in3"))["errcode"] == 60111
        assert (await wecom.get("user/get", "app", userid="in2"))["errcode"] == 0

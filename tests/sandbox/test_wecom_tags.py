"""Tags: who owns them, and partial failures that count as success."""

import pytest
from wecom_caller import calling


@pytest.fixture
async def wecom():
    async with calling() as caller:
        await caller.create("Mei")
        await caller.create("wei")
        await caller.post("department/create", {"id": 20, "name": "sales", "parentid": 1})
        await caller.post("tag/create", {"tagname": "东", "tagid": 12})
        yield caller


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 41018),
        ({"tagname": ""}, 40072),
        ({"tagname": "x" * 33}, 40072),
        ({"tagname": "东"}, 40071),
        ({"tagname": "西", "tagid": 12}, 40068),
        ({"tagname": "西", "tagid": -1}, 40068),
        ({"tagname": "签" * 32}, 0),
    ],
)
async def test_create(wecom, body, errcode):
    assert await wecom.code("tag/create", body) == errcode


async def test_the_next_id_is_one_above_the_highest(wecom):
    assert await wecom.post("tag/create", {"tagname": "西"}) == {"errcode": 0, "errmsg": "created", "tagid": 13}


@pytest.mark.parametrize(
    ("body", "errcode", "extra"),
    [
        ({"userlist": ["MEI"]}, 0, {}),
        (
            {"userlist": ["mei", "GHOST1", "GHOST2"], "partylist": [20, 999]},
            0,
            {"invalidlist": "GHOST1|GHOST2", "invalidparty": [999]},
        ),
        ({"userlist": [], "partylist": []}, 40035, {}),
        ({}, 40035, {}),
        ({"userlist": ["mei"] * 1001}, 81014, {}),
        ({"partylist": [20] * 101}, 81014, {}),
        ({"tagid": 99, "userlist": ["mei"]}, 40068, {}),
        ({"tagid": None, "userlist": ["mei"]}, 41017, {}),
    ],
)
async def test_adding_and_removing(wecom, body, errcode, extra):
    for path, text in (("tag/addtagusers", "ok"), ("tag/deltagusers", "deleted")):
        answer = await wecom.post(path, {"tagid": 12, **body})
        assert answer["errcode"] == errcode
        if errcode == 0:
            assert answer == {"errcode": 0, "errmsg": text, **extra}


@pytest.mark.parametrize(("path", "errcode"), [("tag/addtagusers", 40070), ("tag/deltagusers", 40031)])
async def test_nothing_valid_is_a_failure_with_a_trailing_blank(wecom, path, errcode):
    answer = await wecom.post(path, {"tagid": 12, "userlist": ["GHOST"]})
    assert answer == {"errcode": errcode, "errmsg": "all list invalid "}


async def test_read_rename_delete(wecom):
    await wecom.post("tag/addtagusers", {"tagid": 12, "userlist": ["mei", "wei"], "partylist": [20]})
    await wecom.post("tag/deltagusers", {"tagid": 12, "userlist": ["WEI"]})
    assert await wecom.post("tag/update", {"tagid": 12, "tagname": "南"}) == {"errcode": 0, "errmsg": "updated"}
    seen = await wecom.get("tag/get", tagid=12)
    assert seen["tagname"] == "南"
    assert (seen["userlist"], seen["partylist"]) == ([{"userid": "Mei", "name": "Mei"}], [20])
    await wecom.get("department/delete", id=20)
    assert (await wecom.get("tag/get", tagid=12))["partylist"] == []
    assert (await wecom.get("tag/delete", tagid=12))["errmsg"] == "deleted"
    assert (await wecom.get("tag/get", tagid=12))["errcode"] == 40068
    assert (await wecom.get("tag/get"))["errcode"] == 41017


async def test_a_tag_belongs_to_the_secret_that_made_it(wecom):
    refused = await wecom.post("tag/addtagusers", {"tagid": 12, "userlist": ["mei"]}, "app")
    assert refused["errcode"] == 81011
    assert refused["errmsg"].startswith("no priviledge to access/modify tag")
    assert await wecom.code("tag/update", {"tagid": 12, "tagname": "x"}, "app") == 81011
    assert (await wecom.get("tag/delete", "app", tagid=12))["errcode"] == 81011
    own = (await wecom.post("tag/create", {"tagname": "own"}, "app"))["tagid"]
    assert await wecom.code("tag/addtagusers", {"tagid": own, "userlist": ["mei"]}, "app") == 0
    assert await wecom.code("tag/addtagusers", {"tagid": own, "userlist": ["mei"]}) == 81011
    assert [row["tagid"] for row in (await wecom.get("tag/list", "app"))["taglist"]] == [12, own]


async def test_contact_sync_manages_what_the_console_made(wecom):
    tag = (await wecom.order("console", op="tag", id="mei", tag="vip"))["id"]
    assert await wecom.code("tag/addtagusers", {"tagid": tag, "userlist": ["wei"]}) == 0
    assert await wecom.code("tag/addtagusers", {"tagid": tag, "userlist": ["wei"]}, "app") == 81011

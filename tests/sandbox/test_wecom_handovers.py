"""Customers and customer groups of the sandbox's WeCom, as the fact sheet has them."""

import pytest
from wecom_caller import calling

TOP = "externalcontact"
DAY = 86_400


@pytest.fixture
async def staffed():
    async with calling() as caller:
        for userid in ("mei", "wei"):
            await caller.create(userid)
        await caller.order("activate", all=True)
        for number in range(2):
            await caller.order("console", op="customer", id="mei", customer=f"x{number}")
        await caller.order("console", op="chat", id="mei", chat="g1")
        yield caller


def pair(**more):
    return {"handover_userid": "mei", "takeover_userid": "wei", **more}


async def test_only_the_application_may_ask_for_customers(staffed):
    assert (await staffed.get(f"{TOP}/list", userid="mei"))["errcode"] == 48002
    assert (await staffed.get(f"{TOP}/list", "app", userid="mei"))["external_userid"] == ["x0", "x1"]
    assert (await staffed.get(f"{TOP}/list", "app", userid="wei"))["errcode"] == 84061


async def test_a_customer_goes_over_a_day_later(staffed):
    answer = await staffed.post(f"{TOP}/transfer_customer", pair(external_userid=["x0", "nobody"]), "app")
    assert [row["errcode"] for row in answer["customer"]] == [0, 40096]
    again = await staffed.post(f"{TOP}/transfer_customer", pair(external_userid=["x0"]), "app")
    assert again["customer"] == [{"external_userid": "x0", "errcode": 40129}]
    assert (await staffed.get(f"{TOP}/list", "app", userid="wei"))["errcode"] == 84061
    staffed.hand.now += DAY
    assert (await staffed.get(f"{TOP}/list", "app", userid="wei"))["external_userid"] == ["x0"]
    shown = await staffed.post(f"{TOP}/transfer_result", pair(), "app")
    assert [(row["external_userid"], row["status"]) for row in shown["customer"]] == [("x0", 1)]


async def test_the_calls_for_leavers_are_for_leavers(staffed):
    assert await staffed.code(f"{TOP}/resigned/transfer_customer", pair(external_userid=["x0"]), "app") == 40097
    await staffed.get("user/delete", userid="mei")
    info = (await staffed.post(f"{TOP}/get_unassigned_list", {}, "app"))["info"]
    assert [row["external_userid"] for row in info] == ["x0", "x1"]
    assert await staffed.code(f"{TOP}/transfer_customer", pair(external_userid=["x0"]), "app") == 60111
    assert await staffed.code(f"{TOP}/resigned/transfer_customer", pair(external_userid=["x0"]), "app") == 0


async def test_a_group_goes_at_once_by_the_call_that_fits_its_owner(staffed):
    wrong = await staffed.post(f"{TOP}/groupchat/transfer", {"chat_id_list": ["g1"], "new_owner": "wei"}, "app")
    assert [row["errcode"] for row in wrong["failed_chat_list"]] == [90500]
    right = await staffed.post(f"{TOP}/groupchat/onjob_transfer", {"chat_id_list": ["g1"], "new_owner": "wei"}, "app")
    assert right["failed_chat_list"] == []
    assert (await staffed.state())["chats"] == {"g1": "wei"}

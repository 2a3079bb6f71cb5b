"""Application messages: recipients, content, duplicates, silent drops, recall."""

import pytest
from wecom_caller import AGENT, calling


@pytest.fixture
async def wecom():
    async with calling() as caller:
        await caller.post("department/create", {"id": 20, "name": "sales", "parentid": 1})
        await caller.create("Mei", department=[20])
        await caller.create("wei")
        await caller.order("activate", all=True)
        await caller.create("new", department=[20])
        yield caller


def text(touser="Mei", content="hi", **more):
    return {"touser": touser, "msgtype": "text", "agentid": AGENT, "text": {"content": content}, **more}


async def last(wecom):
    return (await wecom.state())["messages"][-1]


CARD = {"title": "t", "description": "d", "url": "https://hr.example.com"}
NOTICE = {"card_type": "text_notice", "main_title": {"title": "t"}, "card_action": {"type": 1, "url": "https://x"}}


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"agentid": None}, 41011),
        ({"agentid": "1000002"}, 40056),
        ({"agentid": 1}, 301002),
        ({"msgtype": "song"}, 40008),
        ({"msgtype": None}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"text": None}, 40058),
        ({"touser": ""}, 82001),
        ({"touser": ["Mei"]}, 40058),
        ({"touser": "|".join(["Mei"] * 1001)}, 40032),
        ({"toparty": "|".join(["20"] * 101)}, 82002),
        ({"totag": "|".join(["1"] * 101)}, 82003),
        ({"msgtype": "textcard", "textcard": CARD}, 0),
        ({"msgtype": "textcard", "textcard": {**CARD, "description": ""}}, 41033),
        ({"msgtype": "textcard", "textcard": {**CARD, "url": "hr.example.com"}}, 40058),
        ({"msgtype": "markdown", "markdown": {"content": "字" * 682}}, 0),
        ({"msgtype": "markdown", "markdown": {"content": "字" * 683}}, 45002),
        ({"msgtype": "template_card", "template_card": NOTICE}, 0),
        ({"msgtype": "template_card", "template_card": {**NOTICE, "card_action": None}}, 40058),
        ({"msgtype": "news", "news": {"articles": []}}, 40058),
        ({"msgtype": "image", "image": {"media_id": "m"}}, 40007),
        ({"touser": "@all"}, 0),
    ],
)
async def test_what_is_refused(wecom, changes, errcode):
    assert await wecom.code("message/send", {**text(), **changes}, "app") == errcode


async def test_partly_invalid_is_a_success_in_lower_case(wecom):
    answer = await wecom.post("message/send", text("MEI|Ghost", toparty="999", totag="7"), "app")
    assert answer == {
        "errcode": 0,
        "errmsg": "ok",
        "invaliduser": "ghost",
        "invalidparty": "999",
        "invalidtag": "7",
        "msgid": "emu-msg-1",
    }
    assert (await last(wecom))["delivered"] == ["Mei"]


async def test_all_invalid_is_81013_and_names_them_still(wecom):
    answer = await wecom.post("message/send", text("GHOST"), "app")
    assert (answer["errcode"], answer["invaliduser"]) == (81013, "ghost")
    assert (await wecom.state())["messages"] == []


async def test_who_is_suspended_is_invalid_and_who_never_joined_gets_nothing(wecom):
    await wecom.post("user/update", {"userid": "wei", "enable": 0})
    answer = await wecom.post("message/send", text("mei|wei|new"), "app")
    assert answer["invaliduser"] == "wei"
    message = await last(wecom)
    assert (message["delivered"], message["not_activated"]) == (["Mei"], ["new"])


async def test_parties_and_tags_reach_their_members_once(wecom):
    tag = (await wecom.post("tag/create", {"tagname": "east"}))["tagid"]
    await wecom.post("tag/addtagusers", {"tagid": tag, "userlist": ["mei", "wei"]})
    await wecom.post("message/send", text("mei", toparty="20", totag=str(tag)), "app")
    assert sorted((await last(wecom))["delivered"]) == ["Mei", "wei"]


async def test_long_text_is_cut_at_2048_bytes(wecom):
    await wecom.post("message/send", text(content="字" * 700), "app")
    assert (await last(wecom))["content"]["content"] == "字" * 682


async def test_the_same_request_within_the_interval_is_not_delivered_again(wecom):
    body = text(enable_duplicate_check=1, duplicate_check_interval=600)
    first = (await wecom.post("message/send", body, "app"))["msgid"]
    assert await wecom.code("message/send", body, "app") == 0
    assert ((await last(wecom))["duplicate_of"], (await last(wecom))["delivered"]) == (first, [])
    await wecom.post("message/send", {**body, "text": {"content": "other"}}, "app")
    assert (await last(wecom))["delivered"] == ["Mei"]
    wecom.hand.now += 600
    await wecom.post("message/send", body, "app")
    assert (await last(wecom))["delivered"] == ["Mei"]
    await wecom.post("message/send", text(), "app")
    await wecom.post("message/send", text(), "app")
    assert (await last(wecom))["delivered"] == ["Mei"]


async def test_more_than_thirty_a_minute_vanish_without_an_error(wecom):
    answers = [await wecom.post("message/send", text(content=str(n)), "app") for n in range(31)]
    assert {answer["errcode"] for answer in answers} == {0}
    assert ((await last(wecom))["delivered"], (await last(wecom))["dropped"]) == ([], ["Mei"])
    await wecom.post("message/send", text("wei"), "app")
    assert (await last(wecom))["delivered"] == ["wei"]
    wecom.hand.now += 60
    await wecom.post("message/send", text(), "app")
    assert (await last(wecom))["delivered"] == ["Mei"]


async def test_recall_within_a_day_of_business_time(wecom):
    msgid = (await wecom.post("message/send", text(), "app"))["msgid"]
    assert await wecom.post("message/recall", {"msgid": msgid}, "app") == {"errcode": 0, "errmsg": "ok"}
    assert (await last(wecom))["recalled_at"] is not None
    assert await wecom.code("message/recall", {"msgid": "unheard of"}, "app") == 40058
    late = (await wecom.post("message/send", text(), "app"))["msgid"]
    row = {"real_at": wecom.hand.now, "business_at": wecom.hand.now + 86_401, "speed": 1}
    await wecom.order("clock", **row)
    assert await wecom.code("message/recall", {"msgid": late}, "app") == 42052


async def test_the_company_s_daily_deliveries_have_an_end():
    async with calling(account_cap=1, member_messages=(1000, 1000)) as wecom:
        await wecom.create("Mei")
        token = await wecom.token("app")

        async def send():
            query = {"access_token": token}
            return (await wecom.http.post("cgi-bin/message/send", params=query, json=text())).json()["errcode"]

        assert {await send() for _ in range(200)} == {0}
        assert await send() == 45009

"""What stands before every handler: path, token, address, quota, crowd, and which secret may do what."""

import asyncio
import re

import httpx
import pytest
from wecom_caller import AGENT, CORP, SECRETS, calling

from sandbox.app import build


@pytest.fixture
async def wecom():
    async with calling() as caller:
        yield caller


async def test_an_unknown_path_is_404_with_nothing_in_it(wecom):
    answer = await wecom.http.get("cgi-bin/user/nothing")
    assert (answer.status_code, answer.content) == (404, b"")


async def test_an_error_is_a_200_with_empty_lists_a_hint_and_two_headers(wecom):
    answer = await wecom.http.get("cgi-bin/user/get", params={"userid": "mei"})
    body = answer.json()
    assert answer.status_code == 200
    shape = r"access_token missing, hint: \[1750000000\d{15}\], from ip: \S+, more info at https://\S+query\?e=41001"
    assert re.fullmatch(shape, body["errmsg"])
    lists = {"department", "order", "is_leader_in_dept", "direct_leader"}
    assert body == {"errcode": 41001, "errmsg": body["errmsg"], **{name: [] for name in lists}}
    assert answer.headers["Error-Code"] == "41001"
    assert answer.headers["Error-Msg"] == body["errmsg"]


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({}, 41004),
        ({"corpid": CORP}, 41004),
        ({"corpsecret": "s"}, 41002),
        ({"corpid": "wwother", "corpsecret": "s"}, 40013),
        ({"corpid": CORP, "corpsecret": "s"}, 40001),
        ({"corpid": CORP, "corpsecret": SECRETS["app"]}, 0),
    ],
)
async def test_gettoken_checks_the_secret_s_presence_first(wecom, query, errcode):
    assert (await wecom.http.get("cgi-bin/gettoken", params=query)).json()["errcode"] == errcode


async def test_a_token_stays_the_same_and_dies_after_7200_seconds_of_real_time(wecom):
    token = await wecom.token("contact")
    wecom.hand.now += 7199
    assert await wecom.token("contact") == token
    assert (await wecom.get("tag/list"))["errcode"] == 0
    wecom.hand.now += 1
    expired = await wecom.http.get("cgi-bin/tag/list", params={"access_token": token})
    assert expired.json()["errcode"] == 42001
    assert await wecom.token("contact") != token


async def test_only_the_query_s_token_counts(wecom):
    token = await wecom.token("contact")
    headers = {"Authorization": f"Bearer {token}"}
    answer = await wecom.http.post("cgi-bin/user/list_id", headers=headers, json={"access_token": token})
    assert answer.json()["errcode"] == 41001
    answer = await wecom.http.get("cgi-bin/tag/list", params={"access_token": "made-up"})
    assert answer.json() == {"errcode": 40014, "errmsg": "invalid access_token", "taglist": []}


async def test_the_token_is_looked_at_before_any_parameter(wecom):
    assert await wecom.code("user/create", {}, kind=None) == 41001


async def test_wrong_secrets_shut_the_address_out_for_an_hour():
    async with calling(secret_tries=3) as wecom:
        wrong = {"corpid": CORP, "corpsecret": "wrong"}
        codes = [(await wecom.http.get("cgi-bin/gettoken", params=wrong)).json()["errcode"] for _ in range(4)]
        assert codes == [40001, 40001, 40001, 45009]
        right = {"corpid": CORP, "corpsecret": SECRETS["app"]}
        assert (await wecom.http.get("cgi-bin/gettoken", params=right)).json()["errcode"] == 45009
        wecom.hand.now += 3600
        assert (await wecom.http.get("cgi-bin/gettoken", params=right)).json()["errcode"] == 0


@pytest.mark.parametrize(
    ("path", "contact", "app"),
    [
        ("user/create", 60112, 48002),
        ("user/update", 41009, 48002),
        ("user/batchdelete", 40031, 48002),
        ("user/list_id", 0, 48002),
        ("department/create", 60001, 48002),
        ("department/update", 60003, 48002),
        ("message/send", 48002, 41011),
        ("message/recall", 48002, 40058),
        ("tag/create", 41018, 41018),
        ("batch/invite", 40035, 40035),
    ],
)
async def test_which_secret_may_write_what(wecom, path, contact, app):
    assert [await wecom.code(path, {}, kind) for kind in ("contact", "app")] == [contact, app]


@pytest.mark.parametrize(
    ("path", "contact", "app"),
    [
        ("user/delete", 41009, 48002),
        ("department/delete", 60123, 48002),
        ("user/get", 41009, 41009),
        ("department/simplelist", 0, 0),
        ("externalcontact/get_follow_user_list", 48002, 0),
    ],
)
async def test_which_secret_may_get_what(wecom, path, contact, app):
    assert [(await wecom.get(path, kind))["errcode"] for kind in ("contact", "app")] == [contact, app]


async def test_contact_sync_reads_no_details_from_a_new_address():
    async with calling(contact_from_new_ip=True) as wecom:
        await wecom.create("mei")
        reads = {"user/get": {"userid": "mei"}, "user/list": {"department_id": 1}, "department/list": {}}
        for path, query in reads.items():
            assert (await wecom.get(path, **query))["errcode"] == 48009
            assert (await wecom.get(path, "app", **query))["errcode"] == 0
        assert (await wecom.get("department/simplelist"))["errcode"] == 0


async def test_a_trusted_address_counts_a_minute_after_it_was_entered():
    async with calling(trusted_ips=["192.0.2.1"]) as wecom:
        refused = await wecom.get("tag/list")
        assert refused["errcode"] == 60020
        address = re.search("from ip: ([^,]+)", refused["errmsg"])[1]
        await wecom.order("console", op="trusted_ips", ips=[address])
        wecom.hand.now += 59
        assert (await wecom.get("tag/list"))["errcode"] == 60020
        wecom.hand.now += 1
        assert (await wecom.get("tag/list"))["errcode"] == 0


async def test_a_rotated_secret_kills_its_tokens_and_a_disabled_application_its_calls(wecom):
    old, other = await wecom.token("app"), await wecom.token("contact")
    await wecom.order("console", op="app", kind="agent", secret="new")
    answers = [await wecom.http.get("cgi-bin/tag/list", params={"access_token": t}) for t in (old, other)]
    assert [answer.json()["errcode"] for answer in answers] == [40014, 0]
    token = await wecom.token("app", "new")
    await wecom.order("console", op="app", kind="agent", enabled=False)
    answer = await wecom.http.get("cgi-bin/tag/list", params={"access_token": token})
    assert answer.json()["errcode"] == 50003


async def test_a_quota_is_per_path_and_scales():
    async with calling(quota_scale=0.0003) as wecom:
        token = await wecom.token("contact")

        async def call(path):
            return (await wecom.http.get(f"cgi-bin/{path}", params={"access_token": token})).json()["errcode"]

        assert [await call("tag/list") for _ in range(4)] == [0, 0, 0, 45009]
        assert await call("department/list") == 0
        wecom.hand.now += 60
        assert await call("tag/list") == 0


async def test_messages_are_spared_the_common_quota():
    async with calling(quota_scale=0.0001) as wecom:
        token = await wecom.token("app")
        body = {"agentid": AGENT, "touser": "ghost", "msgtype": "text", "text": {"content": "x"}}
        for _ in range(3):
            answer = await wecom.http.post("cgi-bin/message/send", params={"access_token": token}, json=body)
            assert answer.json()["errcode"] == 81013


async def test_more_than_five_calls_of_a_path_at_once_are_refused():
    async with calling(latency_seconds=0.05) as wecom:
        token = await wecom.token("contact")
        query = {"access_token": token}
        answers = await asyncio.gather(*(wecom.http.get("cgi-bin/tag/list", params=query) for _ in range(7)))
        codes = sorted(answer.json()["errcode"] for answer in answers)
        assert codes == [0] * 5 + [45033] * 2


@pytest.mark.parametrize(
    ("kind", "errcode"), [("busy", -1), ("throttle", 45009), ("expire_token", 40014), ("errcode", 6000)]
)
async def test_ordered_faults_speak_wecom(wecom, kind, errcode):
    await wecom.http.post("_sandbox/faults", json=[{"path": "user/create", "kind": kind, "code": 6000}])
    assert (await wecom.create("mei"))["errcode"] == errcode
    assert (await wecom.create("mei"))["errcode"] == 0


async def test_a_body_that_is_no_json_counts_as_empty_and_the_answer_says_so(wecom):
    query = {"access_token": await wecom.token("contact")}
    answer = (await wecom.http.post("cgi-bin/user/list_id", params=query, content=b"{")).json()
    assert (answer["errcode"], answer["errmsg"]) == (0, "ok. Warning: wrong json format. ")
    answer = (await wecom.http.post("cgi-bin/user/create", params=query, content=b"{")).json()
    assert answer["errcode"] == 60112
    assert answer["errmsg"].endswith("Warning: wrong json format. ")


async def test_escaped_characters_in_a_body_are_refused(wecom):
    query = {"access_token": await wecom.token("contact")}
    body = rb'{"tagname": "\u9500\u552e"}'
    assert (await wecom.http.post("cgi-bin/tag/create", params=query, content=body)).json()["errcode"] == 40033


async def test_the_wrong_verb_does_nothing(wecom):
    await wecom.create("mei")
    query = {"access_token": await wecom.token("contact"), "userid": "mei"}
    assert (await wecom.http.post("cgi-bin/user/delete", params=query)).json()["errcode"] == 40003
    assert "mei" in (await wecom.state())["members"]


async def test_calls_name_the_people_they_touch(wecom):
    await wecom.create("mei")
    await wecom.get("user/get", userid="wei")
    await wecom.post("user/batchdelete", {"useridlist": ["mei", "wei"]})
    await wecom.post("message/send", {"touser": "mei|wei"}, kind="app")
    calls = (await wecom.http.get("_sandbox/calls")).json()
    people = [call["person"] for call in calls if call["path"] != "gettoken"]
    assert people == [["mei"], ["wei"], ["mei", "wei"], ["mei", "wei"]]
    assert "sandbox-" not in str(calls)
    assert "emu-tok" not in str(calls)


async def test_reset_makes_the_company_new(wecom):
    await wecom.create("mei")
    await wecom.order("reset")
    assert (await wecom.state())["members"] == {}
    assert (await wecom.create("mei"))["errcode"] == 0


def test_a_configuration_for_nobody_is_refused():
    with pytest.raises(ValueError, match="no such platform: wcom"):
        build({"wcom": {}})


async def test_both_platforms_answer_under_one_address():
    transport = httpx.ASGITransport(build({}))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox/") as http:
        for platform in ("wecom", "dingtalk"):
            assert (await http.get(f"{platform}/_sandbox/state")).status_code == 200


ODD = [None, "", "x", "|", 0, -1, 1.5, True, [], [None], [[]], ["x"], {}, {"attrs": [{"text": "x", "web": 1}]}]
FIELDS = {
    "user/create": "userid name mobile email department order is_leader_in_dept main_department direct_leader "
    "position telephone gender alias address enable extattr external_profile to_invite biz_mail",
    "user/update": "name mobile email department order is_leader_in_dept main_department direct_leader enable "
    "extattr new_userid gender",
    "user/batchdelete": "useridlist",
    "user/list_id": "cursor limit",
    "user/getuserid": "mobile",
    "user/get_userid_by_email": "email email_type",
    "department/create": "name parentid id order name_en",
    "department/update": "id name parentid order name_en",
    "tag/create": "tagname tagid",
    "tag/update": "tagname tagid",
    "tag/addtagusers": "tagid userlist partylist",
    "tag/deltagusers": "tagid userlist partylist",
    "batch/invite": "user party tag",
    "message/send": "touser toparty totag msgtype agentid text safe enable_duplicate_check duplicate_check_interval",
    "message/recall": "msgid",
}
SOUND = {
    "user/create": {"userid": "wei", "name": "wei", "mobile": "13900000002"},
    "user/update": {"userid": "mei"},
    "department/create": {"name": "sales", "parentid": 1},
    "department/update": {"id": 1},
    "tag/create": {"tagname": "east"},
    "message/send": {"touser": "mei", "agentid": AGENT, "msgtype": "text", "text": {"content": "x"}},
}


@pytest.mark.parametrize("path", FIELDS)
async def test_no_body_makes_the_sandbox_stumble(wecom, path):
    """Any value in any field gets an answer with an errcode, and the state stays readable."""
    kind = "app" if path.startswith("message") else "contact"
    await wecom.create("mei")
    await wecom.post("tag/create", {"tagname": "west", "tagid": 1})
    bodies = [{**SOUND.get(path, {}), name: odd} for name in FIELDS[path].split() for odd in ODD]
    for body in [*bodies, [], "x", 1]:
        assert isinstance(await wecom.code(path, body, kind), int)
    await wecom.state()


async def test_an_odd_userid_does_not_break_the_header_it_is_echoed_in(wecom):
    answer = await wecom.get("user/get", userid="a\x00\r\nb")
    assert answer["errcode"] == 60111

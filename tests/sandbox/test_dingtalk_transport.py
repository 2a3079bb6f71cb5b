"""Tokens, the two hosts' ways of saying no, permissions, and limits on calls."""

import pytest
from dingtalk_caller import CONFIG, KEY, NOTICE, SECRET, USER, connected, fresh

LIMITED = {
    "key": "limited",
    "app": {
        "app_key": "limited",
        "app_secret": "s2",
        "agent_id": 2,
        "permissions": ["qyapi_base", "qyapi_get_member", "qyapi_get_department_member", "qyapi_get_department_list"],
        "readable_fields": ["email"],
        "scope": [70001],
    },
}
LEFT = "v1.0/contact/empLeaveRecords"
COUNT = "topapi/user/count"


@pytest.fixture(scope="module")
def http():
    with connected(CONFIG | {"corp_id": "corp", "more_apps": [LIMITED["app"]]}) as client:
        yield client


@pytest.fixture
def ding(http):
    return fresh(http)


def counted(ding, **query: str) -> dict:
    return ding.http.post(COUNT, params=query, json={"only_active": False}).json()


def test_every_way_to_a_token_gives_the_same_one_for_both_hosts(ding):
    new = ding.http.post("v1.0/oauth2/accessToken", json={"appKey": KEY, "appSecret": SECRET}).json()
    body = {"client_id": KEY, "client_secret": SECRET, "grant_type": "client_credentials"}
    corp = ding.http.post("v1.0/oauth2/corp/token", json=body).json()
    assert new == {"accessToken": ding.token, "expireIn": 7200}
    assert corp == {"access_token": ding.token, "expires_in": 7200}


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("accessToken", {"appKey": KEY, "appSecret": "x"}, 400, "invalidClientIdOrSecret"),
        ("accessToken", {"appKey": "x", "appSecret": SECRET}, 400, "invalidClientIdOrSecret"),
        ("accessToken", {}, 400, "invalidClientIdOrSecret"),
        ("corp/token", {"client_id": KEY, "client_secret": SECRET}, 400, "unsupported.grant.type"),
        ("corp/token", {"client_id": KEY, "grant_type": "client_credentials"}, 400, "invalid.client"),
        (
            "other/token",
            {"client_id": KEY, "client_secret": SECRET, "grant_type": "client_credentials"},
            401,
            "unauthorized.client",
        ),
    ],
)
def test_the_new_host_refuses_bad_credentials(ding, path, body, status, code):
    answer = ding.http.post(f"v1.0/oauth2/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "requestid"}


def test_the_old_host_refuses_bad_credentials(ding):
    assert ding.http.get("gettoken", params={"appkey": KEY, "appsecret": "x"}).json()["errcode"] == 40096
    assert ding.http.get("gettoken", params={"appkey": KEY}).json()["errcode"] == 40035


def test_a_token_lives_two_hours_from_when_it_was_last_asked_for(ding):
    ding.order("clock", skip_real=7000)
    again = ding.http.get("gettoken", params={"appkey": KEY, "appsecret": SECRET}).json()["access_token"]
    assert again == ding.token
    ding.order("clock", skip_real=7000)
    assert counted(ding, access_token=ding.token)["errcode"] == 0
    ding.order("clock", skip_real=201)
    dead = counted(ding, access_token=ding.token)
    assert (dead["errcode"], dead["sub_code"]) == (88, "40014")
    assert dead["errmsg"] == "ding talk error[subcode=40014,submsg=不合法的access_token]"
    renewed = ding.http.get("gettoken", params={"appkey": KEY, "appsecret": SECRET}).json()["access_token"]
    assert renewed != ding.token


def test_gateway_errors_can_be_plain(ding):
    ding.switch(plain_gateway_errors=True)
    assert counted(ding, access_token="x")["errcode"] == 40014
    assert counted(ding)["errcode"] == 41001


def test_the_old_host_takes_a_token_from_query_or_form_only(ding):
    assert counted(ding, access_token=ding.token)["errcode"] == 0
    assert ding.form(COUNT, only_active="false")["errcode"] == 0
    headers = {"x-acs-dingtalk-access-token": ding.token}
    in_header = ding.http.post(COUNT, json={"only_active": False}, headers=headers).json()
    assert in_header["sub_code"] == "41001"


def test_the_new_host_takes_a_token_from_its_header_only(ding):
    query = {"startTime": "2026-01-01T00:00:00Z", "maxResults": "10", "endTime": "2026-02-01T00:00:00Z"}
    assert ding.get(LEFT, **query).json() == {"records": []}
    absent = ding.http.get(LEFT, params=query | {"access_token": ding.token})
    assert (absent.status_code, absent.json()["code"]) == (400, "AuthenticationFailed.MissingParameter")
    bearer = ding.http.get(LEFT, params=query, headers={"Authorization": f"Bearer {ding.token}"})
    assert bearer.json()["code"] == "AuthenticationFailed.MissingParameter"
    wrong = ding.http.get(LEFT, params=query, headers={"x-acs-dingtalk-access-token": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "InvalidAuthentication")


def test_unknown_paths_and_methods(ding):
    assert ding.post("topapi/v3/user/create")["errcode"] == 22
    assert ding.http.get(f"{USER}/get", params={"access_token": ding.token}).json()["errcode"] == 43002
    assert ding.http.post("gettoken").json()["errcode"] == 43001
    assert ding.http.post("v1.0/nothing", json={}).status_code == 404


def test_a_body_that_is_no_json_object_is_refused(ding):
    for content in (b"{", b"[]", b'"x"'):
        answer = ding.http.post(COUNT, params={"access_token": ding.token}, content=content)
        assert answer.json()["errcode"] == 40035


def test_answers_can_be_as_sloppy_as_the_samples(ding):
    ding.mei(hired_date="1767225600000")
    ding.switch(strings_for_numbers=True)
    answer = ding.post(f"{USER}/get", userid="mei")
    assert answer["errcode"] == "0"
    assert (answer["result"]["active"], answer["result"]["hired_date"]) == ("false", "1767225600000")
    assert answer["result"]["dept_id_list"] == ["1"]


def test_an_app_does_what_it_was_permitted_and_sees_what_it_was_shown(ding):
    inside = ding.department("里")
    assert inside == 70001
    ding.mei(email="mei@example.net", dept_id_list=str(inside))
    ding.mei(userid="wei", mobile="13900000002")
    granted = ding.http.get("gettoken", params={"appkey": "limited", "appsecret": "s2"}).json()
    other = fresh_token(ding, granted["access_token"])
    refused = other.post(f"{USER}/delete", userid="mei")
    assert refused["sub_code"] == "60011"
    assert "requiredScopes=[qyapi_manage_addresslist]" in refused["sub_msg"]
    left = other.get(LEFT)
    assert (left.status_code, left.json()["code"]) == (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    seen = other.post(f"{USER}/get", userid="mei")["result"]
    assert seen["email"] == "mei@example.net"
    assert "mobile" not in seen
    assert other.post(f"{USER}/get", userid="wei")["errcode"] == 50002
    assert other.post(f"{USER}/list", dept_id=1, cursor=0, size=10)["errcode"] == 50004
    assert other.post("topapi/user/listid", dept_id=1)["result"]["userid_list"] == ["wei"]
    assert other.http.get("auth/scopes", params={"access_token": other.token}).json()["auth_org_scopes"] == {
        "authed_dept": [70001],
        "authed_user": [],
    }


def fresh_token(ding, token: str):
    other = object.__new__(type(ding))
    other.http, other.token = ding.http, token
    return other


def test_calls_beyond_the_limit_of_a_second_are_throttled_path_by_path(ding):
    ding.order("quotas", limits=[{"path": "*", "calls": 20, "seconds": 1}], scale=0.1)
    answers = [counted(ding, access_token=ding.token) for _ in range(20)]
    assert {answer.get("sub_code") for answer in answers} == {None, "90018"}
    assert ding.post("topapi/user/listid", dept_id=1)["errcode"] == 0
    left = [ding.get(LEFT) for _ in range(20)][-1]
    assert (left.status_code, left.json()["code"]) == (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
    ding.order("clock", skip_real=2)
    assert counted(ding, access_token=ding.token)["errcode"] == 0
    ding.order("quotas", scale=1000)


def test_the_whole_platform_can_be_over_its_limit(ding):
    ding.switch(platform_busy=True)
    busy = counted(ding, access_token=ding.token)
    assert busy["sub_code"] == "90002"
    assert "限制将在" in busy["sub_msg"]
    assert ding.get(LEFT).json()["code"] == "Forbidden.AccessDenied.QpsLimitForApi"


def test_a_banned_address_gets_a_page_for_five_minutes(ding):
    ding.order("console", op="ban")
    page = ding.http.post(COUNT, params={"access_token": ding.token}, json={})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=UTF-8")
    assert page.text.startswith("<!DOCTYPE html>")
    ding.order("clock", skip_real=301)
    assert counted(ding, access_token=ding.token)["errcode"] == 0


def test_too_many_calls_of_one_address_ban_it(ding):
    ding.order("quotas", limits=[], scale=0.001)
    pages = [ding.http.post(COUNT, params={"access_token": ding.token}, json={}) for _ in range(25)]
    assert pages[-1].text.startswith("<!DOCTYPE html>")
    ding.order("quotas", limits=[{"path": "*", "calls": 20, "seconds": 1}], scale=1000)


def test_a_month_has_so_many_calls_but_contacts_are_spared(ding):
    ding.mei()
    ding.switch(month_calls=1)
    notice = {"agent_id": 1001, "userid_list": "mei", "msg": {"msgtype": "text", "text": {"content": "一"}}}
    assert ding.post(f"{NOTICE}/asyncsend_v2", **notice)["errcode"] == 0
    assert ding.post(f"{NOTICE}/asyncsend_v2", **notice)["sub_code"] == "90020"
    assert ding.post(f"{USER}/get", userid="mei")["errcode"] == 0
    ding.order("clock", skip_real=40 * 24 * 3600)
    token = ding.http.get("gettoken", params={"appkey": KEY, "appsecret": SECRET}).json()["access_token"]
    assert fresh_token(ding, token).post(f"{NOTICE}/asyncsend_v2", **notice)["errcode"] == 0
    ding.switch(edition="professional", month_calls=0)
    assert fresh_token(ding, token).post(f"{NOTICE}/getsendprogress", agent_id=1001, task_id=1)["errcode"] == 400002


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ({"kind": "busy"}, (-1, None)),
        ({"kind": "throttle"}, (88, "90018")),
        ({"kind": "errcode", "code": 60020}, (88, "60020")),
        ({"kind": "errcode", "code": 40024}, (40024, None)),
        ({"kind": "expire_token"}, (88, "40014")),
    ],
)
def test_ordered_faults_are_worded_as_the_old_host_does(ding, fault, answer):
    ding.http.post("_sandbox/faults", json=[{"path": COUNT, **fault}])
    told = counted(ding, access_token=ding.token)
    assert (told["errcode"], told.get("sub_code")) == answer


def test_ordered_faults_are_worded_as_the_new_host_does(ding):
    orders = [{"path": LEFT, "kind": "busy"}, {"path": LEFT, "kind": "errcode", "code": "systemError.busy"}]
    ding.http.post("_sandbox/faults", json=orders)
    assert [ding.get(LEFT).json()["code"] for _ in orders] == ["system.busy", "systemError.busy"]


def test_the_log_names_persons_and_holds_no_secret(ding):
    ding.mei()
    ding.post("topapi/role/addrolesforemps", roleIds="70009", userIds="mei,wei")
    log = ding.http.get("_sandbox/calls").json()
    assert [call["person"] for call in log[-2:]] == [["mei"], ["mei", "wei"]]
    assert log[-1]["errcode"] == 33011
    assert SECRET not in str([call["query"] for call in log])
    assert ding.token not in str(log)


@pytest.mark.parametrize(
    "order",
    [
        {"op": "switch", "edition": "golden"},
        {"op": "read", "task_id": 1, "userid": "mei"},
        {"op": "accept", "mobile": "1"},
    ],
)
def test_the_console_refuses_nonsense(ding, order):
    assert "error" in ding.order("console", **order)


def test_only_members_can_be_activated(ding):
    assert "error" in ding.order("activate", id="nobody")
    ding.mei()
    assert ding.order("activate", all=True) == {"activated": ["mei"]}

"""The stand-in, driven by clients that nobody here wrote.

``dingtalk-sdk`` names older paths for members, departments and roles, so those are called through its general
``post``; its token, its renewal of a dead one, its JSON and its reading of errors are its own. It joins paths to the
root of an address, and ``alibabacloud-dingtalk`` to a host: an adapter, and a host with a path, put the platform's
name before.
"""

import warnings

import pytest
import requests
from dingtalk_caller import CONFIG, DEPARTMENT, KEY, NOTICE, ROLE, SECRET, USER, connected, fresh
from requests.adapters import HTTPAdapter

with warnings.catch_warnings():
    # Both import pkg_resources or use escapes and calls that Python has since deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from alibabacloud_dingtalk.contact_1_0 import models as contact_models
    from alibabacloud_dingtalk.contact_1_0.client import Client as ContactClient
    from alibabacloud_dingtalk.oauth2_1_0 import models as oauth_models
    from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuthClient
    from alibabacloud_tea_openapi import models as open_api
    from alibabacloud_tea_util import models as tea
    from dingtalk import AppKeyClient
    from dingtalk.core.exceptions import DingTalkClientException
    from Tea.exceptions import TeaException


class UnderItsName(HTTPAdapter):
    """Sends ``/gettoken`` to ``/dingtalk/gettoken``."""

    def send(self, request, **options):
        address, _, path = request.url.removeprefix("http://").partition("/")
        request.url = f"http://{address}/dingtalk/{path}"
        return super().send(request, **options)


@pytest.fixture(scope="module")
def http():
    with connected(CONFIG) as client:
        yield client


@pytest.fixture
def ding(http):
    return fresh(http)


@pytest.fixture
def sdk(ding):
    with requests.Session() as session:
        session.mount("http://", UnderItsName())
        address = f"http://{ding.http.base_url.host}:{ding.http.base_url.port}/"
        client = type("Pointed", (AppKeyClient,), {"API_BASE_URL": address, "_http": session})
        yield client("corp", KEY, SECRET)


@pytest.fixture
def pointed(ding):
    """Settings of the official client that lead to the stand-in."""
    return open_api.Config(endpoint=f"{ding.http.base_url.host}:{ding.http.base_url.port}/dingtalk", protocol="http")


def test_dingtalk_sdk_gets_its_token_and_reads_its_scope(sdk, ding):
    assert sdk.access_token == ding.token
    assert sdk.user.auth_scopes()["auth_org_scopes"]["authed_dept"] == [1]


def test_dingtalk_sdk_takes_a_person_from_hire_to_leave(sdk, ding):
    department = sdk.post(f"/{DEPARTMENT}/create", {"name": "销售", "parent_id": 1})["result"]["dept_id"]
    hire = {"userid": "mei", "name": "梅", "mobile": "13900000001", "dept_id_list": str(department)}
    assert sdk.post(f"/{USER}/create", hire)["result"]["userid"] == "mei"
    group = sdk.post("/role/add_role_group", {"name": "岗位"})["groupId"]
    role = sdk.post("/role/add_role", {"roleName": "销售", "groupId": group})["roleId"]
    sdk.post(f"/{ROLE}/addrolesforemps", {"roleIds": str(role), "userIds": "mei"})
    read = sdk.post(f"/{USER}/get", {"userid": "mei"})["result"]
    assert [entry["id"] for entry in read["role_list"]] == [role]
    assert read["dept_id_list"] == [department]
    sdk.post(f"/{USER}/update", {"userid": "mei", "title": "经理"})
    task = {"agent_id": 1001, "userid_list": "mei", "msg": {"msgtype": "text", "text": {"content": "你好"}}}
    assert sdk.post(f"/{NOTICE}/asyncsend_v2", task)["task_id"]
    sdk.post(f"/{USER}/delete", {"userid": "mei"})
    assert ding.state()["users"] == {}
    with pytest.raises(DingTalkClientException) as refused:
        sdk.post(f"/{USER}/get", {"userid": "mei"})
    assert refused.value.errcode == 33012


def test_dingtalk_sdk_renews_a_dead_token_by_itself(sdk, ding):
    ding.switch(plain_gateway_errors=True)
    dead = sdk.access_token
    ding.order("clock", skip_real=7201)
    assert sdk.user.auth_scopes()["errcode"] == 0
    assert sdk.access_token != dead


def test_dingtalk_sdk_sees_the_wrapped_code_of_a_dead_token(sdk, ding):
    assert sdk.access_token
    ding.order("clock", skip_real=7201)
    with pytest.raises(DingTalkClientException) as refused:
        sdk.user.auth_scopes()
    assert (refused.value.errcode, "subcode=40014" in refused.value.errmsg) == (88, True)


def test_dingtalk_sdk_reads_sloppy_answers(sdk, ding):
    assert sdk.access_token
    ding.switch(strings_for_numbers=True)
    answer = sdk.post("/role/add_role_group", {"name": "岗位"})
    assert (answer["errcode"], answer["groupId"].isdigit()) == (0, True)


def test_the_official_client_gets_the_same_token(pointed, ding):
    request = oauth_models.GetAccessTokenRequest(app_key=KEY, app_secret=SECRET)
    answer = OAuthClient(pointed).get_access_token(request).body
    assert (answer.access_token, answer.expire_in) == (ding.token, 7200)


def test_the_official_client_reads_a_refused_secret(pointed):
    request = oauth_models.GetAccessTokenRequest(app_key=KEY, app_secret="wrong")
    with pytest.raises(TeaException) as refused:
        OAuthClient(pointed).get_access_token(request)
    assert refused.value.code == "invalidClientIdOrSecret"


def test_the_official_client_gets_a_token_for_a_corporation(pointed, ding):
    request = oauth_models.GetTokenRequest(client_id=KEY, client_secret=SECRET, grant_type="client_credentials")
    assert OAuthClient(pointed).get_token("ding-sandbox", request).body.access_token == ding.token


def test_the_official_client_lists_leavers(pointed, ding):
    ding.order("clock", business_at="2026-03-02T09:00:00+08:00", speed=0)
    ding.mei()
    ding.post(f"{USER}/delete", userid="mei")
    request = contact_models.ListEmpLeaveRecordsRequest(
        start_time="2026-03-01T00:00:00Z", max_results=50, next_token="0"
    )
    headers = contact_models.ListEmpLeaveRecordsHeaders(x_acs_dingtalk_access_token=ding.token)
    client = ContactClient(pointed)
    records = client.list_emp_leave_records_with_options(request, headers, tea.RuntimeOptions()).body.records
    assert [(record.user_id, record.leave_reason) for record in records] == [("mei", "oapi")]
    assert records[0].leave_time == "2026-03-02T01:00:00Z"


def test_the_official_client_reads_a_dead_token(pointed):
    request = contact_models.ListEmpLeaveRecordsRequest(start_time="2026-03-01T00:00:00Z", max_results=50)
    headers = contact_models.ListEmpLeaveRecordsHeaders(x_acs_dingtalk_access_token="dead")
    with pytest.raises(TeaException) as refused:
        ContactClient(pointed).list_emp_leave_records_with_options(request, headers, tea.RuntimeOptions())
    assert refused.value.code == "InvalidAuthentication"

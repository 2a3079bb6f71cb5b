"""The sandbox as a process, spoken to by a client that others wrote for the real WeCom."""

import json
import socket
import subprocess
import sys
import warnings

import httpx
import pytest

from sandbox.serve import bind, running

with warnings.catch_warnings():
    # The client library is older than this Python.
    warnings.simplefilter("ignore", DeprecationWarning)
    from wechatpy.enterprise import WeChatClient
    from wechatpy.exceptions import APILimitedException, WeChatClientException

pytestmark = pytest.mark.filterwarnings("ignore:`_(get|post)` method of `WeChatClient`:DeprecationWarning")

MEI = {"user_id": "mei", "name": "陈美", "mobile": "13900000001", "department": [1]}


@pytest.fixture(scope="module")
def url():
    with running({"wecom": {"extattr_names": ["工号"], "secret_tries": 3}}) as address:
        yield f"{address}/wecom"


@pytest.fixture(autouse=True)
def _fresh(url):
    httpx.post(f"{url}/_sandbox/reset").raise_for_status()


def client(url, secret):
    class Client(WeChatClient):
        API_BASE_URL = f"{url}/cgi-bin/"

        def fetch_access_token(self):
            return self._fetch_access_token(
                url=f"{url}/cgi-bin/gettoken", params={"corpid": self.corp_id, "corpsecret": self.secret}
            )

    made = Client("wwsandbox00000001", secret)
    made._http.trust_env = False
    return made


@pytest.fixture
def contacts(url):
    with_secret = client(url, "sandbox-contact-secret")
    yield with_secret
    with_secret._http.close()


@pytest.fixture
def app(url):
    with_secret = client(url, "sandbox-app-secret")
    yield with_secret
    with_secret._http.close()


def test_departments_through_a_foreign_client(contacts):
    sales = contacts.department.create("销售部", 1, order=10)
    assert sales["errmsg"] == "created"
    east = contacts.department.create("华东", sales["id"], id=20)["id"]
    contacts.department.update(east, name="华东大区")
    rows = {row["id"]: row for row in contacts.department.get()}
    assert rows[20]["name"] == "华东大区"
    assert rows[20]["parentid"] == sales["id"]
    with pytest.raises(WeChatClientException) as refused:
        contacts.department.delete(sales["id"])
    assert refused.value.errcode == 60006
    assert contacts.department.delete(east)["errmsg"] == "deleted"


def test_members_through_a_foreign_client(contacts, app):
    contacts.user.create(**MEI, extattr={"attrs": [{"type": 0, "name": "工号", "text": {"value": "7"}}]})
    contacts.user.update("mei", position="经理", enable=0)
    mei = contacts.user.get("MEI")
    assert (mei["userid"], mei["position"], mei["status"], mei["mobile"]) == ("mei", "经理", 2, "13900000001")
    assert mei["extattr"]["attrs"][0]["text"]["value"] == "7"
    assert "mobile" not in app.user.get("mei")
    assert [row["userid"] for row in contacts.user.list(1, simple=True)] == ["mei"]
    contacts.user.batch_delete(["mei"])
    with pytest.raises(WeChatClientException) as gone:
        contacts.user.delete("mei")
    assert gone.value.errcode == 60111


def test_tags_and_invitations_through_a_foreign_client(contacts):
    contacts.user.create(**MEI)
    tag = contacts.tag.create("销售")["tagid"]
    assert contacts.tag.add_users(tag, ["mei", "ghost", "spirit"])["invalidlist"] == "ghost|spirit"
    assert contacts.tag.get_users(tag)["userlist"] == [{"userid": "mei", "name": "陈美"}]
    assert contacts.tag.list() == [{"tagid": tag, "tagname": "销售"}]
    assert contacts.tag.delete_users(tag, ["mei"])["errmsg"] == "deleted"
    contacts.tag.delete(tag)
    assert contacts.batch.invite(["mei", "ghost"])["invaliduser"] == ["ghost"]


def test_messages_through_a_foreign_client(contacts, app, url):
    contacts.user.create(**MEI)
    httpx.post(f"{url}/_sandbox/activate", json={"id": "mei"}).raise_for_status()
    sent = app.message.send_text(1000002, "mei|Ghost", "你好")
    assert sent["invaliduser"] == "ghost"
    [message] = httpx.get(f"{url}/_sandbox/state").json()["messages"]
    assert (message["msgid"], message["delivered"], message["content"]) == (sent["msgid"], ["mei"], {"content": "你好"})


def test_a_dead_token_is_refreshed_and_a_throttled_call_is_told(contacts, url):
    httpx.post(f"{url}/_sandbox/faults", json=[{"path": "tag/list", "kind": "expire_token"}]).raise_for_status()
    assert contacts.tag.list() == []
    httpx.post(f"{url}/_sandbox/faults", json=[{"path": "tag/list", "kind": "throttle"}]).raise_for_status()
    with pytest.raises(APILimitedException):
        contacts.tag.list()
    paths = [call["path"] for call in httpx.get(f"{url}/_sandbox/calls").json()]
    assert paths == ["gettoken", "tag/list", "gettoken", "tag/list", "tag/list"]


@pytest.mark.parametrize(("kind", "created"), [("timeout_before", False), ("timeout_after", True)])
def test_a_cut_connection_leaves_the_caller_without_an_answer(url, contacts, kind, created):
    token = contacts.access_token
    httpx.post(f"{url}/_sandbox/faults", json=[{"path": "user/create", "kind": kind}]).raise_for_status()
    body = {"userid": "mei", "name": "陈美", "mobile": "13900000001"}
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{url}/cgi-bin/user/create", params={"access_token": token}, json=body)
    assert ("mei" in httpx.get(f"{url}/_sandbox/state").json()["members"]) is created


def test_a_caller_that_gives_up_ends_its_call(url, contacts):
    token = contacts.access_token
    fault = {"path": "tag/list", "kind": "timeout_after", "seconds": 60}
    httpx.post(f"{url}/_sandbox/faults", json=[fault]).raise_for_status()
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{url}/cgi-bin/tag/list", params={"access_token": token}, timeout=0.2)
    while (call := httpx.get(f"{url}/_sandbox/calls").json()[-1])["ended"] is None:
        pass
    assert 0.1 < call["ended"] - call["at"] < 30


def test_the_process_says_where_it_is_and_takes_its_configuration_from_standard_input():
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--config", "-"]
    config = json.dumps({"wecom": {"corp_id": "ww1", "contact_secret": "s"}})
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            process.stdin.write(config)
            process.stdin.close()
            line = json.loads(process.stdout.readline())
            assert line["ready"] is True
            assert line["dingtalk"]["url"] == f"{line['url']}/dingtalk"
            query = {"corpid": "ww1", "corpsecret": "s"}
            assert httpx.get(f"{line['wecom']['url']}/cgi-bin/gettoken", params=query).json()["errcode"] == 0
        finally:
            process.terminate()


def test_answers_are_not_held_back_by_nagle_s_algorithm():
    listener, _ = bind()
    with listener:
        # asyncio turns it off only for sockets that say they are TCP.
        assert listener.proto == socket.IPPROTO_TCP

"""The client of both hosts: where the token stands, when it is renewed, and what an answer means."""

import httpx
import pytest
from pydantic import SecretStr

from services.platforms.dingtalk import QUOTA, TOKEN_HEADER, DingTalk, needed
from services.platforms.errors import (
    CredentialError,
    NotThereError,
    OutcomeUnknownError,
    PlatformError,
    TakenError,
    TryLaterError,
)
from services.platforms.gate import OpenGate
from services.platforms.http import Http

SECRET = "s3cret-value"
GET = "/topapi/v2/user/get"
LEAVE = "/v1.0/hrm/processes/terminateAndHandOver"
OK = {"errcode": 0, "errmsg": "ok", "result": {"userid": "mei"}}
BAN = "<!DOCTYPE html><html><body>访问过于频繁</body></html>"


class Host:
    """Answers every call with the next of `answers`, the last one for ever, and gives a new token each time."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers) or [OK]
        self.requests: list[httpx.Request] = []
        self.tokens = 0
        self.token_answer: dict[str, object] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/gettoken":
            self.tokens += 1
            given = {"errcode": 0, "access_token": f"tok-{self.tokens}", "expires_in": "7200"}
            return httpx.Response(200, json=self.token_answer or given)
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, httpx.Response | Exception):
            return self._raised(answer)
        return httpx.Response(200, json=answer)

    def _raised(self, answer: httpx.Response | Exception) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(host, gate=None):
    http = Http("dingtalk", gate or OpenGate(), transport=httpx.MockTransport(host))
    return DingTalk(http, "dk0001", SecretStr(SECRET))


async def test_the_old_host_takes_the_token_in_the_query_and_json():
    host, gate = Host(), OpenGate()
    assert (await client(host, gate).call(GET, {"userid": "mei"}))["result"] == {"userid": "mei"}
    request = host.requests[0]
    assert (request.url.host, request.url.path) == ("oapi.dingtalk.com", GET)
    assert request.url.params["access_token"] == "tok-1"
    assert request.content == b'{"userid":"mei"}'
    assert gate.calls == {("dingtalk", "/gettoken"): 1, ("dingtalk", GET): 1}


async def test_the_new_host_takes_the_token_in_a_header_only():
    host = Host(httpx.Response(200, json={"result": True}))
    assert await client(host).api("POST", LEAVE, {"userId": "mei"}) == {"result": True}
    request = host.requests[0]
    assert (request.url.host, request.headers[TOKEN_HEADER]) == ("api.dingtalk.com", "tok-1")
    assert "access_token" not in request.url.params


async def test_one_token_serves_many_calls():
    host = Host()
    dingtalk = client(host)
    for _ in range(3):
        await dingtalk.call(GET)
    assert host.tokens == 1


@pytest.mark.parametrize(
    "refusal",
    [
        {"errcode": 88, "sub_code": "40014", "errmsg": "x"},
        {"errcode": 88, "errmsg": "ding talk error[subcode=40014,submsg=x]"},
        {"errcode": 40014},
        {"errcode": "42001"},
        {"errcode": 41001},
        {"errcode": 40001},
    ],
)
async def test_a_dead_token_is_renewed_once(refusal):
    host = Host(refusal, OK)
    await client(host).call(GET)
    assert [request.url.params["access_token"] for request in host.requests] == ["tok-1", "tok-2"]


async def test_a_dead_token_is_renewed_once_on_the_new_host():
    host = Host(httpx.Response(400, json={"code": "InvalidAuthentication"}), httpx.Response(200, json={}))
    await client(host).api("GET", "/v1.0/contact/empLeaveRecords")
    assert host.requests[1].headers[TOKEN_HEADER] == "tok-2"


async def test_a_token_that_is_refused_again_pauses_the_target():
    host = Host({"errcode": 40014})
    with pytest.raises(CredentialError):
        await client(host).call(GET)
    assert (len(host.requests), host.tokens) == (2, 2)


async def test_a_wrong_secret_is_asked_with_once_and_nothing_else_is_sent():
    host = Host()
    host.token_answer = {"errcode": 40096, "errmsg": f"bad {SECRET}"}
    dingtalk = client(host)
    for _ in range(2):
        with pytest.raises(CredentialError) as caught:
            await dingtalk.call(GET)
        assert caught.value.code == "40096"
        assert SECRET not in str(caught.value)
    assert (host.tokens, host.requests) == (1, [])


async def test_a_permission_that_is_missing_is_named_and_no_token_asked_for():
    host = Host({"errcode": 88, "sub_code": "60011", "sub_msg": "{requiredScopes=[qyapi_get_member]}"})
    with pytest.raises(CredentialError) as caught:
        await client(host).call(GET)
    assert caught.value.hint == "qyapi_get_member"
    assert host.tokens == 1


async def test_the_page_of_a_banned_address_is_waited_out():
    with pytest.raises(TryLaterError) as caught:
        await client(Host(httpx.Response(200, html=BAN))).call(GET)
    assert caught.value.after == 300


async def test_the_ban_as_json_is_waited_out():
    with pytest.raises(TryLaterError) as caught:
        await client(Host({"status": 1111, "wait": 5, "punish": "deny"})).call(GET)
    assert caught.value.after == 300


async def test_the_holder_of_a_mobile_is_taken_from_the_answer():
    with pytest.raises(TakenError) as caught:
        await client(Host({"errcode": 60104, "errmsg": "x", "userid": "e0933"})).call(GET)
    assert (caught.value.field, caught.value.holder) == ("mobile", "e0933")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, content=b'{"errcode": 0, "res'), OutcomeUnknownError),
        (httpx.Response(200, content=b"[]"), OutcomeUnknownError),
        (httpx.Response(200, json={"result": {}}), OutcomeUnknownError),
        (httpx.Response(502, html="<html>Bad Gateway</html>"), OutcomeUnknownError),
        (httpx.Response(500, json={"errcode": 987654}), OutcomeUnknownError),
        (httpx.ReadTimeout("x"), OutcomeUnknownError),
        (httpx.ConnectError("x"), TryLaterError),
        ({"errcode": "33012"}, NotThereError),
        ({"errcode": 88, "sub_code": "90018"}, TryLaterError),
    ],
    ids=[
        "cut in half", "no object", "no errcode", "a proxy's page", "a fault nobody documents", "no answer",
        "not connected", "no such account", "throttled",
    ],
)  # fmt: skip
async def test_answers_that_do_not_say_done(answer, error):
    with pytest.raises(PlatformError) as caught:
        await client(Host(answer)).call(GET)
    assert type(caught.value) is error
    assert caught.value.api == GET


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", TryLaterError),
        (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", CredentialError),
        (503, "system.busy", TryLaterError),
        (400, "empNotExists", NotThereError),
        (500, "never.heard.of", OutcomeUnknownError),
    ],
)
async def test_the_new_hosts_words(status, code, error):
    with pytest.raises(error):
        await client(Host(httpx.Response(status, json={"code": code, "message": "x"}))).api("POST", LEAVE)


async def test_an_unknown_path_of_the_new_host_may_answer_200():
    with pytest.raises(PlatformError, match="unknown_api"):
        await client(Host({"errcode": 404})).api("GET", "/v1.0/nothing")


def test_an_answer_without_what_it_must_have_may_have_been_done():
    with pytest.raises(OutcomeUnknownError):
        needed({"errcode": 0}, "result", GET)


def test_the_quota_keeps_every_window():
    assert QUOTA.gap(GET) == pytest.approx(1 / 19)

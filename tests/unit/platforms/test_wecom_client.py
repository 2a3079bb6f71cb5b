"""How WeCom is called: two tokens, one renewal, and the code that decides."""

import json

import httpx
import pytest
from pydantic import SecretStr

from services.platforms.errors import CredentialError, OutcomeUnknownError, TakenError, TryLaterError
from services.platforms.gate import OpenGate
from services.platforms.http import Http
from services.platforms.wecom import QUOTA, Secrets, WeCom


class Platform:
    """Answers gettoken by itself, and other calls with `answers` in order (the last one for ever)."""

    def __init__(self, *answers, token_answer=None):
        self.answers, self.token_answer = list(answers), token_answer
        self.requests = []
        self.gate = OpenGate()

    def __call__(self, request):
        self.requests.append(request)
        if request.url.path.endswith("/gettoken"):
            who = request.url.params["corpsecret"]
            count = self.gate.calls["wecom", "gettoken"]
            return httpx.Response(
                200, json=self.token_answer or {"errcode": 0, "access_token": f"{who}-{count}", "expires_in": 7200}
            )
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def client(self):
        secrets = Secrets("ww1", SecretStr("contact"), 1000002, SecretStr("app"))
        return WeCom(Http("wecom", self.gate, transport=httpx.MockTransport(self)), secrets, "https://there/")

    @property
    def business(self):
        return [request for request in self.requests if not request.url.path.endswith("/gettoken")]


OK = {"errcode": 0, "errmsg": "ok"}
EXPIRED = {"errcode": 42001, "errmsg": "access_token expired"}


async def test_a_body_is_posted_and_a_query_is_got():
    platform = Platform(OK)
    client = platform.client()
    await client.call("user/update", body={"userid": "E1", "name": "王小明"})
    await client.call("user/get", query={"userid": "E1"}, token="app")
    post, get = platform.business
    assert (post.method, str(post.url)) == ("POST", "https://there/cgi-bin/user/update?access_token=contact-1")
    assert json.loads(post.content) == {"userid": "E1", "name": "王小明"}
    assert (get.method, str(get.url)) == ("GET", "https://there/cgi-bin/user/get?access_token=app-2&userid=E1")


async def test_calls_share_a_token_and_each_passes_the_gate():
    platform = Platform(OK)
    client = platform.client()
    for _ in range(3):
        await client.call("user/get", query={"userid": "E1"}, token="app")
    assert platform.gate.calls == {("wecom", "gettoken"): 1, ("wecom", "user/get"): 3}


@pytest.mark.parametrize("code", [40014, 42001])
async def test_a_dead_token_is_renewed_once_and_the_call_goes_through(code):
    platform = Platform({"errcode": code, "errmsg": "invalid access_token"}, OK)
    assert await platform.client().call("user/get", query={"userid": "E1"}) == OK
    assert [request.url.params["access_token"] for request in platform.business] == ["contact-1", "contact-2"]


async def test_a_token_refused_twice_ends_the_call():
    platform = Platform(EXPIRED)
    with pytest.raises(TryLaterError):
        await platform.client().call("user/get", query={"userid": "E1"})
    assert len(platform.business) == 2


async def test_a_wrong_secret_is_asked_with_once():
    platform = Platform(OK, token_answer={"errcode": 40001, "errmsg": "invalid credential"})
    client = platform.client()
    for _ in range(3):
        with pytest.raises(CredentialError):
            await client.call("user/get", query={"userid": "E1"})
    assert len(platform.requests) == 1
    platform.token_answer = None
    client.ask_again()
    assert await client.call("user/get", query={"userid": "E1"}) == OK


async def test_a_wrong_secret_in_a_business_call_renews_nothing():
    platform = Platform({"errcode": 40001, "errmsg": "invalid credential"})
    with pytest.raises(CredentialError):
        await platform.client().call("user/get", query={"userid": "E1"})
    assert len(platform.requests) == 2


@pytest.mark.parametrize("answer", [{"userid": "E1"}, {"errcode": "0"}, {"errcode": None}])
async def test_a_missing_or_textual_zero_is_success(answer):
    assert await Platform(answer).client().call("user/get", query={"userid": "E1"}) == answer


async def test_a_code_as_text_counts():
    with pytest.raises(TakenError) as caught:
        await Platform({"errcode": "60102", "errmsg": "x"}).client().call("user/create", body={}, subject="E1")
    assert caught.value.holder == "E1"


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (httpx.Response(404), CredentialError),
        (httpx.Response(301, headers={"location": "https://there"}), CredentialError),
        (httpx.Response(429), TryLaterError),
        (httpx.Response(502, text="<html>"), OutcomeUnknownError),
        (httpx.Response(500, json={}), OutcomeUnknownError),
        (httpx.Response(200, text="{"), OutcomeUnknownError),
        (httpx.Response(200, json={"errcode": "soon"}), OutcomeUnknownError),
    ],
)
async def test_an_answer_that_is_not_wecoms(response, error):
    with pytest.raises(error):
        await Platform(response).client().call("user/create", body={})


@pytest.mark.parametrize("answer", [{"errcode": 0}, {"errcode": 0, "access_token": 7}])
async def test_without_a_token_the_call_is_not_sent(answer):
    platform = Platform(OK, token_answer=answer)
    with pytest.raises(TryLaterError):
        await platform.client().call("user/create", body={})
    assert platform.business == []


def test_the_quota_is_the_published_one():
    assert QUOTA.gap("user/create") == pytest.approx(3600 / (150_000 * 0.95))
    assert QUOTA.gap("message/send") == 0
    assert QUOTA.in_flight == 5

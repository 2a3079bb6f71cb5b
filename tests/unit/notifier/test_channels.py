"""The channels against the sandbox, which drops repeats as the platforms do, and against a scripted receiver."""

import asyncio

import httpx
import pytest
from notifier_values import NOW, SetClock, waiting_message
from pydantic import SecretStr
from standardwebhooks import Webhook

from sandbox.serve import running
from services.kit.errors import UsageError
from services.notifier.channels.registry import open_channels, quotas
from services.notifier.channels.webhook import WebhookChannel
from services.notifier.notices import installation
from services.platforms.errors import (
    CredentialError,
    NeedsPersonError,
    NotThereError,
    OutcomeUnknownError,
    TryLaterError,
)
from services.platforms.gate import OpenGate
from services.platforms.http import Http

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def sandbox():
    with running({}) as url:
        for platform in ("wecom", "dingtalk"):
            _people(f"{url}/{platform}", platform)
        yield url


def _people(url, platform):
    """Wei, who may be told."""
    with httpx.Client(base_url=url) as http:
        if platform == "wecom":
            token = http.get(
                "/cgi-bin/gettoken", params={"corpid": "wwsandbox00000001", "corpsecret": "sandbox-contact-secret"}
            )
            query = {"access_token": token.json()["access_token"]}
            body = {"userid": "wei", "name": "Wei", "mobile": "+8613900000001", "department": [1]}
            assert http.post("/cgi-bin/user/create", params=query, json=body).json()["errcode"] == 0
            assert http.post("/_sandbox/activate", json={"id": "wei"}).is_success
        else:
            token = http.get("/gettoken", params={"appkey": "ding-sandbox-app", "appsecret": "ding-sandbox-secret"})
            query = {"access_token": token.json()["access_token"]}
            body = {"userid": "wei", "name": "Wei", "mobile": "13900000001", "dept_id_list": "1"}
            assert http.post("/topapi/v2/user/create", params=query, json=body).json()["errcode"] == 0


TARGETS = {
    "wecom": {"type": "wecom", "corp_id": "wwsandbox00000001",
              "app": {"agent_id": 1000002, "secret": "sandbox-app-secret"}},
    "dingtalk": {"type": "dingtalk", "app_key": "ding-sandbox-app", "app_secret": "ding-sandbox-secret",
                 "agent_id": 1001},
}  # fmt: skip


@pytest.fixture
async def channels(sandbox):
    async with opened(sandbox) as channels:
        yield channels


class opened:  # noqa: N801 - used as a function
    def __init__(self, url, targets=TARGETS):
        found = installation({"targets": targets, "notify": {"manager": {}}}, {})
        self.gate = OpenGate()
        urls = {"wecom": f"{url}/wecom", "dingtalk": f"{url}/dingtalk"}
        self.channels = open_channels(found, self.gate, now=SetClock(NOW), base_urls=urls)

    async def __aenter__(self):
        return self.channels

    async def __aexit__(self, *_):
        for channel in self.channels.values():
            await channel.close()


def delivered(url, platform, text):
    """How often Wei got the text."""
    state = httpx.get(f"{url}/{platform}/_sandbox/state").json()
    notes = state["messages"] if platform == "wecom" else state["notices"]
    return sum("wei" in one["delivered"] for one in notes if text in str(one))


@pytest.mark.parametrize("platform", ["wecom", "dingtalk"])
async def test_a_message_arrives_and_a_repeat_is_dropped(sandbox, channels, platform):
    message = waiting_message(channel=platform, target=platform, text=f'梅 "$x" 编号：once-{platform}')
    await channels[platform].send(message)
    assert delivered(sandbox, platform, "once-") == 1
    await channels[platform].send(message)
    assert delivered(sandbox, platform, "once-") == 1


@pytest.mark.parametrize(
    ("platform", "path"), [("wecom", "message/send"), ("dingtalk", "topapi/message/corpconversation/asyncsend_v2")]
)
async def test_a_time_out_after_the_deed_is_a_doubt_and_its_repeat_harmless(sandbox, channels, platform, path):
    faults = f"{sandbox}/{platform}/_sandbox/faults"
    message = waiting_message(channel=platform, target=platform, text=f"编号：lost-{platform}")
    async with httpx.AsyncClient() as http:
        (await http.post(faults, json=[{"path": path, "kind": "timeout_after"}])).raise_for_status()
    with pytest.raises(OutcomeUnknownError):
        await channels[platform].send(message)
    await channels[platform].send(message)
    assert delivered(sandbox, platform, "lost-") == 1


async def test_nobody_there_is_a_refusal(channels):
    with pytest.raises(NotThereError):
        await channels["wecom"].send(waiting_message(to=("ghost",)))


async def test_some_there_is_named(channels):
    assert await channels["wecom"].send(waiting_message(to=("wei", "ghost"), text="both")) == "not_all_receivers"


async def test_a_wrong_secret_is_asked_with_once(sandbox):
    wrong = {"wecom": {**TARGETS["wecom"], "app": {"agent_id": 1000002, "secret": "wrong"}}}
    opening = opened(sandbox, wrong)
    async with opening as channels:
        for _ in range(3):
            with pytest.raises(CredentialError):
                await channels["wecom"].send(waiting_message())
    assert opening.gate.calls == {("wecom", "gettoken"): 1}


def webhook(handler, key=KEY):
    http = Http("webhook", OpenGate(), transport=httpx.MockTransport(handler))
    return WebhookChannel(http, "https://it.example.com/hook", SecretStr(key), SetClock(NOW))


async def test_a_webhook_is_signed_under_the_messages_id():
    asked = []

    def receiver(request):
        asked.append(request)
        return httpx.Response(204)

    channel = webhook(receiver)
    message = waiting_message(channel="webhook", target=None, to=(), text='{"name": "梅"}')
    await asyncio.gather(channel.send(message), channel.send(message))
    assert {request.headers["webhook-id"] for request in asked} == {"msg_1"}
    assert asked[0].content == message.text.encode()
    assert asked[0].headers["content-type"] == "application/json"
    signed = Webhook(KEY).sign("msg_1", NOW, message.text)
    assert asked[0].headers["webhook-signature"] == signed


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(429, headers={"retry-after": "7"}), TryLaterError),
        (httpx.Response(503), TryLaterError),
        (httpx.Response(500), OutcomeUnknownError),
        (httpx.Response(410), NeedsPersonError),
        (httpx.Response(302, headers={"location": "https://other.example.com"}), NeedsPersonError),
    ],
    ids=["throttled", "unavailable", "broken", "gone", "elsewhere"],
)
async def test_what_a_receivers_answer_means(answer, error):
    with pytest.raises(error) as caught:
        await webhook(lambda _: answer).send(waiting_message())
    if answer.status_code == 429:
        assert caught.value.after == 7.0


def test_a_key_that_is_none_is_refused_without_being_shown():
    with pytest.raises(UsageError) as caught:
        webhook(lambda _: httpx.Response(204), "whsec_not base64!")
    assert "not base64" not in str(caught.value)


def test_every_channel_has_its_quota():
    found = installation({"targets": TARGETS, "notify": {"manager": {}}}, {})
    assert set(quotas(found)) == {"wecom", "dingtalk", "webhook"}

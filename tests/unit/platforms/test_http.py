"""What a failed call leaves known, and what never leaves the process."""

import asyncio
import json
import logging

import httpx
import pytest

from services.platforms.errors import OutcomeUnknownError, TryLaterError
from services.platforms.gate import GateClosedError, OpenGate
from services.platforms.http import Http


def http_of(handler, gate=None, **kwargs):
    return Http("wecom", gate or OpenGate(), transport=httpx.MockTransport(handler), **kwargs)


def raising(error):
    def handler(request):
        raise error("broken", request=request)

    return handler


def leaves(kind):
    below = [leaf for sub in kind.__subclasses__() for leaf in leaves(sub)]
    return below or [kind]


UNSENT = [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout]


@pytest.mark.parametrize("error", [*leaves(httpx.TransportError), httpx.DecodingError])
async def test_a_failure_is_later_if_nothing_was_sent_and_unknown_otherwise(error):
    expected = TryLaterError if error in UNSENT else OutcomeUnknownError
    with pytest.raises(expected):
        await http_of(raising(error)).send("POST", "https://there/user/create", api="user/create", body={})


async def test_a_call_that_drips_ends_with_its_time():
    async def handler(_request):
        await asyncio.Event().wait()

    with pytest.raises(OutcomeUnknownError):
        await http_of(handler, time_out=0.02).send("GET", "https://there/", api="user/get")


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"errcode": 0, "us', b"[1]", b"\xff"])
async def test_an_unreadable_body_has_an_unknown_outcome_and_is_not_quoted(content):
    reply = await http_of(lambda _: httpx.Response(200, content=content)).send("GET", "https://there/", api="user/get")
    with pytest.raises(OutcomeUnknownError) as caught:
        reply.object()
    assert "html" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_body_is_sent_as_raw_utf8():
    seen = []

    def handler(request):
        seen.append(request.content)
        return httpx.Response(200, json={})

    await http_of(handler).send("POST", "https://there/", api="user/create", body={"name": "王小明"})
    assert "王小明".encode() in seen[0]
    assert json.loads(seen[0]) == {"name": "王小明"}


async def test_each_call_passes_the_gate():
    gate = OpenGate()
    await http_of(lambda _: httpx.Response(200, json={}), gate).send("GET", "https://there/", api="user/get")
    assert gate.calls == {("wecom", "user/get"): 1}


async def test_behind_a_closed_gate_nothing_is_sent():
    class Closed:
        def call(self, _target, _api):
            raise GateClosedError

    sent = []
    with pytest.raises(GateClosedError):
        await http_of(sent.append, Closed()).send("GET", "https://there/", api="user/get")
    assert sent == []


async def test_no_url_reaches_a_log(caplog):
    caplog.set_level(logging.DEBUG)
    http = http_of(lambda _: httpx.Response(200, json={}))
    await http.send("GET", "https://there/", api="user/get", query={"access_token": "tok-1"})
    await http.close()
    assert "tok-1" not in caplog.text

"""Calls to the sandbox's WeCom inside this process, under a clock that moves when told."""

from contextlib import asynccontextmanager

import httpx

from sandbox.app import build

SECRETS = {"contact": "sandbox-contact-secret", "app": "sandbox-app-secret"}
CORP = "wwsandbox00000001"
AGENT = 1000002
START = 1_750_000_000.0


class Hand:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


class WeComCaller:
    """``get`` and ``post`` carry a token of ``kind``: contact, app, or None for none at all."""

    def __init__(self, http, hand):
        self.http = http
        self.hand = hand

    async def token(self, kind, secret=None):
        query = {"corpid": CORP, "corpsecret": secret or SECRETS[kind]}
        return (await self.http.get("cgi-bin/gettoken", params=query)).json()["access_token"]

    async def get(self, path, kind="contact", **query):
        if kind:
            query["access_token"] = await self.token(kind)
        return (await self.http.get(f"cgi-bin/{path}", params=query)).json()

    async def post(self, path, body, kind="contact"):
        query = {"access_token": await self.token(kind)} if kind else {}
        return (await self.http.post(f"cgi-bin/{path}", params=query, json=body)).json()

    async def code(self, path, body, kind="contact"):
        return (await self.post(path, body, kind))["errcode"]

    async def create(self, userid, **fields):
        """A member who needs nothing else: the mobile is made from the userid."""
        mobile = f"139{sum(map(ord, userid)):08}"
        body = {"userid": userid, "name": userid, "mobile": mobile, "department": [1], **fields}
        return await self.post("user/create", body)

    async def order(self, route, **order):
        answer = await self.http.post(f"_sandbox/{route}", json=order)
        answer.raise_for_status()
        return answer.json()

    async def state(self):
        return (await self.http.get("_sandbox/state")).json()

    async def member(self, userid):
        return (await self.state())["members"][userid]


@asynccontextmanager
async def calling(**config):
    hand = Hand()
    app = build({"wecom": config}, real=hand)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox/wecom/") as http:
        yield WeComCaller(http, hand)

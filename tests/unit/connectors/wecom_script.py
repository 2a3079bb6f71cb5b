"""A WeCom that answers from a script and keeps what it was asked."""

import json

import httpx

from services.platforms.gate import OpenGate
from services.platforms.http import Http
from services.platforms.wecom import WeCom
from services.provisioner.connectors.wecom import WeComConfig, WeComConnector

CONFIG = WeComConfig.model_validate(
    {"corp_id": "ww1", "contact_secret": "contact", "app": {"agent_id": 1000002, "secret": "app"}}
)


class Script:
    """`answers` by api: one for ever, or a list of which the last stays. Whatever is not named answers errcode 0."""

    def __init__(self, **answers):
        self.answers = {"gettoken": {}, **{api.replace("__", "/"): answer for api, answer in answers.items()}}
        self.asked = []

    def __call__(self, request):
        api = request.url.path.removeprefix("/cgi-bin/")
        query = dict(request.url.params)
        if api == "gettoken":
            return httpx.Response(200, json={"access_token": query["corpsecret"], "expires_in": 7200})
        who = query.pop("access_token")
        self.asked.append((who, request.method, api, json.loads(request.content) if request.content else query))
        answer = self.answers.get(api, {})
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return httpx.Response(200, json={"errcode": 0, "errmsg": "ok", **answer})

    def client(self):
        return WeCom(
            Http("wecom", OpenGate(), transport=httpx.MockTransport(self)), CONFIG.secrets(), str(CONFIG.base_url)
        )

    def connector(self):
        return WeComConnector(self.client(), CONFIG.customer_contact_tag)

    @property
    def apis(self):
        return [api for _, _, api, _ in self.asked]

"""A client for the sandbox's DingTalk that knows nothing but the address and its token."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from sandbox.serve import running

KEY, SECRET = "k", "s"
CONFIG = {"app_key": KEY, "app_secret": SECRET, "scale": 1000}
USER, DEPARTMENT, ROLE = "topapi/v2/user", "topapi/v2/department", "topapi/role"
NOTICE = "topapi/message/corpconversation"


class Caller:
    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.token = self.http.get("gettoken", params={"appkey": KEY, "appsecret": SECRET}).json()["access_token"]

    def post(self, path: str, **body: object) -> dict:
        return self.http.post(path, params={"access_token": self.token}, json=body).json()

    def form(self, path: str, **fields: str) -> dict:
        return self.http.post(path, data={"access_token": self.token, **fields}).json()

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.http.get(path, params=query, headers={"x-acs-dingtalk-access-token": self.token})

    def order(self, what: str, **order: object) -> dict:
        return self.http.post(f"_sandbox/{what}", json=order).json()

    def switch(self, **fields: object) -> None:
        self.order("console", op="switch", **fields)

    def state(self) -> dict:
        return self.http.get("_sandbox/state").json()

    def mei(self, **fields: object) -> dict:
        body = {"userid": "mei", "name": "梅", "mobile": "13900000001", "dept_id_list": "1", **fields}
        return self.post(f"{USER}/create", **{name: value for name, value in body.items() if value is not None})

    def department(self, name: str, parent_id: int = 1, **fields: object) -> int:
        return self.post(f"{DEPARTMENT}/create", name=name, parent_id=parent_id, **fields)["result"]["dept_id"]


@contextmanager
def connected(config: dict) -> Iterator[httpx.Client]:
    with running({"dingtalk": config}) as url, httpx.Client(base_url=f"{url}/dingtalk/") as http:
        yield http


def fresh(http: httpx.Client) -> Caller:
    http.post("_sandbox/reset").raise_for_status()
    http.post("_sandbox/clock", json={}).raise_for_status()
    return Caller(http)

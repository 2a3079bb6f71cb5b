"""One HTTP exchange as a platform's handler sees it: a parsed request in, an answer out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope


@dataclass(frozen=True)
class Request:
    """``path`` lacks the platform's prefix and root; ``body`` is ``{}`` when there is none or it is ``malformed``."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    malformed: bool
    ip: str
    params: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""


@dataclass(frozen=True)
class Answer:
    """``body`` is sent as UTF-8 JSON; a string goes out as it is, with ``content_type``."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=UTF-8"

    def content(self) -> bytes:
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False).encode()


async def read_request(scope: Scope, receive: Receive, prefix: str) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    raw = await _content(receive)
    body, malformed = _parse(raw, headers.get("content-type", ""))
    client = scope.get("client") or ("127.0.0.1", 0)
    return Request(
        method=scope["method"],
        path=scope["path"].removeprefix(prefix),
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
        headers=headers,
        body=body,
        malformed=malformed,
        ip=client[0],
        raw=raw,
    )


async def _content(receive: Receive) -> bytes:
    content = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        content += part
        if not message.get("more_body", False):
            return content


def _parse(content: bytes, content_type: str) -> tuple[Any, bool]:
    if not content:
        return {}, False
    if "x-www-form-urlencoded" in content_type:
        return dict(parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)), False
    try:
        return json.loads(content), False
    except ValueError:
        return {}, True

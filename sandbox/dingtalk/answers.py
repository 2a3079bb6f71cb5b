"""How each of the two hosts words its answers.

The old host says everything with HTTP 200 and ``errcode``; what its gateway refuses is 88 with the reason in
``sub_code`` and again inside ``errmsg``. The new host uses HTTP statuses and words.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sandbox.dingtalk.errors import MESSAGES, ApiRefusedError, GatewayError, RefusedError
from sandbox.exchange import Answer, Request

if TYPE_CHECKING:
    from sandbox.dingtalk.call import Payload
    from sandbox.dingtalk.switches import Switches

GATEWAY = 88
GATEWAY_CODES = {40001, 40014, 41001, 42001, 60011, 60020, 90020, *range(90001, 90019)}
BAN_PAGE = "<!DOCTYPE html><html><head><title>deny</title></head><body>访问过于频繁，请稍后再试</body></html>"


def on_new_host(request: Request) -> bool:
    return request.path.startswith("v1.0/")


def done(request: Request, payload: Payload, switches: Switches) -> Answer:
    if on_new_host(request):
        return Answer(payload)
    return _old(0, "ok", payload, switches)


def refused(request: Request, error: RefusedError | ApiRefusedError, switches: Switches) -> Answer:
    if isinstance(error, ApiRefusedError):
        return _new(error.status, error.code, error.message)
    if on_new_host(request):
        return _new(400, "invalidParameter", error.reason)
    if isinstance(error, GatewayError) and not switches.plain_gateway_errors:
        wrapped = f"ding talk error[subcode={error.code},submsg={error.reason}]"
        return _old(GATEWAY, wrapped, {"sub_code": str(error.code), "sub_msg": error.reason}, switches)
    return _old(error.code, error.reason, error.details, switches)


def by_code(request: Request, code: int | str, switches: Switches) -> Answer:
    """Answer with a code that a test ordered: a number, or a word for the new host."""
    if on_new_host(request):
        return _new(403 if str(code).startswith("Forbidden") else 400, str(code), str(code))
    number = int(code)
    kind = GatewayError if number in GATEWAY_CODES else RefusedError
    return refused(request, kind(number, MESSAGES.get(number, "error")), switches)


def ban_page() -> Answer:
    return Answer(BAN_PAGE, content_type="text/html; charset=UTF-8")


def _old(code: int, message: str, details: Payload, switches: Switches) -> Answer:
    body = {"errcode": code, "errmsg": message, **details, "request_id": uuid.uuid4().hex[:12]}
    return Answer(_as_strings(body) if switches.strings_for_numbers else body)


def _new(status: int, code: str, message: str) -> Answer:
    return Answer({"code": code, "message": message, "requestid": uuid.uuid4().hex.upper()}, status)


def _as_strings(value: object) -> object:
    if isinstance(value, dict):
        return {name: _as_strings(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_strings(part) for part in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value

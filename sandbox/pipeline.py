"""The ASGI application of one platform: fault, token, quota, crowd gate, handler, in that order, and the log around.

A cut connection is a response that promises a body and ends without it: uvicorn then closes the socket, and a caller
sees the connection lost with no answer. A call whose caller leaves while it is made to wait is carried out all the
same, as a server would, and ends then.
"""

import asyncio

from starlette.types import Receive, Scope, Send

from sandbox.calls import Call
from sandbox.exchange import Answer, Request, read_request
from sandbox.faults import Fault
from sandbox.kernel import Platform, Router

NOT_FOUND, HTTP_ERROR = 404, 500


class Pipeline:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._kernel = platform.kernel
        self._router = Router(platform)
        self._prefix = f"/{platform.name}/{platform.root}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_request(scope, receive, self._prefix)
        call = self._kernel.calls.begin(request)
        fault = self._kernel.faults.take(request.path)
        try:
            answer = await self._carry_out(request, call, fault, receive)
        finally:
            self._kernel.calls.end(call)
        await _send(answer, send, fault)

    async def _carry_out(self, request: Request, call: Call, fault: Fault | None, receive: Receive) -> Answer | None:
        """Return None where the connection is to be cut."""
        kind = fault.kind if fault else None
        call.fault = kind
        call.person = self._platform.persons(request)
        if self._platform.latency:
            await _linger(receive, self._platform.latency)
        if fault and kind in ("slow", "timeout_before"):
            await _linger(receive, fault.seconds)
        if kind == "timeout_before":
            return None
        answer = self._injected(request, fault) or self._answer(request, call)
        call.status, call.errcode = answer.status, self._platform.errcode(answer)
        if fault and kind == "timeout_after":
            await _linger(receive, fault.seconds)
            return None
        return answer

    def _injected(self, request: Request, fault: Fault | None) -> Answer | None:
        match fault.kind if fault else None:
            case "busy":
                return self._platform.busy(request)
            case "throttle":
                return self._platform.throttled(request, None)
            case "http500":
                return Answer("Internal Server Error", HTTP_ERROR, content_type="text/plain")
            case "errcode" if fault:
                return self._platform.failed(request, fault)
            case "expire_token":
                self._platform.expire_token(request)
        return None

    def _answer(self, request: Request, call: Call) -> Answer:
        request, handler = self._router.find(request)
        if handler == self._platform.unknown_path:
            return handler(request)
        if refusal := self._platform.admit(request):
            return refusal
        if limit := self._kernel.quotas.crossed(request.path):
            return self._platform.throttled(request, limit)
        if self._platform.concurrency is not None and call.in_flight > self._platform.concurrency:
            return self._platform.crowded(request)
        return handler(request)


async def _linger(receive: Receive, seconds: float) -> None:
    """Wait, but no longer than the caller does."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return


async def _send(answer: Answer | None, send: Send, fault: Fault | None) -> None:
    answer, length = (answer, None) if answer else (Answer(""), 1)
    content = _shaped(answer, fault).content()
    headers = {
        "content-type": answer.content_type,
        "content-length": str(length or len(content)),
        **answer.headers,
    }
    sent = content[: len(content) // 2] if fault and fault.kind == "truncated" else content
    raw = [(name.lower().encode(), value.encode("utf-8")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": sent})


def _shaped(answer: Answer, fault: Fault | None) -> Answer:
    """Real answers sometimes lack ``errcode`` or carry it as a string."""
    if not fault or not isinstance(answer.body, dict) or "errcode" not in answer.body:
        return answer
    if fault.kind == "errcode_string":
        return Answer({**answer.body, "errcode": str(answer.body["errcode"])}, answer.status, answer.headers)
    if fault.kind == "errcode_missing" and answer.body["errcode"] == 0:
        body = {name: value for name, value in answer.body.items() if name != "errcode"}
        return Answer(body, answer.status, answer.headers)
    return answer

"""One call to a platform over HTTP: through the gate, bounded in time, its failures named by what they leave known.

The only file that knows httpx. Nothing is repeated here, and no URL reaches a log: tokens and secrets stand in them.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx

from services.kit.tracing import span
from services.platforms.errors import OutcomeUnknownError, TryLaterError
from services.platforms.gate import Gate

CONNECTIONS = 10
TIME_OUT = 10.0
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures that come before the first byte of a request: the platform surely did nothing."""

# httpx writes every URL at INFO. Levels set here hold whatever level the service gives to the root.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whatever its status. `headers` have lower-case names."""

    api: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    def object(self) -> dict[str, Any]:
        """The body as a JSON object; raises OutcomeUnknownError when it is none, since the call may have been done."""
        try:
            body = json.loads(self.content)
        except ValueError as exc:
            # The decoder's message may quote the body: left out of the chain.
            raise OutcomeUnknownError(f"HTTP {self.status}", self.api, f"unreadable:{type(exc).__name__}") from None
        if not isinstance(body, dict):
            raise OutcomeUnknownError(f"HTTP {self.status}", self.api, "no_object")
        return body


class Http:
    """Connections of one target, at most ten at a time. `time_out`: seconds of a whole call, waiting at the gate aside.

    `transport` takes the place of the network in tests.
    """

    def __init__(
        self, target: str, gate: Gate, *, time_out: float = TIME_OUT, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.target = target
        self._gate = gate
        self._time_out = min(time_out, TIME_OUT)
        self._transport = transport

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        """Made for the first call: whoever opens a target only to ask what it can do pays nothing."""
        return httpx.AsyncClient(
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            timeout=httpx.Timeout(self._time_out, connect=self._time_out / 3, pool=self._time_out / 3),
            transport=self._transport,
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        api: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send once and return whatever was answered. `api` names the call for gate and errors; `body` becomes JSON.

        Raises GateClosedError or TryLaterError (surely not sent), OutcomeUnknownError (perhaps done).
        """
        request = self._client.build_request(
            method, url, params=query, json=body, content=content, headers=dict(headers or {})
        )
        async with self._gate.call(self.target, api):
            try:
                async with asyncio.timeout(self._time_out):
                    with span(api, kind="client", target=self.target) as told:
                        response = await self._client.send(request)
                        told.note(status=response.status_code)
            except NOT_SENT as exc:
                raise TryLaterError("unreachable", api, hint=type(exc).__name__) from exc
            except (httpx.TransportError, httpx.DecodingError, TimeoutError) as exc:
                raise OutcomeUnknownError("no_answer", api, type(exc).__name__) from exc
        return Reply(api, response.status_code, response.headers, response.content)

    async def close(self) -> None:
        if "_client" in self.__dict__:
            await self._client.aclose()

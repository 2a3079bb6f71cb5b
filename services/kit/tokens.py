"""OAuth 2 client credentials for Kafka's OAUTHBEARER: a token is asked for once, kept, and replaced before its end."""

import asyncio
import math
import ssl
import time
from collections.abc import Callable
from typing import Final

import httpx
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaError

SECONDS: Final = 10.0
MARGIN: Final = 60.0
"""Seconds before its end at which a token is no longer given out, but at most a tenth of its life."""
UNSAID: Final = 300.0
"""Seconds a token is taken to live where the answer does not say (`expires_in` is only recommended, RFC 6749 5.1)."""


class TokenError(KafkaError):  # type: ignore[misc] # aiokafka is untyped
    """No token. aiokafka takes it for one more broker that cannot be reached, and tries again."""


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc] # aiokafka is untyped
    """`now` counts seconds. Messages name the status and OAuth's error code, never the secret or the token."""

    def __init__(
        self,
        url: str,
        client: str,
        secret: str,
        *,
        scope: str | None = None,
        tls: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._login, self._now, self._transport = url, (client, secret), now, transport
        self._tls = tls or ssl.create_default_context()
        self._form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        self._lock = asyncio.Lock()
        self._token, self._until = "", float("-inf")

    async def token(self) -> str:
        """A token with life left in it. Raises TokenError."""
        async with self._lock:
            if self._now() >= self._until:
                self._token, seconds = await self._fetch()
                self._until = self._now() + seconds - min(MARGIN, seconds / 10)
            return self._token

    async def _fetch(self) -> tuple[str, float]:
        try:
            async with httpx.AsyncClient(timeout=SECONDS, transport=self._transport, verify=self._tls) as http:
                answer = await http.post(self._url, data=self._form, auth=self._login)
            said = answer.json()
        except (httpx.HTTPError, ValueError) as exc:
            raise TokenError(f"TENURE_KAFKA_TOKEN_URL gives no answer that can be read: {_reason(exc)}") from None
        match said:
            case {"access_token": str(token)} if answer.is_success:
                return token, _seconds(said.get("expires_in"))
            case {"error": str(code)}:
                raise TokenError(f"TENURE_KAFKA_TOKEN_URL answers {answer.status_code} {code[:40]!r}")
        raise TokenError(f"TENURE_KAFKA_TOKEN_URL answers {answer.status_code} without a token")


def _reason(exc: BaseException) -> str:
    """Why a certificate was refused stands in an error below the one that httpx raises."""
    below: BaseException | None = exc
    while below:
        if isinstance(below, ssl.SSLCertVerificationError):
            return f"{below.verify_message}: check TENURE_KAFKA_TOKEN_CA"
        below = below.__cause__ or below.__context__
    return type(exc).__name__


def _seconds(said: object) -> float:
    """Some endpoints write the number as text; what is no length of time is taken for unsaid."""
    try:
        found = float(said) if isinstance(said, int | float | str) else UNSAID
    except ValueError:
        return UNSAID
    return found if math.isfinite(found) and found >= 0 else UNSAID

"""A platform's access token, kept while it lives and asked for by one caller at a time.

A wrong secret is asked with once and never again until somebody says so: WeCom bans the address of who repeats one
(fact sheet: code 45009, about 2000 failures in an hour).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.platforms.errors import CredentialError, OutcomeUnknownError, TryLaterError
from services.platforms.gate import URGENT, lane

MARGIN = 300.0
"""Seconds before its end at which a token is replaced, so that none dies under way."""


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    seconds: float
    """How long it lives from now on."""


class TokenCache:
    """Use `get`, and where the platform then refuses that token `refused` and `get` once more, never a third time.

    `fetch` asks the platform; it raises CredentialError for a wrong secret. `now` counts seconds.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Token]], now: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._now = fetch, now
        self._lock = asyncio.Lock()
        self._value: str | None = None
        self._until = 0.0
        self._refusal: CredentialError | None = None

    async def get(self) -> str:
        """A token that lives a while yet. Raises CredentialError at once when the secret was refused before."""
        async with self._lock:
            if self._refusal:
                was = self._refusal
                raise CredentialError(was.code, was.api, was.hint, refused=was.refused)
            if self._value is None or self._now() >= self._until:
                self._value = await self._renew()
            return self._value

    def refused(self, value: str) -> None:
        """The platform refused this token: forget it, unless another caller has replaced it already."""
        if value == self._value:
            self._value = None

    def ask_again(self) -> None:
        """Somebody has put the secret right: it may be tried once more."""
        self._refusal = None

    async def _renew(self) -> str:
        # Whoever waits behind this caller may be more urgent than it is.
        before = lane.set(URGENT)
        try:
            token = await self._fetch()
        except CredentialError as exc:
            self._refusal = exc
            raise
        except OutcomeUnknownError as exc:
            # Without a token the call it was wanted for was never sent.
            raise TryLaterError(exc.code, exc.api, hint=exc.hint) from exc
        finally:
            lane.reset(before)
        self._until = self._now() + token.seconds - min(MARGIN, token.seconds / 10)
        return token.value

"""WeCom's server API as one call: token in the query, JSON both ways, HTTP 200 whatever happened, `errcode` decides.

There is a token per secret (WeCom doc 91039), and the two secrets may do different things (WeCom doc 90198): the
contact-sync one writes the address book and lists ids, the application's reads details and sends messages.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from pydantic import SecretStr

from services.platforms.errors import CredentialError, OutcomeUnknownError, TryLaterError
from services.platforms.http import Http, Reply
from services.platforms.quotas import Quota, Window
from services.platforms.token import Token, TokenCache
from services.platforms.wecom_codes import TOKEN_REFUSED, classify

BASE_URL = "https://qyapi.weixin.qq.com"
LIFETIME = 7200.0
OK, TOO_MANY = 200, 429

QUOTA = Quota(
    default=(Window(10_000, 60), Window(150_000, 3600)),
    apis={"message/send": (), "webhook/send": (Window(20, 60),)},
    in_flight=5,
)
"""Per company and API; sending messages does not count (WeCom doc 90454, edition of 2023-08-28). No bound of calls
in flight is published; above it 45033 is answered, and five is what one SDK says. `webhook/send` is per robot."""

Who = Literal["contact", "app"]
CONTACT: Who = "contact"
APP: Who = "app"


@dataclass(frozen=True, slots=True)
class Secrets:
    """A company, the secret of its contact-sync assistant, and one application of its own."""

    corp_id: str
    contact: SecretStr
    agent_id: int
    app: SecretStr

    def of(self, who: Who) -> SecretStr:
        return self.contact if who == CONTACT else self.app


class WeCom:
    """Speaks to one company. `agent_id` is the application that messages come from."""

    def __init__(self, http: Http, secrets: Secrets, base_url: str = BASE_URL) -> None:
        self.agent_id = secrets.agent_id
        self._http, self._secrets = http, secrets
        self._root = base_url.rstrip("/") + "/cgi-bin/"
        self._tokens: dict[Who, TokenCache] = {
            CONTACT: TokenCache(partial(self._fetch_token, CONTACT)),
            APP: TokenCache(partial(self._fetch_token, APP)),
        }

    async def call(
        self,
        api: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        token: Who = CONTACT,
        subject: str | None = None,
    ) -> dict[str, Any]:
        """Call `api` ("user/create"): POST with a body, GET without. Returns the answer of an errcode 0.

        Partial failures are errcode 0 too: look into the answer's lists. `subject` is the id the call is about.
        Raises whatever `wecom_codes.classify` makes of the code.
        """
        cache = self._tokens[token]
        value = await cache.get()
        answer = await self._send(api, body, query, value)
        if _code(answer, api) in TOKEN_REFUSED:
            cache.refused(value)
            answer = await self._send(api, body, query, await cache.get())
        return _checked(answer, api, subject)

    async def pages(
        self, api: str, rows: str, body: Mapping[str, Any], *, token: Who = CONTACT
    ) -> AsyncIterator[Mapping[str, Any]]:
        """The `rows` of every page; for calls with `cursor` and `next_cursor`. Raises as `call` does."""
        cursor = ""
        while True:
            answer = await self.call(api, body={**body, "cursor": cursor}, token=token)
            for row in answer.get(rows) or ():
                yield row
            cursor = str(answer.get("next_cursor") or "")
            if not cursor:
                return

    def ask_again(self) -> None:
        """Somebody has put a secret right: both may be tried once more."""
        for cache in self._tokens.values():
            cache.ask_again()

    async def close(self) -> None:
        await self._http.close()

    async def _send(
        self, api: str, body: Mapping[str, Any] | None, query: Mapping[str, str] | None, token: str
    ) -> dict[str, Any]:
        # user/delete, department/delete and tag/delete are GET; nothing below repeats a call by itself.
        method = "GET" if body is None else "POST"
        reply = await self._http.send(
            method, self._root + api, api=api, query={"access_token": token, **(query or {})}, body=body
        )
        return _object(reply)

    async def _fetch_token(self, who: Who) -> Token:
        query = {"corpid": self._secrets.corp_id, "corpsecret": self._secrets.of(who).get_secret_value()}
        reply = await self._http.send("GET", self._root + "gettoken", api="gettoken", query=query)
        answer = _checked(_object(reply), "gettoken", None)
        value = answer.get("access_token")
        if not isinstance(value, str) or not value:
            raise OutcomeUnknownError("no_token", "gettoken")
        return Token(value, float(answer.get("expires_in") or LIFETIME))


def _object(reply: Reply) -> dict[str, Any]:
    """WeCom answers 200 to whatever it knows: a redirect or 404 means that no such call is at this address."""
    if reply.status == TOO_MANY:
        raise TryLaterError(f"HTTP {reply.status}", reply.api)
    if reply.status in range(300, 500):
        raise CredentialError(f"HTTP {reply.status}", reply.api, "wrong_base_url", refused="address")
    if reply.status != OK:
        raise OutcomeUnknownError(f"HTTP {reply.status}", reply.api)
    return reply.object()


def _code(answer: Mapping[str, Any], api: str) -> int:
    """Some successes lack `errcode`, and it has been seen as text."""
    try:
        return int(answer.get("errcode") or 0)
    except (TypeError, ValueError):
        raise OutcomeUnknownError("bad_errcode", api) from None


def _checked(answer: dict[str, Any], api: str, subject: str | None) -> dict[str, Any]:
    if code := _code(answer, api):
        raise classify(code, api, str(answer.get("errmsg") or ""), subject)
    return answer

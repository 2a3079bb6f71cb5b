"""Tokens: one per secret, the same one while it lives, 7200 s of real time (page 91039)."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from sandbox.exchange import Request
from sandbox.wecom.errors import WeComError
from sandbox.wecom.model import App, Corp

LIFETIME = 7200
BAN = 3600


@dataclass
class Token:
    value: str
    app: App
    expires_at: float
    revoked: bool = False


class Tokens:
    def __init__(self, corp: Corp) -> None:
        self._corp = corp
        self._clock = corp.clock
        self._tokens: dict[str, Token] = {}
        self._wrong: dict[str, deque[float]] = {}
        self._banned_until: dict[str, float] = {}

    def get_token(self, request: Request) -> dict[str, Any]:
        """``GET gettoken``: the secret's presence is checked before the company's."""
        for name, code in (("corpsecret", 41004), ("corpid", 41002)):
            if not request.query.get(name):
                raise WeComError(code)
        if self._clock.real() < self._banned_until.get(request.ip, 0):
            raise WeComError(45009)
        if request.query["corpid"] != self._corp.config.corp_id:
            raise WeComError(40013)
        app = next((app for app in self._corp.apps if app.secret == request.query["corpsecret"]), None)
        if app is None or not app.enabled:
            self._count_wrong(request.ip)
            raise WeComError(40001)
        token = self._living(app) or self._issue(app)
        left = int(token.expires_at - self._clock.real())
        return {"errcode": 0, "errmsg": "ok", "access_token": token.value, "expires_in": left}

    def app(self, request: Request) -> App:
        """The application whose token the query carries; a header or a body field is not looked at."""
        value = request.query.get("access_token")
        if not value:
            raise WeComError(41001)
        token = self._tokens.get(value)
        if token is None or token.revoked:
            raise WeComError(40014)
        if self._clock.real() >= token.expires_at:
            raise WeComError(42001)
        if not token.app.enabled:
            raise WeComError(50003)
        return token.app

    def revoke(self, value: str) -> None:
        if value in self._tokens:
            self._tokens[value].revoked = True

    def revoke_all_of(self, app: App) -> None:
        for token in self._tokens.values():
            token.revoked |= token.app is app

    def _living(self, app: App) -> Token | None:
        now = self._clock.real()
        alive = (token for token in self._tokens.values() if not token.revoked and now < token.expires_at)
        return next((token for token in alive if token.app is app), None)

    def _issue(self, app: App) -> Token:
        value = f"emu-tok-{app.kind}-{len(self._tokens) + 1:04}"
        token = self._tokens[value] = Token(value, app, self._clock.real() + LIFETIME)
        return token

    def _count_wrong(self, ip: str) -> None:
        """Too many wrong secrets within an hour shut the address out for an hour."""
        now = self._clock.real()
        tries = self._wrong.setdefault(ip, deque())
        tries.append(now)
        while tries[0] <= now - BAN:
            tries.popleft()
        if len(tries) >= self._corp.config.secret_tries:
            self._banned_until[ip] = now + BAN
            tries.clear()

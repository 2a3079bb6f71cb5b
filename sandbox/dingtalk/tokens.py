"""Access tokens. Within its 7200 s an app is given the same token again, and its time starts anew."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.clock import Clock
    from sandbox.dingtalk.switches import App

LIFETIME = 7200


@dataclass
class _Token:
    value: str
    expires_at: float


class Tokens:
    """Times are real ones, in epoch seconds. A token serves both hosts."""

    def __init__(self, clock: Clock, apps: tuple[App, ...]) -> None:
        """Take the apps that exist."""
        self._clock = clock
        self._apps = {app.app_key: app for app in apps}
        self._tokens: dict[str, _Token] = {}

    def grant(self, app_key: str, app_secret: str) -> str | None:
        """Return the app's token; None for a wrong key or secret."""
        app = self._apps.get(app_key)
        if app is None or app.app_secret.get_secret_value() != app_secret:
            return None
        now = self._clock.real()
        token = self._tokens.get(app_key)
        if token is None or token.expires_at <= now:
            token = self._tokens[app_key] = _Token(uuid.uuid4().hex, 0.0)
        token.expires_at = now + LIFETIME
        return token.value

    def owner(self, value: str | None) -> App | None:
        """Return the app whose living token this is."""
        for app_key, token in self._tokens.items():
            if token.value == value and token.expires_at > self._clock.real():
                return self._apps[app_key]
        return None

    def expire(self, value: str | None) -> None:
        self._tokens = {app_key: token for app_key, token in self._tokens.items() if token.value != value}

"""A signed POST by the Standard Webhooks specification (https://www.standardwebhooks.com).

`webhook-id` is the message id, so that a receiver drops repeats for as long as it remembers; the specification asks
it to remember, hence a message in doubt is always repeated.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from pydantic import SecretStr
from standardwebhooks import Webhook

from services.kit.errors import UsageError
from services.notifier.messages import Message
from services.platforms.errors import NeedsPersonError, OutcomeUnknownError, TryLaterError
from services.platforms.http import Http, Reply

API = "webhook"
REMEMBERED = timedelta(days=365)
TOO_MANY, UNAVAILABLE, SERVER_FAULT = 429, 503, 500
SUCCESS = range(200, 300)


class WebhookChannel:
    """Raises UsageError for a key that is none; the text never shows it."""

    def __init__(self, http: Http, url: str, secret: SecretStr, now: Callable[[], datetime]) -> None:
        self._http, self._url, self._now = http, url, now
        try:
            self._key = Webhook(secret.get_secret_value())
        except (ValueError, RuntimeError):
            raise UsageError("notify.it.secret is no key of Standard Webhooks (whsec_ and base64)") from None

    async def send(self, message: Message) -> str:
        at = self._now()
        headers = {
            "content-type": "application/json",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._key.sign(message.message_id, at, message.text),
        }
        check(await self._http.send("POST", self._url, api=API, content=message.text.encode(), headers=headers))
        return ""

    def dropped_until(self, tried_at: datetime) -> datetime:
        return tried_at + REMEMBERED

    async def close(self) -> None:
        await self._http.close()


def check(reply: Reply) -> None:
    """2xx is done; 429 and 503 are surely not; another 5xx may be either; the rest is the receiver's to put right."""
    code = f"HTTP {reply.status}"
    if reply.status in SUCCESS:
        return
    if reply.status in (TOO_MANY, UNAVAILABLE):
        wait = reply.headers.get("retry-after", "")
        raise TryLaterError(code, API, after=float(wait) if wait.isdecimal() else None)
    if reply.status >= SERVER_FAULT:
        raise OutcomeUnknownError(code, API)
    raise NeedsPersonError(code, API, "refused")

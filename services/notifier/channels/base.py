"""What a message channel does, and what is known of the repeats that its platform drops."""

from datetime import datetime
from typing import Protocol

from services.notifier.messages import Message


class Channel(Protocol):
    async def send(self, message: Message) -> str:
        """Send once; returns a short code for the audit. The same message again is the same request, to the letter.

        Raises GateClosedError (nothing was sent) or an error of `services.platforms.errors`.
        """
        ...

    def dropped_until(self, tried_at: datetime) -> datetime:
        """Until when the platform surely drops a repeat of a message whose first call began at `tried_at`."""
        ...

    async def close(self) -> None: ...

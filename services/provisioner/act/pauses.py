"""How a pass stops a whole target, or one API of it."""

from typing import Protocol


class Pauses(Protocol):
    """Stops a whole target (a wrong secret, repeated, gets our address banned), or one API for a while."""

    async def pause(self, target: str, by: str, reason: str) -> None: ...

    async def block(self, target: str, seconds: float, api: str) -> None:
        """After the platform throttled us: no call of that API starts for so long, in any process."""
        ...

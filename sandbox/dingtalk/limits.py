"""The limits beside calls per second: a banned address, and the organisation's calls a month."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.quotas import Limit

if TYPE_CHECKING:
    from sandbox.kernel import Kernel

ADDRESS = Limit(path="*", calls=10_000, seconds=20)
BAN_SECONDS = 300
CHINA_OFFSET = timedelta(hours=8)


class Gate:
    """Counts in real time; months are those of China."""

    def __init__(self, kernel: Kernel) -> None:
        """Start with nothing counted."""
        self._kernel = kernel
        self._window, self._calls = 0, Counter[str]()
        self._banned: dict[str, float] = {}
        self._month, self._month_calls = "", 0

    def ban(self, address: str, seconds: float = BAN_SECONDS) -> None:
        self._banned[address] = self._kernel.clock.real() + seconds

    def banned(self, address: str) -> bool:
        """Count the call; 10 000 of one address in 20 s ban it for five minutes."""
        now = self._kernel.clock.real()
        if now < self._banned.get(address, 0.0):
            return True
        window = int(now // ADDRESS.seconds)
        if window != self._window:
            self._window, self._calls = window, Counter()
        self._calls[address] += 1
        if self._calls[address] > self._kernel.quotas.allowed(ADDRESS):
            self.ban(address)
            return True
        return False

    def month_spent(self, allowed: int) -> bool:
        """Count the call against the month and say whether it is one too many."""
        month = f"{datetime.fromtimestamp(self._kernel.clock.real(), UTC) + CHINA_OFFSET:%Y-%m}"
        if month != self._month:
            self._month, self._month_calls = month, 0
        self._month_calls += 1
        return self._month_calls > allowed

"""Fixed windows of real time; who crosses a limit is blocked for the length of its window.

WeCom: a minute's limit blocks 60 s, an hour's 60 min (page 90454). The alignment of its windows is not published;
they start here at whole multiples of their length.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sandbox.clock import Clock


class Limit(BaseModel):
    """``path`` "*" holds for each path by itself, unless that path has limits of its own; 0 calls means no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    calls: int = Field(ge=0)
    seconds: float = Field(gt=0)


class QuotaOrder(BaseModel):
    """What ``POST quotas`` takes: ``limits`` replaces the list, ``scale`` multiplies every limit."""

    model_config = ConfigDict(extra="forbid")

    limits: list[Limit] | None = None
    scale: float | None = Field(default=None, gt=0)


@dataclass
class _Window:
    number: int = -1
    calls: int = 0
    blocked_until: float = 0.0


class Quotas:
    def __init__(self, clock: Clock, limits: list[Limit], scale: float) -> None:
        self._clock = clock
        self._limits = limits
        self._scale = scale
        self._windows: dict[tuple[str, Limit], _Window] = {}

    def set(self, order: QuotaOrder) -> None:
        """Change limits and start counting anew."""
        self._limits = self._limits if order.limits is None else order.limits
        self._scale = order.scale or self._scale
        self.clear()

    def crossed(self, path: str) -> Limit | None:
        """Count a call of this path; return the limit that forbids it, if one does."""
        own = [limit for limit in self._limits if limit.path == path]
        hit: Limit | None = None
        for limit in own or [limit for limit in self._limits if limit.path == "*"]:
            if limit.calls and not self._fits(self._windows.setdefault((path, limit), _Window()), limit):
                hit = limit
        return hit

    def _fits(self, window: _Window, limit: Limit) -> bool:
        now = self._clock.real()
        if now < window.blocked_until:
            return False
        number = int(now // limit.seconds)
        if number != window.number:
            window.number, window.calls = number, 0
        window.calls += 1
        if window.calls <= self.allowed(limit):
            return True
        window.blocked_until = now + limit.seconds
        return False

    def allowed(self, limit: Limit) -> int:
        return max(1, round(limit.calls * self._scale))

    def show(self) -> dict[str, Any]:
        used = [
            {"path": path, "seconds": limit.seconds, "calls": window.calls, "blocked_until": window.blocked_until}
            for (path, limit), window in self._windows.items()
        ]
        return {"limits": [limit.model_dump() for limit in self._limits], "scale": self._scale, "used": used}

    def clear(self) -> None:
        self._windows.clear()

"""Two times: real (tokens, quota windows) and business (recall and hand-over windows)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Row:
    """Business time stood at ``business_at`` when real time was ``real_at``; ``speed`` 0 lets it stand still."""

    real_at: float
    business_at: float
    speed: float


class Clock:
    """Real time may be skipped ahead, so that a test sees a token expire without waiting for it."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._skipped = 0.0
        self._row: Row | None = None

    def wall(self) -> float:
        """Epoch seconds as the machine has them, skips left out: what the call log shows."""
        return self._real()

    def real(self) -> float:
        return self._real() + self._skipped

    def business(self) -> float:
        if self._row is None:
            return self.real()
        return self._row.business_at + (self.real() - self._row.real_at) * self._row.speed

    def set(self, order: dict[str, Any]) -> None:
        """Take ``{"real_at", "business_at", "speed"}`` (epoch seconds or ISO 8601) and/or ``{"skip_real": seconds}``.

        An order with neither gives business time back to real time.
        """
        self._skipped += float(order.get("skip_real", 0))
        if "business_at" in order:
            real_at = _instant(order["real_at"]) if order.get("real_at") is not None else self.real()
            self._row = Row(real_at, _instant(order["business_at"]), float(order.get("speed", 1)))
        elif "skip_real" not in order:
            self._row = None

    def show(self) -> dict[str, Any]:
        row = self._row and {
            "real_at": self._row.real_at,
            "business_at": self._row.business_at,
            "speed": self._row.speed,
        }
        return {"row": row, "real_now": self.real(), "business_now": self.business()}


def _instant(value: float | str) -> float:
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else float(value)

"""How a pass ends when a platform refused: the verdict, its reason, and when to look again."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.platforms.errors import (
    AwaitsAcceptanceError,
    CredentialError,
    NotThereError,
    OutcomeUnknownError,
    PlatformError,
    TryLaterError,
)
from services.provisioner.store.port import RowVerdict

STILL_WORKING = 5.0
"""Seconds a platform may still work on a call that we gave up: nothing is tried on that account before."""

LONGEST_PAUSE = 300.0
_ACCEPTANCE = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Ending:
    """`not_before` in seconds of machine time; `next_at` in business time."""

    verdict: RowVerdict
    reason: str
    not_before: float | None = None
    next_at: datetime | None = None
    pause_target: bool = False


def ending(error: PlatformError, attempts: int, at: datetime, jitter: Callable[[], float] = random.random) -> Ending:
    """Name the ending of a refusal; `attempts` counts the claims since the row last settled."""
    word = f"{error.api}:{error.code}"
    match error:
        case AwaitsAcceptanceError():
            later = _ACCEPTANCE[min(max(attempts, 1), len(_ACCEPTANCE)) - 1]
            return Ending("waiting", "awaits_acceptance", next_at=at + later)
        case CredentialError():
            return Ending("retry", word, not_before=1.0, pause_target=True)
        case OutcomeUnknownError():
            return Ending("retry", f"unknown:{word}", not_before=STILL_WORKING)
        case TryLaterError() | NotThereError():
            asked = getattr(error, "after", None)
            return Ending("retry", word, not_before=asked + jitter() if asked else back_off(attempts, jitter))
        case _:
            return Ending("inbox", f"{error.hint or 'refused'}:{error.code}")


def back_off(attempts: int, jitter: Callable[[], float] = random.random) -> float:
    """Seconds before the next try: 1, 2, 4 … 300, each spread over its half."""
    whole: float = min(LONGEST_PAUSE, 2.0 ** min(max(attempts - 1, 0), 16))
    return whole * (0.5 + jitter() / 2)

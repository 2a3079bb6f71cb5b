"""Two times. Machine time is always real; business time can be virtual in a rehearsal.

Business time is one row: it was `business_at` when machine time was `real_at`, and runs `speed` times as fast;
speed 0 lets it stand. Leases, retries, quotas and tokens ask `now`; effects, overlaps and guards `business_now`.
"""

from datetime import UTC, datetime
from typing import Annotated, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class ClockRow(BaseModel):
    """`{"real_at": iso, "business_at": iso, "speed": x}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    real_at: AwareDatetime
    business_at: AwareDatetime
    speed: Annotated[float, Field(ge=0, le=10_000_000)] = 0.0

    def at(self, now: datetime) -> datetime:
        """Business time (UTC) at a moment of machine time."""
        return (self.business_at + (now - self.real_at) * self.speed).astimezone(UTC)


class Clock(Protocol):
    """Both times as aware datetimes in UTC."""

    def now(self) -> datetime: ...

    def business_now(self) -> datetime: ...


class Real:
    """Business time is machine time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def business_now(self) -> datetime:
        return self.now()


class Virtual:
    """Business time follows a row, which may be replaced while running; None gives it back to machine time."""

    def __init__(self, row: ClockRow | None, machine: Clock | None = None) -> None:
        self.row = row
        self._machine = machine or Real()

    def now(self) -> datetime:
        return self._machine.now()

    def business_now(self) -> datetime:
        return self.now() if self.row is None else self.row.at(self.now())


class Fixed:
    """For tests: both times stand where they were put."""

    def __init__(self, now: datetime, business: datetime | None = None) -> None:
        self.machine = now.astimezone(UTC)
        self.business = (business or now).astimezone(UTC)

    def now(self) -> datetime:
        return self.machine

    def business_now(self) -> datetime:
        return self.business

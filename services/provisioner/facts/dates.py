"""What a local date or time means as an instant. All answers are in UTC."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The IANA zone of that name; raises ValueError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError(f"unknown zone {name!r}") from exc


@lru_cache(maxsize=8192)
def instant(text: str, zone: str) -> datetime:
    """The instant of `2026-03-15` (its midnight) or `2026-03-15T18:00` in the zone; an offset in the text is taken.

    A local time that the zone skips is the first moment after the gap, a doubled one the first of the two. Raises
    ValueError for an unknown zone, for what is no date, and for an instant before year 1 or after year 9999.
    """
    local = datetime.fromisoformat(text)
    try:
        if local.tzinfo is not None:
            return local.astimezone(UTC)
        return _in_zone(local, zone_named(zone))
    except OverflowError as exc:
        raise ValueError("date out of range") from exc


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime:
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None or before >= after:
        return first.astimezone(UTC)
    # Inside a gap the offset only grows; the change lies between the two readings of the wall clock.
    return _change(second.astimezone(UTC), first.astimezone(UTC), zone, after)


def _change(earlier: datetime, later: datetime, zone: ZoneInfo, offset: timedelta) -> datetime:
    """The first whole second after `earlier`, at most `later`, at which the zone has that offset."""
    low, high = earlier.replace(microsecond=0), later.replace(microsecond=0)
    while high - low > SECOND:
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return high

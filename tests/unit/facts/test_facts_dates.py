"""Local dates and times as instants. Vectors: the IANA time zone data's own history of the zones named."""

import pytest

from services.provisioner.facts.dates import instant


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-03-15", "Asia/Shanghai", "2026-03-14T16:00:00+00:00"),
        ("2026-03-15T18:00", "Asia/Shanghai", "2026-03-15T10:00:00+00:00"),
        ("2026-03-15 18:00:30.5", "Asia/Shanghai", "2026-03-15T10:00:30.500000+00:00"),
        ("2026-03-15T18:00:00+01:00", "Asia/Shanghai", "2026-03-15T17:00:00+00:00"),
        ("2026-03-15T18:00Z", "Asia/Shanghai", "2026-03-15T18:00:00+00:00"),
        ("1988-07-01", "Asia/Shanghai", "1988-06-30T15:00:00+00:00"),
        ("2026-03-29T02:30", "Europe/Paris", "2026-03-29T01:00:00+00:00"),
        ("2026-03-29T02:00", "Europe/Paris", "2026-03-29T01:00:00+00:00"),
        ("2026-03-29T03:00", "Europe/Paris", "2026-03-29T01:00:00+00:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00+00:00"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
        ("2026-10-25T02:30", "Europe/Paris", "2026-10-25T00:30:00+00:00"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30:00+00:00"),
    ],
    ids=[
        "a date is its midnight in the zone",
        "a local time",
        "seconds and their parts",
        "an offset is taken",
        "Z is an offset",
        "daylight saving of the past",
        "inside a gap it is the first moment after",
        "so at the start of the gap",
        "and the end of the gap is itself",
        "a midnight that does not exist",
        "a day that does not exist",
        "a doubled time is the first",
        "a gap of half an hour",
    ],
)
def test_an_instant(text, zone, utc):
    assert instant(text, zone).isoformat() == utc


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Asia", "../etc/passwd", "/etc/localtime", "a" * 300, "x\x00y"])
def test_an_unknown_zone_is_a_clear_error(zone):
    with pytest.raises(ValueError, match="unknown zone"):
        instant("2026-03-15", zone)


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59:59-08:00"])
def test_an_instant_outside_the_calendar_is_a_clear_error(text):
    with pytest.raises(ValueError, match="out of range"):
        instant(text, "Asia/Shanghai")

"""Neighbours of the edge cases: time."""

from case_words import GONE, HIRED, Cases, hire, leave

case = Cases()


def gone_at(number, title, date, zone, utc, **more):
    """The leave cuts at this minute, not the one before."""
    hour, minute = map(int, utc[11:16].split(":"))
    before = f"{utc[:11]}{hour - (not minute):02}:{(minute - 1) % 60:02}:00+00:00"
    given = [hire("E1", more.pop("hired", HIRED), time_zone=zone), leave("E1", date, time_zone=zone, **more)]
    case(number, title, given, {"E1": {"status": "disabled", "active_at": [before], "as_of": f"{utc}:30+00:00"}})


gone_at(
    "NT01",
    "a midnight that the clock leaps over",
    "2018-11-04",
    "America/Sao_Paulo",
    "2018-11-04T03:00",
    hired="2018-01-02",
    recorded_at="2018-10-01T09:00:00+08:00",
)
gone_at(
    "NT02",
    "an hour that comes twice: the first",
    "2025-10-26",
    "Europe/Paris",
    "2025-10-26T00:30",
    effective_at="2025-10-26T02:30",
    recorded_at="2025-10-01T09:00:00+08:00",
)
gone_at(
    "NT03",
    "an hour that never comes",
    "2025-03-30",
    "Europe/Paris",
    "2025-03-30T01:00",
    effective_at="2025-03-30T02:30",
    recorded_at="2025-03-01T09:00:00+08:00",
)
gone_at(
    "NT04",
    "summer time in Shanghai, 1988",
    "1988-07-01",
    "Asia/Shanghai",
    "1988-06-30T15:00",
    hired="1987-01-05",
    recorded_at="1988-06-01T09:00:00+08:00",
)
gone_at(
    "NT05",
    "a day that Samoa left out",
    "2011-12-30",
    "Pacific/Apia",
    "2011-12-30T10:00",
    hired="2011-01-04",
    recorded_at="2011-12-01T09:00:00+08:00",
)
gone_at(
    "NT06",
    "five hours and three quarters",
    GONE,
    "Asia/Kathmandu",
    "2025-06-30T18:15",
    recorded_at="2025-06-01T09:00:00+08:00",
)
gone_at(
    "NT07",
    "the first midnight of the world",
    GONE,
    "Pacific/Kiritimati",
    "2025-06-30T10:00",
    recorded_at="2025-06-01T09:00:00+08:00",
)
gone_at(
    "NT08",
    "an offset of its own",
    GONE,
    "Asia/Shanghai",
    "2025-07-01T05:00",
    effective_at="2025-07-01T00:00:00-05:00",
    recorded_at="2025-06-01T09:00:00+08:00",
)
gone_at(
    "NT09",
    "six in the evening",
    GONE,
    "America/New_York",
    "2025-07-01T22:00",
    effective_at="2025-07-01T18:00",
    recorded_at="2025-06-01T09:00:00+08:00",
)
case(
    "NT10",
    "heard of two months late",
    [hire("E1"), leave("E1", recorded_at="2025-09-01T09:00:00+08:00")],
    {"E1": {"status": "disabled", "active_on": ["2025-08-31"], "disabled_at": ["2025-09-01T09:30:00+08:00"]}},
)

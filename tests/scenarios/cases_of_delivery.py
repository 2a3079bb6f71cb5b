"""Neighbours of the edge cases: delivery."""

from case_words import ACTIVE, GONE, HIRED, NEVER, OPEN_THEN, PAYROLL, Cases, back_from, hire, leave, move, renamed

case = Cases()

case(
    "ND01",
    "the leave overtakes the hire",
    [leave("E1"), hire("E1", recorded_at="2025-07-02T09:00:00+08:00")],
    {"E1": NEVER},
    ["parked", "applied"],
)
case(
    "ND02",
    "the correction overtakes what it corrects",
    [hire("E1", "2024-01-02", "D-FIN", revision=2), hire("E1")],
    {"E1": {"status": "active", "department_id": "D-FIN"}},
    ["applied", "superseded"],
)
case(
    "ND03",
    "a revision is left out",
    [hire("E1"), hire("E1", HIRED, "D-RD", revision=7)],
    {"E1": {"status": "active", "department_id": "D-RD"}},
    ["superseded", "applied"],
)
case(
    "ND04",
    "the first revision once more after the second",
    [hire("E1"), hire("E1", HIRED, "D-RD", revision=2), hire("E1")],
    {"E1": {"status": "active", "department_id": "D-RD"}},
    ["superseded", "applied", "duplicate"],
)
case(
    "ND05",
    "a leave is taken back twice",
    [
        hire("E1"),
        leave("E1", recorded_at="2025-06-01T09:00:00+08:00"),
        back_from("E1-leave", "E1", GONE, "2025-06-02T09:00:00+08:00", "u1"),
        back_from("E1-leave", "E1", GONE, "2025-06-03T09:00:00+08:00", "u2"),
    ],
    {"E1": ACTIVE},
    ["applied", "cancelled", "applied", "withdrawn_again"],
)
case(
    "ND06",
    "what was never said is taken back",
    [hire("E1"), back_from("nothing", "E1", GONE, "2025-06-02T09:00:00+08:00")],
    {"E1": ACTIVE},
    ["applied", "parked"],
)
case("ND07", "a list where an event should be", [{"raw": "[]"}, hire("E1")], {"E1": ACTIVE}, ["rejected", "applied"])
case("ND08", "null where an event should be", [{"raw": "null"}, hire("E1")], {"E1": ACTIVE}, ["rejected", "applied"])
case(
    "ND09",
    "nothing at all where an event should be",
    [{"raw": ""}, hire("E1")],
    {"E1": ACTIVE},
    ["rejected", "applied"],
)
case(
    "ND10",
    "a new mobile before the hire",
    [renamed("E1", HIRED, mobile="19912345678"), hire("E1", "2024-01-01")],
    {"E1": ACTIVE},
    ["parked", "applied"],
)
case(
    "ND11",
    "a leave delivered three times",
    [hire("E1"), leave("E1"), leave("E1"), leave("E1")],
    {"E1": OPEN_THEN},
    ["applied", "applied", "duplicate", "duplicate"],
)
case(
    "ND12",
    "other content under the id of a leave, and no revision",
    [
        hire("E1"),
        leave("E1", recorded_at="2025-06-01T09:00:00+08:00"),
        leave("E1", "2025-09-01", recorded_at="2025-06-02T09:00:00+08:00"),
    ],
    {"E1": OPEN_THEN},
    ["applied", "applied", "conflict"],
)
ONE = {"status": "active", "of_that_name": 1}
case(
    "ND20",
    "two systems tell of one hire",
    [hire("E1"), hire("E1", event_id="p1", **PAYROLL)],
    {"E1": ONE},
    ["applied", "overtaken"],
)
case(
    "ND21",
    "two systems tell of one leave",
    [hire("E1"), leave("E1"), leave("E1", event_id="p1", **PAYROLL)],
    {"E1": OPEN_THEN},
    ["applied", "applied", "overtaken"],
)
case(
    "ND22",
    "two systems tell of one hire in two ways: somebody says which is true",
    [hire("E1"), hire("E1", event_id="p1", department="D-FIN", **PAYROLL)],
    {"E1": ONE},
    ["applied", "inbox"],
)
case(
    "ND23",
    "two systems tell of one move",
    [
        hire("E1"),
        move("E1", "2025-03-03", "D-FIN"),
        move("E1", "2025-03-03", "D-FIN", "p1", **PAYROLL),
    ],
    {"E1": ONE | {"department_id": "D-FIN"}},
    ["applied", "applied", "applied"],
)
case(
    "ND24",
    "one id from two systems is two events",
    [hire("E1", event_id="same"), leave("E1", event_id="same", **PAYROLL)],
    {"E1": OPEN_THEN},
    ["applied", "applied"],
)
case(
    "ND25",
    "the payroll takes back what it did not say",
    [hire("E1"), leave("E1"), back_from("E1-leave", "E1", GONE, "2025-06-02T09:00:00+08:00") | PAYROLL],
    {"E1": OPEN_THEN},
)

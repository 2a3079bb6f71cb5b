"""Neighbours of the edge cases: lifecycle."""

from case_words import ACTIVE, DISABLED, GONE, NEVER, OPEN_THEN, Cases, back_from, event, hire, leave, move

case = Cases()

case(
    "NL01",
    "hired on a leap day",
    [hire("E1", "2024-02-29"), leave("E1", "2025-03-01")],
    {"E1": {"status": "disabled", "active_on": ["2024-02-29", "2025-02-28"]}},
    ["applied", "applied"],
)
case(
    "NL02",
    "gone on a leap day",
    [hire("E1"), leave("E1", "2024-02-29")],
    {"E1": {"status": "disabled", "active_on": ["2024-02-28"], "disabled_at": ["2024-02-29T00:01:00+08:00"]}},
)
case(
    "NL03",
    "a leave is corrected to an earlier date, too late",
    [
        hire("E1"),
        leave("E1", "2025-09-01", recorded_at="2025-06-01T09:00:00+08:00"),
        leave("E1", GONE, revision=2, recorded_at="2025-07-10T09:00:00+08:00"),
    ],
    {"E1": {"status": "disabled", "active_on": ["2025-07-09"], "disabled_at": ["2025-07-10T10:00:00+08:00"]}},
    ["applied", "superseded", "applied"],
)
case(
    "NL04",
    "a leave is taken back after it took effect",
    [
        hire("E1"),
        leave("E1", recorded_at="2025-06-10T09:00:00+08:00"),
        back_from("E1-leave", "E1", GONE, "2025-07-03T09:00:00+08:00"),
    ],
    {
        "E1": {
            "status": "active",
            "active_on": ["2025-06-30", "2025-07-04"],
            "disabled_at": ["2025-07-02T12:00:00+08:00"],
        }
    },
    ["applied", "cancelled", "applied"],
)
case(
    "NL05",
    "a leave is taken back, and that too",
    [
        hire("E1"),
        leave("E1", recorded_at="2025-06-10T09:00:00+08:00"),
        back_from("E1-leave", "E1", GONE, "2025-06-11T09:00:00+08:00", "u1"),
        back_from("u1", "E1", GONE, "2025-06-12T09:00:00+08:00", "u2"),
    ],
    {"E1": OPEN_THEN},
)
case(
    "NL06",
    "a leave is taken back before it is heard of",
    [
        hire("E1"),
        back_from("E1-leave", "E1", GONE, "2025-06-11T09:00:00+08:00"),
        leave("E1", recorded_at="2025-06-12T09:00:00+08:00"),
    ],
    {"E1": ACTIVE},
    ["applied", "parked", "cancelled"],
)
case(
    "NL07",
    "hired anew before the leave: two records contradict each other",
    [
        hire("E1"),
        leave("E1", recorded_at="2025-05-01T09:00:00+08:00"),
        hire("E1", "2025-06-15", "D-FIN", event_id="again"),
    ],
    {"E1": OPEN_THEN},
    ["applied", "applied", "inbox"],
)
case(
    "NL08",
    "gone and hired anew on one day",
    [hire("E1"), leave("E1"), hire("E1", GONE, "D-FIN", event_id="again")],
    {"E1": {"status": "active", "department_id": "D-FIN", "active_on": ["2025-06-30"]}},
    ["applied"] * 3,
)
case(
    "NL09",
    "the same hire under another id",
    [hire("E1"), hire("E1", "2024-03-01", event_id="again")],
    {"E1": ACTIVE},
    ["applied", "overtaken"],
)
case("NL10", "hired and gone at the same instant", [hire("E1", GONE), leave("E1")], {"E1": NEVER})
case(
    "NL11",
    "a hire is taken back when the account works",
    [hire("E1", "2025-06-01"), back_from("E1-hire", "E1", "2025-06-01", "2025-06-10T09:00:00+08:00")],
    {"E1": {"status": "disabled", "active_on": ["2025-06-09"]}},
    ["cancelled", "applied"],
)
case(
    "NL12",
    "the first day moves back when the account works already",
    [hire("E1", "2025-06-01"), hire("E1", GONE, revision=2, recorded_at="2025-06-05T09:00:00+08:00")],
    {
        "E1": {
            "status": "active",
            "active_on": ["2025-06-03", "2025-07-02"],
            "disabled_at": ["2025-06-06T12:00:00+08:00"],
        }
    },
    ["superseded", "applied"],
)
case(
    "NL13",
    "dismissed this minute, whatever the date says",
    [hire("E1"), leave("E1", urgency="immediate", recorded_at="2025-06-10T15:00:00+08:00")],
    {
        "E1": {
            "status": "disabled",
            "active_at": ["2025-06-10T14:59:00+08:00"],
            "disabled_at": ["2025-06-10T15:01:00+08:00"],
        }
    },
    ["applied", "applied"],
)
case(
    "NL14",
    "a leave before the only hire known",
    [leave("E1", "2025-05-01"), hire("E1", "2025-06-01")],
    {"E1": ACTIVE},
    ["parked", "applied"],
)
case(
    "NL15",
    "suspended and back",
    [
        hire("E1"),
        event("suspend", "E1", "2025-06-01", "s", reason="suspension"),
        event("resume", "E1", "2025-06-11", "r"),
    ],
    {"E1": {"status": "active", "disabled_at": ["2025-06-05T12:00:00+08:00"], "active_on": ["2025-05-31"]}},
    ["applied"] * 3,
)
case(
    "NL16",
    "a parent on leave keeps the account",
    [hire("E1"), event("sabbatical", "E1", "2025-06-01", "s", reason="parental")],
    {"E1": {"status": "active", "active_on": ["2025-06-01"]}},
    ["applied", "applied"],
)
case(
    "NL17",
    "gone while suspended, and the return comes all the same",
    [
        hire("E1"),
        event("suspend", "E1", "2025-06-01", "s", reason="suspension"),
        leave("E1", "2025-06-10"),
        event("resume", "E1", "2025-06-20", "r"),
    ],
    {"E1": DISABLED},
    ["applied", "applied", "applied", "overtaken"],
)
case(
    "NL18",
    "a contractor becomes an employee",
    [
        hire("E1", org={"employment_type": "contractor"}),
        event(
            "status_change", "E1", "2025-03-01", "c", org={"employment_type": "employee"}, changed=["employment_type"]
        ),
    ],
    {"E1": ACTIVE},
    ["applied", "applied"],
)
case(
    "NL19",
    "two transfers on one day, the later one first",
    [hire("E1"), move("E1", "2025-03-03", "D-RD", "m2", seq=2), move("E1", "2025-03-03", "D-FIN", "m1", seq=1)],
    {"E1": {"status": "active", "department_id": "D-RD"}},
)
case(
    "NL20",
    "two leaves under two ids: the first stands",
    [hire("E1"), leave("E1"), leave("E1", "2025-08-01", "again")],
    {"E1": OPEN_THEN},
    ["applied", "applied", "overtaken"],
)
case(
    "NL21",
    "a transfer of somebody who is gone",
    [hire("E1"), leave("E1"), move("E1", "2025-08-01", "D-FIN")],
    {"E1": DISABLED},
    ["applied", "applied", "overtaken"],
)
case("NL22", "somebody dies", [hire("E1"), leave("E1", reason="death")], {"E1": OPEN_THEN}, ["applied", "applied"])
case(
    "NL23",
    "comes back three times",
    [
        hire("E1"),
        leave("E1", "2024-03-01", "l1"),
        hire("E1", "2024-05-01", "D-FIN", event_id="h2"),
        leave("E1", "2024-07-01", "l2"),
        hire("E1", "2024-09-01", "D-ADMIN", event_id="h3"),
    ],
    {
        "E1": {
            "status": "active",
            "department_id": "D-ADMIN",
            "disabled_at": ["2024-04-01T12:00:00+08:00"],
            "active_on": ["2024-06-01"],
        }
    },
    ["applied"] * 5,
)
case(
    "NL24",
    "a leave announced a year ahead",
    [hire("E1"), leave("E1", recorded_at="2024-07-01T09:00:00+08:00")],
    {"E1": OPEN_THEN},
    ["applied", "applied"],
)
case(
    "NL25",
    "a transfer is taken back after it took effect",
    [
        hire("E1"),
        move("E1", "2025-03-01", "D-ADMIN"),
        back_from("E1-move", "E1", "2025-03-01", "2025-03-05T09:00:00+08:00"),
    ],
    {
        "E1": {
            "status": "active",
            "department_id": "D-SALES",
            "rights": ["customer_contact", "sales_data"],
            "not_rights": ["office"],
        }
    },
    ["applied", "cancelled", "applied"],
)

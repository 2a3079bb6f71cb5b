"""Neighbours of the edge cases: organisation."""

from case_words import ACTIVE, OPEN_THEN, Cases, department, event, hire, leave, move

case = Cases()

case(
    "NO01",
    "a department is renamed twice",
    [
        hire("E1"),
        department("rename", "r1", "2025-01-01", "D-SALES", "增长部"),
        department("rename", "r2", "2025-02-01", "D-SALES", "客户部"),
    ],
    {"E1": {"status": "active", "department_name": "客户部"}},
    ["applied"] * 3,
)
case(
    "NO02",
    "the later of two names is heard of first",
    [
        hire("E1"),
        department("rename", "r2", "2025-02-01", "D-SALES", "客户部"),
        department("rename", "r1", "2025-01-01", "D-SALES", "增长部"),
    ],
    {"E1": {"status": "active", "department_name": "客户部"}},
)
case(
    "NO03",
    "a department with people in it is closed: nobody moves",
    [hire("E1"), department("delete", "x", "2025-01-01", "D-SALES")],
    {"E1": {"status": "active", "department_id": "D-SALES"}},
    ["applied", "inbox"],
)
case(
    "NO04",
    "a department is merged into another: its people are there",
    [
        hire("E2", department="D-ADMIN"),
        hire("E1", department="D-EAST"),
        department("merge", "x", "2025-01-01", "D-ADMIN", "行政部", **{"from": ["D-EAST"]}),
    ],
    {
        "E1": {
            "status": "active",
            "department_id": "D-ADMIN",
            "rights": ["office", "internal_notice"],
            "not_rights": ["sales_data"],
        }
    },
)
case(
    "NO05",
    "there and back on one day",
    [hire("E1"), move("E1", "2025-03-03", "D-FIN", "m1", seq=1), move("E1", "2025-03-03", "D-SALES", "m2", seq=2)],
    {
        "E1": {
            "status": "active",
            "department_id": "D-SALES",
            "rights": ["customer_contact", "sales_data"],
            "not_rights": [],
        }
    },
)
case(
    "NO06",
    "there and back in a month",
    [hire("E1"), move("E1", "2025-03-03", "D-ADMIN", "m1"), move("E1", "2025-04-03", "D-SALES", "m2")],
    {
        "E1": {
            "status": "active",
            "department_id": "D-SALES",
            "rights": ["customer_contact", "sales_data"],
            "not_rights": ["office"],
        }
    },
    ["applied"] * 3,
)
case(
    "NO07",
    "a second position gives its rights beside the first",
    [
        hire("E1"),
        event("position_add", "E1", "2025-03-03", "p", org={"department_id": "D-ADMIN", "position_id": "P2"}),
    ],
    {
        "E1": {
            "status": "active",
            "rights": ["customer_contact", "sales_data", "office", "internal_notice"],
            "not_rights": [],
        }
    },
)
case(
    "NO08",
    "and takes them with it when it ends",
    [
        hire("E1"),
        event("position_add", "E1", "2025-03-03", "p", org={"department_id": "D-ADMIN", "position_id": "P2"}),
        event("position_end", "E1", "2025-05-03", "q", org={"department_id": "D-ADMIN", "position_id": "P2"}),
    ],
    {"E1": {"status": "active", "rights": ["customer_contact", "sales_data"], "not_rights": ["office"]}},
)
case(
    "NO09",
    "a second position ends with the employment",
    [
        hire("E1"),
        event("position_add", "E1", "2025-03-03", "p", org={"department_id": "D-ADMIN", "position_id": "P2"}),
        leave("E1"),
    ],
    {"E1": {"status": "disabled", "rights": [], "not_rights": ["office", "sales_data"]}},
)
case(
    "NO10",
    "two who manage each other",
    [hire("E1", org={"manager_id": "E2"}), hire("E2", org={"manager_id": "E1"})],
    {"E1": ACTIVE, "E2": ACTIVE},
    ["applied", "applied"],
)
case("NO11", "somebody manages herself", [hire("E1", org={"manager_id": "E1"})], {"E1": ACTIVE}, ["applied"])
case("NO12", "the manager was never heard of", [hire("E1", org={"manager_id": "nobody"})], {"E1": ACTIVE}, ["applied"])
case(
    "NO13",
    "everybody of a department leaves, the department stays",
    [hire("E1"), hire("E2"), leave("E1"), leave("E2")],
    {"E1": OPEN_THEN, "E2": OPEN_THEN},
    ["applied"] * 4,
)
UNDER_SALES = department("rename", "o1", "2025-01-02", "D-NORTH", "北区") | {"data": {"parent_id": "D-SALES"}}
case(
    "NO14",
    "a department is moved under its own child: somebody decides, nobody moves",
    [
        hire("E1"),
        hire("E2", department="D-NORTH", called="北区"),
        UNDER_SALES,
        department("rename", "o2", "2025-02-01", "D-SALES", "D-SALES") | {"data": {"parent_id": "D-NORTH"}},
    ],
    {
        "E1": {"status": "active", "department_id": "D-SALES"},
        "E2": {
            "status": "active",
            "department_id": "D-NORTH",
            "rights": ["sales_data", "customer_contact"],
            "not_rights": [],
        },
    },
    ["applied", "applied", "applied", "inbox"],
)
case(
    "NO15",
    "a department is moved under itself",
    [hire("E1"), department("rename", "o1", "2025-02-01", "D-SALES", "D-SALES") | {"data": {"parent_id": "D-SALES"}}],
    {"E1": {"status": "active", "department_id": "D-SALES"}},
    ["applied", "inbox"],
)
case(
    "NO16",
    "father and child change places, told in the wrong order and then in full",
    [
        hire("E1"),
        hire("E2", department="D-NORTH", called="北区"),
        UNDER_SALES,
        department("rename", "o2", "2025-02-01", "D-SALES", "D-SALES") | {"data": {"parent_id": "D-NORTH"}},
        department("rename", "o3", "2025-02-01", "D-NORTH", "北区") | {"data": {"parent_id": None}},
    ],
    {
        "E1": {"status": "active", "department_id": "D-SALES", "row": "settled"},
        "E2": {"status": "active", "department_id": "D-NORTH", "rights": [], "not_rights": ["sales_data"]},
    },
    ["applied"] * 5,
)

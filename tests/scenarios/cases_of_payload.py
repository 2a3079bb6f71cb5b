"""Neighbours of the edge cases: payload."""

from case_words import ACTIVE, OPEN_THEN, Cases, hire, leave

case = Cases()

case("NP01", "a number with leading zeros", [hire("00123"), hire("123", name="吴刚")], {"00123": ACTIVE, "123": ACTIVE})
case("NP02", "a number in Chinese", [hire("工号七")], {"工号七": ACTIVE}, ["applied"])
case("NP03", "a number with blanks and strokes", [hire("A 1/2")], {"A 1/2": ACTIVE}, ["applied"])
case(
    "NP04",
    "a title of the length of a page",
    [hire("E1", title="经理" * 60)],
    {"E1": {"status": "active", "title": "经理" * 60}},
    ["applied"],
)
case(
    "NP05",
    "text of a template as a title",
    [hire("E1", title="${SECRET} {{x}}")],
    {"E1": {"status": "active", "title": "${SECRET} {{x}}"}},
    ["applied"],
)
case(
    "NP06",
    "more than anybody asked for",
    [hire("E1", salary=12, nested={"a": [{"b": None}]})],
    {"E1": ACTIVE},
    ["applied"],
)
case(
    "NP07",
    "a version of an event that nobody knows yet",
    [hire("E1"), leave("E1", attributes={"type": "hr.worker.left.v2"})],
    {"E1": ACTIVE},
    ["applied", "rejected"],
)
case(
    "NP08",
    "a kind of event that nobody knows, then one that everybody does",
    [hire("E1"), leave("E1", "2025-05-01", "x", attributes={"type": "hr.worker.promoted.v1"}), leave("E1")],
    {"E1": OPEN_THEN},
    ["applied", "rejected", "applied"],
)
case(
    "NP09",
    "a version of the envelope that nobody knows",
    [hire("E1"), leave("E1", attributes={"specversion": "2.0"})],
    {"E1": ACTIVE},
    ["applied", "rejected"],
)

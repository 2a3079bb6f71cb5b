"""Neighbours of the edge cases: payload."""

from case_words import ACTIVE, Cases, hire

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

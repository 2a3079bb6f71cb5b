"""Neighbours of the edge cases: identity and names."""

from case_words import ACTIVE, DISABLED, GONE, Cases, back_from, hire, joined, leave, mobile_of, move, renamed

case = Cases()

case(
    "NI01",
    "two of one name in one department on one day",
    [hire("E1", name="李娜"), hire("E2", name="李娜")],
    {"E1": {"status": "active", "display_name": "李娜"}, "E2": {"status": "active", "display_name": "李娜"}},
)
case(
    "NI02",
    "the mobile of somebody who works here",
    [hire("E1"), hire("E2", name="吴刚", person={"mobile": mobile_of("E1")})],
    {"E1": ACTIVE, "E2": {"status": "conflict"}},
)
case("NI03", "an e-mail is enough", [hire("E1", person={"mobile": None})], {"E1": ACTIVE}, ["applied"])
case(
    "NI04",
    "the mobile comes later",
    [hire("E1", person={"mobile": None, "email": None}), renamed("E1", "2024-02-01", mobile="19912345678")],
    {"E1": {"status": "active", "mobile": "19912345678"}},
    ["parked", "applied"],
)
case(
    "NI05",
    "another human under the number of somebody who left",
    [
        hire("E1"),
        leave("E1"),
        hire(
            "E1",
            "2025-09-01",
            "D-FIN",
            event_id="again",
            name="赵敏",
            person={"mobile": "19987654321", "email": "zhao@corp.example"},
        ),
    ],
    {"E1": DISABLED},
    ["applied", "applied", "inbox"],
)
case(
    "NI06",
    "back with a new mobile and the old e-mail",
    [hire("E1"), leave("E1"), hire("E1", "2025-09-01", "D-FIN", event_id="again", person={"mobile": "19987654321"})],
    {"E1": {"status": "active", "department_id": "D-FIN"}},
    ["applied"] * 3,
)
case(
    "NI07",
    "back under a new number, and HR says who it is",
    [hire("E1"), leave("E1"), hire("E2", "2025-09-01", "D-FIN", previous_employee_id="E1")],
    {"E2": {"status": "active", "department_id": "D-FIN"}},
    ["applied"] * 3,
)
case(
    "NI08",
    "back under a new number, and HR does not say who it is",
    [hire("E1"), leave("E1"), hire("E2", "2025-09-01", "D-FIN", person=hire("E1")["person"])],
    {"E1": DISABLED, "E2": {"status": ["none", "conflict"]}},
    ["applied", "applied", "inbox"],
)
case(
    "NI09",
    "one of that name was here before",
    [hire("E1"), leave("E1"), hire("E2", "2025-09-01")],
    {"E1": DISABLED, "E2": ACTIVE},
    ["applied"] * 3,
)
_two = [hire("E1"), hire("E2", "2024-03-01", "D-FIN", name="李娜")]
_OCTOBER = "2025-10-01T09:00:00+08:00"
_JUNE = "2025-06-01T09:00:00+08:00"
_both = {"status": "active", "active_on": ["2025-06-30"]}
case(
    "NI30",
    "a link announced for next month",
    [*_two, joined("E1", "E2", GONE, _JUNE)],
    {"E1": _both | {"display_name": "李娜"}, "E2": _both | {"as_of": "2025-06-30", "display_name": "李娜"}},
    ["applied"] * 3,
)
case(
    "NI31",
    "a link withdrawn before its date",
    [
        *_two,
        joined("E1", "E2", GONE, _JUNE),
        back_from("joined#E2", "E2", "2025-06-10", "2025-06-10T09:00:00+08:00"),
    ],
    {"E1": ACTIVE | {"display_name": "周宁"}, "E2": ACTIVE | {"display_name": "李娜"}},
    ["applied", "applied", "cancelled"],
)
case(
    "NI32",
    "a link back-dated",
    [*_two, joined("E1", "E2", "2024-03-01", _JUNE)],
    {"E1": ACTIVE, "E2": ACTIVE | {"department_id": "D-SALES"}},
    ["applied"] * 3,
)
case(
    "NI33",
    "a mobile between two people on one day",
    [
        hire("E1"),
        renamed("E1", "2025-03-01", mobile="19912345678"),
        hire("E2", "2025-03-01", "D-FIN", name="李娜", person={"mobile": mobile_of("E1"), "email": "li@corp.example"}),
    ],
    {"E1": ACTIVE, "E2": {"status": "conflict"}},
)
_ANEW = hire(
    "E1",
    "2025-09-01",
    "D-FIN",
    event_id="anew",
    name="赵敏",
    person={"mobile": "19987654321", "email": "zhao@corp.example"},
    previous_employee_id="E9",
)
case(
    "NI34",
    "a number that HR gives to somebody else, by name",
    [hire("E1"), leave("E1"), _ANEW],
    {"E1": {"status": "active", "display_name": "赵敏", "department_id": "D-FIN", "mobile": "19987654321"}},
    ["applied"] * 3,
)
case(
    "NI35",
    "late news of who had the number before",
    [
        hire("E1"),
        leave("E1"),
        _ANEW,
        renamed("E1", "2025-05-01", name="周大宁", mobile="19900000001") | {"recorded_at": _OCTOBER},
        move("E1", "2025-05-02", "D-ADMIN") | {"recorded_at": _OCTOBER},
        leave("E1", "2025-06-01", event_id="sooner", recorded_at=_OCTOBER),
        back_from("E1-leave", "E1", GONE, "2025-10-02T09:00:00+08:00"),
    ],
    {"E1": {"status": "active", "display_name": "赵敏", "department_id": "D-FIN", "mobile": "19987654321"}},
)
case(
    "NI36",
    "the second holder leaves as well",
    [hire("E1"), leave("E1"), _ANEW, leave("E1", "2025-12-01", event_id="anew-leave")],
    {"E1": DISABLED | {"disabled_at": ["2025-08-01"], "active_on": ["2025-09-02"]}},
    ["applied"] * 4,
)
for _nth, (_what, _name) in enumerate({
    "full-width letters": "Ｗａｎｇ Ｗｅｉ", "written from the right": "محمد علي",
    "an emoji": "王🐼", "quotes": "O'Brien \"Bob\"",
    "text of a template": "{{7*7}} ${HOME} %s", "text of a page": "<b>王</b>&amp;", "text of a filter": "*)(uid=*",
    "one name alone": "Sukarno", "a middle dot": "阿卜杜·热合曼", "a rare character": "𠮷田",
    "a compound surname": "欧阳娜娜", "letters with marks": "Łukasz Žižek", "a backslash": "C:\\x", "one letter": "Ö",
}.items()):  # fmt: skip
    case(
        f"NI{10 + _nth}",
        f"a name with {_what}",
        [hire("E1", name=_name)],
        {"E1": {"status": "active", "display_name": _name}},
        ["applied"],
    )

"""Neighbours of the edge cases: what platforms, their administrators and the network do to us.

Without `on` a case is played on the platform in memory, on WeCom's and on DingTalk's stand-in.
"""

from case_words import NEVER, Cases, happens, hire, leave, mobile_of, move, renamed

case = Cases()
STAND_INS = ("wecom", "dingtalk")
LOCKS = ("memory", "wecom")
"""Where an account can be locked."""
SALES = {"status": "active", "rights": ["customer_contact", "sales_data"], "not_rights": ["office"]}
ONE = {**SALES, "of_that_name": 1, "row": "settled"}
HELD = {"status": "none", "row": "held:closed_by_others"}
DATE = "2025-03-01"

# ---------------------------------------------------------------- an id, a mobile: whose is it?

case(
    "NX01",
    "our name for her is somebody else's account: the next name",
    [happens("2024-01-01", "exists", native_id="zhoun", name="周南"), hire("E1")],
    {"E1": ONE | {"username": "zhoun2"}},
    ["applied"],
)
case(
    "NX02",
    "her account is there already, by our name and hers: it is taken on, no second one is made",
    [happens("2024-01-01", "exists", native_id="zhoun", name="周宁", mobile="+86" + mobile_of("E1")), hire("E1")],
    {"E1": ONE | {"username": "zhoun"}},
    ["applied"],
)
case(
    "NX03",
    "her mobile and name belong to an account of another name",
    [happens("2024-01-01", "exists", native_id="ning.zhou", name="周宁", mobile="+86" + mobile_of("E1")), hire("E1")],
    {"E1": ONE | {"username": "ning.zhou"}},
    ["applied"],
)
case(
    "NX04",
    "her mobile alone belongs to an open account of somebody else: a person decides",
    [happens("2024-01-01", "exists", native_id="wu", name="吴刚", mobile="+86" + mobile_of("E1")), hire("E1")],
    {"E1": {"status": "conflict", "row": "inbox:mobile_taken:wu"}},
    ["inbox"],
)
case(
    "NX05",
    "her mobile belongs to a closed account that nobody of ours ever had: a person decides",
    [
        happens("2024-01-01", "exists", native_id="wu", name="吴刚", mobile="+86" + mobile_of("E1"), closed=True),
        hire("E1"),
    ],
    {"E1": {"status": "conflict", "row": "inbox:mobile_taken:wu"}},
    ["inbox"],
    on=LOCKS,
)
case(
    "NX06",
    "what is in the way is deleted by hand, and the next fact finds the way free",
    [
        happens("2024-01-01", "exists", native_id="wu", name="吴刚", mobile="+86" + mobile_of("E1")),
        hire("E1"),
        happens("2024-01-05", "deletes", native_id="wu"),
        move("E1", "2024-01-06", "D-SALES", title="经理"),
    ],
    {"E1": ONE | {"title": "经理"}},
)

# ---------------------------------------------------------------- answers that do not come, or say no

case(
    "NX11",
    "made, but the answer never came: one account",
    [happens("2024-01-01", "fails", verb="create", how="late"), hire("E1")],
    {"E1": ONE | {"username": "zhoun"}},
    ["applied"],
)
case(
    "NX12",
    "not made, and no answer: one account",
    [happens("2024-01-01", "fails", verb="create", how="lost"), hire("E1")],
    {"E1": ONE | {"username": "zhoun"}},
    ["applied"],
)
case(
    "NX13",
    "while our answer is out, somebody else takes the very id: hers is another",
    [
        happens("2024-01-01", "fails", verb="create", how="lost"),
        hire("E1", meanwhile=True),
        happens("2024-01-02", "exists", native_id="zhoun", name="周南"),
        happens("2024-01-02", "looks"),
    ],
    {"E1": ONE | {"username": "zhoun2"}},
    ["applied"],
)
case(
    "NX14",
    "half made: the account is there, the first right is refused for now",
    [happens("2024-01-01", "fails", verb="grant", how="busy"), hire("E1")],
    {"E1": ONE},
    ["applied"],
)
case(
    "NX15",
    "busy five times",
    [happens("2024-01-01", "fails", verb="create", how="busy", times=5), hire("E1")],
    {"E1": ONE},
    ["applied"],
)
case(
    "NX16",
    "the company has no room for another account: a person decides, the others go on",
    [hire("E2"), happens("2024-01-01", "fails", verb="create", how="full"), hire("E1", name="吴刚"), leave("E2")],
    {"E1": {"status": "conflict", "row": "inbox:limit_reached"}, "E2": NEVER},
    ["applied", "inbox", "applied"],
)
case(
    "NX17",
    "a department is made and the answer never comes: one department",
    [happens("2024-01-01", "fails", verb="create_department", how="late"), hire("E1")],
    {"E1": ONE | {"department_id": "D-SALES"}},
    ["applied"],
)
case(
    "NX18",
    "a right is given without an answer",
    [happens("2024-01-01", "fails", verb="grant", how="late"), hire("E1")],
    {"E1": ONE},
    ["applied"],
)
case(
    "NX19",
    "a lock without an answer: locked all the same",
    [hire("E1"), happens("2025-06-30", "fails", verb="suspend", how="lost"), leave("E1")],
    {"E1": NEVER | {"row": "settled", "rights": [], "not_rights": ["sales_data"]}},
    ["applied", "applied"],
    on=LOCKS,
)
case(
    "NX20",
    "the read-back is busy: nothing is confirmed unseen, nothing is made twice",
    [happens("2024-01-01", "fails", verb="read", how="busy", times=3), hire("E1")],
    {"E1": ONE},
    ["applied"],
)

case(
    "NX21",
    "our token dies in the middle",
    [happens("2024-01-01", "breaks", verb="grant", kind="expire_token"), hire("E1")],
    {"E1": ONE},
    ["applied"],
    on=STAND_INS,
)
for _nth, _kind in enumerate(("truncated", "http500", "throttle", "errcode_string")):
    case(
        f"NX{22 + _nth}",
        f"an answer nobody can trust: {_kind}",
        [happens("2024-01-01", "breaks", verb="create", kind=_kind, times=2), hire("E1")],
        {"E1": ONE | {"username": "zhoun"}},
        ["applied"],
        on=STAND_INS,
    )
case(
    "NX26",
    "her name is longer than any platform takes: a person decides, and the next correction goes through",
    [hire("E1", name="周" + "宁" * 120), renamed("E1", "2024-02-01", name="周宁")],
    {"E1": ONE},
    on=STAND_INS,
)
case(
    "NX27",
    "every look is without an answer for a while, and she leaves meanwhile",
    [
        hire("E1"),
        happens("2025-06-30", "fails", verb="read", how="lost", times=4),
        leave("E1"),
    ],
    {"E1": NEVER | {"row": "settled"}},
    ["applied", "applied"],
)

# ---------------------------------------------------------------- what administrators do behind our back

case(
    "NX31",
    "her account is deleted by hand: it stays deleted until somebody says otherwise",
    [hire("E1"), happens(DATE, "deletes", "E1"), happens("2025-03-02", "looks")],
    {"E1": HELD},
)
case(
    "NX32",
    "deleted by hand, then she leaves: nothing is left to do",
    [hire("E1"), happens(DATE, "deletes", "E1"), happens("2025-03-02", "looks"), leave("E1")],
    {"E1": {"status": "none", "row": "settled"}},
)
case(
    "NX33",
    "deleted by hand, she leaves and comes back: a new account",
    [
        hire("E1"),
        happens(DATE, "deletes", "E1"),
        happens("2025-03-02", "looks"),
        leave("E1"),
        hire("E1", "2025-09-01", event_id="again", recorded_at="2025-08-20T09:00:00+08:00"),
    ],
    {"E1": ONE},
)
case(
    "NX34",
    "locked by hand: it stays locked",
    [hire("E1"), happens(DATE, "locks", "E1"), happens("2025-03-02", "looks")],
    {"E1": {"status": "disabled", "row": "held:closed_by_others"}},
    on=LOCKS,
)
case(
    "NX35",
    "locked by hand and unlocked again",
    [
        hire("E1"),
        happens(DATE, "locks", "E1"),
        happens("2025-03-02", "looks"),
        happens("2025-03-03", "unlocks", "E1"),
        happens("2025-03-04", "looks"),
    ],
    {"E1": ONE},
    on=LOCKS,
)
case(
    "NX36",
    "a leaver's account is opened by hand: it is closed again",
    [hire("E1"), leave("E1"), happens("2025-07-05", "unlocks", "E1"), happens("2025-07-06", "looks")],
    {"E1": NEVER | {"row": "settled"}},
    on=LOCKS,
)
case(
    "NX37",
    "a right is taken by hand: it is given again",
    [hire("E1"), happens(DATE, "takes", "E1", right="sales_data"), happens("2025-03-02", "looks")],
    {"E1": ONE},
)
case(
    "NX38",
    "a right is given by hand: it is the giver's, and goes when she leaves",
    [
        hire("E2", department="D-ADMIN", name="吴刚"),
        hire("E1"),
        happens(DATE, "gives", "E1", right="office"),
        happens("2025-03-02", "looks"),
    ],
    {"E1": {"status": "active", "rights": ["customer_contact", "sales_data", "office"], "not_rights": []}},
)
case(
    "NX39",
    "the list of a right is renamed by hand: everybody has the right again, in a list of its name",
    [hire("E1"), happens(DATE, "renames_list", right="sales_data"), happens("2025-03-02", "looks")],
    {"E1": {"status": "active", "row": "settled"}},
    on=("memory", "dingtalk"),
)
case(
    "NX40",
    "a field of ours is changed by hand: written back once, and left alone the second time",
    [
        hire("E1"),
        happens(DATE, "writes", "E1", title="董事长"),
        happens("2025-03-01T13:00:00+08:00", "looks"),
        happens("2025-03-01T14:00:00+08:00", "writes", "E1", title="董事长"),
        happens("2025-03-01T15:00:00+08:00", "looks"),
    ],
    {"E1": {"status": "active", "title": "董事长", "row": "held:another_system_writes_this"}},
)
case(
    "NX41",
    "she is moved by hand into the root: she is moved back",
    [hire("E1"), happens(DATE, "moves", "E1", to="1"), happens("2025-03-02", "looks")],
    {"E1": ONE | {"department_id": "D-SALES"}},
)

case(
    "NX42",
    "she goes out of the company herself, on the platform: closed by others, and held",
    [hire("E1"), happens(DATE, "walks_out", "E1"), happens("2025-03-02", "looks")],
    {"E1": {"status": ["none", "disabled"], "row": "held:closed_by_others"}},
    on=STAND_INS,
)

# ---------------------------------------------------------------- departments

case(
    "NX51",
    "her department is emptied and deleted by hand: it is made again and she is in it",
    [
        hire("E1"),
        happens(DATE, "moves", "E1", to="1"),
        happens(DATE, "deletes_department", number="D-SALES"),
        happens("2025-03-02", "looks"),
    ],
    {"E1": ONE | {"department_id": "D-SALES"}},
)
case(
    "NX52",
    "a department is gone by hand when somebody is hired into it",
    [
        hire("E1"),
        move("E1", "2025-02-01", "D-FIN"),
        happens(DATE, "deletes_department", number="D-SALES"),
        hire("E2", "2025-03-02", name="吴刚"),
    ],
    {"E2": {"status": "active", "department_id": "D-SALES", "row": "settled"}},
)
case(
    "NX53",
    "a department is renamed by hand: it has its name again",
    [
        hire("E1", called="销售部"),
        happens(DATE, "renames_department", number="D-SALES", name="乱"),
        happens("2025-03-02", "looks"),
    ],
    {"E1": ONE | {"department_name": "销售部"}},
)
case(
    "NX54",
    "a department is moved under another by hand: it is moved back, its people stay",
    [
        hire("E2", department="D-ADMIN", name="吴刚"),
        hire("E1"),
        happens(DATE, "moves_department", number="D-SALES", under="D-ADMIN"),
        happens("2025-03-02", "looks"),
    ],
    {"E1": ONE | {"department_id": "D-SALES"}},
)
case(
    "NX55",
    "a department of that name stands there already, nobody's: it becomes ours",
    [happens("2024-01-01", "makes_department", name="销售部"), hire("E1", called="销售部")],
    {"E1": ONE | {"department_id": "D-SALES", "department_name": "销售部"}},
    ["applied"],
)
case(
    "NX56",
    "a name that is too long and has signs no platform takes: cut and written otherwise, the people are in it",
    [hire("E1", called='销售/一部:"北"-,*' + "长" * 90)],
    {"E1": ONE | {"department_id": "D-SALES"}},
    ["applied"],
)

case(
    "NX57",
    "the platform will not have the department: its people wait, and nobody is woken for ever",
    [happens("2024-01-01", "fails", verb="create_department", how="full", times=50), hire("E1")],
    {"E1": {"status": "parked", "row": "waiting:department:D-SALES"}},
)

# ---------------------------------------------------------------- what we may not see, or not yet

case(
    "NX61",
    "her account is hidden from our application: one is made, a person is asked, no second name is tried",
    [happens("2024-01-01", "hides", native_id="zhoun"), hire("E1")],
    {"E1": {"status": "active", "of_that_name": 1, "row": "inbox:not_visible:zhoun"}},
    ["inbox"],
    on=("memory",),
)
case(
    "NX67",
    "what we made is shown a minute late: waited for, and hers",
    [
        happens("2024-01-01", "hides", native_id="zhoun", reads=3),
        hire("E1"),
    ],
    {"E1": ONE | {"username": "zhoun"}},
    ["applied"],
    on=("memory",),
)
case(
    "NX62",
    "listings lag: an account missing from one is looked for by itself, and nothing is done",
    [
        hire("E1"),
        happens(DATE, "hides", "E1"),
        happens("2025-03-01T13:00:00+08:00", "looks"),
        happens("2025-03-02", "shows", "E1"),
        happens("2025-03-03", "looks"),
    ],
    {"E1": ONE},
    on=("memory",),
)
case(
    "NX63",
    "she joins late: the account is hers all along",
    [hire("E1"), happens(DATE, "accepts", "E1"), happens("2025-03-02", "looks")],
    {"E1": ONE},
    on=STAND_INS,
)
case(
    "NX64",
    "the platform asks her first, and she agrees a day later",
    [
        happens("2024-01-01", "protects", mobile=mobile_of("E1")),
        hire("E1"),
        happens("2024-01-03", "agrees", mobile=mobile_of("E1")),
    ],
    {"E1": ONE},
    ["applied"],
    on=("dingtalk",),
)
case(
    "NX65",
    "the platform asks her, and she leaves without having answered",
    [happens("2024-01-01", "protects", mobile=mobile_of("E1")), hire("E1"), leave("E1", "2024-01-09")],
    {"E1": {"status": "none", "row": "settled"}},
    on=("dingtalk",),
)
case(
    "NX66",
    "the platform asks her, she leaves, and then she agrees: closed as soon as it is seen",
    [
        happens("2024-01-01", "protects", mobile=mobile_of("E1")),
        hire("E1"),
        leave("E1", "2024-01-09"),
        happens("2024-01-10", "agrees", mobile=mobile_of("E1")),
        happens("2024-01-11", "looks"),
    ],
    {"E1": {"status": "none", "row": "settled"}},
    on=("dingtalk",),
)

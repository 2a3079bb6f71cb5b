"""Roles, work notices, leaving records and dismissal, over HTTP."""

import json

import pytest
from dingtalk_caller import CONFIG, NOTICE, ROLE, USER, connected, fresh

TERMINATE = "v1.0/hrm/processes/terminateAndHandOver"


@pytest.fixture(scope="module")
def http():
    with connected(CONFIG) as client:
        yield client


@pytest.fixture
def ding(http):
    caller = fresh(http)
    caller.mei()
    caller.mei(userid="wei", name="伟", mobile="13900000002")
    return caller


@pytest.fixture
def role(ding):
    group = ding.post("role/add_role_group", name="岗位")["groupId"]
    return ding.post("role/add_role", roleName="销售", groupId=group)["roleId"]


def test_a_role_is_granted_read_back_and_taken_away(ding, role):
    assert ding.post(f"{ROLE}/addrolesforemps", roleIds=str(role), userIds="mei,wei")["errcode"] == 0
    assert ding.post(f"{ROLE}/addrolesforemps", roleIds=str(role), userIds="mei")["errcode"] == 0
    listed = ding.post(f"{ROLE}/simplelist", role_id=role, size=1, offset=0)["result"]
    assert listed == {"hasMore": True, "list": [{"userid": "mei", "name": "梅", "manageScopes": []}]}
    roles = ding.post(f"{USER}/get", userid="mei")["result"]["role_list"]
    assert roles == [{"id": role, "name": "销售", "group_name": "岗位"}]
    assert ding.post(f"{ROLE}/removerolesforemps", roleIds=str(role), userIds="mei,wei")["errcode"] == 0
    assert ding.state()["roles"][str(role)]["members"] == []


def test_deleting_a_member_ends_their_roles(ding, role):
    ding.post(f"{ROLE}/addrolesforemps", roleIds=str(role), userIds="mei")
    ding.post(f"{USER}/delete", userid="mei")
    assert ding.state()["roles"][str(role)]["members"] == []


def test_a_role_with_members_stays(ding, role):
    ding.post(f"{ROLE}/addrolesforemps", roleIds=str(role), userIds="mei")
    assert ding.post(f"{ROLE}/deleterole", role_id=role)["errcode"] == 23004
    ding.post(f"{ROLE}/removerolesforemps", roleIds=str(role), userIds="mei")
    assert ding.post(f"{ROLE}/deleterole", role_id=role)["errcode"] == 0
    assert ding.post(f"{ROLE}/getrole", roleId=role)["errcode"] == 33011


@pytest.mark.parametrize(
    ("path", "counts", "code"),
    [
        ("addrolesforemps", (20, 1), 33011),
        ("addrolesforemps", (21, 1), 40035),
        ("addrolesforemps", (1, 20), 33012),
        ("addrolesforemps", (1, 21), 40035),
        ("removerolesforemps", (1, 100), 33012),
        ("removerolesforemps", (1, 101), 40035),
        ("removerolesforemps", (21, 1), 40035),
        ("addrolesforemps", (0, 1), 40035),
        ("addrolesforemps", (1, 0), 40035),
    ],
)
def test_a_call_takes_so_many_ids_and_does_nothing_when_one_is_wrong(ding, role, path, counts, code):
    roles, users = counts
    role_ids = ",".join(str(number) for number in [role, *range(800_000, 800_000 + roles - 1)][:roles])
    userids = ",".join(["mei", *(f"x{number}" for number in range(users - 1))][:users])
    ding.order("console", op="grant", roleIds=str(role), userIds="wei")
    assert ding.post(f"{ROLE}/{path}", roleIds=role_ids, userIds=userids)["errcode"] == code
    assert ding.state()["roles"][str(role)]["members"] == ["wei"]


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("role/add_role", {"roleName": "销售"}, 34018),
        ("role/add_role", {"groupId": "group"}, 34018),
        ("role/add_role", {"roleName": "财务", "groupId": 4711}, 34020),
        ("role/add_role", {"roleName": "财务", "groupId": 1}, 34020),
        ("role/add_role", {"roleName": "销售", "groupId": "group"}, 34021),
        ("role/update_role", {"roleId": 4711, "roleName": "财务"}, 33011),
        ("role/update_role", {"roleId": 2, "roleName": "财务"}, 660000),
        ("role/update_role", {"roleId": "role", "roleName": "财务"}, 0),
        (f"{ROLE}/addrolesforemps", {"roleIds": "2", "userIds": "mei"}, 33011),
        (f"{ROLE}/deleterole", {"role_id": 2}, 33011),
        (f"{ROLE}/getrolegroup", {"group_id": 4711}, 400002),
        (f"{ROLE}/simplelist", {"role_id": 4711}, 33011),
        (f"{ROLE}/simplelist", {"role_id": "role", "size": 101, "offset": 0}, 40069),
        (f"{ROLE}/list", {"size": 201, "offset": 0}, 40069),
        (f"{ROLE}/list", {"size": 20, "offset": -1}, 40068),
    ],
)
def test_role_calls_refuse(ding, role, path, fields, code):
    group = ding.post(f"{ROLE}/getrole", roleId=role)["role"]["groupId"]
    names = {"role": role, "group": group}
    assert ding.post(path, **{name: names.get(value, value) for name, value in fields.items()})["errcode"] == code


def test_pages_of_a_role_need_both_numbers(ding, role):
    for number in range(25):
        ding.mei(userid=f"u{number}", mobile=f"138{number:08}")
    for start in (0, 20):
        ding.order("console", op="grant", roleIds=str(role), userIds=",".join(f"u{n}" for n in range(25)[start:][:20]))
    assert len(ding.post(f"{ROLE}/simplelist", role_id=role, size=100)["result"]["list"]) == 20
    assert len(ding.post(f"{ROLE}/simplelist", role_id=role, size=100, offset=0)["result"]["list"]) == 25


def test_the_default_group_is_listed_first(ding, role):
    groups = ding.post(f"{ROLE}/list")["result"]["list"]
    assert [group["name"] for group in groups] == ["默认", "岗位"]
    assert [entry["name"] for entry in groups[0]["roles"]] == ["负责人", "主管", "主管理员", "子管理员"]
    own = ding.post(f"{ROLE}/getrolegroup", group_id=groups[1]["groupId"])["role_group"]
    assert own == {"group_name": "岗位", "roles": [{"role_id": role, "role_name": "销售"}]}


def text(content: str) -> dict:
    return {"msgtype": "text", "text": {"content": content}}


def send(ding, content: str = "你好", **fields: object) -> dict:
    return ding.post(
        f"{NOTICE}/asyncsend_v2", **{"agent_id": 1001, "userid_list": "mei", "msg": text(content)} | fields
    )


def outcome(ding, task_id: int) -> dict:
    return ding.post(f"{NOTICE}/getsendresult", agent_id=1001, task_id=task_id)["send_result"]


def test_the_same_text_twice_a_day_is_accepted_and_dropped(ding):
    ding.order("clock", business_at="2026-03-02T09:00:00+08:00", speed=0)
    assert outcome(ding, send(ding)["task_id"])["unread_user_id_list"] == ["mei"]
    again = send(ding)
    assert again["errcode"] == 0
    told = outcome(ding, again["task_id"])
    assert told["unread_user_id_list"] == []
    assert told["forbidden_user_id_list"] == ["mei"]
    assert told["forbidden_list"] == [{"code": "143106", "count": 1, "userid": "mei"}]
    ding.order("clock", business_at="2026-03-03T00:00:01+08:00", speed=0)
    assert outcome(ding, send(ding)["task_id"])["unread_user_id_list"] == ["mei"]


def test_over_the_daily_limit_a_notice_is_accepted_and_dropped(ding):
    ding.switch(notices_a_day=2)
    tasks = [send(ding, f"第{number}条")["task_id"] for number in range(3)]
    assert [outcome(ding, task)["forbidden_user_id_list"] for task in tasks] == [[], [], ["mei"]]
    assert outcome(ding, tasks[2])["forbidden_list"][0]["code"] == "143105"


def test_departments_reach_those_below_and_unknown_receivers_are_told(ding):
    outer = ding.department("研发")
    ding.post(f"{USER}/update", userid="wei", dept_id_list=str(ding.department("平台", outer)))
    told = outcome(ding, send(ding, userid_list="nobody", dept_id_list=f"{outer},4711")["task_id"])
    assert told["unread_user_id_list"] == ["wei"]
    assert (told["invalid_user_id_list"], told["invalid_dept_id_list"]) == (["nobody"], [4711])
    everyone = send(ding, "全员", userid_list="", to_all_user="true")["task_id"]
    ding.order("console", op="read", task_id=everyone, userid="wei")
    told = outcome(ding, everyone)
    assert (told["read_user_id_list"], told["unread_user_id_list"]) == (["wei"], ["mei"])


def test_a_notice_is_recalled_within_a_day_of_business_time(ding):
    ding.order("clock", business_at="2026-03-02T09:00:00+08:00", speed=0)
    first, second = send(ding, "一")["task_id"], send(ding, "二")["task_id"]
    assert ding.post(f"{NOTICE}/getsendprogress", agent_id=1001, task_id=first)["progress"]["status"] == 2
    ding.order("clock", business_at="2026-03-03T09:00:00+08:00", speed=0)
    assert ding.post(f"{NOTICE}/recall", agent_id=1001, msg_task_id=first)["errcode"] == 0
    ding.order("clock", business_at="2026-03-03T09:00:01+08:00", speed=0)
    assert ding.post(f"{NOTICE}/recall", agent_id=1001, msg_task_id=second)["errcode"] == 400002
    assert ding.post(f"{NOTICE}/getsendresult", agent_id=1001, task_id=second)["errcode"] == 400002
    assert [notice["recalled"] for notice in ding.state()["notices"]] == [True, False]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"agent_id": 7}, 40056),
        ({"agent_id": None}, 40056),
        ({"userid_list": ""}, 1430000),
        ({"userid_list": ",".join(map(str, range(101)))}, 400002),
        ({"dept_id_list": ",".join(map(str, range(21)))}, 400002),
        ({"msg": None}, 400002),
        ({"msg": {"msgtype": "smoke", "smoke": {}}}, 400002),
        ({"msg": {"msgtype": "text"}}, 400002),
        ({"msg": text("长" * 700)}, 400002),
        ({"msg": json.dumps(text("字符串"))}, 0),
    ],
)
def test_send_refuses(ding, fields, code):
    assert send(ding, **fields)["errcode"] == code


def test_leavers_are_listed_by_time_in_pages(ding):
    ding.order("clock", business_at="2026-03-02T09:00:00+08:00", speed=0)
    ding.post(f"{USER}/delete", userid="mei")
    ding.order("clock", business_at="2026-03-02T10:00:00+08:00", speed=0)
    ding.order("console", op="delete", userid="wei")
    query = {"startTime": "2026-03-01T00:00:00Z", "maxResults": "1"}
    first = ding.get("v1.0/contact/empLeaveRecords", **query, nextToken="0").json()
    assert first["records"] == [
        {
            "userId": "mei",
            "name": "梅",
            "stateCode": "86",
            "mobile": "13900000001",
            "leaveTime": "2026-03-02T01:00:00Z",
            "leaveReason": "oapi",
        }
    ]
    rest = ding.get("v1.0/contact/empLeaveRecords", **query, nextToken=first["nextToken"]).json()
    assert [record["leaveReason"] for record in rest["records"]] == ["delete"]
    assert "nextToken" not in rest
    past = {"startTime": "2026-02-01T00:00:00Z", "endTime": "2026-03-02T01:00:00Z", "maxResults": "50"}
    assert len(ding.get("v1.0/contact/empLeaveRecords", **past).json()["records"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"maxResults": "10"},
        {"startTime": "2026-03-01T00:00:00Z"},
        {"startTime": "2026-03-01T00:00:00Z", "maxResults": "51"},
        {"startTime": "2026-03-01T00:00:00", "maxResults": "10"},
        {"startTime": "yesterday", "maxResults": "10"},
        {"startTime": "2024-03-01T00:00:00Z", "endTime": "2025-03-02T00:00:00Z", "maxResults": "10"},
        {"startTime": "2026-03-01T00:00:00Z", "maxResults": "10", "nextToken": "x"},
    ],
)
def test_leaving_records_refuse(ding, query):
    ding.order("clock", business_at="2026-03-02T09:00:00+08:00", speed=0)
    answer = ding.get("v1.0/contact/empLeaveRecords", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidParameter.param.invalid")


def dismiss(ding, **fields: object) -> tuple[int, dict]:
    body = {
        "userId": "mei",
        "optUserId": "wei",
        "lastWorkDate": 1769817600000,
        "dismissionMemo": "HR-1",
        "terminationReasonVoluntary": ["v3"],
        "directSubordinatesHandoverUserId": "wei",
    }
    headers = {"x-acs-dingtalk-access-token": ding.token}
    sent = {name: value for name, value in (body | fields).items() if value is not None}
    answer = ding.http.post(TERMINATE, json=sent, headers=headers)
    return answer.status_code, answer.json()


def test_dismissal_hands_over_and_removes_at_once(ding):
    ding.switch(edition="professional")
    ding.mei(userid="an", mobile="13900000003", manager_userid="mei")
    assert dismiss(ding) == (200, {"result": True})
    state = ding.state()
    assert sorted(state["users"]) == ["an", "wei"]
    assert state["users"]["an"]["manager_userid"] == "wei"
    assert state["handovers"] == [
        {"userid": "mei", "operator": "wei", "receivers": {"directSubordinatesHandoverUserId": "wei"}}
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"userId": None}, "invalidParameter"),
        ({"lastWorkDate": None}, "invalidParameter"),
        ({"lastWorkDate": "soon"}, "invalidParameter"),
        ({"dismissionMemo": None}, "invalidParameter"),
        ({"terminationReasonVoluntary": []}, "invalidParameter"),
        ({"optUserId": "mei"}, "invalidParameter"),
        ({"dingPanHandoverUserId": "mei"}, "invalidParameter"),
        ({"dingPanHandoverUserId": "gone"}, "empNotExists"),
        ({"userId": "gone"}, "empNotExists"),
        ({"userId": "wei", "optUserId": "mei", "directSubordinatesHandoverUserId": None}, "businessError"),
    ],
)
def test_dismissal_refuses(ding, fields, code):
    ding.switch(edition="professional")
    ding.order("console", op="main_admin", userid="wei")
    status, body = dismiss(ding, **fields)
    assert (status, body["code"]) == (400, code)
    assert sorted(ding.state()["users"]) == ["mei", "wei"]


def test_dismissal_needs_smart_hr(ding):
    status, body = dismiss(ding)
    assert (status, body["code"]) == (400, "noPermission")

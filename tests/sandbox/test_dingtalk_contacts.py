"""Members and departments, call by call over HTTP, as the documentation's tables have them."""

import json

import pytest
from dingtalk_caller import CONFIG, DEPARTMENT, USER, connected, fresh


@pytest.fixture(scope="module")
def http():
    with connected(CONFIG) as client:
        yield client


@pytest.fixture
def ding(http):
    return fresh(http)


def test_a_new_member_is_inactive_until_the_person_logs_in(ding):
    created = ding.mei(title="经理")
    assert created["errcode"] == 0
    assert set(created["result"]) == {"userid", "unionId"}
    read = ding.post(f"{USER}/get", userid="mei")["result"]
    assert (read["active"], read["title"], read["mobile"], read["state_code"]) == (False, "经理", "13900000001", "86")
    assert read["unionid"] == created["result"]["unionId"]
    assert read["dept_id_list"] == [1]
    assert "manager_userid" not in read
    ding.order("activate", id="mei")
    assert ding.post(f"{USER}/get", userid="mei")["result"]["active"] is True


def test_a_form_says_the_same_as_json(ding):
    department = ding.department("销售")
    answer = ding.form(
        f"{USER}/create",
        name="梅",
        mobile="13900000001",
        dept_id_list=f"1,{department}",
        extension='{"成本中心":"CC-12"}',
        hide_mobile="true",
        dept_order_list=json.dumps([{"dept_id": department, "order": 7}]),
    )
    userid = answer["result"]["userid"]
    read = ding.form(f"{USER}/get", userid=userid)["result"]
    assert read["hide_mobile"] is True
    assert json.loads(read["extension"]) == {"成本中心": "CC-12"}
    assert {"dept_id": department, "order": 7} in read["dept_order_list"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"userid": "mei"}, 60102),
        ({"mobile": "13900000001"}, 60104),
        ({"mobile": "+86-13900000001"}, 60104),
        ({"email": "MEI@example.net"}, 40101),
        ({"telephone": "8001"}, 40100),
        ({"name": None}, 40035),
        ({"name": "x" * 81}, 60112),
        ({"name": ""}, 60112),
        ({"mobile": None}, 60113),
        ({"mobile": "139"}, 60103),
        ({"userid": "a b"}, 40003),
        ({"userid": "x" * 65}, 40003),
        ({"email": "no-address"}, 60105),
        ({"email": "x" * 50 + "@example.net"}, 60105),
        ({"job_number": "x" * 51}, 60123),
        ({"title": "x" * 201}, 60119),
        ({"telephone": "1" * 51}, 40063),
        ({"work_place": "x" * 101}, 40064),
        ({"remark": "x" * 2001}, 40065),
        ({"dept_id_list": None}, 40035),
        ({"dept_id_list": ""}, 40066),
        ({"dept_id_list": [1]}, 40066),
        ({"dept_id_list": "one"}, 40066),
        ({"dept_id_list": ",".join(map(str, range(101)))}, 40066),
        ({"dept_id_list": "4711"}, 60003),
        ({"extension": "no json"}, 60122),
        ({"extension": {"a": "x" * 2000}}, 60122),
        ({"manager_userid": "nobody"}, 60128),
        ({"hide_mobile": "perhaps"}, 40035),
        ({"hired_date": "2026-01-01"}, 40035),
    ],
)
def test_create_refuses(ding, fields, code):
    ding.mei(email="mei@example.net", telephone="8001")
    before = ding.state()
    wei = {"userid": "wei", "name": "伟", "mobile": "13900000002", "dept_id_list": "1"} | fields
    assert ding.mei(**wei)["errcode"] == code
    assert ding.state() == before


def test_a_taken_mobile_names_its_holder_unless_switched_off(ding):
    ding.mei()
    assert ding.mei(userid="wei")["userid"] == "mei"
    ding.switch(mobile_clash_names_user=False)
    assert "userid" not in ding.mei(userid="wei")


def test_an_address_is_free_again_once_nobody_has_it(ding):
    ding.mei(email="mei@example.net", telephone="8001")
    wei = {"userid": "wei", "mobile": "13900000002", "email": "mei@example.net"}
    assert ding.post(f"{USER}/update", userid="mei", email="MEI@example.net")["errcode"] == 0
    assert ding.mei(**wei)["errcode"] == 40101
    ding.post(f"{USER}/update", userid="mei", email="other@example.net")
    assert ding.mei(**wei)["errcode"] == 0
    ding.post(f"{USER}/delete", userid="mei")
    assert ding.mei(email="other@example.net", telephone="8001")["errcode"] == 0
    ding.post(f"{USER}/update", userid="mei", telephone="")
    assert ding.post(f"{USER}/update", userid="wei", telephone="8001")["errcode"] == 0
    assert ding.post(f"{USER}/update", userid="mei", telephone="")["errcode"] == 0


def test_job_numbers_may_repeat(ding):
    ding.mei(job_number="E1")
    assert ding.mei(userid="wei", mobile="+852-51234567", job_number="E1")["errcode"] == 0
    assert ding.post(f"{USER}/get", userid="wei")["result"]["state_code"] == "852"


def test_a_protected_person_must_accept_first(ding):
    ding.switch(protected_mobiles=["13900000001"])
    assert ding.mei()["errcode"] == 40103
    assert ding.state()["users"] == {}
    ding.order("console", op="accept", mobile="13900000001")
    assert ding.state()["users"]["mei"]["active"] is True


def test_update_never_changes_a_mobile(ding):
    ding.mei()
    assert ding.post(f"{USER}/update", userid="mei", mobile="13900000009")["errcode"] == 0
    ding.switch(mobile_in_update="reject")
    assert ding.post(f"{USER}/update", userid="mei", mobile="13900000009")["errcode"] == 40022
    assert ding.state()["users"]["mei"]["mobile"] == "13900000001"


def test_extension_is_replaced_unless_the_mode_says_merge(ding):
    ding.mei(extension={"a": "1", "b": "2"})
    ding.post(f"{USER}/update", userid="mei", extension={"b": "3"}, ext_attrs_update_mode=1)
    assert ding.state()["users"]["mei"]["extension"] == {"a": "1", "b": "3"}
    ding.post(f"{USER}/update", userid="mei", extension={"c": "4"})
    assert ding.state()["users"]["mei"]["extension"] == {"c": "4"}
    ding.switch(extension_fields=["a"])
    assert ding.post(f"{USER}/update", userid="mei", extension={"c": "4"})["errcode"] == 60122


def test_a_manager_is_cleared_only_by_force(ding):
    ding.mei(userid="boss")
    ding.mei(mobile="13900000002", manager_userid="boss")
    ding.post(f"{USER}/update", userid="mei", manager_userid="")
    assert ding.post(f"{USER}/get", userid="mei")["result"]["manager_userid"] == "boss"
    ding.post(f"{USER}/update", userid="mei", force_update_fields="manager_userid")
    assert "manager_userid" not in ding.post(f"{USER}/get", userid="mei")["result"]


def test_a_refused_update_changes_nothing(ding):
    ding.mei(telephone="1")
    ding.mei(userid="wei", mobile="13900000002", telephone="2")
    before = ding.state()
    assert ding.post(f"{USER}/update", userid="mei", title="新", telephone="2")["errcode"] == 40100
    assert ding.post(f"{USER}/update", userid="mei", title="新", dept_id_list="")["errcode"] == 40066
    assert ding.state() == before


def test_positions_managed_by_smart_hr_are_closed_to_update(ding):
    ding.mei()
    ding.switch(position_management=60011)
    assert ding.post(f"{USER}/update", userid="mei", title="新")["errcode"] == 60011
    assert ding.post(f"{USER}/update", userid="mei", name="美")["errcode"] == 0


def test_delete_takes_everything_and_leaves_a_record(ding):
    ding.mei()
    ding.mei(userid="wei", mobile="13900000002", manager_userid="mei")
    department = ding.department("销售")
    ding.post(f"{USER}/update", userid="mei", dept_id_list=str(department))
    ding.post(f"{DEPARTMENT}/update", dept_id=department, dept_manager_userid_list="mei")
    assert ding.post(f"{USER}/delete", userid="mei")["errcode"] == 0
    state = ding.state()
    assert list(state["users"]) == ["wei"]
    assert state["users"]["wei"]["manager_userid"] == ""
    assert state["departments"][str(department)]["managers"] == []
    assert [(record["userid"], record["reason"]) for record in state["leave_records"]] == [("mei", "oapi")]
    assert ding.post(f"{USER}/getbymobile", mobile="13900000001")["errcode"] == 60121


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("delete", {"userid": "gone"}, 33012),
        ("get", {"userid": "gone"}, 33012),
        ("update", {"userid": "gone"}, 60121),
        ("getbymobile", {"mobile": "13900000099"}, 60121),
    ],
)
def test_an_unknown_person_has_a_code_by_call_or_one_for_all(ding, path, fields, code):
    assert ding.post(f"{USER}/{path}", **fields)["errcode"] == code
    ding.switch(unknown_user=60111)
    assert ding.post(f"{USER}/{path}", **fields)["errcode"] == 60111


@pytest.mark.parametrize(
    ("path", "fields", "code"),
    [
        ("delete", {}, 400002),
        ("get", {}, 400002),
        ("update", {}, 40035),
        ("getbymobile", {"mobile": "139"}, 40104),
        ("getbymobile", {}, 400002),
        ("list", {"dept_id": 1, "cursor": 0}, 40035),
        ("list", {"dept_id": 1, "cursor": 0, "size": 101}, 40069),
        ("list", {"dept_id": 1, "cursor": -1, "size": 10}, 40068),
        ("list", {"dept_id": 9, "cursor": 0, "size": 10}, 60003),
        ("list", {"dept_id": 1, "cursor": 0, "size": 10, "order_field": "x"}, 40070),
    ],
)
def test_reads_refuse(ding, path, fields, code):
    assert ding.post(f"{USER}/{path}", **fields)["errcode"] == code


def test_lists_are_paged_and_large_orders_come_first(ding):
    for number in range(5):
        order = json.dumps([{"dept_id": 1, "order": number}])
        ding.mei(userid=f"u{number}", mobile=f"1390000000{number}", dept_order_list=order)
    first = ding.post(f"{USER}/list", dept_id=1, cursor=0, size=3)["result"]
    assert [user["userid"] for user in first["list"]] == ["u4", "u3", "u2"]
    assert (first["has_more"], first["next_cursor"]) == (True, 3)
    rest = ding.post("topapi/user/listsimple", dept_id=1, cursor=3, size=3)["result"]
    assert [user["userid"] for user in rest["list"]] == ["u1", "u0"]
    assert rest["has_more"] is False
    assert "role_list" not in first["list"][0]
    assert len(ding.post("topapi/user/listid", dept_id=1)["result"]["userid_list"]) == 5
    newest = ding.post(f"{USER}/list", dept_id=1, cursor=0, size=1, order_field="entry_desc")["result"]
    assert newest["list"][0]["userid"] == "u4"


def test_heads_are_counted(ding):
    ding.mei()
    assert ding.post("topapi/user/count", only_active=False)["result"] == {"count": 1}
    assert ding.post("topapi/user/count", only_active=True)["result"] == {"count": 0}
    assert ding.post("topapi/user/count")["errcode"] == 40035


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "研发-一部"}, 60009),
        ({"name": "研发,一部"}, 60009),
        ({"name": "研发，一部"}, 60009),
        ({"name": "x" * 65}, 60001),
        ({"name": ""}, 60001),
        ({"parent_id": None}, 40035),
        ({"parent_id": 4711}, 60004),
        ({"name": "销售"}, 60021),
        ({"order": "first"}, 40011),
        ({"dept_permits": ",".join(map(str, range(51)))}, 600109),
    ],
)
def test_department_create_refuses(ding, fields, code):
    ding.department("销售")
    body = {"name": "研发", "parent_id": 1} | fields
    assert ding.post(f"{DEPARTMENT}/create", **body)["errcode"] == code


@pytest.mark.parametrize(
    ("op", "fields", "code"),
    [
        ("update", {"dept_id": 1, "parent_id": 1}, 60018),
        ("update", {"dept_id": 1, "name": "新"}, 60018),
        ("update", {"dept_id": 4711, "name": "新"}, 60003),
        ("update", {"name": "新"}, 40009),
        ("update", {"dept_id": "inner", "name": "销售"}, 0),
        ("update", {"dept_id": "inner", "name": "研发", "parent_id": 1}, 60021),
        ("update", {"dept_id": "outer", "parent_id": "inner"}, 60010),
        ("update", {"dept_id": "outer", "parent_id": "outer"}, 60010),
        ("update", {"dept_id": "outer", "parent_id": 4711}, 60004),
        ("update", {"dept_id": "outer", "dept_manager_userid_list": "mei"}, 60068),
        ("update", {"dept_id": "outer", "code": "x" * 31}, 40035),
        ("delete", {"dept_id": 1}, 60007),
        ("delete", {"dept_id": 4711}, 60003),
        ("delete", {"dept_id": "outer"}, 60006),
        ("delete", {"dept_id": "inner"}, 60005),
        ("get", {"dept_id": 4711}, 60003),
        ("listsub", {"dept_id": 4711}, 60003),
        ("listsubid", {"dept_id": 4711}, 60003),
    ],
)
def test_department_rules(ding, op, fields, code):
    outer = ding.department("研发")
    names = {"outer": outer, "inner": ding.department("平台", outer)}
    ding.mei(dept_id_list=str(names["inner"]))
    body = {name: names.get(value, value) for name, value in fields.items()}
    assert ding.post(f"{DEPARTMENT}/{op}", **body)["errcode"] == code


def test_departments_are_listed_one_level_at_a_time_small_orders_first(ding):
    late = ding.department("后", order=9)
    early = ding.department("前", order=1, source_identifier="D001")
    ding.department("里", late)
    assert [child["dept_id"] for child in ding.post(f"{DEPARTMENT}/listsub")["result"]] == [early, late]
    assert ding.post(f"{DEPARTMENT}/listsubid", dept_id=1)["result"]["dept_id_list"] == [early, late]
    read = ding.post(f"{DEPARTMENT}/get", dept_id=early)["result"]
    assert (read["name"], read["order"], read["source_identifier"], read["member_count"]) == ("前", 1, "D001", 0)


def test_a_department_moves_with_its_members_and_knows_its_managers(ding):
    outer, other = ding.department("研发"), ding.department("别处")
    inner = ding.department("平台", outer)
    ding.mei(dept_id_list=str(inner))
    moved = {"dept_id": inner, "parent_id": other, "dept_manager_userid_list": "mei", "code": "C-1"}
    assert ding.post(f"{DEPARTMENT}/update", **moved)["errcode"] == 0
    assert ding.post(f"{DEPARTMENT}/get", dept_id=other)["result"]["member_count"] == 1
    read = ding.post(f"{DEPARTMENT}/get", dept_id=inner)["result"]
    assert (read["dept_manager_userid_list"], read["code"], read["owning_member_count"]) == (["mei"], "C-1", 1)
    assert ding.post(f"{USER}/get", userid="mei")["result"]["leader_in_dept"] == [{"dept_id": inner, "leader": True}]
    ding.post(f"{DEPARTMENT}/update", dept_id=inner, force_update_fields="dept_manager_userid_list")
    assert ding.post(f"{DEPARTMENT}/get", dept_id=inner)["result"]["dept_manager_userid_list"] == []


def test_a_full_department_and_a_deep_tree_are_refused(ding):
    ding.switch(department_members=1, department_depth=1)
    ding.mei()
    assert ding.mei(userid="wei", mobile="13900000002")["errcode"] == 40023
    inner = ding.department("研发")
    assert ding.post(f"{DEPARTMENT}/create", name="平台", parent_id=inner)["errcode"] == 60002


def test_console_edits_bypass_the_api(ding):
    ding.mei()
    ding.switch(mobile_in_update="reject", position_management=60011)
    ding.order("console", op="update", userid="mei", mobile="13900000005", title="新")
    assert ding.state()["users"]["mei"]["mobile"] == "13900000005"
    assert "error" in ding.order("console", op="update", userid="nobody")
    assert "error" in ding.order("console", op="dance")
    ding.order("console", op="leave", userid="mei")
    assert [record["reason"] for record in ding.state()["leave_records"]] == ["leave"]

"""Members: order of validation, uniqueness, fields, life cycle and the ways to read them."""

import pytest
from wecom_caller import calling

MEI = {"userid": "mei", "name": "陈美", "mobile": "13900000001", "email": "mei@example.com", "department": [1]}
WEI = {"userid": "wei", "name": "王伟", "mobile": "13900000002", "department": [1]}
GONE = object()


@pytest.fixture
async def wecom():
    async with calling(mail_domain="example.com", extattr_names=["工号"]) as caller:
        yield caller


@pytest.fixture
async def staffed(wecom):
    for body in (MEI, WEI):
        assert await wecom.code("user/create", body) == 0
    return wecom


def changed(body, changes):
    return {name: value for name, value in {**body, **changes}.items() if value is not GONE}


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        (dict.fromkeys(MEI, GONE), 60112),
        ({"userid": "", "name": GONE}, 40058),
        ({"name": "", "userid": GONE}, 40058),
        ({"name": GONE, "userid": GONE}, 60112),
        ({"userid": GONE, "mobile": "bad"}, 41009),
        ({"userid": "x" * 65, "mobile": "bad"}, 40058),
        ({"userid": "-mei", "mobile": "bad"}, 40003),
        ({"userid": "陈", "mobile": "bad"}, 40003),
        ({"mobile": GONE, "email": GONE, "department": "x"}, 60129),
        ({"mobile": "", "email": ""}, 60129),
        ({"mobile": GONE}, 0),
        ({"mobile": "12x", "department": "x"}, 60103),
        ({"email": "no mail", "department": "x"}, 60105),
        ({"department": "1", "position": "x" * 129}, 41019),
        ({"department": ["1"]}, 41019),
        ({"department": [1] * 101}, 60110),
        ({"name": "x" * 65}, 60112),
        ({"position": "x" * 129}, 301012),
        ({"telephone": "call me"}, 301013),
        ({"gender": "f"}, 40058),
        ({"enable": 2}, 40058),
        ({"alias": "x" * 65}, 40058),
        ({"biz_mail": "mei@elsewhere.example"}, 81015),
        ({"avatar_mediaid": "m"}, 40007),
        ({"extattr": []}, 40058),
        ({"is_leader_in_dept": [1, 0]}, 60132),
        ({"order": [1, 0]}, 40058),
        ({"main_department": 5}, 40058),
        ({"direct_leader": ["a", "b"]}, 60257),
        ({"direct_leader": ["nobody"]}, 60111),
    ],
)
async def test_create_complains_in_order(wecom, changes, errcode):
    assert await wecom.code("user/create", changed(MEI, changes)) == errcode


@pytest.mark.parametrize(
    ("changes", "errcode", "text"),
    [
        ({"userid": "MEI"}, 60102, "userid existed"),
        ({"userid": "x"}, 60104, "mobile existed:mei"),
        ({"userid": "x", "mobile": "+86139-0000-0001"}, 60104, "mobile existed:mei"),
        ({"userid": "x", "mobile": "13900000009", "email": "MEI@example.com"}, 60106, "email existed:mei"),
        (
            {"userid": "x", "mobile": "13900000009", "email": GONE, "biz_mail": "mei@example.com"},
            60145,
            "biz_mail existed:mei",
        ),
    ],
)
async def test_userid_then_mobile_then_email_then_mailbox_must_be_free(staffed, changes, errcode, text):
    answer = await staffed.post("user/create", changed(MEI, changes))
    assert answer["errcode"] == errcode
    assert answer["errmsg"].startswith(text)
    assert set((await staffed.state())["members"]) == {"mei", "wei"}


async def test_create_and_read_back(wecom):
    attrs = [{"type": 0, "name": name, "text": {"value": "7"}} for name in ("工号", "unheard of")]
    body = {**MEI, "position": "经理", "gender": 1, "order": [3], "extattr": {"attrs": attrs}, "to_invite": False}
    assert await wecom.post("user/create", body) == {"errcode": 0, "errmsg": "created"}
    mei = await wecom.get("user/get", userid="Mei")
    assert mei["userid"] == "mei"
    assert (mei["mobile"], mei["gender"], mei["biz_mail"]) == ("13900000001", "1", "mei@example.com")
    assert (mei["department"], mei["order"], mei["is_leader_in_dept"], mei["main_department"]) == ([1], [3], [0], 1)
    assert mei["extattr"]["attrs"] == attrs[:1]
    assert mei["status"] == 4
    seen_by_app = await wecom.get("user/get", "app", userid="mei")
    assert seen_by_app["name"] == "陈美"
    assert not {"mobile", "email", "gender", "biz_mail", "avatar"} & seen_by_app.keys()


@pytest.mark.parametrize(
    ("profile", "errcodes"), [("2021", [40066, 60123]), ("2023", [40058, 60123]), ("2026", [0, 0])]
)
async def test_profiles_differ_over_departments(profile, errcodes):
    async with calling(profile=profile) as wecom:
        without = changed(MEI, {"department": GONE})
        assert [await wecom.code("user/create", body) for body in (without, {**WEI, "department": [9]})] == errcodes


async def test_unknown_departments_are_made_under_the_unset_node(wecom):
    answer = await wecom.post("user/create", {**MEI, "department": [1, 9001], "main_department": 9001})
    [made] = answer["created_department_list"]["department_info"]
    assert made["name"] == "9001"
    mei = await wecom.member("mei")
    assert mei["department"] == [1, made["id"]]
    assert mei["main_department"] == made["id"]
    await wecom.post("user/create", changed(WEI, {"department": GONE}))
    departments = (await wecom.state())["departments"]
    unset = departments[str(departments[str(made["id"])]["parentid"])]
    assert unset["name"] == "其他（待设置部门）"
    assert (await wecom.member("wei"))["department"] == [unset["id"]]


async def test_five_direct_leaders_before_2026():
    async with calling(profile="2023") as wecom:
        for number in range(6):
            await wecom.create(f"boss{number}")
        bosses = [f"BOSS{number}" for number in range(6)]
        assert (await wecom.create("mei", direct_leader=bosses))["errcode"] == 60257
        assert (await wecom.create("mei", direct_leader=bosses[:5]))["errcode"] == 0
        assert (await wecom.member("mei"))["direct_leader"][0] == "boss0"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"name": "x"}, 41009),
        ({"userid": "nobody"}, 60111),
        ({"userid": "mei", "mobile": "13900000002"}, 60104),
        ({"userid": "mei", "mobile": "13900000001"}, 0),
        ({"userid": "mei", "mobile": "", "email": ""}, 60129),
        ({"userid": "mei", "mobile": ""}, 0),
        ({"userid": "mei", "department": []}, 40066),
        ({"userid": "mei", "department": [99]}, 60123),
        ({"userid": "mei", "is_leader_in_dept": [1, 1]}, 60132),
        ({"userid": "mei", "new_userid": "mei2"}, 301036),
        ({"userid": "MEI", "position": "经理"}, 0),
    ],
)
async def test_update(staffed, body, errcode):
    assert await staffed.code("user/update", body) == errcode


async def test_an_update_replaces_the_departments_and_leaves_the_rest(staffed):
    for number in (2, 3):
        await staffed.post("department/create", {"id": number, "name": f"d{number}", "parentid": 1})
    body = {"userid": "mei", "department": [2, 3], "order": [5, 6], "is_leader_in_dept": [1, 0]}
    await staffed.post("user/update", {**body, "main_department": 3, "direct_leader": ["wei"]})
    await staffed.post("user/update", {"userid": "mei", "order": [9, 9], "position": "x"})
    mei = await staffed.member("mei")
    assert (mei["department"], mei["order"], mei["is_leader_in_dept"]) == ([2, 3], [5, 6], [1, 0])
    assert (mei["main_department"], mei["direct_leader"], mei["name"]) == (3, ["wei"], "陈美")
    await staffed.post("user/update", {"userid": "mei", "department": [1]})
    mei = await staffed.member("mei")
    assert (mei["department"], mei["order"], mei["is_leader_in_dept"], mei["main_department"]) == ([1], [0], [0], 1)


async def test_a_freed_mobile_can_be_taken(staffed):
    await staffed.post("user/update", {"userid": "mei", "mobile": "13900000005"})
    assert await staffed.code("user/update", {"userid": "wei", "mobile": "13900000001"}) == 0
    await staffed.get("user/delete", userid="mei")
    assert await staffed.code("user/create", {**MEI, "mobile": "13900000005"}) == 0


async def test_who_has_joined_owns_the_mobile(staffed):
    await staffed.order("activate", id="mei")
    body = {"userid": "mei", "mobile": "13900000002", "position": "经理"}
    assert await staffed.code("user/update", body) == 0
    mei = await staffed.member("mei")
    assert (mei["mobile"], mei["position"]) == ("13900000001", "经理")
    await staffed.order("console", op="update", id="mei", mobile="13900000007")
    assert (await staffed.member("mei"))["mobile"] == "13900000007"


async def test_status_through_a_life(staffed):
    async def status():
        return (await staffed.get("user/get", userid="mei"))["status"]

    assert await status() == 4
    await staffed.post("user/update", {"userid": "mei", "enable": 0})
    assert await status() == 2
    await staffed.post("user/update", {"userid": "mei", "enable": 1})
    assert await status() == 4
    assert (await staffed.order("activate", all=True))["activated"] == ["mei", "wei"]
    assert await status() == 1
    await staffed.post("user/update", {"userid": "mei", "enable": 0})
    assert await status() == 2
    await staffed.post("user/update", {"userid": "mei", "enable": 1})
    assert await status() == 1
    await staffed.order("console", op="leave", id="mei")
    assert await status() == 5
    assert [row["userid"] for row in (await staffed.state())["resigned"]] == ["mei"]


async def test_delete_forgets_a_member_everywhere(staffed):
    await staffed.order("activate", id="mei")
    tag = (await staffed.post("tag/create", {"tagname": "sales"}))["tagid"]
    await staffed.post("tag/addtagusers", {"tagid": tag, "userlist": ["mei"]})
    await staffed.post("user/update", {"userid": "wei", "direct_leader": ["mei"]})
    assert (await staffed.get("user/delete", userid="MEI"))["errmsg"] == "deleted"
    state = await staffed.state()
    assert (state["tags"][str(tag)]["userlist"], state["members"]["wei"]["direct_leader"]) == ([], [])
    assert state["resigned"][0]["userid"] == "mei"
    again = await staffed.get("user/delete", userid="mei")
    assert again["errcode"] == 60111
    assert again["errmsg"].startswith("invalid string value `mei`. userid not found, hint:")
    assert (await staffed.get("user/get", userid="mei"))["errcode"] == 60111


async def test_one_bad_userid_fails_a_batch_delete_whole(staffed):
    assert await staffed.code("user/batchdelete", {"useridlist": ["mei", "nobody"]}) == 40031
    assert await staffed.code("user/batchdelete", {"useridlist": ["mei"] * 201}) == 40032
    assert set((await staffed.state())["members"]) == {"mei", "wei"}
    assert (await staffed.post("user/batchdelete", {"useridlist": ["MEI", "wei"]}))["errmsg"] == "deleted"
    assert (await staffed.state())["members"] == {}


async def test_the_creator_stays():
    async with calling(creator="boss") as wecom:
        await wecom.create("boss")
        assert (await wecom.get("user/delete", userid="boss"))["errcode"] == 301005
        assert await wecom.code("user/batchdelete", {"useridlist": ["boss"]}) == 301005


async def test_the_account_cap_and_the_monthly_creations():
    async with calling(account_cap=1) as wecom:
        assert (await wecom.create("mei"))["errcode"] == 0
        assert (await wecom.create("wei"))["errcode"] == 45024
        await wecom.order("console", op="account_cap", cap=2)
        for _ in range(5):
            assert (await wecom.create("wei"))["errcode"] == 0
            await wecom.get("user/delete", userid="wei")
        assert (await wecom.create("wei"))["errcode"] == 45024
        wecom.hand.now += 31 * 86_400
        assert (await wecom.create("wei"))["errcode"] == 0


async def test_a_userid_made_by_the_system_may_change_once(wecom):
    made = (await wecom.order("console", op="create", name="x", mobile="13900000003"))["id"]
    tag = (await wecom.post("tag/create", {"tagname": "sales"}))["tagid"]
    await wecom.post("tag/addtagusers", {"tagid": tag, "userlist": [made]})
    assert await wecom.code("user/update", {"userid": made, "new_userid": "mei"}) == 0
    assert (await wecom.state())["tags"][str(tag)]["userlist"] == ["mei"]
    assert await wecom.code("user/update", {"userid": "mei", "new_userid": "mei2"}) == 301036
    assert (await wecom.create("x", mobile="13900000003"))["errmsg"] == "mobile existed:mei"


async def test_ids_page_by_row_of_member_and_department(wecom):
    await wecom.post("department/create", {"id": 2, "name": "sales", "parentid": 1})
    for userid in ("mei", "wei", "yan"):
        await wecom.create(userid, department=[2, 1])
    first = await wecom.post("user/list_id", {"limit": 3})
    rows = [(row["userid"], row["department"]) for row in first["dept_user"]]
    assert rows == [("mei", 2), ("mei", 1), ("wei", 2)]
    await wecom.get("user/delete", userid="mei")
    rest = await wecom.post("user/list_id", {"cursor": first["next_cursor"], "limit": 3})
    assert [row["userid"] for row in rest["dept_user"]] == ["wei", "yan", "yan"]
    assert rest["next_cursor"] == ""
    assert await wecom.code("user/list_id", {"limit": 0}) == 40058
    assert await wecom.code("user/list_id", {"limit": 10_001}) == 40058
    assert await wecom.code("user/list_id", {"cursor": "made up"}) == 40058


async def test_a_new_member_may_take_a_moment_to_be_listed():
    async with calling(visibility_delay_seconds=2) as wecom:
        await wecom.create("mei")
        assert (await wecom.post("user/list_id", {}))["dept_user"] == []
        wecom.hand.now += 2
        assert len((await wecom.post("user/list_id", {}))["dept_user"]) == 1


async def test_lists_of_a_department(staffed):
    await staffed.post("department/create", {"id": 2, "name": "sales", "parentid": 1})
    await staffed.create("yan", department=[2])
    brief = (await staffed.get("user/simplelist", department_id=1, fetch_child=1))["userlist"]
    assert [row["userid"] for row in brief] == ["mei", "wei"]
    assert (await staffed.get("user/list", department_id=2))["userlist"][0]["status"] == 4
    assert (await staffed.get("user/list", department_id=9))["errcode"] == 60123


async def test_2021_lists_honour_fetch_child():
    async with calling(profile="2021") as wecom:
        await wecom.post("department/create", {"id": 2, "name": "sales", "parentid": 1})
        await wecom.create("yan", department=[2])
        assert (await wecom.get("user/simplelist", department_id=1, fetch_child=1))["userlist"][0]["userid"] == "yan"


async def test_look_ups_by_mobile_and_mail(staffed):
    assert (await staffed.post("user/getuserid", {"mobile": "13900000001"}))["userid"] == "mei"
    assert await staffed.code("user/getuserid", {"mobile": "13900000008"}) == 46004
    assert await staffed.code("user/getuserid", {"mobile": "1"}) == 60103
    personal = {"email": "Mei@example.com", "email_type": 2}
    assert (await staffed.post("user/get_userid_by_email", personal))["userid"] == "mei"
    assert (await staffed.post("user/get_userid_by_email", {"email": "wei@example.com"}))["userid"] == "wei"
    assert await staffed.code("user/get_userid_by_email", {"email": "wei@example.com", "email_type": 2}) == 46004


async def test_too_many_failed_look_ups_shut_the_call_for_the_day():
    async with calling(lookup_failures=2) as wecom:
        codes = [await wecom.code("user/getuserid", {"mobile": "13900000008"}) for _ in range(3)]
        assert codes == [46004, 46004, 45009]
        wecom.hand.now += 86_400
        assert await wecom.code("user/getuserid", {"mobile": "13900000008"}) == 46004


async def test_invitations(staffed):
    await staffed.post("department/create", {"id": 2, "name": "sales", "parentid": 1})
    await staffed.create("yan", department=[2], to_invite=False)
    await staffed.create("off", enable=0)
    await staffed.order("activate", id="wei")
    answer = await staffed.post("batch/invite", {"user": ["mei", "ghost"], "party": [2, 9], "tag": [7]})
    assert answer == {
        "errcode": 0,
        "errmsg": "ok",
        "invaliduser": ["ghost"],
        "invalidparty": [9],
        "invalidtag": [7],
    }
    await staffed.post("batch/invite", {"user": ["wei", "off"]})
    members = (await staffed.state())["members"]
    by = {userid: [invitation["by"] for invitation in row["invitations"]] for userid, row in members.items()}
    assert by == {"mei": ["create", "invite"], "wei": ["create"], "yan": ["invite"], "off": []}
    assert await staffed.code("batch/invite", {"user": ["x"] * 1001}) == 40058
    assert await staffed.code("batch/invite", {"user": [], "party": []}) == 40035


async def test_an_invitation_may_make_the_member_join():
    async with calling(joins_on_invite=True) as wecom:
        await wecom.create("mei", to_invite=False)
        assert (await wecom.member("mei"))["status"] == 4
        await wecom.post("batch/invite", {"user": ["mei"]})
        assert (await wecom.member("mei"))["status"] == 1


async def test_customer_contact_is_who_has_joined_in_the_console_s_scope():
    async with calling(customer_contact_scope={"tags": ["customer contact"]}) as wecom:
        tag = (await wecom.post("tag/create", {"tagname": "customer contact"}))["tagid"]
        for userid in ("mei", "wei", "yan"):
            await wecom.create(userid)
        await wecom.post("tag/addtagusers", {"tagid": tag, "userlist": ["mei", "wei"]})

        async def follow():
            return (await wecom.get("externalcontact/get_follow_user_list", "app"))["follow_user"]

        assert await follow() == []
        await wecom.order("activate", all=True)
        assert await follow() == ["mei", "wei"]
        await wecom.post("user/update", {"userid": "wei", "enable": 0})
        assert await follow() == ["mei"]
        await wecom.order("console", op="customer_contact_scope", users=["yan"])
        assert await follow() == ["yan"]


async def test_the_console_edits_without_any_secret(staffed):
    console = staffed.order
    assert (await console("console", op="create", id="yan", name="燕", mobile="13900000004"))["id"] == "yan"
    await console("console", op="tag", id="yan", tag="vip")
    await console("console", op="department", action="create", id=5, name="new", parentid=1)
    await console("console", op="department", action="update", id=5, name="newer")
    state = await staffed.state()
    assert (state["tags"]["1"]["owner"], state["tags"]["1"]["userlist"]) == ("console", ["yan"])
    assert state["departments"]["5"]["name"] == "newer"
    await console("console", op="untag", id="yan", tag="vip")
    await console("console", op="delete", id="yan")
    await console("console", op="department", action="delete", id=5)
    state = await staffed.state()
    assert (state["tags"]["1"]["userlist"], "yan" in state["members"], "5" in state["departments"]) == (
        [],
        False,
        False,
    )
    for wrong in ({"op": "dance"}, {"op": "delete", "id": "nobody"}, {"op": "tag", "id": "mei"}):
        assert (await staffed.http.post("_sandbox/console", json=wrong)).status_code == 400

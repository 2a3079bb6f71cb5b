"""The connector against the sandbox, which shares no code with it."""

import asyncio
from collections import Counter

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from sandbox.app import build
from services.platforms.errors import (
    AwaitsAcceptanceError,
    CredentialError,
    NeedsPersonError,
    NotThereError,
    OutcomeUnknownError,
    TakenError,
    TryLaterError,
)
from services.platforms.gate import OpenGate
from services.platforms.http import Http
from services.provisioner.connectors.base import ALREADY_SO, DONE, Change, Connector, NewAccount
from services.provisioner.connectors.dingtalk import DingTalkConfig, DingTalkConnector
from services.provisioner.model import Account, AccountState

URL = "http://sandbox/dingtalk"
NAMES = {"name": "梅", "mobile": "+8613900000001"}
LAST_DAY = 1767225600.0


class Network(httpx.AsyncBaseTransport):
    """In memory, but like a network it lets other tasks run while a call is under way."""

    def __init__(self, app):
        self._inner = httpx.ASGITransport(app)

    async def handle_async_request(self, request):
        await asyncio.sleep(0)
        answer = await self._inner.handle_async_request(request)
        await asyncio.sleep(0)
        return answer


class World:
    """A fresh sandbox, a connector on it, and the control routes."""

    def __init__(self, **switches):
        transport = Network(build({"dingtalk": {"app_key": "k", "app_secret": "s", "scale": 1000, **switches}}))
        self.transport = transport
        self.control = httpx.AsyncClient(base_url=f"{URL}/_sandbox/", transport=transport)
        self.dingtalk = self.connector()

    def connector(self, **config):
        settings = DingTalkConfig.model_validate(
            {"app_key": "k", "app_secret": "s", "agent_id": 1, "base_url": URL, **config}
        )
        http = Http("dingtalk", OpenGate(), transport=self.transport)
        return DingTalkConnector(settings.client(http), settings, now=lambda: LAST_DAY)

    async def order(self, what, body):
        (await self.control.post(what, json=body)).raise_for_status()

    async def console(self, op, **fields):
        await self.order("console", {"op": op, **fields})

    async def state(self):
        return (await self.control.get("state")).json()

    async def users(self):
        return (await self.state())["users"]

    async def calls(self):
        return Counter(call["path"] for call in (await self.control.get("calls")).json())

    async def hire(self, native_id="mei", number=1, departments=(), **attributes):
        names = {"name": native_id, "mobile": f"+861390000{number:04}", **attributes}
        return await self.dingtalk.create(NewAccount(native_id, names, tuple(departments)))

    async def department(self, name, parent="1", mark=None):
        return await self.dingtalk.create_department(name, parent, None, mark or f"D-{name}")


@pytest.fixture
def world():
    return World()


def test_it_is_a_connector(world):
    assert isinstance(world.dingtalk, Connector)


async def test_a_hire_is_one_call_and_shows_what_was_written(world):
    sales = await world.department("sales")
    made = await world.dingtalk.create(
        NewAccount("mei", {**NAMES, "title": "销售经理", "hired_date": "2026-01-01"}, (sales,))
    )
    assert made == "mei"
    assert await world.dingtalk.read("mei") == Account(
        "mei",
        AccountState.INVITED,
        {**NAMES, "title": "销售经理", "hired_date": "2026-01-01"},
        (sales,),
        frozenset(),
    )
    calls = await world.calls()
    assert (calls["topapi/v2/user/create"], calls["topapi/v2/user/get"]) == (1, 1)


async def test_without_a_department_the_root_is_meant(world):
    await world.hire()
    assert (await world.dingtalk.read("mei")).departments == ("1",)


async def test_what_is_not_known_is_not_written(world):
    await world.hire(email=None, title="")
    assert (await world.dingtalk.read("mei")).attributes == {"name": "mei", "mobile": "+8613900000001"}


async def test_an_account_without_access_cannot_be_made(world):
    with pytest.raises(NotImplementedError):
        await world.dingtalk.create(NewAccount("mei", NAMES, (), suspended=True))
    with pytest.raises(NotImplementedError):
        await world.dingtalk.suspend("mei")
    assert not world.dingtalk.can_prepare
    assert await world.users() == {}


async def test_a_taken_userid_names_its_holder(world):
    await world.hire()
    with pytest.raises(TakenError) as caught:
        await world.hire(number=2)
    assert (caught.value.field, caught.value.holder) == ("native_id", "mei")


@pytest.mark.parametrize(("told", "look_ups"), [(True, 0), (False, 1)], ids=["named in the answer", "looked up once"])
async def test_a_taken_mobile_names_its_holder(told, look_ups):
    world = World(mobile_clash_names_user=told)
    await world.hire()
    with pytest.raises(TakenError) as caught:
        await world.hire("wei", number=1)
    assert (caught.value.field, caught.value.holder) == ("mobile", "mei")
    assert (await world.calls())["topapi/v2/user/getbymobile"] == look_ups


async def test_a_taken_e_mail_is_named(world):
    await world.hire(email="mei@example.com")
    with pytest.raises(TakenError) as caught:
        await world.hire("wei", number=2, email="mei@example.com")
    assert (caught.value.field, caught.value.holder) == ("email", None)


async def test_who_protects_the_account_must_accept_first():
    world = World(protected_mobiles=["13900000001"])
    with pytest.raises(AwaitsAcceptanceError):
        await world.hire()
    assert await world.dingtalk.read("mei") is None
    await world.console("accept", mobile="13900000001")
    assert (await world.dingtalk.read("mei")).native_id == "mei"


async def test_an_unknown_department_is_named(world):
    with pytest.raises(NotThereError) as caught:
        await world.hire(departments=["999"])
    assert caught.value.what == "department"


async def test_who_has_logged_in_is_active(world):
    await world.hire()
    await world.order("activate", {"id": "mei"})
    assert (await world.dingtalk.read("mei")).state is AccountState.ACTIVE


async def test_nobody_is_none(world):
    assert await world.dingtalk.read("nobody") is None


async def test_an_update_is_one_call_that_replaces_departments(world):
    sales, office = await world.department("sales"), await world.department("office")
    await world.hire(departments=[sales])
    assert await world.dingtalk.update("mei", Change({"title": "行政"}, (office,))) == DONE
    mei = await world.dingtalk.read("mei")
    assert (mei.departments, mei.attributes["title"]) == ((office,), "行政")
    assert (await world.calls())["topapi/v2/user/update"] == 1


async def test_an_update_of_nothing_calls_nobody(world):
    assert await world.dingtalk.update("mei", Change()) == ALREADY_SO
    assert await world.calls() == {}


async def test_a_mobile_is_never_written_again(world):
    await world.hire()
    with pytest.raises(NeedsPersonError, match="mobile_unchangeable"):
        await world.dingtalk.update("mei", Change({"mobile": "+8613900000009"}))


async def test_custom_fields_of_others_are_kept(world):
    mei = world.connector(custom_fields=["成本中心", "工位"])
    await mei.create(NewAccount("mei", {**NAMES, "extension.成本中心": "CC-12"}, ()))
    await mei.update("mei", Change({"extension.工位": "A-7"}))
    shown = (await mei.read("mei")).attributes
    assert (shown["extension.成本中心"], shown["extension.工位"]) == ("CC-12", "A-7")


async def test_a_manager_is_set_left_and_taken_away(world):
    for number, native_id in enumerate(["wei", "mei"]):
        await world.hire(native_id, number)
    dingtalk = world.dingtalk
    await dingtalk.update("mei", Change(manager="wei"))
    await dingtalk.update("mei", Change({"title": "x"}))
    assert (await world.users())["mei"]["manager_userid"] == "wei"
    await dingtalk.update("mei", Change(manager=""))
    assert (await world.users())["mei"]["manager_userid"] == ""


async def test_position_management_refuses_a_move_and_a_person_is_told():
    world = World(position_management=987654)
    await world.hire()
    with pytest.raises(NeedsPersonError, match="unknown_code"):
        await world.dingtalk.update("mei", Change({"title": "x"}))


async def test_an_update_of_nobody_is_named(world):
    with pytest.raises(NotThereError) as caught:
        await world.dingtalk.update("nobody", Change({"title": "x"}))
    assert caught.value.what == "account"


async def test_a_leaver_is_removed_and_removing_again_is_fine(world):
    await world.hire()
    assert await world.dingtalk.remove("mei") == DONE
    assert await world.dingtalk.read("mei") is None
    assert await world.dingtalk.remove("mei") == ALREADY_SO
    assert await world.dingtalk.delete("mei") == ALREADY_SO


@pytest.mark.parametrize("code", [33012, 60121, 60111, 40003])
async def test_every_code_for_nobody_is_success_for_a_removal(code):
    world = World(unknown_user=code)
    assert await world.dingtalk.remove("nobody") == ALREADY_SO
    assert await world.dingtalk.read("nobody") is None


async def test_the_professional_edition_hands_over_to_the_manager():
    world = World(edition="professional")
    for number, native_id in enumerate(["wei", "bot", "mei"]):
        await world.hire(native_id, number)
    dingtalk = world.connector(edition="professional", operator_userid="bot", leave_reason="v3")
    await dingtalk.update("mei", Change(manager="wei"))
    assert await dingtalk.remove("mei") == DONE
    handover = (await world.state())["handovers"][0]
    assert (handover["userid"], handover["operator"]) == ("mei", "bot")
    assert set(handover["receivers"].values()) == {"wei"}
    assert len(handover["receivers"]) == 5
    assert await dingtalk.remove("mei") == ALREADY_SO


async def test_a_missing_operator_is_not_taken_for_a_missing_account():
    world = World(edition="professional")
    await world.hire()
    dingtalk = world.connector(edition="professional", operator_userid="nobody", leave_reason="v3")
    with pytest.raises(NeedsPersonError, match="hand_over_refused"):
        await dingtalk.remove("mei")
    assert "mei" in await world.users()


async def test_the_operators_own_leave_needs_another_operator():
    world = World(edition="professional")
    await world.hire("bot")
    dingtalk = world.connector(edition="professional", operator_userid="bot", leave_reason="v3")
    with pytest.raises(NeedsPersonError, match="operator_leaves"):
        await dingtalk.remove("bot")
    assert "bot" in await world.users()


async def test_stripped_means_hidden_and_without_roles_of_ours(world):
    sales = await world.department("sales")
    await world.hire(departments=[sales])
    await world.dingtalk.grant("role:sales", ["mei"])
    await world.dingtalk.grant("role:财务/出纳", ["mei"])
    assert await world.dingtalk.strip("mei") == DONE
    mei = await world.dingtalk.read("mei")
    assert mei.state is AccountState.STRIPPED
    assert mei.grants == {"role:财务/出纳"}
    state = await world.state()
    locked = state["departments"][mei.departments[0]]
    assert (locked["name"], locked["parent_id"], locked["options"]["hide_dept"]) == ("locked", 1, True)
    assert await world.dingtalk.strip("mei") == ALREADY_SO


async def test_a_new_process_still_knows_who_is_stripped(world):
    await world.hire()
    await world.dingtalk.strip("mei")
    fresh = world.connector()
    assert (await fresh.read("mei")).state is AccountState.STRIPPED
    assert await fresh.strip("mei") == ALREADY_SO
    assert [account.state async for account in fresh.accounts()] == [AccountState.STRIPPED]


async def test_stripping_nobody_is_fine(world):
    assert await world.dingtalk.strip("nobody") == ALREADY_SO  # noqa: B005 - not a string's strip


async def test_many_stripped_at_once_share_one_locked_department(world):
    for number in range(5):
        await world.hire(f"p{number}", number)
    await asyncio.gather(*(world.dingtalk.strip(f"p{number}") for number in range(5)))
    assert len({tuple(user["dept_id_list"]) for user in (await world.users()).values()}) == 1
    assert (await world.calls())["topapi/v2/department/create"] == 1


async def test_many_grants_at_once_make_one_role(world):
    for number in range(5):
        await world.hire(f"p{number}", number)
    await asyncio.gather(*(world.dingtalk.grant("role:sales", [f"p{number}"]) for number in range(5)))
    assert len(await world.dingtalk.members("role:sales")) == 5
    calls = await world.calls()
    assert (calls["role/add_role_group"], calls["role/add_role"]) == (1, 1)


async def test_many_questions_at_once_load_the_roles_once(world):
    await world.hire()
    await world.dingtalk.grant("role:sales", ["mei"])
    before = (await world.calls())["topapi/role/list"]
    fresh = world.connector()
    await asyncio.gather(*(fresh.members("role:sales") for _ in range(5)))
    assert (await world.calls())["topapi/role/list"] == before + 1


async def test_two_processes_make_a_role_once(world):
    await world.hire()
    first, second = world.connector(), world.connector()
    assert await second.members("role:sales") == frozenset()
    await asyncio.gather(first.grant("role:sales", ["mei"]), second.grant("role:sales", ["mei"]))
    roles = (await world.state())["roles"].values()
    assert [role["members"] for role in roles if role["name"] == "sales"] == [["mei"]]


async def test_the_locked_department_is_made_again_when_somebody_deleted_it(world):
    await world.hire()
    await world.dingtalk.strip("mei")
    old = (await world.dingtalk.read("mei")).departments[0]
    await world.dingtalk.resume("mei")
    await world.console("department_delete", dept_id=int(old))
    with pytest.raises(NotThereError):
        await world.dingtalk.strip("mei")
    assert await world.dingtalk.strip("mei") == DONE
    assert (await world.dingtalk.read("mei")).state is AccountState.STRIPPED


async def test_resume_leaves_the_locked_department(world):
    sales = await world.department("sales")
    await world.hire(departments=[sales])
    assert await world.dingtalk.resume("mei") == ALREADY_SO
    assert (await world.dingtalk.read("mei")).departments == (sales,)
    await world.dingtalk.strip("mei")
    assert await world.dingtalk.resume("mei") == DONE
    assert (await world.dingtalk.read("mei")).state is AccountState.INVITED
    await world.dingtalk.update("mei", Change(departments=(sales,)))
    assert (await world.dingtalk.read("mei")).departments == (sales,)


async def test_a_department_made_here_is_known_not_to_be_the_locked_one(world):
    sales = await world.department("sales")
    await world.hire(departments=[sales])
    before = (await world.calls())["topapi/v2/department/listsub"]
    await world.dingtalk.read("mei")
    assert (await world.calls())["topapi/v2/department/listsub"] == before


async def test_whether_a_department_is_the_locked_one_is_asked_once(world):
    sales = await world.department("sales")
    east = await world.department("east", parent=sales)
    for number in range(5):
        await world.hire(f"p{number}", number, [east])
    before = (await world.calls())["topapi/v2/department/listsub"]
    fresh = world.connector()
    await asyncio.gather(*(fresh.read(f"p{number}") for number in range(5)))
    assert (await world.calls())["topapi/v2/department/listsub"] == before + 1


async def test_a_role_is_made_granted_shown_and_revoked(world):
    for number, native_id in enumerate(["mei", "wei"]):
        await world.hire(native_id, number)
    assert await world.dingtalk.members("role:sales") == frozenset()
    assert await world.dingtalk.grant("role:sales", ["mei", "wei"]) == {"mei": DONE, "wei": DONE}
    assert await world.dingtalk.grant("role:sales", ["mei"]) == {"mei": DONE}
    assert await world.dingtalk.members("role:sales") == {"mei", "wei"}
    assert (await world.dingtalk.read("mei")).grants == {"role:sales"}
    assert await world.dingtalk.revoke("role:sales", ["mei"]) == {"mei": DONE}
    assert (await world.dingtalk.read("mei")).grants == frozenset()
    calls = await world.calls()
    assert (calls["role/add_role_group"], calls["role/add_role"]) == (1, 1)


async def test_roles_of_dingtalk_itself_are_no_grants_of_ours(world):
    await world.hire()
    await world.console("main_admin", userid="mei")
    assert (await world.dingtalk.read("mei")).grants == frozenset()


async def test_a_role_somebody_else_made_in_our_group_is_used(world):
    await world.hire()
    await world.console("role_group", name="Tenure")
    group = next(number for number, entry in (await world.state())["role_groups"].items() if entry["name"] == "Tenure")
    await world.console("role", roleName="sales", groupId=int(group))
    await world.dingtalk.grant("role:sales", ["mei"])
    assert (await world.calls())["role/add_role"] == 0
    assert await world.dingtalk.members("role:sales") == {"mei"}


async def test_a_role_that_was_deleted_is_made_again(world):
    await world.hire()
    await world.dingtalk.grant("role:sales", ["mei"])
    await world.dingtalk.revoke("role:sales", ["mei"])
    role = next(entry for entry in (await world.state())["roles"].values() if entry["name"] == "sales")
    await world.console("role_delete", role_id=role["role_id"])
    assert await world.dingtalk.members("role:sales") == frozenset()
    assert await world.dingtalk.grant("role:sales", ["mei"]) == {"mei": DONE}
    assert await world.dingtalk.members("role:sales") == {"mei"}


async def test_granting_to_nobody_does_nothing_for_the_others_and_is_named(world):
    await world.hire()
    with pytest.raises(NotThereError) as caught:
        await world.dingtalk.grant("role:sales", ["mei", "nobody"])
    assert caught.value.what == "account"
    assert await world.dingtalk.members("role:sales") == frozenset()


async def test_revoking_from_somebody_gone_takes_it_from_the_others(world):
    for number, native_id in enumerate(["mei", "wei", "li"]):
        await world.hire(native_id, number)
    await world.dingtalk.grant("role:sales", ["mei", "wei"])
    await world.dingtalk.remove("wei")
    outcomes = await world.dingtalk.revoke("role:sales", ["mei", "wei"])
    assert outcomes == {"mei": DONE, "wei": ALREADY_SO}
    assert await world.dingtalk.members("role:sales") == frozenset()
    assert await world.dingtalk.revoke("role:sales", ["wei"]) == {"wei": ALREADY_SO}
    assert await world.dingtalk.revoke("role:never", ["mei"]) == {"mei": ALREADY_SO}


async def test_members_are_read_page_by_page(world):
    ids = [f"p{number:03}" for number in range(130)]
    for number, native_id in enumerate(ids):
        await world.hire(native_id, number)
    for start in range(0, len(ids), 20):
        await world.dingtalk.grant("role:all", ids[start : start + 20])
    assert await world.dingtalk.members("role:all") == set(ids)


async def test_everybody_is_listed_once_with_their_roles():
    world = World(page_size=100)
    sales, office = await world.department("sales"), await world.department("office")
    east = await world.department("east", parent=sales)
    for number in range(105):
        await world.hire(f"p{number:03}", number, [sales, east])
    await world.hire("mei", 200, [office])
    await world.hire("wei", 201)
    await world.dingtalk.grant("role:sales", ["p000"])
    await world.console("role_group", name="财务")
    listed = [account async for account in world.connector().accounts()]
    everybody = {account.native_id: account for account in listed}
    assert len(listed) == len(everybody) == 107
    assert everybody["p000"].grants == {"role:sales"}
    assert everybody["p000"] == await world.dingtalk.read("p000")
    assert everybody["p001"].departments == tuple(sorted([sales, east]))


async def test_departments_are_shown_parents_first_with_mark_order_and_leaders(world):
    sales = await world.dingtalk.create_department("sales", "1", 5, "D-SALES")
    east = await world.dingtalk.create_department("east", sales, None, "D-EAST")
    await world.hire(departments=[east])
    assert await world.dingtalk.update_department(east, leaders=("mei",)) == DONE
    await world.hire("wei", 2)
    await world.dingtalk.strip("wei")
    root, first, second = await world.dingtalk.departments()
    assert (root.native_id, root.parent) == ("1", None)
    assert (first.native_id, first.name, first.parent, first.order, first.mark) == (sales, "sales", "1", 5, "D-SALES")
    assert (second.parent, second.leaders, second.mark) == (sales, ("mei",), "D-EAST")
    await world.dingtalk.update_department(east, leaders=())
    assert (await world.dingtalk.departments())[2].leaders == ()


async def test_a_department_made_twice_is_one(world):
    made = await world.dingtalk.create_department("sales", "1", None, "D-1")
    assert await world.dingtalk.create_department("sales", "1", None, "D-1") == made
    assert await world.connector().create_department("renamed", "1", None, "D-1") == made


async def test_a_department_of_that_name_without_a_mark_is_taken_over(world):
    await world.console("department_create", name="sales", parent_id=1)
    made = await world.dingtalk.create_department("sales", "1", None, "D-1")
    shown = {department.native_id: department for department in await world.connector().departments()}
    assert shown[made].mark == "D-1"
    with pytest.raises(NeedsPersonError, match="department_name_taken"):
        await world.dingtalk.create_department("sales", "1", None, "D-2")


async def test_the_locked_department_is_never_a_department_of_the_company(world):
    await world.hire()
    await world.dingtalk.strip("mei")
    with pytest.raises(NeedsPersonError, match="department_name_taken"):
        await world.connector().create_department("locked", "1", None, "D-1")


async def test_a_department_is_renamed_moved_and_deleted(world):
    sales, office = await world.department("sales"), await world.department("office")
    assert await world.dingtalk.update_department(sales, name="Sales", parent=office, order=3) == DONE
    assert await world.dingtalk.update_department(sales) == ALREADY_SO
    shown = {department.native_id: department for department in await world.dingtalk.departments()}
    assert (shown[sales].name, shown[sales].parent, shown[sales].order) == ("Sales", office, 3)
    with pytest.raises(NeedsPersonError, match="department_not_empty"):
        await world.dingtalk.delete_department(office)
    assert await world.dingtalk.delete_department(sales) == DONE
    assert await world.dingtalk.delete_department(sales) == ALREADY_SO


async def test_a_leader_must_be_a_member(world):
    sales = await world.department("sales")
    await world.hire()
    with pytest.raises(NeedsPersonError, match="leader_not_member"):
        await world.dingtalk.update_department(sales, leaders=("mei",))


async def test_sloppy_answers_read_the_same():
    neat, sloppy = World(), World(strings_for_numbers=True)
    shown = []
    for world in (neat, sloppy):
        sales = await world.department("sales")
        await world.hire(departments=[sales, "1"], hired_date="2026-01-01")
        await world.order("activate", {"all": True})
        await world.dingtalk.grant("role:sales", ["mei"])
        listed = [account async for account in world.connector().accounts()]
        shown.append((await world.dingtalk.read("mei"), listed, await world.dingtalk.departments()))
        assert await world.dingtalk.members("role:sales") == {"mei"}
    assert shown[0] == shown[1]


async def test_a_dead_token_costs_one_call(world):
    await world.hire()
    await world.order("faults", [{"path": "topapi/v2/user/get", "kind": "expire_token", "times": 1}])
    assert (await world.dingtalk.read("mei")).native_id == "mei"
    assert (await world.calls())["gettoken"] == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "busy"}, TryLaterError),
        ({"kind": "throttle"}, TryLaterError),
        ({"kind": "truncated"}, OutcomeUnknownError),
        ({"kind": "errcode_missing"}, OutcomeUnknownError),
        ({"kind": "errcode", "code": 60011}, CredentialError),
        ({"kind": "errcode", "code": 60022}, NeedsPersonError),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else value.__name__,
)
async def test_faults_are_named_by_who_acts_next(world, fault, error):
    await world.order("faults", [{"path": "topapi/v2/user/create", "times": 1, **fault}])
    with pytest.raises(error):
        await world.hire()


async def test_a_probe_proves_secret_and_permission(world):
    await world.dingtalk.probe()
    with pytest.raises(CredentialError):
        await world.connector(app_secret=SecretStr("wrong")).probe()
    await world.console("ban", seconds=300)
    with pytest.raises(TryLaterError):
        await world.dingtalk.probe()


async def test_inviting_again_is_not_possible_and_not_needed(world):
    assert await world.dingtalk.invite("mei") == ALREADY_SO


@pytest.mark.parametrize(
    "config",
    [
        {"operator_userid": "bot"},
        {"edition": "professional", "operator_userid": "bot"},
        {"edition": "gold"},
        {"app_key": ""},
        {"base_url": "sandbox"},
        {"no_such_setting": 1},
    ],
)
def test_a_faulty_configuration_is_refused(config):
    with pytest.raises(ValidationError):
        DingTalkConfig.model_validate({"app_key": "k", "app_secret": "s", "agent_id": 1, **config})


def test_closing_names_what_remains(world):
    assert world.dingtalk.closing["leave"] == ("remove",)
    assert world.dingtalk.residue == {"leave": (), "stop": ("log_in_remains",), "absence": ("log_in_remains",)}


def test_customer_contact_is_refused(world):
    assert world.dingtalk.refusal("customer-contact")
    assert world.dingtalk.refusal("role:sales") is None

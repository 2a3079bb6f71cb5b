"""What the connector asks of WeCom, and what it makes of the answers that surprise."""

import pytest
from pydantic import ValidationError
from wecom_script import CONFIG, Script

from services.platforms.errors import CredentialError, NeedsPersonError, NotThereError, OutcomeUnknownError
from services.provisioner.connectors.base import ALREADY_SO, DONE, Change, NewAccount
from services.provisioner.connectors.wecom import WeComConfig

MEI = {"userid": "Mei", "status": 1, "department": [2], "is_leader_in_dept": [0], "name": "Mei"}
NOT_FOUND = {"errcode": 60111, "errmsg": "userid not found"}
FORBIDDEN = {"errcode": 48002, "errmsg": "api forbidden"}


def row(userid, *departments):
    return {**MEI, "userid": userid, "department": list(departments), "is_leader_in_dept": [0] * len(departments)}


def listed(*pairs, cursor=""):
    return {"next_cursor": cursor, "dept_user": [{"userid": userid, "department": number} for userid, number in pairs]}


@pytest.mark.parametrize(
    ("act", "asked"),
    [
        (lambda c: c.suspend("Mei"), ("contact", "POST", "user/update", {"userid": "Mei", "enable": 0})),
        (lambda c: c.resume("Mei"), ("contact", "POST", "user/update", {"userid": "Mei", "enable": 1})),
        (lambda c: c.remove("Mei"), ("contact", "GET", "user/delete", {"userid": "Mei"})),
        (lambda c: c.delete("Mei"), ("contact", "GET", "user/delete", {"userid": "Mei"})),
        (lambda c: c.invite("Mei"), ("contact", "POST", "batch/invite", {"user": ["Mei"]})),
        (
            lambda c: c.update("Mei", Change({"alias": "M"})),
            ("contact", "POST", "user/update", {"userid": "Mei", "alias": "M"}),
        ),
        (lambda c: c.delete_department("7"), ("contact", "GET", "department/delete", {"id": "7"})),
        (
            lambda c: c.update_department("7", parent="2", order=0),
            ("contact", "POST", "department/update", {"id": 7, "parentid": 2, "order": 0}),
        ),
    ],
)
async def test_a_verb_is_one_call(act, asked):
    script = Script()
    assert await act(script.connector()) == DONE
    assert script.asked == [asked]


async def test_a_hire_is_one_call_and_its_id_is_ours():
    script = Script()
    assert await script.connector().create(NewAccount("Mei", {"name": "Mei"}, ("2",))) == "Mei"
    assert script.apis == ["user/create"]


async def test_a_hire_into_a_department_that_wecom_made_up_is_looked_at():
    script = Script(user__create={"created_department_list": {"department_info": [{"name": "77", "id": 9}]}})
    with pytest.raises(OutcomeUnknownError):
        await script.connector().create(NewAccount("Mei", {"name": "Mei"}, ("77",)))


async def test_details_are_read_as_the_application():
    script = Script(user__get=MEI)
    assert (await script.connector().read("Mei")).native_id == "Mei"
    assert script.asked == [("app", "GET", "user/get", {"userid": "Mei"})]
    assert await Script(user__get=NOT_FOUND).connector().read("Mei") is None


async def test_an_invitation_of_nobody_is_an_error():
    with pytest.raises(NotThereError):
        await Script(batch__invite={"invaliduser": ["Mei"]}).connector().invite("Mei")


async def test_only_a_missing_account_makes_a_removal_already_so():
    assert await Script(user__delete=NOT_FOUND).connector().remove("Mei") == ALREADY_SO
    with pytest.raises(NeedsPersonError):
        await Script(user__delete={"errcode": 301005, "errmsg": "creator"}).connector().remove("Mei")


async def test_all_pages_are_listed_with_a_call_per_department():
    script = Script(
        user__list_id=[listed(("Mei", 2), cursor="c1"), listed(("Mei", 3), ("Wei", 3), ("Li", 2))],
        user__list=[{"userlist": [row("Mei", 2, 3), row("Li", 2)]}, {"userlist": [row("Mei", 2, 3), row("Wei", 3)]}],
    )
    assert [account.native_id async for account in script.connector().accounts()] == ["Mei", "Li", "Wei"]
    assert [body for _, _, api, body in script.asked if api == "user/list_id"] == [
        {"cursor": "", "limit": 10_000},
        {"cursor": "c1", "limit": 10_000},
    ]
    assert script.apis.count("user/list") == 2


async def test_a_department_whose_people_are_known_is_not_asked():
    script = Script(user__list_id=listed(("Mei", 2), ("Mei", 3)), user__list={"userlist": [row("Mei", 2, 3)]})
    assert len([account async for account in script.connector().accounts()]) == 1
    assert script.apis == ["user/list_id", "user/list"]


async def test_a_department_too_large_for_an_answer_is_read_one_by_one():
    script = Script(
        user__list_id=listed(("Mei", 2), ("Wei", 2)),
        user__list={"errcode": 45029, "errmsg": "too large"},
        user__get=[row("Mei", 2), row("Wei", 2)],
    )
    assert [account.native_id async for account in script.connector().accounts()] == ["Mei", "Wei"]


async def test_an_account_that_goes_while_all_are_listed_is_left_out():
    script = Script(user__list_id=[listed(("Mei", 2)), listed()], user__list={"userlist": []}, user__get=NOT_FOUND)
    assert [account async for account in script.connector().accounts()] == []


async def test_a_listing_with_holes_is_no_listing():
    script = Script(
        user__list_id=listed(("Mei", 2), ("Wei", 2)), user__list={"userlist": [row("Mei", 2)]}, user__get=NOT_FOUND
    )
    with pytest.raises(NeedsPersonError) as caught:
        [account async for account in script.connector().accounts()]
    assert caught.value.hint == "app_scope_too_narrow"


async def test_a_tree_with_holes_is_no_tree():
    top = {"id": 1, "name": "公司", "parentid": 0}
    script = Script(
        department__list={"department": [top]}, department__simplelist={"department_id": [{"id": 1}, {"id": 2}]}
    )
    with pytest.raises(NeedsPersonError) as caught:
        await script.connector().departments()
    assert caught.value.hint == "app_scope_too_narrow"


async def test_a_department_that_is_there_is_taken():
    siblings = [
        {"id": 1, "name": "x", "parentid": 0},
        {"id": 4, "name": "North", "parentid": 3},
        {"id": 5, "name": "North", "parentid": 1},
    ]
    script = Script(
        department__create={"errcode": 60008, "errmsg": "existed"}, department__list={"department": siblings}
    )
    assert await script.connector().create_department("North", "1", None, "D-N") == "5"


async def test_leaders_are_written_with_the_accounts():
    script = Script()
    assert await script.connector().update_department("7", leaders=("Mei",)) == ALREADY_SO
    assert script.asked == []


async def test_tagged_without_the_scope_is_residue():
    script = Script(externalcontact__get_follow_user_list={"follow_user": ["mei"]})
    residue = await script.connector().residue_of("customer-contact", ["Mei", "Wei"])
    assert residue == {"Wei": "customer_contact_not_in_scope"}
    assert script.asked[0][0] == "app"


async def test_a_scope_that_may_not_be_read_is_residue_for_all():
    script = Script(externalcontact__get_follow_user_list=FORBIDDEN)
    assert await script.connector().residue_of("customer-contact", ["Mei"]) == {"Mei": "customer_contact_not_readable"}
    with pytest.raises(CredentialError):
        await (
            Script(externalcontact__get_follow_user_list={"errcode": 60020})
            .connector()
            .residue_of("customer-contact", ["Mei"])
        )


async def test_a_tag_leaves_no_residue():
    script = Script()
    assert await script.connector().residue_of("tag:sales", ["Mei"]) == {}
    assert script.asked == []


async def test_a_probe_reads_once_with_each_secret():
    script = Script()
    await script.connector().probe()
    assert [(who, api) for who, _, api, _ in script.asked] == [("contact", "user/list_id"), ("app", "department/get")]


@pytest.mark.parametrize("code", [60011, 60123])
async def test_an_application_that_does_not_see_the_company_pauses_the_target(code):
    with pytest.raises(CredentialError) as caught:
        await Script(department__get={"errcode": code, "errmsg": "x"}).connector().probe()
    assert caught.value.hint == "app_scope_too_narrow"


@pytest.mark.parametrize(
    "change", [{"base_url": "qyapi"}, {"time_out": 11}, {"time_out": 0}, {"more": 1}, {"corp_id": ""}]
)
def test_a_configuration_that_cannot_work_is_refused(change):
    with pytest.raises(ValidationError):
        WeComConfig.model_validate(CONFIG.model_dump() | change)


def test_secrets_do_not_show():
    assert "contact" not in repr(CONFIG.contact_secret)
    assert "'app'" not in repr(CONFIG)

"""Tags by name: found, made, and looked for again when a number is of the past."""

import pytest
from wecom_script import Script

from services.platforms.errors import NeedsPersonError, NotThereError
from services.provisioner.connectors.base import ALREADY_SO, DONE
from services.provisioner.connectors.wecom_tags import REMEMBERED, Tags, refusal

NONE = {"taglist": []}
SALES = {"taglist": [{"tagid": 7, "tagname": "sales"}]}
OTHER = {"taglist": [{"tagid": 9, "tagname": "sales"}]}
UNKNOWN_TAG = {"errcode": 40068, "errmsg": "invalid tagid"}


def tags_of(script, now=lambda: 0.0):
    return Tags(script.client(), "客户联系", now)


async def test_a_known_tag_is_looked_up_once():
    script = Script(tag__list=SALES)
    tags = tags_of(script)
    assert await tags.grant("tag:sales", ["Mei", "Wei"]) == {"Mei": DONE, "Wei": DONE}
    await tags.grant("tag:sales", ["Li"])
    assert script.apis == ["tag/list", "tag/addtagusers", "tag/addtagusers"]
    assert script.asked[1] == ("contact", "POST", "tag/addtagusers", {"tagid": 7, "userlist": ["Mei", "Wei"]})


async def test_a_renamed_tag_is_noticed_in_time():
    script = Script(tag__list=[SALES, OTHER])
    now = [0.0]
    tags = tags_of(script, lambda: now[0])
    await tags.grant("tag:sales", ["Mei"])
    now[0] = REMEMBERED
    await tags.grant("tag:sales", ["Mei"])
    assert [body["tagid"] for _, _, api, body in script.asked if api == "tag/addtagusers"] == [7, 9]


async def test_a_missing_tag_is_made_with_the_contact_secret():
    script = Script(tag__list=NONE, tag__create={"tagid": 12})
    await tags_of(script).grant("tag:sales", ["Mei"])
    assert script.asked[1:] == [
        ("contact", "POST", "tag/create", {"tagname": "sales"}),
        ("contact", "POST", "tag/addtagusers", {"tagid": 12, "userlist": ["Mei"]}),
    ]


async def test_customer_contact_is_the_tag_that_was_configured():
    script = Script(tag__list=NONE, tag__create={"tagid": 12})
    await tags_of(script).grant("customer-contact", ["Mei"])
    assert script.asked[1][3] == {"tagname": "客户联系"}


async def test_who_made_it_first_wins():
    script = Script(tag__list=[NONE, SALES], tag__create={"errcode": 40071, "errmsg": "existed"})
    await tags_of(script).grant("tag:sales", ["Mei"])
    assert script.asked[-1][3]["tagid"] == 7


async def test_a_name_that_is_taken_and_cannot_be_seen_needs_a_person():
    script = Script(tag__list=NONE, tag__create={"errcode": 40071, "errmsg": "existed"})
    with pytest.raises(NeedsPersonError):
        await tags_of(script).grant("tag:sales", ["Mei"])


async def test_a_tag_made_anew_meanwhile_is_found():
    script = Script(tag__list=[SALES, OTHER], tag__addtagusers=[UNKNOWN_TAG, {}])
    await tags_of(script).grant("tag:sales", ["Mei"])
    assert [body["tagid"] for _, _, api, body in script.asked if api == "tag/addtagusers"] == [7, 9]


async def test_a_tag_that_stays_unknown_is_an_error():
    script = Script(tag__list=SALES, tag__addtagusers=UNKNOWN_TAG)
    with pytest.raises(NotThereError):
        await tags_of(script).grant("tag:sales", ["Mei"])
    assert script.apis.count("tag/addtagusers") == 2


@pytest.mark.parametrize(
    "answer", [{"invalidlist": "nobody"}, {"errcode": 40070, "errmsg": "all list invalid "}], ids=["some", "all"]
)
async def test_success_that_left_somebody_out_is_an_error(answer):
    script = Script(tag__list=SALES, tag__addtagusers=answer)
    with pytest.raises(NotThereError) as caught:
        await tags_of(script).grant("tag:sales", ["Mei", "nobody"])
    assert caught.value.what == "account"


async def test_taking_tells_who_was_not_there_whatever_the_case():
    script = Script(tag__list=SALES, tag__deltagusers={"invalidlist": "wei|li"})
    outcomes = await tags_of(script).revoke("tag:sales", ["Mei", "Wei", "Li"])
    assert outcomes == {"Mei": DONE, "Wei": ALREADY_SO, "Li": ALREADY_SO}


@pytest.mark.parametrize(
    "script",
    [
        Script(tag__list=NONE),
        Script(tag__list=[SALES, NONE], tag__deltagusers=UNKNOWN_TAG),
        Script(tag__list=SALES, tag__deltagusers={"errcode": 40031, "errmsg": "all list invalid"}),
    ],
    ids=["no tag", "tag gone", "all gone"],
)
async def test_taking_what_is_gone_is_already_so(script):
    assert await tags_of(script).revoke("tag:sales", ["Mei"]) == {"Mei": ALREADY_SO}
    assert "tag/create" not in script.apis


async def test_members_are_the_people_named_one_by_one():
    script = Script(tag__list=SALES, tag__get={"userlist": [{"userid": "Mei", "name": "x"}], "partylist": [3]})
    assert await tags_of(script).members("tag:sales") == {"Mei"}
    assert await tags_of(Script(tag__list=NONE)).members("tag:sales") == frozenset()


async def test_a_tag_of_somebody_else_needs_a_person():
    script = Script(tag__list=SALES, tag__addtagusers={"errcode": 81011, "errmsg": "no priviledge"})
    with pytest.raises(NeedsPersonError) as caught:
        await tags_of(script).grant("tag:sales", ["Mei"])
    assert caught.value.hint == "not_ours"


@pytest.mark.parametrize("entitlement", ["tag:sales", "customer-contact", "tag:" + "长" * 32])
def test_what_wecom_gives(entitlement):
    assert refusal(entitlement) is None


@pytest.mark.parametrize("entitlement", ["tag:", "sales", "role:sales", "tag:" + "长" * 33, "", "customer_contact"])
def test_what_wecom_does_not_give(entitlement):
    assert "tag:NAME" in refusal(entitlement)

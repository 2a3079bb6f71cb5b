"""A step whose answer never came: the next pass looks, and does what was not done; nobody else gets the blame."""

from datetime import timedelta

import pytest
from company import POLICY, Company

from services.platforms.errors import OutcomeUnknownError, TryLaterError
from services.provisioner.act.adopt import can_be_ours
from services.provisioner.model import Account, AccountState, Step


def unknown(verb):
    return OutcomeUnknownError("time_out", verb)


@pytest.fixture
async def company():
    company = Company()
    await company.hire("e1")
    await company.settle()
    return company


async def later(company):
    await company.settle()
    await company.settle(until=company.clock.business + timedelta(minutes=5))


@pytest.mark.parametrize("done", [False, True], ids=["not carried out", "carried out"])
@pytest.mark.parametrize("verb", ["suspend", "resume", "revoke", "grant"])
async def test_a_step_in_doubt_is_looked_at_and_ends_as_the_facts_say(company, verb, done):
    await company.say("left", "e2", worker_id="W1", effective_at="2026-02-10")
    if verb == "resume":
        await company.settle()
    company.crm.fail(verb, unknown(verb), after_commit=done)
    await later(company)
    await company.hire("e3", effective_at="2026-02-20")
    await later(company)
    _, grants = company.account("wangw")
    assert (company.account("wangw")[0] in ("active", "invited"), grants) == (True, ["tag:sales"])
    assert (await company.rows())["crm"][0] == "settled"
    moved = {"job_function": "administration"}
    company.crm.fail("revoke", unknown("revoke"), after_commit=done)
    await company.say("transferred", "e4", worker_id="W1", effective_at="2026-02-25", assignment=moved)
    await later(company)
    assert company.account("wangw")[1] == ["tag:office"]


async def test_a_return_finds_what_a_leave_had_done_before_it_was_stopped(company):
    company.crm.fail("revoke", TryLaterError("-1", "revoke"))
    await company.say("left", "e2", worker_id="W1", effective_at="2026-02-10")
    await company.settle()
    assert company.account("wangw") == ("suspended", ["tag:sales"])
    await company.hire("e3", effective_at="2026-02-20")
    await later(company)
    assert company.account("wangw")[0] in ("active", "invited")


async def test_what_was_done_is_not_settled_before_it_was_read_back(company):
    company.crm.fail("read", TryLaterError("-1", "read"))
    await company.say(
        "transferred", "e2", worker_id="W1", effective_at="2026-02-10", assignment={"title": "another title"}
    )
    await company.settle()
    before = company.crm.calls["read"]
    assert (await company.rows())["crm"][0] == "retry"
    await later(company)
    assert (await company.rows())["crm"][0] == "settled"
    assert company.crm.calls["read"] > before


async def test_an_id_that_somebody_took_while_a_killed_process_was_making_it_is_left_to_them():
    company = Company(policy_text=POLICY.replace("native_id, ", ""))
    await company.hire("e1")
    process = await company.store.join("killed", timedelta(hours=1))
    [claim] = await company.store.claim(process, "crm", 1, 1)
    sent = {"name": "王伟", "mobile": "+8613800000001"}
    await company.store.intend(claim, process, [Step("create", "crm", "wangw", attributes=sent)])
    await company.store.leave(process)
    company.crm.put(Account("wangw", AccountState.ACTIVE, {"name": "王微", "mobile": "+8613900000009"}, ("1",)))
    await later(company)
    assert company.account("wangw2") is not None
    assert company.account("wangw") == ("active", []), "somebody else's"


@pytest.mark.parametrize(
    ("shown", "ours"),
    [
        ({"name": "Mei", "mobile": "1"}, True),
        ({"name": "Mei", "mobile": "2"}, False),
        ({"name": "May", "mobile": "1"}, True),
        ({"name": "MEI"}, True),
        ({"name": "Wei"}, False),
        ({}, True),
    ],
    ids=["as sent", "a namesake", "renamed since", "marks not shown", "another name", "nothing shown"],
)
def test_what_stands_under_our_id_is_ours_unless_what_it_shows_says_no(shown, ours):
    found = Account("mei", AccountState.ACTIVE, shown)
    assert can_be_ours(found, {"name": "Mei", "mobile": "1"}, ["mobile_and_name"]) is ours
    assert can_be_ours(found, {"name": "Mei", "mobile": "1"}, ["native_id"])

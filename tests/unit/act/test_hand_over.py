"""What a leaver owned: who takes it over, when, and what keeps the account from being deleted before."""

from dataclasses import replace
from datetime import timedelta

import pytest
from company import POLICY, START, Company

from services.platforms.errors import NeedsPersonError, OutcomeUnknownError
from services.provisioner.model import Account, AccountState
from services.provisioner.store.port import Seen

DAY = timedelta(days=1)
HEIRS = "leavers: {hand_over: {to: [%s], what: [customers]}, delete_after: 12h}\n"
MEI, LEAVES = "urn:hr:acme/W1", "2026-03-01T12:00:00+00:00"


async def company(heirs="successor, manager", wiki="observe", **hire):
    """Wei (W1) works for Li (W2); Zhao (W3) is a colleague. Wei has two customers."""
    at_work = Company(policy_text=POLICY, more=HEIRS % heirs, wiki=wiki)
    await at_work.hire("e1", **hire)
    await at_work.say("transferred", "e1m", worker_id="W1", assignment={"manager_id": "W2"})
    await at_work.hire("e2", "W2", family="李", given="丽", mobile="+8613800000002")
    await at_work.hire("e3", "W3", family="赵", given="云", mobile="+8613800000003")
    await at_work.settle()
    at_work.crm.owned |= {("customers", "c1"): "wangw", ("customers", "c2"): "wangw", ("customers", "c3"): "zhaoy"}
    return at_work


async def leave(at_work, **more):
    await at_work.say("left", "e9", worker_id="W1", effective_at="2026-03-01", **more)
    await at_work.settle()


async def settled(at_work, event="e9"):
    return next(s for s in await at_work.told("tenure.event.settled.v1") if s["event"]["id"] == event)


def steps(told):
    return [(one["verb"], one["to"], one["result"]) for one in told if one["verb"] in ("hand_over", "delete")]


async def test_the_manager_takes_over_and_the_leave_is_confirmed_before():
    at_work = await company()
    await leave(at_work)
    assert at_work.crm.handing == {("customers", "c1"): "lil", ("customers", "c2"): "lil"}
    confirmed = await settled(at_work)
    later = [(one["verb"], one["target"]) for one in confirmed["due_later"]]
    assert (confirmed["state"], later) == ("confirmed", [("delete", "crm"), ("hand_over", "crm")])


async def test_what_is_handed_over_stands_in_the_confirmation_whichever_target_ends_last():
    at_work = await company(wiki="enforce")
    await at_work.say("left", "e9", worker_id="W1", effective_at="2026-03-01")
    process = await at_work.store.join("test", DAY)
    (first,) = await at_work.store.claim(process, "crm", 0, 9)
    (last,) = await at_work.store.claim(process, "wiki", 0, 9)
    ends_last = await at_work.opened(last, process)  # before the other target hands anything over
    await (await at_work.opened(first, process)).run()
    await ends_last.run()
    assert ("crm", "hand_over") in {(one["target"], one["verb"]) for one in (await settled(at_work))["due_later"]}


async def test_a_successor_comes_before_the_manager():
    at_work = await company()
    await leave(at_work, successor_id="W3")
    assert set(at_work.crm.handing.values()) == {"zhaoy"}


async def test_somebody_named_in_the_policy_takes_over_where_nobody_else_can():
    at_work = await company('successor, "urn:hr:acme/W3"')
    await leave(at_work)
    assert set(at_work.crm.handing.values()) == {"zhaoy"}


async def test_who_has_no_open_account_takes_nothing_over():
    at_work = await company('manager, "urn:hr:acme/W3"')
    await at_work.say("left", "e8", worker_id="W2", effective_at="2026-02-20")
    await at_work.settle()
    await leave(at_work)
    assert set(at_work.crm.handing.values()) == {"zhaoy"}


async def test_the_account_is_deleted_only_after_everything_is_handed_over():
    at_work = await company()
    await leave(at_work)
    await at_work.settle(until=START + DAY / 2)
    assert at_work.account("wangw") == ("suspended", [])
    await at_work.settle(until=START + DAY)
    assert at_work.account("wangw") == ("suspended", []), "the platform still works on it"
    assert steps(await at_work.told("tenure.step.taken.v1"))[-1] == ("hand_over", "lil", "done")
    at_work.crm.hand_over()
    await at_work.settle(until=START + 3 * DAY)
    assert at_work.account("wangw") is None
    assert at_work.crm.owned[("customers", "c1")] == "lil"
    assert [c["event"]["id"] for c in await at_work.told("tenure.lifecycle.completed.v1")] == ["e9"]


async def test_who_owned_nothing_is_done_at_once_whoever_is_there_to_take_over():
    at_work = await company("successor")
    at_work.crm.owned.clear()
    await leave(at_work)
    assert "hand_over" not in [one["verb"] for one in (await settled(at_work))["due_later"]]
    await at_work.settle(until=START + DAY)
    assert at_work.account("wangw") is None


async def test_nobody_to_take_over_waits_for_a_person_and_access_is_closed_all_the_same():
    at_work = await company("successor")
    await leave(at_work)
    assert (await at_work.rows(MEI))["crm"] == ("inbox", "nobody_to_take_over:nobody")
    assert at_work.account("wangw") == ("suspended", [])
    await at_work.settle(until=START + 9 * DAY)
    assert at_work.account("wangw") == ("suspended", []), "what it owns would be lost"


@pytest.mark.parametrize("after_commit", [False, True])
async def test_a_hand_over_without_an_answer_is_looked_at_and_begun_once(after_commit):
    at_work = await company()
    at_work.crm.fail("hand_over", OutcomeUnknownError("no_answer", "memory"), after_commit=after_commit)
    await leave(at_work)
    await at_work.settle(until=START + timedelta(minutes=1))
    assert set(at_work.crm.handing.values()) == {"lil"}
    assert (await settled(at_work))["state"] == "confirmed"


async def test_a_refused_hand_over_is_in_the_inbox_and_tried_again_when_asked():
    at_work = await company()
    at_work.crm.fail("hand_over", NeedsPersonError("40128", "memory", "hand_over_refused"))
    await leave(at_work)
    assert (await at_work.rows(MEI))["crm"] == ("inbox", "hand_over_refused:40128")
    assert at_work.account("wangw") == ("suspended", [])


async def test_who_comes_back_and_leaves_again_hands_over_again():
    at_work = await company()
    await leave(at_work)
    at_work.crm.hand_over()
    at_work.clock.machine = at_work.clock.business = START + timedelta(hours=6)
    await at_work.hire("e10", effective_at="2026-03-01T06:00:00", time="2026-03-01T06:00:00+08:00")
    await at_work.settle()
    assert at_work.account("wangw")[0] == "active"
    at_work.crm.owned[("customers", "c9")] = "wangw"
    await at_work.say("left", "e11", worker_id="W1", effective_at="2026-03-01T08:00:00", successor_id="W3")
    await at_work.settle()
    assert at_work.crm.handing == {("customers", "c9"): "zhaoy"}


async def test_what_an_account_owned_that_somebody_else_deleted_is_handed_over_all_the_same():
    at_work = await company()
    at_work.crm.drop("wangw")
    await at_work.say("left", "e9", worker_id="W1", effective_at="2026-03-02")
    account = (await at_work.store.accounts_of(MEI))["crm"]
    gone = replace(account, observed=Account("wangw", AccountState.REMOVED))
    async with at_work.store.intake() as tx:
        await tx.see("crm", [Seen(MEI, account.checked_at, gone)])
    await at_work.settle(until=START + 2 * DAY)
    assert set(at_work.crm.handing.values()) == {"lil"}


async def test_what_no_platform_can_is_named_with_every_leave():
    at_work = Company(more="leavers: {end_sessions: true}\n")
    await at_work.hire("e1")
    await at_work.settle()
    await leave(at_work)
    assert [t["residue"] for t in (await settled(at_work))["targets"] if t["target"] == "crm"] == [
        ["sessions_not_ended"]
    ]

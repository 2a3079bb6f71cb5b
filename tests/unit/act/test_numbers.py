"""A mobile that a newcomer needs and the closed account of somebody who left still holds."""

from dataclasses import replace
from datetime import timedelta

import pytest
from company import POLICY, START, Company

from contracts.decisions import Retained
from services.platforms import gate
from services.provisioner.connectors.memory import FIELDS
from services.provisioner.store.port import Mark

WEI, LI = "urn:hr:acme/W1", "urn:hr:acme/W2"
DAY, MOBILE = timedelta(days=1), "+8613800000001"
DELETES = "leavers: {delete_after: 30d}\n"
HANDS_OVER = "leavers: {delete_after: 30d, hand_over: {to: ['urn:hr:acme/W3'], what: [customers]}}\n"


async def company(more="", *, clearable=False, left=True):
    """Wei has left, or is only away; nobody can clear a mobile, as on WeCom, or everybody can."""
    at_work = Company(policy_text=POLICY, more=more)
    fields = {**FIELDS, "mobile": replace(FIELDS["mobile"], clearable=clearable)}
    at_work.targets["crm"].connector.fields = fields
    await at_work.hire("e1")
    await at_work.settle()
    if left:
        await at_work.say("left", "e2", worker_id="W1", effective_at="2026-02-20")
    else:
        await at_work.say("absence_started", "e2", worker_id="W1", effective_at="2026-02-20", kind="suspension")
    await at_work.settle()
    return at_work


class DiedError(Exception):
    """As a kill between two transactions."""


class Dying:
    """The store of a process that dies before it ends a pass."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def finish(self, *_):
        raise DiedError


async def comes(at_work):
    """Li is hired with Wei's old number."""
    await at_work.hire("e9", "W2", family="李", given="丽", mobile=MOBILE, effective_at="2026-02-25")
    await at_work.settle()


async def test_an_account_that_may_lose_the_number_stays_without_it():
    at_work = await company(clearable=True)
    await comes(at_work)
    assert at_work.account("wangw")[0] == "suspended"
    assert at_work.crm.accounts["wangw"].attributes["mobile"] is None
    assert at_work.crm.accounts["lil"].attributes["mobile"] == MOBILE
    assert (await at_work.events(LI))["e9"] == ("confirmed", None)


async def test_else_its_deletion_is_brought_forward():
    at_work = await company(DELETES)
    assert at_work.account("wangw") == ("suspended", [])
    await comes(at_work)
    assert at_work.account("wangw") is None
    assert at_work.crm.accounts["lil"].attributes["mobile"] == MOBILE
    assert (await at_work.rows(WEI))["crm"] == (await at_work.rows(LI))["crm"] == ("settled", None)


@pytest.mark.parametrize(
    ("more", "options"),
    [("", {}), (DELETES, {"left": False}), ("", {"left": False, "clearable": True})],
    ids=["policy deletes nobody", "who is away comes back", "and needs the number"],
)
async def test_where_it_may_not_a_person_decides(more, options):
    at_work = await company(more, **options)
    await comes(at_work)
    assert (await at_work.rows(LI))["crm"] == ("inbox", "mobile_taken:wangw")
    assert at_work.crm.accounts["wangw"].attributes["mobile"] == MOBILE


async def test_a_process_that_dies_as_the_number_is_let_go_leaves_the_newcomer_due():
    at_work = await company(clearable=True)
    process = await at_work.store.join("dies", DAY)
    await at_work.hire("e9", "W2", family="李", given="丽", mobile=MOBILE, effective_at="2026-02-25")

    async def taken(who):
        [claim] = await at_work.store.claim(process, "crm", gate.EVERYDAY, 9)
        assert claim.person_id == who
        return await at_work.opened(claim, process)

    await (await taken(LI)).run()
    assert (await at_work.rows(LI))["crm"] == ("waiting", "being_freed:mobile_taken:wangw")
    late = await taken(WEI)
    late.store = Dying(at_work.store)
    with pytest.raises(DiedError):
        await late.run()
    assert at_work.crm.accounts["wangw"].attributes["mobile"] is None
    await taken(LI)  # an hour before the next look by itself


async def test_a_legal_hold_keeps_the_account():
    at_work = await company(DELETES)
    async with at_work.store.intake() as tx:
        await tx.mark([Mark(WEI, gate.EVERYDAY, START)], ["crm"])
        await tx.decide(Retained(decision_id="d1", person_id=WEI, by="operator:li", effective_at=START,
                                 recorded_at=START, until=START + 90 * DAY))  # fmt: skip
    await at_work.settle()
    await comes(at_work)
    assert (await at_work.rows(LI))["crm"] == ("inbox", "mobile_taken:wangw")
    assert at_work.account("wangw") == ("suspended", [])


async def test_what_the_account_owned_is_handed_over_first_and_the_newcomer_waits():
    at_work = await company(HANDS_OVER, left=False)
    at_work.crm.owned["customers", "c1"] = "wangw"
    await at_work.hire("e3", "W3", family="赵", given="云", mobile="+8613800000003")
    await at_work.say("left", "e4", worker_id="W1", effective_at="2026-02-21")
    await at_work.settle()
    creates = at_work.crm.calls["create"]
    await comes(at_work)
    assert (await at_work.rows(LI))["crm"] == ("waiting", "being_freed:mobile_taken:wangw")
    assert at_work.crm.calls["create"] == creates + 1, "asked once, then waits"
    at_work.crm.hand_over()
    await at_work.settle(until=START + DAY)
    assert at_work.account("wangw") is None
    assert at_work.crm.accounts["lil"].attributes["mobile"] == MOBILE


async def test_who_comes_back_before_it_is_let_go_keeps_the_number():
    at_work = await company(HANDS_OVER, left=False)
    at_work.crm.owned["customers", "c1"] = "wangw"
    await at_work.hire("e3", "W3", family="赵", given="云", mobile="+8613800000003")
    await at_work.say("left", "e4", worker_id="W1", effective_at="2026-02-21")
    await at_work.settle()
    await comes(at_work)
    await at_work.hire("e5", effective_at="2026-02-28", time="2026-02-28T09:00:00+08:00")
    await at_work.settle(until=START + 2 * DAY)
    assert at_work.account("wangw")[0] == "active"
    assert (await at_work.rows(LI))["crm"] == ("inbox", "mobile_taken:wangw")

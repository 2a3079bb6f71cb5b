"""An event whose effect comes back is open in the books again, and told for what then really happened (P8)."""

from datetime import UTC, datetime

import pytest
from company import Company

GONE, LATER = "2026-03-20", datetime(2026, 3, 25, tzinfo=UTC)
DELETES = "leavers: {delete_after: 30d}\n"


@pytest.fixture
async def company():
    company = Company()
    await company.hire("e1")
    await company.settle()
    return company


async def left(company, eid="e2", at=GONE, **more):
    await company.say("left", eid, worker_id="W1", effective_at=at, reason="resigned", **more)


async def taken_back(company, eid, event_id, **more):
    await company.say("withdrawn", eid, event_id=event_id, **more)
    await company.settle()


async def told(company, eid):
    settled = await company.told("tenure.event.settled.v1")
    return [one["state"] for one in settled if one["event"]["id"] == eid]


async def ids(company):
    rows = [dict(message.headers) for _, message in await company.store.outbox(10_000)]
    return [row["ce_id"].decode() for row in rows if row["ce_type"].decode() == "tenure.event.settled.v1"]


async def test_a_leave_that_stands_after_all_waits_for_its_day_and_is_confirmed_then(company):
    await left(company)
    await taken_back(company, "e3", "e2")
    assert (await company.events())["e2"] == ("superseded", "withdrawn_by:e3")
    await taken_back(company, "e4", "e3")
    assert (await company.events())["e2"] == ("waiting", "until:2026-03-19T16:00:00+00:00")
    assert (await company.events())["e3"] == ("confirmed", None)
    await company.settle(until=LATER)
    assert await company.books() == {"confirmed": 4}
    assert company.account("wangw")[0] == "suspended"
    assert await told(company, "e2") == ["superseded", "confirmed"]
    assert len(set(await ids(company))) == len(await ids(company))
    [done] = [one for one in await company.told("tenure.event.settled.v1") if one["event"]["id"] == "e2"][1:]
    assert (done["change"], done["targets"][0]["done"][0]["verb"]) == ("leaver", "suspend")


async def test_taken_back_reinstated_and_taken_back_again_it_is_superseded_and_that_is_told_once(company):
    await left(company)
    for eid, about in (("e3", "e2"), ("e4", "e3"), ("e5", "e4")):
        await taken_back(company, eid, about)
    await company.settle(until=LATER)
    assert (await company.events())["e2"] == ("superseded", "withdrawn_by:e3")
    assert company.account("wangw")[0] == "invited"
    assert len({one for one in await ids(company) if "/e2/" in one}) == 1


async def test_the_later_of_two_leaves_counts_once_the_first_is_taken_back(company):
    await left(company, "e2", "2026-03-10")
    await left(company, "e3", GONE)
    await company.settle()
    assert (await company.events())["e3"] == ("superseded", "already_left")
    await taken_back(company, "e4", "e2")
    await company.settle(until=LATER)
    assert await company.books() == {"confirmed": 3, "superseded": 1}
    assert await told(company, "e3") == ["superseded", "confirmed"]


async def test_a_withdrawal_that_names_another_event_since_gives_the_first_its_effect_back(company):
    await left(company, "e2", "2026-03-10")
    await left(company, "e3", GONE)
    await taken_back(company, "e4", "e2")
    await taken_back(company, "e4", "e3", revision=2)
    await company.settle(until=LATER)
    states = {name: state for name, (state, _) in (await company.events()).items() if name != "e4"}
    assert states == {"e1": "confirmed", "e2": "confirmed", "e3": "superseded"}
    assert await company.books() == {"confirmed": 4, "superseded": 1}


async def test_the_second_of_two_withdrawals_counts_once_the_first_is_taken_back(company):
    await left(company)
    await taken_back(company, "e3", "e2")
    await taken_back(company, "e4", "e2", time="2026-02-02T09:00:00+08:00")
    assert (await company.events())["e4"] == ("duplicate", "already_withdrawn")
    await taken_back(company, "e5", "e3")
    await company.settle(until=LATER)
    assert (await company.events())["e4"] == ("confirmed", None)
    assert (await company.events())["e2"][0] == "superseded"
    assert company.account("wangw")[0] == "invited"


async def test_of_two_withdrawals_the_one_told_again_with_an_earlier_time_counts(company):
    await left(company)
    await taken_back(company, "e3", "e2")
    await taken_back(company, "e4", "e2", time="2026-02-02T09:00:00+08:00")
    await taken_back(company, "e4", "e2", time="2026-01-02T09:00:00+08:00")
    assert (await told(company, "e4"))[-1:] == ["confirmed"]


async def test_a_message_that_was_dismissed_stays_so_when_the_one_that_stands_does_again(company):
    await left(company)
    await left(company, at="2026-03-21")
    await company.settle()
    [conflict] = [e for e in await company.store.events_of("urn:hr:acme/W1") if e.reason == "conflict"]
    assert await company.store.close_conflict(conflict.event_no, "dismissed by operator:li: typing error")
    await taken_back(company, "e3", "e2")
    await taken_back(company, "e4", "e3")
    await company.settle(until=LATER)
    assert await company.books() == {"confirmed": 4, "superseded": 1}


async def test_it_is_not_confirmed_before_every_target_has_seen_it_stand_again():
    company = Company(wiki="enforce")
    await company.hire("e1")
    await left(company)
    await taken_back(company, "e3", "e2")
    await company.settle(until=LATER)
    process = await company.store.join("one", LATER - datetime(2026, 1, 1, tzinfo=UTC))
    await company.say("withdrawn", "e4", event_id="e3")
    for name, expected in (("crm", "in_progress"), ("wiki", "confirmed")):
        [claim] = [c for lane in (0, 1, 2) for c in await company.store.claim(process, name, lane, 1)]
        await (await company.opened(claim, process)).run()
        assert ((await company.events())["e2"][0], (await company.books())[expected] > 0) == (expected, True)


async def test_a_pass_that_newer_facts_overtook_opens_nothing():
    company = Company()
    await company.hire("e1")
    await left(company)
    await company.settle()
    process = await company.store.join("one", LATER - datetime(2026, 1, 1, tzinfo=UTC))
    await company.say("updated", "e5", worker_id="W1", person={"display_name": "王小伟"})
    [claim] = await company.store.claim(process, "crm", 1, 1)
    late = await company.opened(claim, process)
    await taken_back(company, "e3", "e2")  # on the other target, which settles nothing yet
    before = await company.events()
    await late.run()
    assert (await company.events())["e2"] == before["e2"]
    await company.settle()
    assert (await company.events())["e2"] == ("superseded", "withdrawn_by:e3")


async def test_a_leave_that_was_confirmed_stays_so_and_who_reinstates_it_says_what_follows():
    company = Company(more=DELETES)
    await company.hire("e1")
    await left(company, at="2026-02-20")
    await company.settle()
    assert (await company.events())["e2"][0] == "confirmed"
    await taken_back(company, "e3", "e2")
    assert company.account("wangw")[0] in ("active", "invited")
    await taken_back(company, "e4", "e3")
    assert company.account("wangw")[0] == "suspended"
    [settled] = [one for one in await company.told("tenure.event.settled.v1") if one["event"]["id"] == "e4"]
    assert [due["verb"] for due in settled["due_later"]] == ["delete"]
    assert await told(company, "e2") == ["confirmed"]


async def test_a_department_that_is_reinstated_is_confirmed(company):
    await company.say("department.changed", "d1", department_id="D9", name="Research", effective_at=GONE)
    await company.say("withdrawn", "d2", event_id="d1")
    await company.settle()
    assert (await company.events("#departments"))["d1"] == ("superseded", "withdrawn_by:d2")
    await taken_back(company, "d3", "d2")
    await company.settle(until=LATER)
    assert await company.books() == {"confirmed": 4}
    assert [d.name for d in company.crm.tree.values() if d.name == "Research"] == ["Research"]

"""The queue of both stores: no wake-up lost, nothing done by two, leavers first."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from store_fixtures import (  # noqa: F401 - fixtures
    DINGTALK,
    LEASE,
    MEI_ID,
    NOW,
    WECOM,
    WEI_ID,
    Settles,
    claim_one,
    database,
    eventually,
    hired,
    server,
    settle_nothing,
    store,
    subject,
    take_in,
    taken,
    template,
    wake,
)

from services.provisioner.model import Account, AccountState, Step
from services.provisioner.store.port import End, EventChange, Message, Settlement, StoredAccount

pytestmark = pytest.mark.usefixtures("subject")
SETTLED = End(verdict="settled", reached_at=NOW)
TOMORROW = NOW + timedelta(days=1)
ENDED = timedelta(0)


@pytest.fixture
async def process(store):
    return await store.join("one", LEASE)


async def test_a_mark_during_a_pass_is_not_lost(store, process):
    await wake(store, MEI_ID)
    claim = await claim_one(store, process)
    assert not await store.newer(claim)
    await wake(store, MEI_ID)
    assert await store.newer(claim)
    assert await store.finish(claim, process, SETTLED, settle_nothing) == "again"
    again = await claim_one(store, process)
    assert (again.generation, again.fence) == (claim.generation + 1, claim.fence + 1)
    assert await store.finish(again, process, SETTLED, settle_nothing) == "done"
    assert not await store.claim(process, WECOM, 1, 10)


async def test_nobody_is_claimed_twice_at_once(subject):
    one, other = await subject.store.join("one", LEASE), await subject.other.join("other", LEASE)
    for number in range(40):
        await wake(subject.store, f"p{number:02}")
    lots = await asyncio.gather(
        *(store.claim(process, WECOM, 1, 4) for store, process in ((subject.store, one), (subject.other, other)) * 6)
    )
    persons = [claim.person_id for lot in lots for claim in lot]
    assert len(persons) == len(set(persons)) == 40
    assert {person for person, _ in await subject.store.held(one) | await subject.other.held(other)} == set(persons)


async def test_a_dead_process_loses_its_rows_and_is_fenced_off(subject):
    store, other = subject.store, subject.other
    dead, alive = await store.join("dead", LEASE), await other.join("alive", LEASE)
    await wake(store, MEI_ID, lane=0)
    old = await claim_one(store, dead, lane=0)
    plan = await store.intend(old, dead, [Step("create", WECOM, "mei")])
    await store.beat(dead, ENDED)
    assert await eventually(other.reap) == 1
    assert not await store.beat(dead, LEASE)
    new = await claim_one(other, alive, lane=0)
    assert new.fence == old.fence + 1
    assert (await other.load(new)).open_plan.plan_id == plan
    assert await store.intend(old, dead, [Step("create", WECOM, "mei")]) is None
    kept = StoredAccount(Account("mei", AccountState.ACTIVE), NOW)
    shown = Settles()
    fenced = await store.finish(old, dead, End("settled", account=kept, messages=(_message(b"x"),)), shown)
    assert fenced == "fenced"
    assert (await store.accounts_of(MEI_ID), await store.outbox(9), shown.rows) == ({}, [], {})
    assert await other.newer(new), "somebody looks again after what was seen too late"
    assert await other.finish(new, alive, SETTLED, settle_nothing) == "again"


async def test_a_process_without_lease_claims_and_intends_nothing(store):
    process = await store.join("one", LEASE)
    await wake(store, MEI_ID)
    await wake(store, WEI_ID)
    claim = await claim_one(store, process)
    await store.beat(process, ENDED)
    assert not await store.beat(process, LEASE)
    assert not await store.claim(process, WECOM, 1, 1)
    assert await store.intend(claim, process, []) is None


async def test_leaving_frees_what_was_held(subject):
    one, other = await subject.store.join("one", LEASE), await subject.other.join("other", LEASE)
    await wake(subject.store, MEI_ID)
    await claim_one(subject.store, one)
    await subject.store.leave(one)
    assert (await claim_one(subject.other, other)).person_id == MEI_ID


async def test_an_open_plan_stays_until_the_row_ends(store, process):
    await wake(store, MEI_ID)
    claim = await claim_one(store, process)
    step = Step("create", WECOM, "mei", attributes={"name": "王"}, departments=("1",), leads=frozenset({"1"}))
    plan = await store.intend(claim, process, [step])
    opened = (await store.load(claim)).open_plan
    assert opened.plan_id == plan
    assert opened.steps[0]["attributes"] == {"name": "王"}
    await store.record([(plan, taken(plan, 0))], [_message(b"told")])
    await store.finish(claim, process, SETTLED, settle_nothing)
    await wake(store, MEI_ID)
    assert (await store.load(await claim_one(store, process))).open_plan is None
    assert [message.value for _, message in await store.outbox(9)] == [b"told"]


async def test_what_waits_is_not_woken_by_a_new_fact(store, process):
    await wake(store, MEI_ID, lane=0)
    claim = await claim_one(store, process, lane=0)
    await store.finish(claim, process, End("retry", "busy", not_before=3600.0), settle_nothing)
    await wake(store, MEI_ID, lane=0)
    assert not await store.claim(process, WECOM, 0, 1)
    assert not await store.idle()


async def test_a_retry_keeps_its_lane_and_counts(store, process):
    await wake(store, MEI_ID, lane=0)
    first = await claim_one(store, process, lane=0)
    await store.finish(first, process, End("retry", "busy", not_before=0.0), settle_nothing)

    async def again():
        return await store.claim(process, WECOM, 0, 1)

    (second,) = await eventually(again)
    assert (first.attempts, second.attempts) == (1, 2)


async def test_the_earliest_due_goes_first_and_the_lanes_apart(store, process):
    await wake(store, "late", at=NOW - timedelta(hours=1))
    await wake(store, "early", at=NOW - timedelta(hours=2))
    await wake(store, "leaver", lane=0)
    assert [claim.person_id for claim in await store.claim(process, WECOM, 0, 9)] == ["leaver"]
    assert [claim.person_id for claim in await store.claim(process, WECOM, 1, 1)] == ["early"]


async def test_a_leave_next_month_does_not_lift_todays_bulk(store, process):
    await wake(store, MEI_ID, lane=2)
    await wake(store, MEI_ID, lane=0, at=TOMORROW)
    assert not await store.claim(process, WECOM, 0, 1)
    claim = await claim_one(store, process, lane=2)
    await store.finish(claim, process, End("settled", next_at=TOMORROW, next_lane=0), settle_nothing)
    assert await store.next_due(NOW) == TOMORROW
    assert not await store.claim(process, WECOM, 0, 1)
    await store.set_clock(TOMORROW, 0.0)
    assert (await claim_one(store, process, lane=0)).due_at == TOMORROW


async def test_a_leave_today_lifts_bulk(store, process):
    await wake(store, MEI_ID, lane=2, at=NOW - timedelta(days=1))
    await wake(store, MEI_ID, lane=0)
    assert (await claim_one(store, process, lane=0)).person_id == MEI_ID


async def test_a_paused_target_is_not_claimed(subject, process):
    await wake(subject.store, MEI_ID, targets=(WECOM, DINGTALK))
    await subject.pause(WECOM)
    assert not await subject.store.claim(process, WECOM, 1, 1)
    assert await subject.store.claim(process, DINGTALK, 1, 1)
    await subject.resume(WECOM)
    await subject.pause("*")
    assert not await subject.store.claim(process, WECOM, 1, 1)


async def test_the_last_target_sees_the_others(store, process):
    await take_in(store, hired("h1"))
    await wake(store, MEI_ID, targets=(WECOM, DINGTALK))
    wecom, dingtalk = await claim_one(store, process), await claim_one(store, process, DINGTALK)
    first, last = Settles(), Settles()
    await store.finish(wecom, process, SETTLED, first)
    assert (first.rows[WECOM].current, first.rows[DINGTALK].current) == (True, False)
    assert (first.rows[WECOM].verdict, first.rows[WECOM].reached_at) == ("settled", NOW)
    await store.finish(dingtalk, process, SETTLED, last)
    assert all(row.current and row.verdict == "settled" for row in last.rows.values())


async def test_targets_that_end_at_once_still_see_each_other(subject, process):
    for _ in range(10):
        await wake(subject.store, MEI_ID, targets=(WECOM, DINGTALK))
        ends = [Settles(), Settles()]
        claims = [await claim_one(subject.store, process, target) for target in (WECOM, DINGTALK)]
        stores = (subject.store, subject.other)
        await asyncio.gather(
            *(
                store.finish(claim, process, SETTLED, end)
                for store, claim, end in zip(stores, claims, ends, strict=True)
            )
        )
        assert sum(all(row.current for row in end.rows.values()) for end in ends) == 1


async def test_a_row_marked_again_is_not_current(store, process):
    await wake(store, MEI_ID)
    claim = await claim_one(store, process)
    await store.finish(claim, process, SETTLED, settle_nothing)
    assert [row.current for row in await store.rows_of(MEI_ID)] == [True]
    await wake(store, MEI_ID)
    assert [row.current for row in await store.rows_of(MEI_ID)] == [False]


async def test_the_end_settles_events_and_tells(store, process):
    await take_in(store, hired("h1"), hired("h2"))
    await wake(store, MEI_ID)
    claim = await claim_one(store, process)
    plan = await store.intend(claim, process, [])
    await store.record([(plan, taken(plan, 0)), (plan, taken(plan, 1))], [])
    events = {event.key.id: event for event in (await store.load(claim)).events}
    change = EventChange(events["h1"].event_no, "confirmed", "done")
    settles = Settles(Settlement((change,), (_message(b"settled"),)))
    await store.finish(claim, process, End("settled", messages=(_message(b"checked"),)), settles)
    assert [event.key.id for event in settles.events] == ["h1", "h2"]
    assert [step.number for step in settles.steps] == [0, 1]
    assert {e.key.id: (e.state, e.reason) for e in await store.events_of(MEI_ID)} == {
        "h1": ("confirmed", "done"),
        "h2": ("in_progress", None),
    }
    assert [message.value for _, message in await store.outbox(9)] == [b"checked", b"settled"]


async def test_a_final_state_is_final(store, process):
    await take_in(store, hired("h1"))
    (event,) = await store.events_of(MEI_ID)
    for state in ("confirmed", "inbox"):
        await wake(store, MEI_ID)
        claim = await claim_one(store, process)
        await store.finish(claim, process, SETTLED, Settles(Settlement((EventChange(event.event_no, state),))))
    assert [e.state for e in await store.events_of(MEI_ID)] == ["confirmed"]


async def test_an_end_that_raises_changes_nothing(store, process):
    await wake(store, MEI_ID)
    claim = await claim_one(store, process)

    def fails(_rows, _events, _steps):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.finish(claim, process, SETTLED, fails)
    assert await store.held(process) == {(MEI_ID, WECOM)}
    assert await store.finish(claim, process, SETTLED, settle_nothing) == "done"


async def test_passes_that_end_together_end_each_by_itself(store, process):
    """One was fenced off and the books of one break: everybody else ends, and nobody's end is another's."""
    await take_in(store, hired("h1"))
    await wake(store, MEI_ID, targets=(WECOM, DINGTALK))
    for person in ("p1", "p2", "p3"):
        await wake(store, person)
    claims = {claim.person_id: claim for claim in await store.claim(process, WECOM, 1, 10)}
    claims["p2"] = replace(claims["p2"], fence=claims["p2"].fence - 1)
    shown = {person: Settles() for person in claims}

    def fails(_rows, _events, _steps):
        raise ZeroDivisionError

    ends = [(claim, fails if who == "p3" else shown[who]) for who, claim in claims.items()]
    ends.append((await claim_one(store, process, DINGTALK), Settles()))
    how = await asyncio.gather(
        *(store.finish(claim, process, End("held", claim.person_id), settle) for claim, settle in ends),
        return_exceptions=True,
    )
    named = {(c.person_id, c.target): h for (c, _), h in zip(ends, how, strict=True)}
    assert isinstance(named.pop(("p3", WECOM)), ZeroDivisionError)
    assert named == {
        (MEI_ID, WECOM): "done", (MEI_ID, DINGTALK): "done", ("p1", WECOM): "done", ("p2", WECOM): "fenced"
    }  # fmt: skip
    assert [event.key.id for event in shown[MEI_ID].events] == ["h1"]
    assert shown["p1"].events == ()
    assert {(w.person_id, w.reason) for w in await store.waiting()} == {(MEI_ID, MEI_ID), ("p1", "p1")}
    assert await store.held(process) == {("p2", WECOM), ("p3", WECOM)}


async def test_an_account_comes_back_as_it_was(store, process):
    account = Account(
        "Mei.W", AccountState.ACTIVE, {"name": "王", "mobile": None}, ("1",), frozenset({"tag:a"}), frozenset()
    )
    stored = StoredAccount(account, NOW, {"name": "王"}, frozenset({"tag:a"}), ours=False, closed_by_us=True,
                           shown_closed_at=NOW)  # fmt: skip
    await wake(store, MEI_ID)
    claim = await claim_one(store, process)
    await store.finish(claim, process, End("settled", account=stored, department_id="D1"), settle_nothing)
    assert await store.accounts_of(MEI_ID) == {WECOM: stored}
    assert await store.linked(WECOM, "mei.w") == MEI_ID
    assert await store.linked(DINGTALK, "mei.w") is None
    assert await store.persons_in({"D1", "D2"}) == {MEI_ID}
    assert await store.persons_in({"D2"}) == frozenset()


async def test_how_it_stands_is_told(store, process):
    await wake(store, MEI_ID)
    await wake(store, WEI_ID)
    await wake(store, "later", at=TOMORROW)
    claim = await claim_one(store, process)
    await store.finish(claim, process, End("held", "many_leavers"), settle_nothing)
    (waiting,) = await store.waiting()
    assert (waiting.verdict, waiting.reason, waiting.since) == ("held", "many_leavers", NOW)
    await claim_one(store, process)
    (depth,) = await store.depth()
    assert (depth.due, depth.held) == (0, 1)
    assert (await store.books()).scheduled_steps == 1


async def test_urgent_work_wakes_who_waits(subject):
    async def bell():
        await subject.store.wait(0.0)  # hears from here on
        await subject.store.wait(60.0)

    waiting = asyncio.create_task(bell())

    async def rung():
        await wake(subject.other, MEI_ID, lane=0)
        return waiting.done()

    await eventually(rung)
    await waiting


async def test_everyday_work_wakes_nobody_before_the_time(store):
    await wake(store, MEI_ID, lane=1)
    await store.wait(0.01)


def _message(value):
    return Message("provisioning.outcomes", MEI_ID, value, (("ce_id", b"1"), ("odd", b"\xff\x00")))

"""A mass change holds itself and nothing else, until operators release it (P7); and absence is never a leave (P5)."""

from datetime import timedelta

import pytest
from company import START
from guarded import ACME, CAUSE, GUARDS, K8S, POLICY, Firm, Membership, day

from services.provisioner.operators.errors import NothingHeldError
from services.provisioner.operators.holds import Which

CLOSE = Which(cause=ACME, kind="close")


@pytest.fixture
async def firm():
    """A hundred people in sales, there for a month."""
    firm = Firm(more=GUARDS)
    await firm.take_in(firm.hires(range(100)))
    await firm.settle()
    await firm.later(days=30)
    assert await firm.books() == {"confirmed": 100}
    return firm


# ---------------------------------------------------------------- what is held


async def test_more_leaves_than_a_day_ever_has_are_held_whole_and_nothing_else_is(firm):
    await firm.take_in([*firm.leaves(range(10)), *firm.hires([200])])
    await firm.settle()
    assert firm.active() == 101
    assert {await firm.row(n) for n in range(10)} == {("held", f"guard:close:{ACME}")}
    assert await firm.books() == {"confirmed": 101, "held": 10}
    (event,) = {e for n in range(10) for e in (await firm.events_of(n)) if e[0] == "held"}
    assert event == ("held", f"crm:guard:close:{ACME}")


async def test_as_many_leaves_as_the_guard_allows_are_carried_out(firm):
    await firm.take_in(firm.leaves(range(4)))
    await firm.settle()
    assert firm.active() == 96


async def test_a_batch_is_counted_whole_before_its_first_step_though_its_moments_differ(firm):
    told = {n: firm.now - timedelta(minutes=n) for n in range(10)}
    await firm.take_in(firm.leaves([n], effective_at=at.isoformat(), recorded_at=at)[0] for n, at in told.items())
    await firm.settle()
    assert firm.active() == 100


async def test_leaves_in_small_lots_are_held_from_the_one_on_that_is_too_many(firm):
    for n in range(10):
        await firm.take_in(firm.leaves([n]))
        await firm.settle()
        await firm.later(minutes=10)
    assert firm.active() == 96
    assert (await firm.row(3), (await firm.row(4))[0]) == (("settled", None), "held")


async def test_one_command_releases_the_whole_slice(firm):
    await firm.take_in(firm.leaves(range(10)))
    await firm.settle()
    (slice_,) = await firm.holds.listed()
    assert (slice_["people"], slice_["cause"], slice_["kinds"], slice_["target"]) == (10, ACME, ["close"], "crm")
    assert f"--cause {ACME} --kind close --target crm" in slice_["next"]
    done = await firm.holds.release(CLOSE, "operator:li", "the branch was sold")
    assert done == {"people": 10, "differences": 10}
    await firm.settle()
    assert firm.active() == 90
    assert await firm.books() == {"confirmed": 110}
    assert await firm.holds.listed() == []
    words = [
        d["decision"] for d in await firm.told("tenure.decision.made.v1") if d["decision"]["kind"] == "hold_released"
    ]
    assert len(words) == 10
    assert {(d["by"], d["reason"], d["verb"]) for d in words} == {("operator:li", "the branch was sold", "close")}


async def test_one_of_a_slice_can_be_released_alone(firm):
    await firm.take_in(firm.leaves(range(10)))
    await firm.settle()
    await firm.holds.release(Which(person_id=firm.person(7)), "operator:li", "she did leave")
    await firm.settle()
    assert firm.active() == 99
    assert (await firm.row(7))[0] == "settled"


async def test_a_refused_slice_stays_until_hr_takes_it_back(firm):
    await firm.take_in(firm.leaves(range(10)))
    await firm.settle()
    await firm.holds.refuse(CLOSE, "operator:li", "the import was wrong")
    await firm.settle()
    assert firm.active() == 100
    assert {await firm.row(n) for n in range(10)} == {("held", f"refused:close:{ACME}")}
    await firm.later(hours=1)
    await firm.take_in(firm.withdrawals(range(10)))
    await firm.settle()
    assert firm.active() == 100
    assert {await firm.row(n) for n in range(100)} == {("settled", None)}
    assert await firm.books() == {"confirmed": 110, "superseded": 10}


async def test_held_leaves_that_are_taken_back_and_reinstated_are_held_again_until_they_are_released(firm):
    await firm.take_in(firm.leaves(range(10)))
    await firm.settle()
    for of, again, expected in (("left", "", "superseded"), ("withdrawn", "b", "held")):
        await firm.later(hours=1)
        await firm.take_in(firm.withdrawals(range(10), of, again))
        await firm.settle()
        states = {(await firm.events(firm.person(n)))[f"left-{n}"][0] for n in range(10)}
        assert (states, firm.active()) == ({expected}, 100)
    assert (await firm.books())["held"] == 20  # the reinstating withdrawals wait for the same word
    await firm.holds.release(CLOSE, "operator:li", "right after all")
    await firm.settle()
    assert firm.active() == 90
    assert await firm.books() == {"confirmed": 130}


async def test_leaves_that_were_taken_back_do_not_hold_a_true_one_of_the_same_day(firm):
    await firm.take_in(firm.leaves(range(10)))
    await firm.settle()
    await firm.later(hours=1)
    await firm.take_in(firm.withdrawals(range(10)))
    await firm.settle()
    await firm.later(hours=1)
    await firm.take_in(firm.leaves([50]))
    await firm.settle()
    assert firm.active() == 99


async def test_who_was_released_once_is_held_again_in_another_mass_leave(firm):
    await firm.take_in(firm.leaves(range(10)))
    await firm.settle()
    await firm.holds.release(CLOSE, "operator:li", "right")
    await firm.settle()
    await firm.later(days=10)
    await firm.take_in(firm.hires(range(10), again="b"))
    await firm.settle()
    assert firm.active() == 100
    await firm.later(days=10)
    await firm.take_in(firm.leaves(range(10), again="b"))
    await firm.settle()
    assert firm.active() == 100


async def test_nothing_is_released_that_nobody_holds(firm):
    with pytest.raises(NothingHeldError):
        await firm.holds.release(CLOSE, "operator:li", "why not")


async def test_a_mass_transfer_is_held_where_it_takes_and_flows_where_it_gives(firm):
    await firm.take_in(firm.transfers(range(30), "administration"))
    await firm.settle()
    assert {await firm.row(n) for n in range(30)} == {("held", f"guard:revoke:{ACME}")}
    assert len(firm.crm.lists["tag:sales"]) == 100
    assert len(firm.crm.lists["tag:office"]) == 30
    await firm.holds.release(Which(cause=ACME, kind="revoke"), "operator:li", "sales closes")
    await firm.settle()
    assert len(firm.crm.lists["tag:sales"]) == 70


async def test_a_source_is_held_without_the_other_source(firm):
    other = "urn:hr:branch"
    await firm.take_in(firm.hires(range(500, 700), source=other))
    await firm.settle()
    await firm.later(days=2)
    await firm.take_in([*firm.leaves(range(10)), *firm.leaves(range(500, 504), source=other)])
    await firm.settle()
    assert (await firm.row(0))[0] == "held"
    assert firm.active() == 296


# ---------------------------------------------------------------- what passes


async def test_a_stop_and_a_leave_marked_immediate_pass_while_a_mass_leave_is_held(firm):
    await firm.take_in([*firm.leaves(range(10)), *firm.leaves([20], immediate=True)])
    await firm.stop(3)
    await firm.settle()
    assert firm.active() == 98
    assert (await firm.row(20))[0] == "settled"


@pytest.mark.parametrize("more", [{}, {"batch": "b1"}], ids=["many of them", "of one import"])
async def test_immediate_leaves_in_a_batch_do_not_pass(firm, more):
    await firm.take_in(firm.leaves(range(10), immediate=True, **more))
    await firm.settle()
    assert firm.active() == 100


async def test_an_immediate_leave_of_an_import_is_held_with_it(firm):
    await firm.take_in([*firm.leaves(range(9), batch="b1"), *firm.leaves([9], immediate=True, batch="b1")])
    await firm.settle()
    assert firm.active() == 100


async def test_after_an_outage_of_three_days_each_day_is_judged_by_itself(firm):
    told = {n: firm.now - timedelta(hours=8 * n) for n in range(9)}
    await firm.take_in(firm.leaves([n], effective_at=at.isoformat(), recorded_at=at)[0] for n, at in told.items())
    await firm.settle()
    assert firm.active() == 91


async def test_a_year_of_announced_leaves_is_no_mass_change(firm):
    await firm.take_in(firm.leaves([n], effective_at=day(firm.now, 20 * n))[0] for n in range(1, 18))
    for _ in range(1, 19):
        await firm.later(days=20)
        await firm.settle()
    assert firm.active() == 83


async def test_leaves_announced_for_one_day_are_held_on_that_day_and_not_before(firm):
    await firm.take_in(firm.leaves(range(10), effective_at=day(firm.now, 90)))
    await firm.settle()
    assert await firm.books() == {"confirmed": 100, "waiting": 10}
    await firm.later(days=91)
    await firm.settle()
    assert firm.active() == 100
    assert (await firm.row(0))[0] == "held"


async def test_a_rehearsal_that_tells_two_years_in_a_minute_holds_nobody():
    firm = Firm(more=GUARDS)
    told = [e for n in range(120) for e in (firm.hires([n], effective_at=day(START, 5 * n)))]
    told += [firm.leaves([n], effective_at=day(START, 5 * n + 100))[0] for n in range(120)]
    await firm.take_in(told)
    for _ in range(720):
        await firm.later(days=1, machine=timedelta(milliseconds=80))
        await firm.settle()
    assert set(await firm.books()) == {"confirmed"}
    assert len(firm.crm.accounts) == 120
    assert firm.active() == 0


async def test_a_first_import_is_no_mass_change_whatever_lots_it_comes_in():
    firm = Firm(more=GUARDS)
    for start in range(0, 500, 100):
        await firm.take_in(firm.hires(range(start, start + 100)))
        await firm.later(seconds=20, machine=timedelta(milliseconds=200))
        await firm.settle()
    assert firm.active() == 500


async def test_undone_work_is_released_too(firm):
    """A release counts for the difference as it is carried out, also after the platform failed meanwhile."""
    await firm.take_in(firm.leaves(range(10)))
    await firm.settle()
    firm.pauses.paused["crm"] = ("tenure", "x")
    await firm.holds.release(CLOSE, "operator:li", "right")
    await firm.later(hours=30)
    firm.pauses.paused.clear()
    await firm.settle()
    assert firm.active() == 90


async def test_joiners_prepared_beforehand_are_held_once_and_not_again_on_their_first_day():
    firm = Firm(policy_text=POLICY.replace("crm: {attributes", "crm: {prepare: 3d, attributes"), more=GUARDS)
    await firm.take_in(firm.hires(range(60)))
    await firm.settle()
    await firm.later(days=2)
    await firm.take_in(firm.hires(range(100, 130), effective_at=day(firm.now, 10)))
    await firm.settle()
    await firm.later(days=8)
    await firm.settle()
    assert {await firm.row(n) for n in range(100, 130)} == {("held", f"guard:create:{ACME}")}
    await firm.holds.release(Which(cause=ACME, kind="create"), "operator:li", "the new branch")
    await firm.settle()
    assert (firm.active(), firm.state(100)) == (60, "suspended")
    await firm.later(days=3)
    await firm.settle()
    assert firm.active() == 90


async def test_joiners_taken_back_before_their_first_day_are_undone_without_a_word():
    firm = Firm(policy_text=POLICY.replace("crm: {attributes", "crm: {prepare: 3d, attributes"), more=GUARDS)
    await firm.take_in(firm.hires(range(12), effective_at=day(firm.now, 2)))
    await firm.settle()
    assert firm.state(3) == "suspended"
    await firm.later(days=1)
    await firm.take_in(firm.withdrawals(range(12), of="hired"))
    await firm.settle()
    assert await firm.holds.listed() == []
    assert firm.state(3) is None


# ---------------------------------------------------------------- two operators


async def test_destroying_for_good_takes_two_different_operators():
    firm = Firm(more=GUARDS + "leavers: {delete_after: 30d}\n")
    await firm.take_in(firm.hires(range(3)))
    await firm.settle()
    await firm.later(days=1)
    await firm.take_in(firm.leaves([1]))
    await firm.settle()
    assert firm.state(1) == "suspended"
    await firm.later(days=31)
    await firm.settle()
    assert ((await firm.row(1))[0], firm.state(1)) == ("held", "suspended")
    delete = Which(kind="delete", person_id=firm.person(1))
    for by in ("operator:li", "operator:li"):
        await firm.holds.release(delete, by, "gone for a month")
        await firm.settle()
        assert firm.state(1) == "suspended"
    (shown,) = await firm.holds.show(delete)
    assert shown["released_by"] == ["operator:li"]
    await firm.holds.release(delete, "operator:mei", "seen")
    await firm.settle()
    assert firm.state(1) in (None, "deleted")


# ---------------------------------------------------------------- P5


async def test_a_silent_source_touches_nobody(firm):
    await firm.take_in([])
    for _ in range(12):
        await firm.later(days=30)
        await firm.settle()
    assert firm.active() == 100


async def test_a_truncated_record_of_everybody_touches_nobody_who_is_missing_from_it(firm):
    await firm.take_in(firm.statements(range(40)))
    await firm.settle()
    assert firm.active() == 100
    assert await firm.holds.listed() == []


# ---------------------------------------------------------------- a policy


async def test_what_no_fact_asks_for_is_counted_as_the_policys(firm):
    before = firm.policy.version
    firm.change_policy('job_function == "sales"', 'job_function == "nobody"')
    assert firm.policy.version != before
    await firm.wake_all()
    await firm.settle()
    taken = 100 - len(firm.crm.lists["tag:sales"])
    assert 0 < taken < 20
    held = [await firm.row(n) for n in range(100)]
    assert held.count(("held", f"guard:revoke:policy:{firm.policy.version}")) == 100 - taken


# ---------------------------------------------------------------- a real history


@pytest.mark.skipif(not K8S.is_dir(), reason="needs the histories of ../shared/data")
async def test_of_672_members_of_one_day_612_are_held_the_rest_flows_and_released_the_end_is_the_true_one():
    firm, lots = Membership.told()
    first_day, rest = lots[0][1], lots[1:]
    departments = [e for e in first_day if "department" in e["type"]]
    hires = [e for e in first_day if "department" not in e["type"]]
    assert len(hires) == 672
    await firm.take_in(map(firm.record_of, [*departments, *hires[:60]]))
    await firm.settle()
    assert firm.active() == 60
    await firm.later(machine=timedelta(seconds=5))  # the clock of a rehearsal may stand
    await firm.take_in(map(firm.record_of, hires[60:]))
    await firm.settle()
    assert [(g["people"], g["kinds"]) for g in await firm.holds.listed()] == [(612, ["create"])]
    for at, lot in rest:
        await firm.until(at)
        await firm.take_in(map(firm.record_of, lot))
        await firm.settle()
    (held,) = await firm.holds.listed()
    employed = firm.true_places()
    late = {e["data"]["worker_id"] for e in hires[60:]} & employed.keys()
    assert held["people"] == len(late) > 600  # of the 612, those who have not left since
    flowed = {worker: places for worker, places in employed.items() if worker not in late}
    assert firm.placed() == flowed
    await firm.holds.release(Which(cause=CAUSE, kind="create"), "operator:li", "the first day")
    await firm.settle()
    assert await firm.holds.listed() == []
    assert firm.placed() == employed
    assert set(await firm.books()) <= {"confirmed", "superseded"}

"""The whole policy, from the record in Kafka to the account and the books: overlaps, exceptions, dates, protection."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from company import POLICY, Company

from contracts.decisions import (
    AccessAllowed,
    AccessStopped,
    ExceptionEnded,
    ExceptionGranted,
    OverlapExtended,
    Retained,
)  # fmt: skip
from services.platforms import gate
from services.provisioner.model import AccountState
from services.provisioner.store.port import Mark

MEI = "urn:hr:acme/W1"
MOVED, OFFICE = "2026-03-10", {"job_function": "administration"}
TZ = "T00:00:00+08:00"


def day(text):
    """Its first moment in Shanghai."""
    return datetime.fromisoformat(text + TZ).astimezone(UTC)


def company(more="", **changes):
    """A company whose sales people keep what they had for a week."""
    text = POLICY.replace('{crm: ["tag:sales"]}}', '{crm: ["tag:sales"]}, keep_after_move: 7d}')
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return Company(policy_text=text, more=more)


def with_rule(text):
    return company(**{"  office:": f"  {text}\n  office:"})


async def decide(at_work, kind, **more):
    """An operator's word, in one transaction with the wake-up."""
    now = at_work.clock.business
    told = {"decision_id": f"d{next(at_work.numbers)}", "person_id": MEI, "by": "operator:li", "effective_at": now,
            "recorded_at": now, **more}  # fmt: skip
    async with at_work.store.intake() as tx:
        await tx.mark([Mark(MEI, gate.EVERYDAY, now)], list(at_work.targets))
        await tx.decide(kind(**told))
    await at_work.settle()
    return told["decision_id"]


async def moved(at_work, *, on=MOVED, at=None):
    await at_work.hire("e1")
    await at_work.settle()
    await at_work.say("transferred", "e2", worker_id="W1", effective_at=on, assignment=OFFICE)
    await at_work.settle(until=at or day(on))


def owes(last, target="crm"):
    return f"due_later:{target}:{day(last).isoformat()}"


# ---------------------------------------------------------------- overlap


async def test_a_mover_keeps_the_old_access_for_the_overlap_and_loses_it_to_the_second():
    at_work = company()
    await moved(at_work)
    assert at_work.account("wangw") == ("invited", ["tag:office", "tag:sales"])
    await at_work.settle(until=day("2026-03-17") - timedelta(seconds=1))
    assert at_work.account("wangw") == ("invited", ["tag:office", "tag:sales"])
    await at_work.settle(until=day("2026-03-17"))
    assert at_work.account("wangw") == ("invited", ["tag:office"])


async def test_a_confirmation_lists_what_is_due_later_and_is_completed_when_it_is_done():
    at_work = company()
    await moved(at_work)
    assert (await at_work.events())["e2"] == ("confirmed", owes("2026-03-17"))
    settled = [s for s in await at_work.told("tenure.event.settled.v1") if s["event"]["id"] == "e2"]
    assert [(d["target"], d["verb"], d["entitlement"]) for s in settled for d in s["due_later"]] == [
        ("crm", "revoke", "tag:sales")
    ]
    assert await at_work.told("tenure.lifecycle.completed.v1") == []
    await at_work.settle(until=day("2026-03-17"))
    [completed] = await at_work.told("tenure.lifecycle.completed.v1")
    assert (completed["event"]["id"], completed["person_id"]) == ("e2", MEI)
    assert (await at_work.events())["e2"] == ("confirmed", None)
    assert await at_work.books() == {"confirmed": 2}


async def test_a_later_move_neither_lengthens_nor_shortens_an_overlap():
    at_work = company()
    await moved(at_work)
    await at_work.say("transferred", "e3", worker_id="W1", effective_at="2026-03-14", assignment={"job_function": "it"})
    await at_work.settle(until=day("2026-03-14"))
    assert at_work.account("wangw")[1] == ["tag:sales"]
    await at_work.settle(until=day("2026-03-17"))
    assert at_work.account("wangw")[1] == []


async def test_a_return_cancels_the_end_of_an_overlap_and_completes_what_was_owed():
    at_work = company()
    await moved(at_work)
    back = {"job_function": "sales"}
    await at_work.say("transferred", "e3", worker_id="W1", effective_at="2026-03-14", assignment=back)
    await at_work.settle(until=day("2026-03-14"))
    assert [c["event"]["id"] for c in await at_work.told("tenure.lifecycle.completed.v1")] == ["e2"]
    await at_work.settle(until=day("2026-04-20"))
    assert at_work.account("wangw")[1] == ["tag:sales"]


@pytest.mark.parametrize("how", ["leave", "stop"])
async def test_a_leave_and_a_stop_end_an_overlap(how):
    at_work = company()
    await moved(at_work)
    if how == "leave":
        await at_work.say("left", "e3", worker_id="W1", effective_at="2026-03-12")
        await at_work.settle(until=day("2026-03-12"))
        assert at_work.account("wangw") == ("suspended", [])
        assert [c["event"]["id"] for c in await at_work.told("tenure.lifecycle.completed.v1")] == ["e2"]
        return
    await decide(at_work, AccessStopped)
    await at_work.settle(until=day("2026-03-12"))
    await decide(at_work, AccessAllowed)
    assert at_work.account("wangw") == ("active", ["tag:office"])


@pytest.mark.parametrize(
    ("heard", "held"), [("2026-03-16", ["tag:office", "tag:sales"]), ("2026-03-17", ["tag:office"])]
)
async def test_late_news_gets_no_overlap_beyond_the_instant_it_is_about(heard, held):
    at_work = company()
    await at_work.hire("e1")
    await at_work.settle(until=day(heard))
    await at_work.say("transferred", "e2", worker_id="W1", effective_at=MOVED, assignment=OFFICE)
    await at_work.settle()
    assert at_work.account("wangw")[1] == held


async def test_everything_heard_at_once_in_the_overlap_ends_in_the_same_access():
    at_work = company()
    at_work.clock.business = at_work.clock.machine = day("2026-03-15")
    await at_work.say("transferred", "e2", worker_id="W1", effective_at=MOVED, assignment=OFFICE)
    await at_work.hire("e1")
    await at_work.settle()
    assert at_work.account("wangw")[1] == ["tag:office", "tag:sales"]


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_no_order_of_news_changes_what_somebody_has(order):
    at_work = company("exceptions: {longest: 90d, ends_on: [move]}\n")
    at_work.clock.business = at_work.clock.machine = day("2026-03-15")
    told = [
        lambda: at_work.hire("e1"),
        lambda: at_work.say("transferred", "e2", worker_id="W1", effective_at=MOVED, assignment=OFFICE),
        lambda: at_work.say("transferred", "e3", worker_id="W1", effective_at="2026-03-14",
                            assignment={"job_function": "it"}),
        lambda: decide(at_work, ExceptionGranted, target="crm", entitlement="tag:vip", until=day("2026-04-01")),
    ]  # fmt: skip
    for number in order:
        await told[number]()
        await at_work.settle()
    assert at_work.account("wangw")[1] == ["tag:sales", "tag:vip"]
    await at_work.settle(until=day("2026-03-17"))
    assert at_work.account("wangw")[1] == ["tag:vip"]
    assert await at_work.books() == {"confirmed": 3}
    assert {reason for _, reason in (await at_work.events()).values()} == {None}


async def test_who_never_had_the_job_gets_no_overlap_from_a_reorganisation_since():
    at_work = company(**{'assignment.job_function == "sales"': "'\"D-SALES\" in department.path'"})
    await at_work.say("department.changed", "d1", department_id="D1", name="一部")
    await at_work.say("department.changed", "d0", department_id="D-SALES", name="销售部")
    await at_work.hire("e1", department="D1", function=None)
    await at_work.settle()
    await at_work.say("transferred", "e2", worker_id="W1", effective_at=MOVED, assignment={"department_id": "D2"})
    await at_work.settle(until=day(MOVED))
    await at_work.say("department.changed", "d2", department_id="D1", name="一部", parent_id="D-SALES",
                      effective_at="2026-03-12")  # fmt: skip
    await at_work.settle(until=day("2026-03-12"))
    await at_work.say("updated", "e3", worker_id="W1", effective_at="2026-03-12", person={"locale": "en"})
    await at_work.settle()
    assert at_work.account("wangw")[1] == []


async def test_an_overlap_is_extended_by_a_person_up_to_policys_longest():
    at_work = company("exceptions: {longest: 20d}\n")
    await moved(at_work)
    await decide(at_work, OverlapExtended, rule="sales", until=day("2027-01-01"))
    assert (await at_work.events())["e2"] == ("confirmed", owes("2026-03-30"))
    await at_work.settle(until=day("2026-03-29"))
    assert at_work.account("wangw")[1] == ["tag:office", "tag:sales"]
    await at_work.settle(until=day("2026-03-30"))
    assert at_work.account("wangw")[1] == ["tag:office"]


async def test_an_overlap_that_ended_is_not_given_anew_by_extending_it():
    at_work = company()
    await moved(at_work, at=day("2026-03-20"))
    await decide(at_work, OverlapExtended, rule="sales", until=day("2026-04-01"))
    assert at_work.account("wangw")[1] == ["tag:office"]


# ---------------------------------------------------------------- deny, exclusive


async def test_deny_wins_and_the_step_names_its_rule():
    at_work = with_rule('trial: {when: assignment.title == "试用", deny: {crm: ["tag:sales"]}}')
    await at_work.hire("e1")
    await at_work.settle()
    await at_work.say("transferred", "e2", worker_id="W1", effective_at=MOVED, assignment={"title": "试用"})
    await at_work.settle(until=day(MOVED))
    assert at_work.account("wangw")[1] == []
    [revoked] = [s for s in await at_work.told("tenure.step.taken.v1") if s["verb"] == "revoke"]
    assert revoked["reason"]["rule"] == "birthright.trial"


@pytest.mark.parametrize(("marked", "left"), [("", ["tag:office", "tag:sales"]), ("exclusive", ["tag:sales"])])
async def test_what_somebody_else_gave_stays_unless_only_policy_gives_it(marked, left):
    at_work = company(f'entitlements: {{"crm:tag:office": {marked}}}\n' if marked else "")
    await at_work.hire("e1")
    await at_work.settle()
    at_work.crm.lists["tag:office"] = {"wangw"}
    async with at_work.store.intake() as tx:
        await tx.mark([Mark(MEI, gate.EVERYDAY, at_work.clock.business)], ["crm"])
        await tx.forget_checks(MEI)
    await at_work.settle()
    assert at_work.account("wangw")[1] == left


# ---------------------------------------------------------------- prepare


PREPARES = {"    requires: has(person.mobile)": "    prepare: 3d\n    requires: has(person.mobile)"}


async def test_an_account_is_made_before_the_first_day_and_opened_on_it():
    at_work = company(**PREPARES)
    await at_work.hire("e1", effective_at="2026-03-15")
    await at_work.settle(until=day("2026-03-12") - timedelta(seconds=1))
    assert at_work.account("wangw") is None
    await at_work.settle(until=day("2026-03-12"))
    assert at_work.account("wangw") == ("suspended", [])
    assert (await at_work.events())["e1"][0] == "waiting"
    assert at_work.crm.calls["invite"] == 0
    await at_work.settle(until=day("2026-03-15"))
    assert at_work.account("wangw") == ("active", ["tag:sales"])
    assert at_work.crm.calls["invite"] == 1
    assert await at_work.events() == {"e1": ("confirmed", None)}


async def test_a_hire_taken_back_before_its_first_day_leaves_nothing_and_frees_the_name():
    at_work = company(**PREPARES)
    await at_work.hire("e1", effective_at="2026-03-15")
    await at_work.settle(until=day("2026-03-13"))
    await at_work.say("withdrawn", "e2", event_id="e1", time="2026-03-13T09:00:00+08:00")
    await at_work.settle()
    assert at_work.account("wangw") is None
    assert (await at_work.events())["e2"] == ("confirmed", None)
    assert await at_work.store.accounts_of(MEI) == {}
    await at_work.hire("e3", "W2", mobile="+8613800000001")
    await at_work.settle()
    assert at_work.account("wangw") == ("invited", ["tag:sales"])


async def test_a_hire_taken_back_after_it_began_is_closed_as_a_leaver():
    at_work = company(**PREPARES)
    await at_work.hire("e1", effective_at="2026-03-15")
    await at_work.settle(until=day("2026-03-13"))
    await at_work.settle(until=day("2026-03-16"))
    await at_work.say("withdrawn", "e2", event_id="e1", time="2026-03-16T09:00:00+08:00")
    await at_work.settle(until=day("2026-03-17"))
    assert at_work.account("wangw") == ("suspended", [])


async def test_an_account_that_is_open_before_its_first_day_is_locked_until_then():
    at_work = company(**PREPARES)
    await at_work.hire("e1")
    await at_work.settle()
    await at_work.say("left", "e2", worker_id="W1", effective_at="2026-03-10")
    await at_work.hire("e3", effective_at="2026-03-12")
    await at_work.settle(until=day("2026-03-10"))
    assert at_work.account("wangw") == ("suspended", [])
    assert (await at_work.events())["e2"] == ("confirmed", None)
    await at_work.settle(until=day("2026-03-12"))
    assert at_work.account("wangw") == ("active", ["tag:sales"])


# ---------------------------------------------------------------- protected people, ends of employment, deletion


@pytest.mark.parametrize("named", [MEI, "urn:hr:acme/W1"])
async def test_a_protected_person_is_closed_by_nobody_but_a_person(named):
    at_work = company(f'protected: ["{named}"]\n')
    await at_work.hire("e1")
    await at_work.settle()
    await at_work.say("left", "e2", worker_id="W1", effective_at=MOVED)
    await at_work.settle(until=day(MOVED))
    assert at_work.account("wangw") == ("invited", ["tag:sales"])
    assert (await at_work.events())["e2"] == ("inbox", "crm:protected")
    await decide(at_work, AccessStopped)
    assert at_work.account("wangw") == ("suspended", [])
    assert (await at_work.events())["e2"] == ("confirmed", None)


async def hired_until(at_work, kind, last="2026-04-01"):
    await at_work.hire("e1", employment={"type": kind, "ends_at": last})
    await at_work.settle()


async def test_an_employment_that_runs_out_closes_on_its_day_and_opens_when_it_is_prolonged():
    at_work = company("employment_ends: {contractor: close}\n")
    await hired_until(at_work, "contractor")
    await at_work.settle(until=day("2026-04-01") - timedelta(seconds=1))
    assert at_work.account("wangw") == ("invited", ["tag:sales"])
    await at_work.settle(until=day("2026-04-01"))
    assert at_work.account("wangw") == ("suspended", [])
    await at_work.say("transferred", "e2", worker_id="W1", effective_at="2026-04-02",
                      employment={"ends_at": "2026-10-01"})  # fmt: skip
    await at_work.settle(until=day("2026-04-02"))
    assert at_work.account("wangw") == ("active", ["tag:sales"])


async def test_the_end_of_an_employment_is_announced_in_what_is_confirmed_near_it():
    at_work = company("employment_ends: {contractor: close}\n")
    await hired_until(at_work, "contractor")
    await at_work.say("updated", "e2", worker_id="W1", effective_at="2026-03-20", person={"locale": "en"})
    await at_work.settle(until=day("2026-03-20"))
    told = {s["event"]["id"]: s["due_later"] for s in await at_work.told("tenure.event.settled.v1")}
    assert told["e1"] == []
    assert [(d["verb"], datetime.fromisoformat(d["due_at"])) for d in told["e2"]] == [("suspend", day("2026-04-01"))]


async def test_the_end_of_an_employment_waits_in_the_inbox_from_a_fortnight_before_and_stands_in_nobodys_way():
    at_work = company('employment_ends: {"*": inbox, intern: ignore}\n')
    await hired_until(at_work, "fixed_term")
    await at_work.settle(until=day("2026-03-18") - timedelta(seconds=1))
    assert (await at_work.rows())["crm"] == ("settled", None)
    await at_work.settle(until=day("2026-03-18"))
    assert (await at_work.rows())["crm"][0] == "inbox"
    assert (await at_work.rows())["crm"][1].startswith("employment_ends:fixed_term:2026-03-31T16:00")
    await at_work.say("transferred", "e2", worker_id="W1", effective_at="2026-03-20", assignment=OFFICE)
    await at_work.settle(until=day("2026-04-02"))
    assert (await at_work.events())["e2"] == ("confirmed", None)
    assert at_work.account("wangw") == ("invited", ["tag:office"])


async def test_a_leavers_account_is_deleted_on_its_day_and_the_leave_says_so():
    at_work = company("leavers: {delete_after: 30d}\n")
    await at_work.hire("e1")
    await at_work.settle()
    await at_work.say("left", "e2", worker_id="W1", effective_at=MOVED)
    await at_work.settle(until=day(MOVED))
    assert at_work.account("wangw") == ("suspended", [])
    assert (await at_work.events())["e2"] == ("confirmed", owes("2026-04-09"))
    await at_work.settle(until=day("2026-04-09"))
    assert at_work.account("wangw") is None
    assert [c["event"]["id"] for c in await at_work.told("tenure.lifecycle.completed.v1")] == ["e2"]
    [deleted] = [s for s in await at_work.told("tenure.step.taken.v1") if s["verb"] == "delete"]
    assert deleted["irreversible"]


async def test_a_rehire_in_time_keeps_the_account():
    at_work = company("leavers: {delete_after: 30d}\n")
    await at_work.hire("e1")
    await at_work.settle()
    await at_work.say("left", "e2", worker_id="W1", effective_at=MOVED)
    await at_work.settle(until=day(MOVED))
    await at_work.hire("e3", effective_at="2026-05-01")
    await at_work.settle(until=day("2026-04-20"))
    assert at_work.account("wangw") == ("suspended", [])
    await at_work.settle(until=day("2026-05-01"))
    assert at_work.account("wangw") == ("active", ["tag:sales"])


async def test_late_news_of_a_leave_leaves_time_to_object():
    at_work = company("leavers: {delete_after: 30d}\n")
    await at_work.hire("e1")
    await at_work.settle()
    await at_work.say("left", "e2", worker_id="W1", effective_at="2026-02-02", recorded_at=day(MOVED).isoformat())
    await at_work.settle(until=day(MOVED))
    assert at_work.account("wangw") == ("suspended", [])
    await at_work.settle(until=day("2026-04-09"))
    assert at_work.account("wangw") is None


async def test_a_retained_account_is_not_deleted_before_the_end_of_the_hold():
    at_work = company("leavers: {delete_after: 30d}\n")
    await at_work.hire("e1")
    await at_work.settle()
    await at_work.say("left", "e2", worker_id="W1", effective_at=MOVED)
    await at_work.settle(until=day(MOVED))
    await decide(at_work, Retained, until=day("2026-12-01"))
    assert (await at_work.events())["e2"] == ("confirmed", owes("2026-12-01"))
    await at_work.settle(until=day("2026-11-30"))
    assert at_work.account("wangw") == ("suspended", [])
    await at_work.settle(until=day("2026-12-01"))
    assert at_work.account("wangw") is None


# ---------------------------------------------------------------- exceptions


async def test_an_exception_gives_until_its_end():
    at_work = company()
    await at_work.hire("e1")
    await at_work.settle()
    await decide(at_work, ExceptionGranted, target="crm", entitlement="tag:vip", until=day("2026-03-20"))
    assert at_work.account("wangw")[1] == ["tag:sales", "tag:vip"]
    await at_work.settle(until=day("2026-03-20"))
    assert at_work.account("wangw")[1] == ["tag:sales"]


async def test_a_refusal_takes_what_a_rule_gives_and_gives_it_back_at_its_end():
    at_work = company()
    await at_work.hire("e1")
    await at_work.settle()
    await decide(at_work, ExceptionGranted, target="crm", entitlement="tag:sales", deny=True, until=day("2026-03-20"))
    assert at_work.account("wangw")[1] == []
    await at_work.settle(until=day("2026-03-20"))
    assert at_work.account("wangw")[1] == ["tag:sales"]


async def test_an_exception_ends_when_somebody_ends_it_and_what_was_decided_last_stands():
    at_work = company()
    await at_work.hire("e1")
    await at_work.settle()
    first = await decide(at_work, ExceptionGranted, target="crm", entitlement="tag:vip", until=day("2026-05-01"))
    await decide(at_work, ExceptionGranted, target="crm", entitlement="tag:vip", deny=True, until=day("2026-04-01"))
    assert at_work.account("wangw")[1] == ["tag:sales"]
    await at_work.settle(until=day("2026-04-01"))
    assert at_work.account("wangw")[1] == ["tag:sales", "tag:vip"]
    await decide(at_work, ExceptionEnded, decision=first)
    assert at_work.account("wangw")[1] == ["tag:sales"]


@pytest.mark.parametrize(("ends_on", "held"), [("leave", ["tag:office", "tag:vip"]), ("move", ["tag:office"])])
async def test_an_exception_ends_with_a_move_where_policy_says_so_and_does_not_come_back(ends_on, held):
    at_work = Company(more=f"exceptions: {{longest: 90d, ends_on: [{ends_on}]}}\n")
    await at_work.hire("e1")
    await at_work.settle()
    await decide(at_work, ExceptionGranted, target="crm", entitlement="tag:vip", until=day("2026-04-20"))
    await at_work.say("transferred", "e2", worker_id="W1", effective_at=MOVED, assignment=OFFICE)
    await at_work.settle(until=day(MOVED))
    assert at_work.account("wangw")[1] == held
    back = {"job_function": "sales"}
    await at_work.say("transferred", "e3", worker_id="W1", effective_at="2026-03-20", assignment=back)
    await at_work.settle(until=day("2026-03-20"))
    assert ("tag:vip" in at_work.account("wangw")[1]) == (ends_on == "leave")


async def test_an_exception_lasts_no_longer_than_policys_longest_and_a_rule_that_denies_wins():
    at_work = with_rule('no-vip: {when: assignment.job_function == "administration", deny: {crm: ["tag:vip"]}}')
    at_work.policy = replace(at_work.policy, exceptions=Company(more="exceptions: {longest: 5d}\n").policy.exceptions)
    await at_work.hire("e1")
    await at_work.settle()
    await decide(at_work, ExceptionGranted, target="crm", entitlement="tag:vip", until=day("2027-01-01"))
    assert "tag:vip" in at_work.account("wangw")[1]
    await at_work.say("transferred", "e2", worker_id="W1", effective_at="2026-03-03", assignment=OFFICE)
    await at_work.settle(until=day("2026-03-03"))
    assert "tag:vip" not in at_work.account("wangw")[1]
    await at_work.say("transferred", "e3", worker_id="W1", effective_at="2026-03-05", assignment={"job_function": "it"})
    await at_work.settle(until=day("2026-03-05"))
    assert "tag:vip" in at_work.account("wangw")[1]
    await at_work.settle(until=day("2026-03-07"))
    assert "tag:vip" not in at_work.account("wangw")[1]


# ---------------------------------------------------------------- drift


async def seen_anew(at_work):
    async with at_work.store.intake() as tx:
        await tx.mark([Mark(MEI, gate.EVERYDAY, at_work.clock.business)], ["crm"])
        await tx.forget_checks(MEI)
    await at_work.settle()


@pytest.mark.parametrize(
    ("how", "state", "verdict"),
    [("hold", "suspended", ("held", "closed_by_others")), ("repair", "active", ("settled", None)),
     ("report", "suspended", ("settled", None))],
)  # fmt: skip
async def test_an_account_closed_by_others(how, state, verdict):
    at_work = company(f"drift: {{closed_by_others: {how}}}\n")
    await at_work.hire("e1")
    await at_work.settle()
    at_work.crm.put(replace(at_work.crm.accounts["wangw"], state=AccountState.SUSPENDED))
    await seen_anew(at_work)
    assert (at_work.account("wangw")[0], (await at_work.rows())["crm"]) == (state, verdict)


async def test_a_closed_account_that_somebody_opened_is_closed_at_the_next_look():
    at_work = company()
    await at_work.hire("e1")
    await at_work.settle()
    await at_work.say("left", "e2", worker_id="W1", effective_at="2026-02-25")
    await at_work.settle()
    at_work.crm.put(replace(at_work.crm.accounts["wangw"], state=AccountState.ACTIVE))
    await seen_anew(at_work)
    assert at_work.account("wangw") == ("suspended", [])


async def test_a_field_that_others_change_twice_in_a_day_is_left_alone_until_the_day_is_over():
    at_work = company()
    await at_work.hire("e1", title="Clerk")
    await at_work.settle()

    async def changed_at(hours):
        account = at_work.crm.accounts["wangw"]
        at_work.crm.put(replace(account, attributes={**account.attributes, "title": "Boss"}))
        at_work.clock.business = at_work.clock.machine = day("2026-03-02") + timedelta(hours=hours)
        await seen_anew(at_work)
        return at_work.crm.accounts["wangw"].attributes["title"], (await at_work.rows())["crm"]

    assert await changed_at(1) == ("Clerk", ("settled", None))
    assert await changed_at(2) == ("Boss", ("held", "another_system_writes_this:title"))
    await at_work.say("transferred", "e2", worker_id="W1", effective_at="2026-03-02", assignment={"title": "Chief"})
    await at_work.settle()
    assert at_work.crm.accounts["wangw"].attributes["title"] == "Chief"
    assert await changed_at(26) == ("Chief", ("settled", None))

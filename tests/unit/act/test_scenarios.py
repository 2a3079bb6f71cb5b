"""Hires, moves and leaves from the record in Kafka to the account and the books, one claim a test."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from company import START, Company

from contracts.decisions import PersonIdentified
from services.platforms.errors import (
    AwaitsAcceptanceError,
    CredentialError,
    NeedsPersonError,
    OutcomeUnknownError,
    TryLaterError,
)  # fmt: skip
from services.provisioner.model import Account, AccountState
from services.provisioner.operators.people import People
from services.provisioner.store.port import Mark

LATER = START + timedelta(days=30)


@pytest.fixture
def company():
    return Company()


async def test_a_hire_becomes_an_account_with_birthright_and_is_confirmed(company):
    await company.hire("e1")
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert await company.events() == {"e1": ("confirmed", None)}
    assert await company.books() == {"confirmed": 1}


async def test_the_confirmation_says_what_was_done_and_what_stays_open(company):
    await company.hire("e1")
    await company.settle()
    [settled] = await company.told("tenure.event.settled.v1")
    crm = next(t for t in settled["targets"] if t["target"] == "crm")
    assert [(d["verb"], d["entitlement"]) for d in crm["done"]] == [("create", None), ("grant", "tag:sales")]
    assert (settled["change"], crm["residue"], settled["nothing_enforced"]) == ("joiner", ["not_activated"], False)


async def test_a_hire_costs_create_read_and_one_call_a_list(company):
    await company.hire("e1")
    await company.settle()
    assert company.crm.calls == {"create": 1, "grant": 1, "read": 1}


async def test_a_mover_changes_grants_and_department(company):
    await company.say("department.changed", "d1", department_id="D1", name="销售部")
    await company.hire("e1", department="D1")
    await company.settle()
    await company.say(
        "transferred", "e2", worker_id="W1", effective_at="2026-02-20", assignment={"job_function": "administration"}
    )
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:office"])
    assert await company.books() == {"confirmed": 3}


async def test_a_leaver_is_closed_and_has_nothing(company):
    await company.hire("e1")
    await company.settle()
    await company.say("left", "e2", worker_id="W1", effective_at="2026-02-25")
    await company.settle()
    assert company.account("wangw") == ("suspended", [])
    assert (await company.events())["e2"] == ("confirmed", None)


async def test_a_future_hire_waits_for_its_day(company):
    await company.hire("e1", effective_at="2026-03-15")
    await company.settle()
    assert company.account("wangw") is None
    assert (await company.events())["e1"][0] == "waiting"
    await company.settle(until=LATER)
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert (await company.events())["e1"][0] == "confirmed"


async def test_a_hire_without_what_is_required_waits_and_says_for_what(company):
    await company.hire("e1", mobile=None)
    await company.settle()
    assert await company.events() == {"e1": ("waiting", "crm:requires:person.mobile")}
    await company.say("updated", "e2", worker_id="W1", person={"mobile": "+8613800000009"})
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert await company.books() == {"confirmed": 2}


async def test_a_transfer_before_its_hire_waits(company):
    await company.say("transferred", "e2", worker_id="W1", effective_at="2026-02-20", assignment={"title": "经理"})
    await company.settle()
    assert (await company.events())["e2"][0] == "waiting"
    await company.hire("e1")
    await company.settle()
    assert await company.books() == {"confirmed": 2}


async def test_a_duplicate_changes_nothing_and_is_booked_as_one(company):
    await company.hire("e1")
    await company.hire("e1")
    await company.settle()
    assert company.crm.calls["create"] == 1
    assert await company.books() == {"confirmed": 1, "duplicate": 1}


async def test_a_conflict_waits_for_a_person_and_the_first_stands(company):
    await company.hire("e1")
    await company.settle()
    await company.hire("e1", function="administration")
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert await company.books() == {"confirmed": 1, "inbox": 1}


async def test_a_correction_supersedes_what_it_corrects(company):
    await company.hire("e1", effective_at="2026-03-20")
    await company.settle()
    await company.hire("e1", effective_at="2026-02-20", function="administration", revision=2)
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:office"])
    assert await company.books() == {"confirmed": 1, "superseded": 1}


async def test_a_withdrawn_hire_never_makes_an_account(company):
    await company.hire("e1", effective_at="2026-03-20")
    await company.say("withdrawn", "e2", event_id="e1", effective_at="2026-03-20")
    await company.settle(until=LATER)
    assert company.account("wangw") is None
    assert await company.books() == {"confirmed": 1, "superseded": 1}


async def test_poison_goes_to_quarantine_and_blocks_nobody(company):
    await company.raw(b"{not json", [("ce_id", b"x")])
    await company.raw(b"\xff", [("ce_id", b"\xff\xfe")])
    await company.hire("e1")
    await company.settle()
    assert await company.books() == {"confirmed": 1, "quarantined": 2}


async def test_two_people_of_one_name_get_two_usernames(company):
    await company.hire("e1")
    await company.hire("e2", "W2", mobile="+8613800000002")
    await company.settle()
    assert {company.account("wangw")[0], company.account("wangw2")[0]} == {"invited"}


async def test_a_taken_mobile_goes_to_the_inbox_and_names_the_holder(company):
    await company.hire("e1")
    await company.settle()
    await company.hire("e2", "W2", family="李", given="梅")
    await company.settle()
    assert (await company.events("urn:hr:acme/W2"))["e2"] == ("inbox", "crm:mobile_taken:wangw")


async def test_an_account_that_was_there_already_is_adopted_by_mobile_and_name(company):
    company.crm.put(Account("oldwang", AccountState.ACTIVE, {"name": "王伟", "mobile": "+8613800000001"}, ("1",)))
    await company.hire("e1")
    await company.settle()
    assert company.account("oldwang") == ("active", ["tag:sales"])
    assert company.account("wangw") is None


async def test_a_foreign_account_under_the_chosen_name_is_left_alone(company):
    company.policy = replace(company.policy)
    company.targets["crm"] = replace(company.targets["crm"], match=("mobile_and_name",))
    company.crm.put(Account("wangw", AccountState.ACTIVE, {"name": "别人", "mobile": "+8613800000008"}, ("1",)))
    await company.hire("e1")
    await company.settle()
    assert company.account("wangw") == ("active", [])
    assert company.account("wangw2") == ("invited", ["tag:sales"])


async def test_an_unknown_outcome_is_looked_at_and_not_repeated(company):
    company.crm.fail("create", OutcomeUnknownError("time_out", "create"), after_commit=True)
    await company.hire("e1")
    await company.settle()
    assert (await company.rows())["crm"][0] == "retry"
    await company.settle(until=START + timedelta(minutes=1))
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert company.crm.calls["create"] == 1


async def test_an_unknown_outcome_that_was_not_done_is_done_after_the_look(company):
    company.crm.fail("create", OutcomeUnknownError("time_out", "create"))
    await company.hire("e1")
    await company.settle()
    await company.settle(until=START + timedelta(minutes=1))
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert len(company.crm.accounts) == 1


async def test_a_busy_platform_is_tried_again(company):
    company.crm.fail("create", TryLaterError("-1", "create"))
    await company.hire("e1")
    await company.settle()
    assert company.account("wangw") is None
    assert (await company.events())["e1"][0] == "in_progress"
    await company.settle(until=START + timedelta(minutes=1))
    assert company.account("wangw") == ("invited", ["tag:sales"])


async def test_a_leave_whose_suspend_timed_out_is_ours_when_the_look_shows_it_done(company):
    await company.hire("e1")
    await company.settle()
    company.crm.fail("suspend", OutcomeUnknownError("time_out", "suspend"), after_commit=True)
    await company.say("left", "e2", worker_id="W1", effective_at="2026-02-25")
    await company.settle()
    await company.settle(until=START + timedelta(minutes=1))
    assert company.account("wangw") == ("suspended", [])
    await company.hire("e3", effective_at="2026-02-28")
    await company.settle()
    assert company.account("wangw") == ("active", ["tag:sales"]) or company.account("wangw") == (
        "invited",
        ["tag:sales"],
    )


async def test_a_refused_secret_pauses_the_target_and_the_row_waits(company):
    company.crm.fail("create", CredentialError("40001", "gettoken"))
    await company.hire("e1")
    await company.settle()
    assert company.pauses.paused == {"crm": ("tenure", "gettoken:40001")}
    assert (await company.rows())["crm"][0] == "retry"


async def test_what_only_a_person_can_mend_goes_to_the_inbox(company):
    company.crm.fail("create", NeedsPersonError("60112", "create", "bad_name"))
    await company.hire("e1")
    await company.settle()
    assert (await company.events())["e1"] == ("inbox", "crm:bad_name:60112")


async def test_who_must_accept_first_is_waited_for_and_not_invited_again(company):
    company.crm.fail("create", AwaitsAcceptanceError("40103", "create"))
    await company.hire("e1")
    await company.settle()
    assert (await company.events())["e1"] == ("waiting", "crm:awaits_acceptance")
    await company.settle(until=START + timedelta(hours=2))
    assert company.crm.calls["create"] == 1
    company.crm.put(Account("wangw", AccountState.ACTIVE, {"name": "王伟", "mobile": "+8613800000001"}, ("1",)))
    await company.settle(until=START + timedelta(days=3))
    assert company.account("wangw") == ("active", ["tag:sales"])
    assert (await company.events())["e1"] == ("confirmed", None)


async def test_people_wait_for_their_department_and_are_then_put_into_it(company):
    await company.hire("e1", department="D7")
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:sales"])
    [made] = [d for d in company.crm.tree.values() if d.name == "D7"]
    assert company.crm.accounts["wangw"].departments == (made.native_id,)
    await company.say("department.changed", "d1", department_id="D7", name="华东")
    await company.settle()
    assert company.crm.tree[made.native_id].name == "华东"
    assert await company.books() == {"confirmed": 2}


async def test_a_closed_department_hands_its_people_to_the_successor_and_goes(company):
    await company.say("department.changed", "d1", department_id="D1", name="一部")
    await company.say("department.changed", "d2", department_id="D2", name="二部")
    await company.hire("e1", department="D1")
    await company.settle()
    await company.say("department.closed", "d3", department_id="D1", successor_id="D2")
    await company.settle()
    await company.settle(until=START + timedelta(minutes=1))
    names = {d.name: d.native_id for d in company.crm.tree.values()}
    assert company.crm.accounts["wangw"].departments == (names["二部"],)
    assert "一部" not in names
    assert await company.books() == {"confirmed": 4}


async def test_a_closed_department_without_successor_keeps_its_people_and_asks(company):
    await company.say("department.changed", "d1", department_id="D1", name="一部")
    await company.hire("e1", department="D1")
    await company.settle()
    await company.say("department.closed", "d3", department_id="D1")
    await company.settle()
    assert "一部" in {d.name for d in company.crm.tree.values()}
    rows = await company.rows("#departments")
    assert rows["crm"] == ("inbox", "closed_not_empty:D1:urn:hr:acme/W1")


async def test_an_observed_target_is_planned_and_not_touched(company):
    await company.hire("e1")
    await company.settle()
    assert company.targets["wiki"].connector.platform.accounts == {}
    assert (await company.rows())["wiki"] == ("settled", None)


async def test_an_event_with_no_enforcing_target_says_so():
    company = Company()
    for name in company.targets:
        company.targets[name] = replace(company.targets[name], mode="observe")
    company.policy = replace(
        company.policy, targets={n: replace(t, mode="observe") for n, t in company.policy.targets.items()}
    )
    await company.hire("e1")
    await company.settle()
    [settled] = await company.told("tenure.event.settled.v1")
    assert (settled["state"], settled["nothing_enforced"]) == ("confirmed", True)


async def test_an_event_is_confirmed_only_when_every_enforcing_target_is_done():
    company = Company(wiki="enforce")
    company.targets["wiki"].connector.platform.fail("create", TryLaterError("-1", "create"))
    await company.hire("e1")
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert (await company.events())["e1"][0] == "in_progress"
    await company.settle(until=START + timedelta(minutes=1))
    assert (await company.events())["e1"] == ("confirmed", None)


async def test_what_an_administrator_closed_stays_closed(company):
    await company.hire("e1")
    await company.settle()
    company.crm.put(replace(company.crm.accounts["wangw"], state=AccountState.SUSPENDED))
    await company.say(
        "transferred",
        "e2",
        worker_id="W1",
        effective_at="2026-02-20",
        assignment={"title": "经理", "job_function": "administration"},
    )
    await company.settle()
    assert company.account("wangw")[0] == "suspended"
    assert (await company.events())["e2"] == ("held", "crm:closed_by_others")


async def test_steps_carry_the_rule_and_the_fact(company):
    await company.hire("e1")
    await company.settle()
    create, grant = await company.told("tenure.step.taken.v1")
    assert grant["reason"]["rule"] == "birthright.sales"
    assert create["reason"]["facts"] == ["urn:hr:acme/e1/1"]


async def test_no_outcome_holds_a_mobile_or_a_name_except_the_settled_one_for_messages(company):
    await company.hire("e1")
    await company.settle()
    rows = await company.store.outbox(1000)
    for _, message in rows:
        assert b"13800000001" not in message.value
        if dict(message.headers)["ce_type"] != b"tenure.event.settled.v1":
            assert "王伟".encode() not in message.value


NAMES = [
    '"; DROP TABLE due; --',
    "x\u202eevil",
    "王\U00020000",
    "{person.mobile}",
    "😀",
    "<b>&amp;</b>",
    "%s%n",
    "${SECRET}",
]


@pytest.mark.parametrize("name", NAMES)
async def test_names_are_data(company, name):
    person = {"display_name": name, "mobile": "+8613800000001"}
    await company.say("hired", "e1", worker_id="W1", person=person, assignment={"job_function": "sales"})
    await company.settle()
    [account] = company.crm.accounts.values()
    assert account.attributes["name"] == name
    assert account.native_id.isascii()


def test_the_clock_is_passed_in():
    assert Company().clock.business == datetime(2026, 3, 1, tzinfo=UTC)


async def test_a_name_given_and_an_account_linked_are_decisions(company):
    await company.hire("e1")
    await company.settle()
    made = {d["decision"]["kind"]: d["decision"] for d in await company.told("tenure.decision.made.v1")}
    assert made["username_given"]["username"] == "wangw"
    assert (made["account_linked"]["native_id"], made["account_linked"]["by"]) == ("wangw", "tenure")


async def test_which_of_two_conflicting_messages_stands_is_a_decision(company):
    await company.hire("e1")
    await company.hire("e1", function="administration")
    await company.settle()
    kinds = [d["decision"]["kind"] for d in await company.told("tenure.decision.made.v1")]
    assert kinds.count("conflict_settled") == 1


async def test_siblings_of_one_name_are_two_departments(company):
    await company.say("department.changed", "d1", department_id="D1", name="支持")
    await company.say("department.changed", "d2", department_id="D2", name="支持")
    await company.settle()
    assert sorted(d.name for d in company.crm.tree.values()) == ["company", "支持", "支持 (D2)"]


async def test_a_second_position_gives_its_rights_and_department_until_it_ends(company):
    for i, name in (("D1", "销售部"), ("D2", "行政部")):
        await company.say("department.changed", f"d-{i}", department_id=i, name=name)
    await company.hire("e1", department="D1")
    await company.say(
        "assignment_started",
        "e2",
        worker_id="W1",
        assignment_id="A2",
        effective_at="2026-02-20",
        assignment={"department_id": "D2", "job_function": "administration"},
    )
    await company.settle()
    names = {d.name: i for i, d in company.crm.tree.items()}
    assert company.account("wangw") == ("invited", ["tag:office", "tag:sales"])
    assert company.crm.accounts["wangw"].departments == (names["销售部"], names["行政部"])
    await company.say("assignment_ended", "e3", worker_id="W1", assignment_id="A2", effective_at="2026-02-25")
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert company.crm.accounts["wangw"].departments == (names["销售部"],)
    assert await company.books() == {"confirmed": 5}


async def test_a_suspension_closes_until_it_ends_and_keeps_what_is_held(company):
    await company.hire("e1")
    await company.say("absence_started", "e2", worker_id="W1", kind="suspension", effective_at="2026-02-20")
    await company.settle()
    assert company.account("wangw") is None
    await company.say("absence_ended", "e3", worker_id="W1", effective_at="2026-02-25")
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:sales"])
    await company.say("absence_started", "e4", worker_id="W1", kind="suspension", effective_at="2026-02-27")
    await company.settle()
    assert company.account("wangw")[0] == "suspended"
    await company.say("absence_ended", "e5", worker_id="W1", kind="suspension", effective_at="2026-02-28")
    await company.settle()
    assert company.account("wangw") == ("active", ["tag:sales"])
    assert await company.books() == {"confirmed": 5}


async def test_the_card_says_who_is_away_and_where_else_they_work(company):
    await company.hire("e1")
    await company.say("absence_started", "e2", worker_id="W1", kind="parental", effective_at="2026-02-20")
    place = {"department_id": "D2", "job_function": "administration"}
    await company.say("assignment_started", "e3", worker_id="W1", assignment_id="A2", kind="acting", assignment=place)
    card = await People(company.store, company.policy, company.clock).card("urn:hr:acme/W1")
    assert card["absent"] == [{"kind": "parental", "since": "2026-02-19T16:00:00+00:00"}]
    [worker] = card["workers"]
    assert worker["other_assignments"] == [{"assignment_id": "A2", "kind": "acting", "assignment": place}]
    assert (worker["primary"], card["unidentified"]) == (True, False)


async def test_parental_leave_keeps_access(company):
    await company.hire("e1")
    await company.say("absence_started", "e2", worker_id="W1", kind="parental", effective_at="2026-02-20")
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:sales"])


async def test_an_end_of_absence_gives_back_what_an_administrator_closed_and_a_move_does_not(company):
    await company.hire("e1")
    await company.say("absence_started", "e2", worker_id="W1", kind="parental", effective_at="2026-02-20")
    await company.settle()
    company.crm.put(replace(company.crm.accounts["wangw"], state=AccountState.SUSPENDED))
    await company.say("transferred", "e3", worker_id="W1", effective_at="2026-02-21", assignment={"title": "经理"})
    await company.settle()
    assert company.account("wangw")[0] == "suspended"
    await company.settle(until=START + timedelta(hours=1))
    back = company.clock.business.isoformat()
    await company.say("absence_ended", "e4", worker_id="W1", kind="parental", effective_at="2026-02-28", time=back)
    await company.settle()
    assert company.account("wangw")[0] == "active"


async def _linked(company):
    await company.hire("e1")
    await company.hire("e2", "W2", mobile="+8613800000002")
    await company.settle()
    assert {company.account("wangw")[0], company.account("wangw2")[0]} == {"invited"}
    await company.say("linked", "e3", worker_id="W2", person_id="urn:hr:acme/W1")
    await company.settle()


async def test_after_a_link_the_account_of_the_named_person_stays_and_the_other_is_closed_and_asked_for(company):
    await _linked(company)
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert company.account("wangw2") == ("suspended", [])
    assert (await company.rows("urn:hr:acme/W2"))["crm"] == ("inbox", "linked_elsewhere:hand_over:wangw2")
    assert set(await company.events()) == {"e1", "e2", "e3"}
    assert await company.books() == {"confirmed": 3}


async def test_a_link_to_a_person_without_an_account_brings_the_account_along(company):
    await company.hire("e1", mobile=None)
    await company.hire("e2", "W2")
    await company.settle()
    assert list(company.crm.accounts) == ["wangw"]
    await company.say("linked", "e3", worker_id="W2", person_id="urn:hr:acme/W1")
    await company.settle()
    assert list(company.crm.accounts) == ["wangw"]
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert await company.rows("urn:hr:acme/W2") == {"crm": ("settled", None), "wiki": ("settled", None)}
    assert await company.books() == {"confirmed": 3}


async def test_a_link_taken_back_gives_the_other_person_the_account_again(company):
    await _linked(company)
    await company.say("withdrawn", "e4", event_id="e3")
    await company.settle()
    assert company.account("wangw2") == ("active", ["tag:sales"])
    assert (await company.rows("urn:hr:acme/W2"))["crm"] == ("settled", None)


async def test_a_rehire_under_a_new_number_that_names_the_person_revives_the_account(company):
    await company.hire("e1")
    await company.settle()
    await company.say("left", "e2", worker_id="W1", effective_at="2026-02-10")
    await company.settle()
    assert company.account("wangw")[0] == "suspended"
    await company.hire("e3", "W7", effective_at="2026-02-20", person_id="urn:hr:acme/W1", function="administration")
    await company.settle()
    assert company.account("wangw") == ("active", ["tag:office"])
    assert len(company.crm.accounts) == 1


async def test_the_end_of_one_of_two_employments_is_a_move(company):
    await company.hire("e1")
    await company.hire("e2", "W2", person_id="urn:hr:acme/W1", effective_at="2026-02-10", function="administration")
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:office", "tag:sales"])
    await company.say("left", "e3", worker_id="W1", effective_at="2026-02-20")
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:office"])
    changes = {e["event"]["id"]: e["change"] for e in await company.told("tenure.event.settled.v1")}
    assert changes == {"e1": "joiner", "e2": "mover", "e3": "mover"}


def _known_as(**marks):
    return {"display_name": "王伟", "mobile": "+8613800000001", "personal_email": "wei@example.net"} | marks


async def _hired(company, eid, worker_id, effective_at="2026-02-01", **marks):
    await company.say("hired", eid, worker_id=worker_id, effective_at=effective_at, person=_known_as(**marks),
                      assignment={"job_function": "sales"})  # fmt: skip
    await company.settle()


async def _identify(company, worker_id, person_id):
    at = company.clock.business
    async with company.store.intake() as tx:
        await tx.decide(
            PersonIdentified(decision_id=f"op-{worker_id}", person_id=person_id, by="operator:li", effective_at=at,
                             recorded_at=at, id_space="urn:hr:acme", worker_id=worker_id)
        )  # fmt: skip
        await tx.mark([Mark(p, 1, at) for p in {person_id, f"urn:hr:acme/{worker_id}"}], list(company.targets))
    await company.settle()


async def test_the_number_of_somebody_who_left_given_to_another_touches_nothing_until_decided(company):
    await _hired(company, "e1", "W1")
    await company.say("left", "e2", worker_id="W1", effective_at="2026-02-10")
    await company.settle()
    before = dict(company.crm.calls)
    await _hired(company, "e3", "W1", "2026-02-20", mobile="+8613800000009", personal_email=None, display_name="李梅")
    assert (await company.events())["e3"] == ("inbox", "identity_unclear")
    assert company.account("wangw") == ("suspended", [])
    assert {verb: n for verb, n in company.crm.calls.items() if verb != "read"} == {
        verb: n for verb, n in before.items() if verb != "read"
    }
    await _identify(company, "W1", "urn:hr:acme/W1")
    assert company.account("wangw")[0] == "active"
    assert (await company.events())["e3"] == ("confirmed", None)


async def test_a_new_number_with_anothers_mobile_and_e_mail_waits_without_an_account(company):
    await _hired(company, "e1", "W1")
    await _hired(company, "e2", "W2", "2026-02-10", display_name="王维")
    assert (await company.events("urn:hr:acme/W2"))["e2"] == ("inbox", "identity_like:urn:hr:acme/W1")
    assert list(company.crm.accounts) == ["wangw"]
    card = await People(company.store, company.policy, company.clock).card("urn:hr:acme/W2")
    assert (card["active"], card["unidentified"]) == (True, True)
    assert card["timeline"][0]["reason"] == "identity_like:urn:hr:acme/W1"
    await _identify(company, "W2", "urn:hr:acme/W1")
    assert list(company.crm.accounts) == ["wangw"]
    assert (await company.events())["e2"] == ("confirmed", None)


async def test_another_human_by_an_operators_word_gets_an_account_where_the_platform_has_room(company):
    await _hired(company, "e1", "W1")
    await _hired(company, "e2", "W2", "2026-02-10", mobile="+8613800000002")
    assert (await company.events("urn:hr:acme/W2"))["e2"][0] == "inbox"
    await _identify(company, "W2", "urn:hr:acme/W2")
    assert (await company.events("urn:hr:acme/W2"))["e2"] == ("confirmed", None)
    assert company.account("wangw2") == ("invited", ["tag:sales"])


async def test_a_mobile_alone_is_re_issued_and_makes_nobody_another(company):
    await _hired(company, "e1", "W1")
    await _hired(company, "e2", "W2", "2026-02-10", personal_email=None, display_name="李梅")
    assert (await company.events("urn:hr:acme/W2"))["e2"] == ("inbox", "crm:mobile_taken:wangw")


async def test_who_somebody_is_becomes_a_decision_with_the_first_step_and_later_facts_do_not_flip_it(company):
    await _hired(company, "e1", "W1", "2026-02-10")
    kinds = [d["decision"]["kind"] for d in await company.told("tenure.decision.made.v1")]
    assert kinds.count("person_identified") == 1
    await _hired(company, "e2", "W2", "2026-02-01")
    assert company.account("wangw") == ("invited", ["tag:sales"])
    assert (await company.events())["e1"] == ("confirmed", None)
    await company.say("transferred", "e3", worker_id="W1", effective_at="2026-02-20", assignment={"title": "经理"})
    await company.settle()
    assert company.account("wangw") == ("invited", ["tag:sales"])


async def test_a_second_withdrawal_is_booked_as_a_duplicate(company):
    await company.hire("e1", effective_at="2026-03-20")
    await company.say("withdrawn", "e2", event_id="e1")
    await company.say("withdrawn", "e3", event_id="e1", time="2026-02-02T09:00:00+08:00")
    await company.settle()
    assert (await company.events())["e3"] == ("duplicate", "already_withdrawn")
    assert await company.books() == {"confirmed": 1, "superseded": 1, "duplicate": 1}


async def test_a_repetition_with_an_earlier_time_counts_from_then(company):
    await company.hire("e1")
    await company.settle()
    await company.say(
        "left", "e2", worker_id="W1", effective_at="2026-03-10", immediate=True, time="2026-03-09T10:00:00+08:00"
    )
    await company.settle()
    assert company.account("wangw")[0] == "invited"
    await company.say(
        "left", "e2", worker_id="W1", effective_at="2026-03-10", immediate=True, time="2026-02-28T10:00:00+08:00"
    )
    await company.settle()
    assert company.account("wangw") == ("suspended", [])
    assert await company.books() == {"confirmed": 2, "duplicate": 1}


@pytest.mark.parametrize("manager", ["W9", "W1"])
async def test_after_a_death_only_it_and_the_manager_are_told(company, manager):
    await company.hire("e0", "W9", family="李", given="梅", mobile="+8613800000009")
    await company.hire("e1")
    await company.say(
        "transferred", "e2", worker_id="W1", effective_at="2026-02-02", assignment={"manager_id": manager}
    )
    await company.settle()
    await company.say("left", "e3", worker_id="W1", effective_at="2026-02-20", reason="death")
    await company.settle()
    [settled] = [e for e in await company.told("tenure.event.settled.v1") if e["event"]["id"] == "e3"]
    told = {(r["audience"], r["person_id"]) for r in settled["recipients"]}
    assert told == {("it", None)} | ({("manager", "urn:hr:acme/W9")} if manager == "W9" else set())


async def test_the_name_that_half_a_company_shares_is_numbered_on(company):
    for number in range(45):
        await company.hire(f"e{number}", f"W{number}", mobile=f"+86138000{number:05}")
    await company.settle()
    assert len(company.crm.accounts) == 45
    assert company.account("wangw45")[0] == "invited"

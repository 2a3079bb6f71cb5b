"""A number that two humans have had one after the other: each has their own facts and account, whatever comes later."""

from datetime import UTC, datetime

import pytest
from company import Company

from contracts.decisions import PersonIdentified
from services.provisioner.facts.history import history
from services.provisioner.model import WorkerKey
from services.provisioner.operators.errors import AmbiguousPersonError, AmbiguousWorkerError
from services.provisioner.operators.identity import Identity
from services.provisioner.operators.operations import Operations

ACME = "urn:hr:acme"
A, B = f"{ACME}/p/A", f"{ACME}/p/B"
FIRST, SECOND = f"{ACME}/W1", f"{ACME}/W1@2026-02-19T16:00:00Z"
"""Of whom nobody names: the second since 20 February in Shanghai."""
BY = {"by": "operator:li", "reason": "asked HR"}


async def nobody_asks(*_):
    raise AssertionError("no platform and no broker is asked who somebody is")


@pytest.fixture
def acme():
    return Company()


@pytest.fixture
def desk(acme):
    return Identity(Operations(acme.store, acme.clock, acme.pauses, {"crm": {}, "wiki": {}}, nobody_asks, nobody_asks))


async def _first(acme, person=None):
    await acme.hire("a1", effective_at="2026-01-05", person_id=person)
    await acme.settle()
    await acme.say("left", "a2", worker_id="W1", effective_at="2026-02-10")
    await acme.settle()


async def _second(acme, person=None, eid="b1", **more):
    said = {"family": "李", "given": "娜", "mobile": "+8613800000002", "effective_at": "2026-02-20"} | more
    await acme.hire(eid, person_id=person, **said)
    await acme.settle()


def _shown(acme):
    accounts = acme.crm.accounts.values()
    return {account.attributes["name"]: "open" if account.state.open else account.state.value for account in accounts}


async def _kept(acme):
    """By person, what the store says is theirs; and that a replay of the same facts and decisions says so too."""
    persons = {*await acme.store.persons(), FIRST, SECOND, A, B}
    files = {person: await acme.store.facts_of(person) for person in persons}
    kept = {person: {fact.key.id for fact in facts} for person, (facts, _) in files.items() if facts}
    facts = [fact for theirs, _ in files.values() for fact in theirs]
    decisions = [decision for _, theirs in files.values() for decision in theirs]
    told = history(facts, decisions).persons
    assert {person: {fact.key.id for fact in theirs} for person, theirs in told.items()} == kept
    return kept


async def test_hr_gives_the_number_to_another_person(acme):
    await _first(acme, "A")
    await _second(acme, "B")
    assert _shown(acme) == {"王伟": "suspended", "李娜": "open"}
    assert await _kept(acme) == {A: {"a1", "a2"}, B: {"b1"}}
    assert await acme.store.person_of(WorkerKey(ACME, "W1")) == B


async def test_whoever_has_the_number_now_is_told_apart_though_only_the_second_is_named(acme):
    await _first(acme)
    await _second(acme, "B")
    assert _shown(acme) == {"王伟": "suspended", "李娜": "open"}
    assert await _kept(acme) == {FIRST: {"a1", "a2"}, B: {"b1"}}


async def test_the_same_human_named_at_last_keeps_the_account(acme):
    await _first(acme)
    await _second(acme, "A", family="王", given="伟", mobile="+8613800000001")
    assert _shown(acme) == {"王伟": "open"}


async def test_late_news_of_the_first_holder_touches_the_second_in_nothing(acme):
    await _first(acme, "A")
    await _second(acme, "B")
    await acme.say("left", "a2", worker_id="W1", effective_at="2026-02-12", revision=2)
    await acme.say("updated", "a3", worker_id="W1", effective_at="2026-01-20", person={"display_name": "王大伟"})
    await acme.say("left", "a4", worker_id="W1", effective_at="2026-02-20", person_id="A")
    await acme.settle()
    assert _shown(acme)["李娜"] == "open"
    assert await _kept(acme) == {A: {"a1", "a2", "a3", "a4"}, B: {"b1"}}


async def test_a_leave_that_is_corrected_to_after_the_division_is_still_of_whom_it_names(acme):
    await _first(acme, "A")
    await _second(acme, "B")
    await acme.say("left", "a2", worker_id="W1", effective_at="2026-02-25", person_id="A", revision=2)
    await acme.settle()
    assert _shown(acme) == {"王伟": "suspended", "李娜": "open"}
    assert await _kept(acme) == {A: {"a1", "a2"}, B: {"b1"}}


async def test_the_second_leaves_and_the_first_is_withdrawn_each_alone(acme):
    await _first(acme, "A")
    await _second(acme, "B")
    await acme.say("withdrawn", "w1", event_id="a2", time="2026-02-28T09:00:00+08:00")
    await acme.settle()
    assert _shown(acme) == {"王伟": "open", "李娜": "open"}
    await acme.say("withdrawn", "w2", event_id="w1", time="2026-02-28T10:00:00+08:00")
    await acme.settle()
    assert await _kept(acme) == {A: {"a1", "a2", "w1", "w2"}, B: {"b1"}}
    await acme.say("left", "b2", worker_id="W1", effective_at="2026-02-27")
    await acme.settle()
    assert _shown(acme) == {"王伟": "suspended", "李娜": "suspended"}
    assert (await _kept(acme))[B] == {"b1", "b2"}


async def test_the_first_holder_is_heard_of_last(acme):
    await _second(acme, "B")
    await _first(acme, "A")
    assert await _kept(acme) == {A: {"a1", "a2"}, B: {"b1"}}
    assert _shown(acme) == {"王伟": "suspended", "李娜": "open"}


async def test_a_first_day_that_is_moved_moves_the_division(acme):
    await _first(acme, "A")
    await _second(acme, "B")
    await _second(acme, "B", revision=2, effective_at="2026-02-22")
    await acme.say("updated", "a3", worker_id="W1", effective_at="2026-02-21", person={"mobile": "+8613800000009"})
    await acme.settle()
    assert await _kept(acme) == {A: {"a1", "a2", "a3"}, B: {"b1"}}
    assert _shown(acme)["李娜"] == "open"


async def test_a_second_holder_who_never_came_leaves_nothing_behind(acme):
    await _first(acme, "A")
    await _second(acme, "B", effective_at="2026-03-10")
    await acme.say("withdrawn", "w1", event_id="b1", time="2026-02-28T09:00:00+08:00")
    await acme.settle()
    assert await _kept(acme) == {A: {"a1", "a2"}, f"{ACME}/W1@2026-03-09T16:00:00Z": {"b1", "w1"}}
    assert _shown(acme) == {"王伟": "suspended"}


async def test_an_operator_divides_what_the_marks_leave_open(acme, desk):
    await _first(acme)
    await _second(acme)
    assert (await acme.events(FIRST))["b1"] == ("inbox", "identity_unclear")
    assert await desk.another("W1", **BY) == {"worker": SECOND, "person_id": SECOND, "was": FIRST}
    await acme.settle()
    assert _shown(acme) == {"王伟": "suspended", "李娜": "open"}
    assert (await acme.events(SECOND))["b1"] == ("confirmed", None)
    await acme.say("updated", "b2", worker_id="W1", effective_at="2026-02-24", person={"mobile": "+8613800000003"})
    await acme.say("updated", "a3", worker_id="W1", effective_at="2026-02-01", person={"mobile": "+8613800000004"})
    await acme.settle()
    assert await _kept(acme) == {FIRST: {"a1", "a2", "a3"}, SECOND: {"b1", "b2"}}


async def test_who_was_told_apart_comes_back_and_what_tenure_decides_is_of_them(acme, desk):
    await _first(acme)
    await _second(acme)
    await desk.another("W1", **BY)
    await acme.say("left", "b2", worker_id="W1", effective_at="2026-02-25")
    await _second(acme, eid="b3", effective_at="2026-02-28")
    assert _shown(acme) == {"王伟": "suspended", "李娜": "open"}
    said = [d for d in (await acme.store.facts_of(SECOND))[1] if isinstance(d, PersonIdentified)]
    assert {(d.by, d.since is not None) for d in said} >= {("operator:li", True)}
    assert await _kept(acme) == {FIRST: {"a1", "a2"}, SECOND: {"b1", "b2", "b3"}}


async def test_an_operator_gives_the_number_to_somebody_who_is_known(acme, desk):
    await acme.hire("c1", "W3", family="李", given="娜", mobile="+8613800000003", effective_at="2026-01-05")
    await _first(acme)
    await _second(acme)
    assert (await desk.same("W1", "W3", **BY))["person_id"] == f"{ACME}/W3"
    await acme.settle()
    assert await _kept(acme) == {FIRST: {"a1", "a2"}, f"{ACME}/W3": {"b1", "c1"}}
    assert _shown(acme) == {"王伟": "suspended", "李娜": "open"}


async def test_an_operator_takes_the_division_back(acme, desk):
    await _first(acme)
    await _second(acme)
    await desk.another("W1", **BY)
    await acme.settle()
    acme.clock.business = acme.clock.machine = datetime(2026, 3, 2, tzinfo=UTC)
    await desk.same(SECOND, FIRST, **BY)
    await acme.settle()
    assert await _kept(acme) == {FIRST: {"a1", "a2", "b1"}}
    assert [d.since is not None for d in (await acme.store.facts_of(FIRST))[1] if isinstance(d, PersonIdentified)][-1]


async def test_a_divided_number_alone_names_nobody(acme, desk):
    await _first(acme)
    await _second(acme)
    await desk.another("W1", **BY)
    with pytest.raises(AmbiguousWorkerError) as refused:
        await desk.another("W1", **BY)
    assert refused.value.more == {"workers": [FIRST, SECOND]}
    with pytest.raises(AmbiguousPersonError):
        await desk.operations.identify("W1")
    assert [await desk.operations.identify(whole) for whole in (FIRST, SECOND)] == [FIRST, SECOND]


async def test_a_linked_person_comes_back_under_the_second_number_with_the_first_ones_mobile(acme):
    await _first(acme)
    await acme.hire("c1", "W2", mobile="+8613800000002", effective_at="2026-02-11", person_id=FIRST)
    await acme.say("left", "c2", worker_id="W2", effective_at="2026-02-15")
    await acme.hire("c3", "W2", mobile="+8613800000001", effective_at="2026-02-20")
    await acme.settle()
    assert (await acme.events(FIRST))["c3"] == ("confirmed", None)

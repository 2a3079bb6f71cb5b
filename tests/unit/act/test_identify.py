"""Whose a worker is, by an operator's word: what it makes of accounts, and that replay and preview go by it too."""

from datetime import UTC, datetime

import pytest
from company import Company

from contracts import hr
from services.provisioner.facts.history import history
from services.provisioner.model import Fact, FactKey, WorkerKey
from services.provisioner.operators.errors import (
    AmbiguousWorkerError,
    NothingToChangeError,
    UnknownPersonError,
)
from services.provisioner.operators.identity import Identity
from services.provisioner.operators.operations import Operations
from services.provisioner.preview.outcomes import Preview
from services.provisioner.preview.targets import Planned
from services.provisioner.preview.trees import Trees
from services.provisioner.replay import Replay

ACME = "urn:hr:acme"
W1, W2 = f"{ACME}/W1", f"{ACME}/W2"
BY = {"by": "operator:li", "reason": "asked HR"}


async def nobody_asks(*_):
    raise AssertionError("no platform and no broker is asked who somebody is")


@pytest.fixture
def acme():
    return Company()


@pytest.fixture
def desk(acme):
    return Identity(Operations(acme.store, acme.clock, acme.pauses, {"crm": {}, "wiki": {}}, nobody_asks, nobody_asks))


async def _hire(acme, eid, worker_id, effective_at="2026-02-01", revision=1, **marks):
    known = {"display_name": "王伟", "mobile": "+8613800000001", "personal_email": "wei@example.net"}
    said = {"worker_id": worker_id, "effective_at": effective_at, "person": known | marks}
    await acme.say("hired", eid, revision=revision, assignment={"job_function": "sales"}, **said)
    await acme.settle()


async def _a_doubt(acme):
    """W2 has W1's name and e-mail."""
    await _hire(acme, "e1", "W1")
    await _hire(acme, "e2", "W2", "2026-02-10", mobile="+8613800000002")
    assert (await acme.events(W2))["e2"] == ("inbox", f"identity_like:{W1}")


async def _told(acme):
    """Every fact and decision that the store has, and by person what it says is theirs."""
    persons = await acme.store.persons()
    files = {person: await acme.store.facts_of(person) for person in {*persons, W1, W2}}
    facts = [fact for theirs, _ in files.values() for fact in theirs]
    decisions = [decision for _, theirs in files.values() for decision in theirs]
    return facts, decisions, {person: {f.key for f in theirs} for person, (theirs, _) in files.items() if theirs}


async def test_the_same_human_keeps_one_account_and_is_told_by_whom(acme, desk):
    await _a_doubt(acme)
    assert await desk.same("W2", "W1", **BY) == {"worker": W2, "person_id": W1, "was": W2}
    await acme.settle()
    assert list(acme.crm.accounts) == ["wangw"]
    assert (await acme.events(W1))["e2"] == ("confirmed", None)
    made = [d["decision"] for d in await acme.told("tenure.decision.made.v1")]
    said = [(d["by"], d["reason"]) for d in made if d["kind"] == "person_identified" and d["by"] != "tenure"]
    assert said == [("operator:li", "asked HR")]


async def test_another_human_gets_an_account_of_their_own(acme, desk):
    await _a_doubt(acme)
    assert (await desk.another("W2", **BY))["person_id"] == W2
    await acme.settle()
    assert (await acme.events(W2))["e2"] == ("confirmed", None)
    assert sorted(acme.crm.accounts) == ["wangw", "wangw2"]


async def test_the_last_word_counts(acme, desk):
    await _a_doubt(acme)
    await desk.same("W2", "W1", **BY)
    await acme.settle()
    acme.clock.business = acme.clock.machine = datetime(2026, 3, 2, tzinfo=UTC)
    assert (await desk.another("W2", **BY))["was"] == W1
    await acme.settle()
    assert sorted(acme.crm.accounts) == ["wangw", "wangw2"]
    facts, decisions, kept = await _told(acme)
    assert {p: {f.key for f in own} for p, own in history(facts, decisions).persons.items()} == kept


async def test_replay_and_preview_put_together_what_the_store_does(acme, desk):
    await _a_doubt(acme)
    await desk.same("W2", "W1", **BY)
    await acme.settle()
    facts, decisions, kept = await _told(acme)
    assert kept == {W1: {fact.key for fact in facts}}
    assert {p: {f.key for f in own} for p, own in history(facts, decisions).persons.items()} == kept
    preview = Preview(acme.policy, acme.clock.business)
    preview.known(facts, decisions)
    leave = Fact(
        FactKey(ACME, "e3", 1),
        hr.Left(worker_id="W1", effective_at="2026-02-20"),
        datetime(2026, 2, 20, tzinfo=UTC),
        "UTC",
        datetime(2026, 2, 20, tzinfo=UTC),
        datetime(2026, 2, 20, tzinfo=UTC),
        "digest",
        WorkerKey(ACME, "W1"),
    )
    assert preview.take(leave) is None
    assert [one.outcome for one in preview.outcomes([leave, *facts])] == ["applied"] * 3


async def test_a_doubt_ends_when_the_facts_of_the_other_person_end_it(acme):
    await _a_doubt(acme)
    await _hire(acme, "e1", "W1", revision=2, personal_email="somebody.else@example.net")
    assert (await acme.events(W2))["e2"] == ("confirmed", None)
    assert sorted(acme.crm.accounts) == ["wangw", "wangw2"]


async def test_a_doubt_over_somebody_who_turns_out_to_be_another_is_judged_anew(acme, desk):
    await _a_doubt(acme)
    await _hire(acme, "e3", "W3", "2026-01-15", display_name="李梅", mobile="+8613800000003", personal_email=None)
    await desk.same("W1", "W3", **BY)
    await acme.settle()
    assert (await acme.events(W2))["e2"] == ("inbox", f"identity_like:{ACME}/W3")


async def test_who_had_the_number_before_is_the_same_when_an_operator_says_so(acme, desk):
    await _hire(acme, "e1", "W1")
    await acme.say("left", "e2", worker_id="W1", effective_at="2026-02-10")
    await _hire(acme, "e3", "W1", "2026-02-20", mobile="+8613800000009", personal_email=None, display_name="李梅")
    assert (await acme.events(W1))["e3"] == ("inbox", "identity_unclear")
    await desk.same("W1", "W1", **BY)
    await acme.settle()
    assert (await acme.events(W1))["e3"] == ("confirmed", None)
    assert acme.account("wangw")[0] == "active"


async def test_what_is_beyond_doubt_is_not_decided_again(acme, desk):
    await _hire(acme, "e1", "W1")
    with pytest.raises(NothingToChangeError):
        await desk.same("W1", "wangw", **BY)
    with pytest.raises(NothingToChangeError):
        await desk.another("W1", **BY)
    with pytest.raises(UnknownPersonError):
        await desk.another("W", **BY)


async def test_a_number_of_two_companies_is_named_with_its_id_space(acme, desk):
    await _a_doubt(acme)
    await acme.say("hired", "o1", source="urn:hr:other", worker_id="W2", person={"display_name": "李梅"})
    await acme.settle()
    with pytest.raises(AmbiguousWorkerError) as refused:
        await desk.another("W2", **BY)
    assert refused.value.more == {"workers": [W2, "urn:hr:other/W2"]}
    assert (await desk.another(W2, **BY))["worker"] == W2


@pytest.mark.parametrize(
    "again", [{}, {"mobile": "+8613800000002"}, {"display_name": "李梅"}, {"personal_email": None}]
)
async def test_a_preview_and_a_replay_doubt_whom_the_run_does(acme, again):
    await _hire(acme, "e1", "W1")
    await _hire(acme, "e2", "W2", "2026-02-10", **again)
    await _hire(acme, "e3", "W3", "2026-02-10", display_name="赵云", mobile="+8613800000007", personal_email=None)
    booked = {name: reason for who in (W1, W2) for name, (state, reason) in (await acme.events(who)).items()
              if state == "inbox" and reason.startswith("identity_")}  # fmt: skip
    facts, _, _ = await _told(acme)
    preview = Preview(acme.policy, acme.clock.business)
    preview.known(facts)
    said = zip(facts, preview.outcomes(facts), strict=True)
    assert {fact.key.id: one.reason for fact, one in said if one.outcome == "conflict"} == booked
    found = Replay([Planned(acme.policy)], [acme.clock.business], Trees(())).family(facts)
    doubts = [w["doubt"] for _, _, row, _ in found.rows for w in row["workers"] if "doubt" in w]
    assert doubts == [*booked.values()] == [f"identity_like:{W1}"]


async def test_so_many_with_one_mobile_are_not_doubted_for_it(acme):
    for n in range(1, 54):
        await acme.say("hired", f"e{n}", worker_id=f"W{n}",
                       person={"display_name": "王伟", "mobile": "+8613800000000"})  # fmt: skip
    await acme.settle()
    reasons = {(await acme.events(f"{ACME}/W{n}"))[f"e{n}"][1] for n in range(1, 54)}
    assert not any((reason or "").startswith("identity_") for reason in reasons)

"""Whose a fact is and when somebody is due: the rules without a store."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import hr
from services.provisioner.facts.history import history
from services.provisioner.facts.identity import Naming, Said
from services.provisioner.model import Fact, FactKey, WorkerKey
from services.provisioner.store.memory import MemoryStore
from services.provisioner.store.port import Mark, NewEvent
from services.provisioner.store.routing import (
    Known,
    Owner,
    collapse,
    latest,
    named_now,
    resolve,
    subject_of,
    words_of,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(days=1), NOW + timedelta(days=1)
MEI, WEI, LI = WorkerKey("s", "W1"), WorkerKey("s", "W2"), WorkerKey("s", "W3")


def _fact(body, ident, worker=MEI, *, revision=1, person=None, source="s", at=NOW):
    return Fact(FactKey(source, ident, revision), body, at, "UTC", at, NOW, f"{ident}{revision}", worker, person)


def _hired(ident, worker=MEI, **about):
    body = hr.Hired(effective_at="2026-03-02", worker_id=worker.worker_id, person=hr.Person())
    return _fact(body, ident, worker, **about)


def _withdrawn(ident, of, **about):
    return _fact(hr.Withdrawn(effective_at="2026-03-02", event_id=of), ident, None, **about)


@pytest.mark.parametrize(
    ("marks", "lane", "due_at"),
    [
        ([(2, PAST), (1, NOW)], 1, PAST),
        ([(2, NOW), (0, FUTURE)], 2, NOW),
        ([(0, FUTURE), (2, NOW)], 2, NOW),
        ([(1, FUTURE), (0, FUTURE)], 0, FUTURE),
        ([(0, FUTURE), (1, NOW), (2, PAST)], 1, PAST),
    ],
    ids=[
        "what is past is due now, so the urgent lane counts",
        "a leave tomorrow does not lift today's bulk",
        "nor does it when it was named first",
        "on the same date the most urgent lane counts",
        "three at once",
    ],
)
def test_collapse(marks, lane, due_at):
    assert collapse([Mark("mei", *each) for each in marks], NOW) == [Mark("mei", lane, due_at)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.sampled_from([PAST, NOW, FUTURE]))))
def test_collapsing_is_the_same_in_any_order(marks):
    told = [Mark(*each) for each in marks]
    assert collapse(told, NOW) == collapse(reversed(told), NOW)


def test_a_withdrawal_belongs_where_its_fact_does_through_any_number():
    found = resolve(latest(map(subject_of, [_withdrawn("w2", "w1"), _withdrawn("w1", "h1"), _hired("h1")]), {}))
    assert {subject.owner for subject in found.values()} == {Owner(worker=MEI)}
    assert [found["s", ident].withdrawn for ident in ("h1", "w1", "w2")] == [False, True, False]


def test_only_its_own_source_withdraws_a_fact():
    foreign = _fact(
        hr.Withdrawn(effective_at="2026-03-02", event_id="h1", event_source="s"), "w1", None, source="other"
    )
    found = resolve(latest(map(subject_of, [_hired("h1"), foreign]), {}))
    assert not found["s", "h1"].withdrawn
    assert found["other", "w1"].owner == Owner(worker=MEI)


def test_a_circle_of_withdrawals_belongs_to_nobody():
    found = resolve(
        latest(map(subject_of, [_withdrawn("w1", "w2"), _withdrawn("w2", "w1"), _withdrawn("w3", "w3")]), {})
    )
    assert {subject.owner for subject in found.values()} == {Owner()}


def test_the_highest_revision_says_whose_the_fact_is():
    found = resolve(latest(map(subject_of, [_hired("h1", WEI, revision=2), _hired("h1", MEI)]), {}))
    assert found["s", "h1"].owner == Owner(worker=WEI)


def test_a_worker_nobody_names_is_a_person_of_its_own():
    assert named_now(MEI, Said(), None, NOW) == Known("s/W1", "s/W1")
    assert named_now(MEI, Said((Naming(NOW, NOW, "b"), Naming(PAST, NOW, "a"))), None, NOW).named == "a"


def test_a_link_counts_from_its_date_on_unless_the_employment_begins_no_earlier():
    link = Naming(FUTURE, PAST, "b", link=True)
    assert named_now(MEI, Said((link,), PAST), None, NOW) == Known("s/W1", "s/W1", turns_at=FUTURE)
    assert named_now(MEI, Said((link,), PAST), None, FUTURE) == Known("b", "b")
    assert named_now(MEI, Said((link,), FUTURE), None, NOW) == Known("b", "b")
    assert named_now(MEI, Said((link,)), None, NOW) == Known("b", "b")


def test_words_are_folded_and_whole():
    person = hr.Person(family_name="WANG", given_name="Mei", mobile="+8613800000000")
    told = _fact(hr.Updated(effective_at="2026-03-02", worker_id="W1", person=person), "u1")
    assert words_of(told) == {"wangmei", "+8613800000000"}
    assert words_of(_withdrawn("w1", "h1")) == frozenset()


_TOLD = (
    _hired("h1", MEI),
    _hired("h1", WEI, revision=2),
    _hired("h2", MEI, person="p/2", at=FUTURE),
    _fact(hr.Linked(effective_at="2026-03-02", worker_id="W1", person_id="p/1"), "l1", MEI, person="p/1"),
    _fact(hr.Linked(effective_at="2026-03-02", worker_id="W2", person_id="s/W3"), "l2", WEI, person="s/W3"),
    _fact(hr.Linked(effective_at="2026-03-03", worker_id="W3", person_id="s/W1"), "l3", LI, person="s/W1", at=FUTURE),
    _withdrawn("w1", "l1"),
    _withdrawn("w2", "w1"),
    _withdrawn("w3", "h2"),
    _fact(hr.DepartmentChanged(effective_at="2026-03-02", department_id="D1"), "d1", None),
    _withdrawn("w4", "d1"),
)


async def _taken_in(lots):
    store = MemoryStore()
    offset = 0
    for lot in lots:
        events = [NewEvent("t", 0, offset + n, "in_progress", NOW, fact=fact) for n, fact in enumerate(lot)]
        offset += len(lot)
        async with store.intake() as tx:
            await tx.add("e1", events)
    persons = await store.persons()
    facts = {person: {str(fact.key) for fact in (await store.facts_of(person))[0]} for person in persons}
    return facts, {str(fact.key) for fact in await store.department_facts()}


@given(st.permutations(_TOLD), st.integers(1, 11), st.integers(0, 11))
def test_the_same_facts_in_any_order_and_any_lots_belong_to_the_same(told, size, known):
    """P2: order does not matter."""
    expected = asyncio.run(_taken_in([_TOLD[:known], _TOLD[known:]]))
    lots = [told[at : at + size] for at in range(0, len(told), size)]
    assert asyncio.run(_taken_in(lots)) == expected


LINKS = st.lists(
    st.builds(
        lambda worker, person, at, ident: _fact(
            hr.Linked(effective_at="2026-03-02", worker_id=worker.worker_id, person_id=person), ident, worker,
            person=person, at=at,
        ),
        st.sampled_from([MEI, WEI, LI]),
        st.sampled_from(["s/W1", "s/W2", "s/W3", "p/1"]),
        st.sampled_from([PAST, NOW, FUTURE]),
        st.sampled_from(["l1", "l2", "l3", "l4"]),
    ),
    unique_by=lambda fact: fact.key,
    max_size=4,
)  # fmt: skip


@given(st.data(), LINKS, st.integers(1, 9))
def test_the_store_and_replay_agree_whose_every_fact_is(data, links, size):
    """Whatever links name, in whatever lots: the store moves workers one by one, replay sees all at once."""
    hires = [_hired("h1", MEI), _hired("h2", WEI), _hired("h3", LI, person="s/W2"), _withdrawn("w1", "l1")]
    told = data.draw(st.permutations([*hires, *links]))
    lots = [told[at : at + size] for at in range(0, len(told), size)]
    stored, _ = asyncio.run(_taken_in(lots))
    expected = {person: {str(f.key) for f in own} for person, own in history(told).persons.items()}
    assert {person: keys for person, keys in stored.items() if keys} == expected

"""Whatever HR sends, in whatever order: histories drawn at random fold alike (P2)."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from telling import (
    MEI,
    OFFICE,
    SALES,
    SOURCE,
    allowed,
    at,
    away,
    back,
    ended,
    hired,
    identified,
    left,
    linked,
    moved,
    started,
    stated,
    stopped,
    told,
    updated,
    withdrawn,
)

from contracts import hr
from services.provisioner.facts.departments import departments
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.standing import stand
from services.provisioner.model import VerdictKind, WorkerKey

RUN = settings(derandomize=True, database=None, deadline=None, max_examples=300)
DAYS = st.integers(1, 9).map(lambda day: f"2026-01-0{day}")
IDS = st.sampled_from("abcdefgh")
PLACES = st.sampled_from([SALES, OFFICE, {"title": None}, {"manager_id": "W9"}])
PEOPLE = st.sampled_from([MEI, {"display_name": "Mei Li"}, {"mobile": None}, {"personal_email": "mei@example.net"}])
TERMS = st.sampled_from([{}, {"starts_at": "2026-01-05"}, {"starts_at": "2026-01-08"}, {"ends_at": "2026-01-04"}])
COMMON = {
    "id": IDS,
    "source": st.sampled_from([SOURCE, "urn:hr:other"]),
    "time": DAYS,
    "recorded": DAYS,
    "revision": st.integers(1, 2),
    "sequence": st.sampled_from([None, 1, 2]),
}
POSITIONS, KINDS = st.sampled_from(["A2", "A3"]), st.sampled_from(["suspension", "parental"])
WORKER = COMMON | {"worker": st.sampled_from(["W1", "W1", "W1", "W2"])}
FACTS = st.one_of(
    st.builds(hired, DAYS, person=PEOPLE, assignment=PLACES, **WORKER),
    st.builds(stated, DAYS, person=PEOPLE, assignment=PLACES, employment=TERMS, **WORKER),
    st.builds(moved, DAYS, assignment=PLACES, **WORKER),
    st.builds(updated, DAYS, person=PEOPLE, **WORKER),
    st.builds(left, DAYS, immediate=st.booleans(), **WORKER),
    st.builds(left, DAYS, **WORKER),
    st.builds(started, DAYS, POSITIONS, assignment=PLACES, **WORKER),
    st.builds(ended, DAYS, POSITIONS, **WORKER),
    st.builds(away, DAYS, KINDS, **WORKER),
    st.builds(back, DAYS, KINDS | st.none(), **WORKER),
    st.builds(linked, DAYS, **WORKER),
    st.builds(withdrawn, IDS, DAYS, **COMMON),
)
HISTORIES = st.lists(FACTS, max_size=12)
STOPS = (
    st.builds(stopped, DAYS, id=IDS, recorded=DAYS)
    | st.builds(allowed, DAYS, id=IDS, recorded=DAYS)
    | st.builds(identified, DAYS, id=IDS, recorded=DAYS, by=st.sampled_from(["tenure", "operator:li"]))
)
TREES = st.lists(
    st.builds(
        lambda day, i, above, **more: told(hr.DepartmentChanged, day, department_id=i, parent_id=above, **more),
        DAYS, st.sampled_from("ABCD"), st.sampled_from(["A", "B", "C", "D", None]), id=IDS, time=DAYS,
    )
    | st.builds(
        lambda day, i, heir, **more: told(hr.DepartmentClosed, day, department_id=i, successor_id=heir, **more),
        DAYS, st.sampled_from("ABCD"), st.sampled_from(["A", "B", "C", "D", None]), id=IDS, time=DAYS,
    )
    | st.builds(withdrawn, IDS, DAYS, id=IDS, time=DAYS),
    max_size=12,
)  # fmt: skip


@RUN
@given(HISTORIES, st.lists(STOPS, max_size=3), st.randoms(use_true_random=False))
def test_any_order_of_the_same_facts_folds_alike(facts, decisions, random):
    unclear = {WorkerKey(SOURCE, "W2"): "somebody"}
    line = timeline(facts, decisions, unclear=unclear)
    random.shuffle(facts)
    random.shuffle(decisions)
    assert timeline(facts, decisions, unclear=unclear) == line


@RUN
@given(HISTORIES, st.data())
def test_a_fact_delivered_again_changes_nothing(facts, data):
    again = data.draw(st.lists(st.sampled_from(facts), max_size=5)) if facts else []
    assert timeline([*again, *facts]) == timeline(facts)


@RUN
@given(HISTORIES)
def test_every_fact_has_a_verdict_and_an_instant(facts):
    line = timeline(facts)
    keys = {fact.key for fact in facts}
    assert line.verdicts.keys() == keys
    assert {line.effective_at(key).tzinfo is not None for key in keys} <= {True}


@RUN
@given(HISTORIES)
def test_the_state_changes_at_its_instants_and_nowhere_else(facts):
    line = timeline(facts)
    for begin, end in zip(line.instants, [*line.instants[1:], at("2027-01-01")], strict=False):
        assert line.next_change(begin - timedelta(microseconds=1)) == begin
        early, late = line.state(begin), line.state(end - timedelta(microseconds=1))
        assert replace(late, at=early.at) == early
        assert early != replace(line.state(begin - timedelta(microseconds=1)), at=early.at)


@RUN
@given(HISTORIES)
def test_what_is_superseded_or_withdrawn_in_time_might_as_well_never_have_come(facts):
    standing = stand(facts)
    if any(isinstance(fact.body, hr.Hired | hr.Stated) for fact, _ in standing.withdrawn):
        return
    heard = [
        # A leave is known by when we heard of its present date, all else by when we first heard of it.
        fact if isinstance(fact.body, hr.Left) else replace(fact, recorded_at=standing.first_recorded[fact.key[:2]])
        for fact in standing.live
    ]
    clean, line = timeline(heard), timeline(facts)
    assert clean.moments == line.moments
    assert clean.begins == line.begins
    assert clean.verdicts.items() <= line.verdicts.items()


@RUN
@given(HISTORIES)
def test_nobody_is_employed_after_a_leave_that_applies_unless_employment_begins_again(facts):
    """Read from the verdicts alone: between an applied leave and a state employed stands an applied begin."""
    line = timeline(facts)
    standing = stand(facts)
    late = {by.key for fact, by in standing.withdrawn if isinstance(fact.body, hr.Hired | hr.Stated)}
    if late:
        return
    begun = {fact.worker for fact in standing.live if isinstance(fact.body, hr.Hired | hr.Stated)}
    employed = {}
    for fact in sorted(standing.live, key=lambda fact: line.order[fact.key]):
        new_number = isinstance(fact.body, hr.Linked) and fact.worker not in begun and fact.worker not in employed
        if new_number and line.verdicts[fact.key].kind is VerdictKind.APPLIES:
            employed = dict.fromkeys(employed, False) | {fact.worker: True}
        elif line.verdicts[fact.key].kind is VerdictKind.APPLIES:
            begins = isinstance(fact.body, hr.Hired | hr.Stated)
            employed[fact.worker] = not isinstance(fact.body, hr.Left) and (begins or employed.get(fact.worker, False))
    workers = line.state(at("2027-01-01")).workers
    final = {worker.worker: worker.active and not worker.unidentified for worker in workers}
    assert {worker for worker, active in final.items() if active} == {w for w, active in employed.items() if active}


@RUN
@given(TREES, st.randoms(use_true_random=False))
def test_any_order_of_the_same_department_facts_makes_the_same_tree(facts, random):
    found = departments(facts, at("2026-01-06"))
    random.shuffle(facts)
    assert departments(facts, at("2026-01-06")) == found


@RUN
@given(TREES, DAYS)
def test_no_tangle_of_department_facts_makes_a_circle(facts, day):
    found = departments(facts, at(day))
    for i in "ABCD":
        assert len(set(found.path(i))) == len(found.path(i))
        assert found.path(i)[-1] == found.effective(i)
        assert found.effective(found.effective(i)) == found.effective(i)
    shown = [d.department_id for d in found.open()]
    for i in shown:
        above = found.parent(i)
        assert above is None or above not in shown or shown.index(above) < shown.index(i)

"""Which fact has the last word at one instant, and that arrival never has."""

from itertools import permutations

import pytest
from telling import OFFICE, SALES, at, hired, left, moved, told, updated, verdict_of

from contracts import hr
from services.provisioner.facts.fold import timeline
from services.provisioner.model import VerdictKind, WorkerKey

DAY = "2026-03-01"
FINANCE = {"department_id": "D-FIN", "title": "clerk"}
HIRE = hired("2026-01-05")
WEI = {"display_name": "Wei"}


def on_the_day(*facts):
    """The state at the day, the same for every arrival."""
    states = [timeline(order).state(at(DAY)) for order in permutations(facts)]
    assert all(state == states[0] for state in states)
    return states[0]


@pytest.mark.parametrize(
    ("loser", "winner"),
    [
        (moved(DAY, id="z", rank=0), moved(DAY, id="a", assignment=FINANCE, rank=1, source="urn:hr:a")),
        (moved(DAY, id="z", source="urn:hr:a"), moved(DAY, id="a", assignment=FINANCE, source="urn:hr:b")),
        (moved(DAY, id="z", time="2026-04-01"), moved(DAY, id="a", assignment=FINANCE, sequence=0)),
        (moved(DAY, id="z", sequence=2), moved(DAY, id="a", assignment=FINANCE, sequence=10)),
        (moved(DAY, id="z", time="2026-02-01"), moved(DAY, id="a", assignment=FINANCE, time="2026-02-02")),
        (moved(DAY, id="a"), moved(DAY, id="b", assignment=FINANCE)),
        (moved(DAY, id="a", time="2026-04-01"), moved("2026-03-01T00:00:01", id="b", assignment=FINANCE, rank=-1)),
    ],
    ids=[
        "the preferred source wins",
        "of equal sources the later name wins",
        "a missing sequence stands first",
        "the higher sequence wins",
        "the later time wins",
        "the later id wins",
        "the effective instant stands above all",
    ],
)
def test_at_one_instant(loser, winner):
    states = [timeline(order).state(at("2026-03-02")) for order in permutations([HIRE, loser, winner])]
    assert {state.assignment.department_id for state in states} == {"D-FIN"}


def test_somebody_employed_leaves_and_is_hired_anew_on_one_day():
    rehire = hired(DAY, id="rehire", assignment=FINANCE)
    state = on_the_day(HIRE, left(DAY), rehire, moved(DAY, assignment={"title": "chief"}))
    assert state.active
    assert state.primary.begun_at == at(DAY)
    assert state.assignment == hr.Assignment(department_id="D-FIN", title="chief")


def test_somebody_not_employed_who_is_hired_and_leaves_on_one_day_is_gone():
    state = on_the_day(hired(DAY), left(DAY), moved(DAY))
    assert not state.active
    assert (state.primary.begun_at, state.primary.left_at) == (at(DAY), at(DAY))


def test_a_move_that_stands_before_the_hire_of_its_instant_adds_what_the_hire_does_not_say():
    grade = moved(DAY, assignment={"title": "office", "grade": "G5"}, sequence=1)
    hire = hired(DAY, sequence=2)
    assert on_the_day(grade, hire).assignment == hr.Assignment(department_id="D-SALES", title="sales", grade="G5")
    assert verdict_of(timeline([grade, hire]), grade) == (VerdictKind.APPLIES, "")


def test_a_leave_that_stands_before_the_hire_of_its_instant_goes_to_the_inbox():
    leave, hire = left(DAY, sequence=1), hired(DAY, sequence=2)
    assert on_the_day(leave, hire).active
    assert verdict_of(timeline([leave, hire]), leave) == (VerdictKind.INBOX, "hire_begins_later")


def test_employed_just_before_is_each_workers_own():
    """W1 ends on the day on which W2 begins: both kinds of order at one instant."""
    second = hired(DAY, id="second", worker="W2", assignment=OFFICE, time="2026-01-01")
    state = on_the_day(HIRE, left(DAY, time="2026-02-01"), second)
    assert [worker.active for worker in state.workers] == [False, True]
    assert state.primary.worker.worker_id == "W2"


def test_a_person_with_two_workers_is_employed_while_either_is():
    first = hired("2026-01-05", person_id="P-1")
    second = hired("2026-02-01", id="second", worker="W2", assignment=OFFICE, person=WEI, person_id="P-1")
    leave = left(DAY)
    line = timeline([second, leave, first])
    both = line.state(at("2026-02-01"))
    assert both.primary.worker == WorkerKey("urn:hr:acme", "W1")
    assert line.person_id == "urn:hr:acme/p/P-1"
    one = line.state(at(DAY))
    assert one.active
    assert one.primary.worker.worker_id == "W2"
    assert line.change_of(leave.key) == "mover"


def test_nobody_employed_is_judged_by_the_employment_that_ended_last():
    workers = [hired("2026-01-05"), hired("2026-01-06", id="second", worker="W2", assignment=OFFICE)]
    leaves = [left("2026-03-01", id="l2", worker="W2"), left("2026-02-01", id="l1")]
    assert timeline([*workers, *leaves]).state(at("2026-03-01")).primary.worker.worker_id == "W2"


def test_the_facts_behind_a_state_are_named_newest_last():
    rename = updated("2026-02-01", person={"display_name": "Mei Li"})
    move = moved("2026-02-02", assignment={"title": "lead"})
    state = timeline([move, rename, HIRE]).state(at("2026-02-02"))
    assert state.facts == (HIRE.key, rename.key, move.key)
    assert state.primary.facts == (HIRE.key, move.key)


def test_instants_are_the_moments_of_change_and_the_next_is_known():
    nothing = moved("2026-02-01", id="nothing", assignment=SALES)
    line = timeline([HIRE, nothing, left(DAY)])
    assert line.instants == (at("2026-01-05"), at(DAY))
    assert line.next_change(at("2026-01-01")) == at("2026-01-05")
    assert line.next_change(at("2026-01-05")) == at(DAY)
    assert line.next_change(at(DAY)) is None


def test_before_the_first_fact_nothing_is_known_but_the_hire_to_come():
    state = timeline([HIRE]).state(at("2026-01-01"))
    assert (state.active, state.workers, state.primary, state.facts) == (False, (), None, ())
    assert state.next_hire_at == at("2026-01-05")
    assert timeline([HIRE]).state(at("2026-01-05")).next_hire_at is None


def test_what_a_fact_makes_of_a_person():
    hire, move, name, leave = HIRE, moved("2026-02-01"), updated("2026-02-01", person=WEI), left(DAY)
    back, second = hired("2026-05-01", id="back"), left("2026-03-02", id="second leave")
    line = timeline([hire, move, name, leave, back, second])
    assert [line.change_of(fact.key) for fact in (hire, move, name, leave, back, second)] == [
        "joiner", "mover", None, "leaver", "joiner", None,
    ]  # fmt: skip


def test_leave_and_rehire_on_one_day_are_a_move():
    leave, back = left(DAY), hired(DAY, id="back", assignment=FINANCE)
    line = timeline([HIRE, leave, back])
    assert (line.change_of(leave.key), line.change_of(back.key)) == ("mover", "mover")


def test_the_zone_is_that_of_the_latest_fact():
    line = timeline([HIRE, told(hr.Transferred, "2026-02-01", id="x", worker_id="W1", zone="Europe/Paris")])
    assert line.state(at("2026-01-05")).zone == "Asia/Shanghai"
    assert line.state(at("2026-02-02")).zone == "Europe/Paris"

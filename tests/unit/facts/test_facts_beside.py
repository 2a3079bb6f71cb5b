"""What stands beside an employment: second positions, absences, and new numbers for it."""

from itertools import permutations

import pytest
from telling import (
    MEI,
    OFFICE,
    SALES,
    SOURCE,
    at,
    away,
    back,
    ended,
    hired,
    left,
    linked,
    moved,
    started,
    stated,
    verdict_of,
)  # fmt: skip

from services.provisioner.facts.fold import timeline
from services.provisioner.model import Absence, VerdictKind, WorkerKey

HIRE, LEAVE = hired("2026-01-05"), left("2026-06-01")
START, AWAY = started("2026-02-01"), away("2026-02-01")
APPLIES = (VerdictKind.APPLIES, "")
NO_HIRE = (VerdictKind.WAITS, "no_hire_known")
EARLY = (VerdictKind.INBOX, "hire_begins_later")
GONE = (VerdictKind.NO_EFFECT, "already_left")
OVER = (VerdictKind.NO_EFFECT, "assignment_already_ended")
SAME = (VerdictKind.NO_EFFECT, "no_difference")


@pytest.mark.parametrize(
    ("known", "fact", "verdict", "others"),
    [
        ([], START, NO_HIRE, {}),
        ([], ended("2026-03-01"), NO_HIRE, {}),
        ([hired("2026-03-01")], START, EARLY, {}),
        ([hired("2026-04-01")], ended("2026-03-01"), EARLY, {}),
        ([HIRE], START, APPLIES, {"A2": "D-ADMIN"}),
        ([HIRE, START], started("2026-03-01", id="x"), SAME, {"A2": "D-ADMIN"}),
        ([HIRE, START], started("2026-03-01", id="x", assignment=SALES), APPLIES, {"A2": "D-SALES"}),
        ([HIRE, START], started("2026-03-01", "A3", id="x"), APPLIES, {"A2": "D-ADMIN", "A3": "D-ADMIN"}),
        ([HIRE, START], ended("2026-03-01"), APPLIES, {}),
        ([HIRE], ended("2026-03-01"), (VerdictKind.WAITS, "assignment_not_started"), {}),
        ([HIRE, START], ended("2026-01-20"), (VerdictKind.INBOX, "assignment_begins_later"), {"A2": "D-ADMIN"}),
        ([HIRE, START, ended("2026-02-20")], ended("2026-03-01", id="x"), OVER, {}),
        ([HIRE, START], ended("2026-03-01", "A3"), (VerdictKind.WAITS, "assignment_not_started"), {"A2": "D-ADMIN"}),
        ([HIRE, left("2026-01-20")], START, GONE, {}),
        ([HIRE, START, left("2026-02-20")], ended("2026-03-01"), GONE, {}),
        ([HIRE, START, left("2026-02-20")], hired("2026-03-01", id="x"), APPLIES, {}),
        ([HIRE, START], moved("2026-03-01", assignment={"department_id": "D-RD"}), APPLIES, {"A2": "D-ADMIN"}),
    ],
    ids=[
        "a second position before any hire waits",
        "an end before any hire waits",
        "a second position before the only hire goes to the inbox",
        "an end before the only hire goes to the inbox",
        "a second position stands beside the first",
        "the same position told again has no effect",
        "a position told otherwise is as it is told last",
        "positions of two ids stand beside each other",
        "a position ends by its id",
        "the end of a position never begun waits",
        "an end before the only beginning goes to the inbox",
        "a second end has no effect",
        "an end of another id ends nothing",
        "a position of somebody gone has no effect",
        "positions end with the employment",
        "and do not come back with a rehire",
        "a move of the first position leaves the second",
    ],
)  # fmt: skip
def test_a_second_position_means(known, fact, verdict, others):
    for facts in permutations([*known, fact]):
        line = timeline(facts)
        state = line.state(at("2026-04-01"))
        assert verdict_of(line, fact) == verdict
        held = [o for worker in state.workers for o in worker.other_assignments]
        assert {o.assignment_id: o.assignment.department_id for o in held} == others


@pytest.mark.parametrize(
    ("known", "fact", "verdict", "absent"),
    [
        ([], AWAY, NO_HIRE, []),
        ([hired("2026-03-01")], AWAY, EARLY, []),
        ([], back("2026-03-01"), NO_HIRE, []),
        ([hired("2026-04-01")], back("2026-03-01"), EARLY, []),
        ([HIRE], AWAY, APPLIES, ["suspension"]),
        ([HIRE, AWAY], away("2026-03-01", id="x"), SAME, ["suspension"]),
        ([HIRE, AWAY], away("2026-03-01", "parental", id="x"), APPLIES, ["parental", "suspension"]),
        ([HIRE, AWAY], back("2026-03-01"), APPLIES, []),
        ([HIRE, AWAY], back("2026-03-01", "suspension"), APPLIES, []),
        ([HIRE, AWAY], back("2026-03-01", "parental"), (VerdictKind.WAITS, "absence_not_started"), ["suspension"]),
        ([HIRE], back("2026-03-01"), (VerdictKind.WAITS, "absence_not_started"), []),
        ([HIRE, AWAY, left("2026-02-20")], back("2026-03-01"), GONE, []),
        ([HIRE, left("2026-01-20")], AWAY, GONE, []),
        ([HIRE, AWAY, left("2026-02-20")], hired("2026-03-01", id="x"), APPLIES, []),
    ],
    ids=[
        "an absence before any hire waits",
        "an absence before the only hire goes to the inbox",
        "a return before any hire waits",
        "a return before the only hire goes to the inbox",
        "an absence begins",
        "one that lasts already has no effect",
        "absences of two kinds stand beside each other",
        "an end without a kind ends them all",
        "an end of its kind ends it",
        "an end of another kind ends nothing",
        "the end of an absence never begun waits",
        "an absence ends with the employment",
        "an absence of somebody gone has no effect",
        "a rehire begins without it",
    ],
)
def test_an_absence_means(known, fact, verdict, absent):
    for facts in permutations([*known, fact]):
        line = timeline(facts)
        state = line.state(at("2026-04-01"))
        assert verdict_of(line, fact) == verdict
        assert [each.kind for each in state.absent] == absent


def test_an_absence_is_no_leave_and_keeps_its_beginning():
    again = away("2026-03-01", id="again")
    line = timeline([HIRE, AWAY, again])
    state = line.state(at("2026-03-02"))
    assert (state.active, state.employed_before) == (True, False)
    assert state.absent == (Absence("suspension", at("2026-02-01")),)
    assert line.change_of(AWAY.key) is None


def test_the_end_of_an_absence_is_known_by_when_we_first_heard_of_it():
    came_back = back("2026-03-01", recorded="2026-03-04")
    state = timeline([HIRE, AWAY, came_back]).state(at("2026-03-05"))
    assert state.entitled_recorded_at == at("2026-03-04")
    assert timeline([HIRE, AWAY]).state(at("2026-03-05")).entitled_recorded_at == at("2026-01-05")


def test_a_second_position_makes_a_mover():
    line = timeline([HIRE, START, ended("2026-03-01")])
    assert [line.change_of(key) for key in line.changes] == ["joiner", "mover", "mover"]


def test_a_new_number_goes_on_with_the_employment():
    facts = [HIRE, START, linked("2026-03-01"), moved("2026-04-01", worker="W2", assignment={"title": "lead"})]
    for told in permutations(facts):
        state = timeline(told).state(at("2026-04-01"))
        lasting = [worker for worker in state.workers if worker.active]
        assert [worker.worker for worker in lasting] == [WorkerKey(SOURCE, "W2")]
        assert (state.assignment.department_id, state.assignment.title) == ("D-SALES", "lead")
        assert [o.assignment_id for o in lasting[0].other_assignments] == ["A2"]
        assert state.person.display_name == MEI["display_name"]


def test_after_a_new_number_the_old_one_ends_nothing_and_the_new_one_does():
    line = timeline([HIRE, linked("2026-03-01"), left("2026-04-01")])
    assert line.state(at("2026-04-01")).active
    assert not timeline([HIRE, linked("2026-03-01"), left("2026-04-01", worker="W2")]).state(at("2026-04-01")).active


def test_a_link_of_a_worker_that_was_hired_moves_no_employment():
    for link in (linked("2026-01-01"), linked("2026-03-01")):
        state = timeline([HIRE, hired("2026-02-01", id="second", worker="W2", assignment=OFFICE), link]).state(
            at("2026-03-01")
        )
        assert [worker.active for worker in state.workers] == [True, True]


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ([], NO_HIRE),
        ([HIRE, hired("2026-02-01", id="third", worker="W3")], (VerdictKind.INBOX, "new_number_of_which_employment")),
    ],
)
def test_a_new_number_of_no_employment_or_of_several_is_not_guessed(facts, verdict):
    link = linked("2026-03-01")
    assert verdict_of(timeline([*facts, link]), link) == verdict


def test_the_end_of_one_of_two_employments_is_a_move_and_the_other_becomes_the_first():
    second = hired("2026-02-01", id="second", worker="W2", assignment=OFFICE)
    leave = left("2026-03-01")
    line = timeline([HIRE, second, leave])
    assert line.state(at("2026-02-15")).assignment.department_id == "D-SALES"
    state = line.state(at("2026-03-01"))
    assert (state.active, state.assignment.department_id) == (True, "D-ADMIN")
    assert (line.change_of(second.key), line.change_of(leave.key)) == ("mover", "mover")


def test_the_employment_that_hr_marks_is_the_first():
    second = hired("2026-02-01", id="second", worker="W2", assignment=OFFICE, extra={"primary": True})
    line = timeline([HIRE, second, stated("2026-03-01", extra={"primary": True}, assignment={"title": "head"})])
    assert line.state(at("2026-02-15")).assignment.department_id == "D-ADMIN"
    assert line.state(at("2026-03-01")).assignment.department_id == "D-SALES"

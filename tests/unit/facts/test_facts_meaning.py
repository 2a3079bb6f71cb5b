"""The table of meanings: every kind of fact for somebody not yet employed, employed and gone."""

from itertools import permutations

import pytest
from telling import MEI, OFFICE, SALES, at, hired, left, moved, stated, told, updated, verdict_of

from contracts import hr
from services.provisioner.facts.fold import timeline
from services.provisioner.model import VerdictKind

APPLIES = (VerdictKind.APPLIES, "")
WAITS = (VerdictKind.WAITS, "no_hire_known")
EARLY = (VerdictKind.INBOX, "hire_begins_later")
TWICE = (VerdictKind.INBOX, "already_employed")
SAME = (VerdictKind.NO_EFFECT, "no_difference")
GONE = (VerdictKind.NO_EFFECT, "already_left")
CONTRADICTS = (VerdictKind.INBOX, "stated_after_leave")

HIRE = hired("2026-01-05")
LEAVE = left("2026-06-01")
LATER_HIRE = hired("2026-09-01", id="later hire")
RENAME = {"display_name": "Mei Li"}
AGAIN = (VerdictKind.NO_EFFECT, "stated_after_leave_again")


def record(**employment):
    return stated("2026-08-01", id="x", employment=employment)


@pytest.mark.parametrize(
    ("known", "fact", "verdict", "active", "department"),
    [
        # not yet employed
        ([], hired("2026-08-01", id="x"), APPLIES, True, "D-SALES"),
        ([], stated("2026-08-01", id="x"), APPLIES, True, "D-SALES"),
        ([], moved("2026-08-01"), WAITS, False, None),
        ([], updated("2026-08-01", person=RENAME), WAITS, False, None),
        ([], left("2026-08-01", id="x"), WAITS, False, None),
        ([LATER_HIRE], moved("2026-08-01"), EARLY, False, None),
        ([LATER_HIRE], updated("2026-08-01", person=RENAME), EARLY, False, None),
        ([LATER_HIRE], left("2026-08-01", id="x"), EARLY, False, None),
        ([hired("2026-08-01")], moved("2026-08-01"), APPLIES, True, "D-ADMIN"),
        # employed
        ([HIRE], hired("2026-08-01", id="x"), SAME, True, "D-SALES"),
        ([HIRE], hired("2026-08-01", id="x", assignment=OFFICE), TWICE, True, "D-SALES"),
        ([HIRE, moved("2026-03-01")], hired("2026-08-01", id="x"), SAME, True, "D-ADMIN"),
        ([HIRE], stated("2026-08-01", id="x", assignment=OFFICE), APPLIES, True, "D-ADMIN"),
        ([HIRE], stated("2026-08-01", id="x"), SAME, True, "D-SALES"),
        ([HIRE], moved("2026-08-01"), APPLIES, True, "D-ADMIN"),
        ([HIRE], updated("2026-08-01", person=RENAME), APPLIES, True, "D-SALES"),
        ([HIRE], left("2026-08-01", id="x"), APPLIES, False, "D-SALES"),
        # gone
        ([HIRE, LEAVE], hired("2026-08-01", id="x", assignment=OFFICE), APPLIES, True, "D-ADMIN"),
        ([HIRE, LEAVE], hired("2026-08-01", id="x"), APPLIES, True, "D-SALES"),
        ([HIRE, LEAVE], record(starts_at="2026-08-01"), APPLIES, True, "D-SALES"),
        ([HIRE, LEAVE], stated("2026-08-01", id="x"), CONTRADICTS, False, "D-SALES"),
        ([HIRE, LEAVE], record(starts_at="2026-01-05"), CONTRADICTS, False, "D-SALES"),
        ([HIRE, LEAVE], record(starts_at="2026-06-01"), CONTRADICTS, False, "D-SALES"),
        ([HIRE, LEAVE], record(ends_at="2026-09-01"), CONTRADICTS, False, "D-SALES"),
        ([HIRE, LEAVE], record(ends_at="2026-06-01"), GONE, False, "D-SALES"),
        ([HIRE, LEAVE], moved("2026-08-01"), GONE, False, "D-SALES"),
        ([HIRE, LEAVE], updated("2026-08-01", person=RENAME), GONE, False, "D-SALES"),
        ([HIRE, LEAVE], left("2026-08-01", id="x"), GONE, False, "D-SALES"),
    ],
    ids=[
        "a hire begins",
        "a record of a worker never seen begins",
        "a move before any hire waits",
        "an update before any hire waits",
        "a leave of an unknown worker waits",
        "a move before the only hire goes to the inbox",
        "an update before the only hire goes to the inbox",
        "a leave before the first hire goes to the inbox",
        "a move on the day of the hire applies",
        "the same hire again has no effect",
        "another hire of somebody employed goes to the inbox",
        "the first hire told again after a move has no effect",
        "a record applies its difference",
        "a record without a difference has no effect",
        "a move applies",
        "an update applies",
        "a leave ends",
        "a hire of somebody gone is a rehire",
        "a rehire may say what the first hire said",
        "a record with a first day after the leave is a rehire",
        "a record never revives a leaver",
        "nor with the first day of the employment that ended",
        "nor with the day of the leave itself",
        "a record that ends later says still employed",
        "a record that ended says what we know",
        "a move of somebody gone has no effect",
        "an update of somebody gone has no effect",
        "a second leave has no effect",
    ],
)  # fmt: skip
def test_a_fact_means(known, fact, verdict, active, department):
    for facts in permutations([*known, fact]):
        line = timeline(facts)
        state = line.state(at("2026-08-02"))
        assert verdict_of(line, fact) == verdict
        assert state.active is active
        assert state.assignment.department_id == department


def test_a_record_after_the_leave_is_told_once_a_leave():
    nights = [stated(f"2026-06-0{day}", id=f"night {day}") for day in (2, 3, 4)]
    line = timeline([HIRE, LEAVE, *nights])
    assert [verdict_of(line, night) for night in nights] == [
        CONTRADICTS, AGAIN, AGAIN,
    ]  # fmt: skip
    again = [hired("2026-07-01", id="rehire"), left("2026-08-01", id="second leave"), stated("2026-08-02", id="night")]
    assert verdict_of(timeline([HIRE, LEAVE, *nights, *again]), again[-1]) == CONTRADICTS


def test_a_record_that_names_a_later_first_day_begins_then():
    record = stated("2026-03-10", employment={"starts_at": "2026-04-01"})
    line = timeline([record])
    assert not line.state(at("2026-03-31T23:59:59")).active
    assert line.state(at("2026-04-01")).active
    assert line.effective_at(record.key) == at("2026-04-01")
    assert line.state(at("2026-03-10")).next_hire_at == at("2026-04-01")


def test_contact_data_of_somebody_gone_is_kept_and_nothing_else():
    late = updated("2026-06-10", person={"mobile": "+8613900000009", "display_name": "Mei Li"})
    line = timeline([HIRE, LEAVE, late])
    person = line.state(at("2026-06-10")).person
    assert (person.mobile, person.display_name) == ("+8613900000009", "Mei")
    assert not line.state(at("2026-06-10")).active
    back = timeline([HIRE, LEAVE, late, hired("2026-09-01", id="rehire", person={"display_name": "Mei"})])
    assert back.state(at("2026-09-01")).person.mobile == "+8613900000009"


def test_an_absent_field_keeps_and_null_clears():
    line = timeline([HIRE, updated("2026-02-01", person={"mobile": None, "locale": "zh-CN"})])
    person = line.state(at("2026-02-01")).person
    assert (person.display_name, person.mobile, person.locale) == ("Mei", None, "zh-CN")
    line = timeline([HIRE, moved("2026-02-01", assignment={"title": None})])
    assert line.state(at("2026-02-01")).assignment == hr.Assignment(department_id="D-SALES")


def test_a_move_to_other_terms_of_employment_keeps_the_place():
    contract = hired("2026-01-05", employment={"type": "contractor"})
    terms = told(hr.Transferred, "2026-02-01", id="terms", worker_id="W1", employment={"type": "employee"})
    state = timeline([contract, terms]).state(at("2026-02-01"))
    assert (state.employment.type, state.assignment.department_id) == ("employee", "D-SALES")


def test_nothing_of_the_earlier_job_comes_back_with_a_rehire():
    first = hired("2026-01-05", assignment={**SALES, "manager_id": "W9"}, employment={"type": "intern"})
    again = hired("2026-09-01", id="rehire", assignment={"department_id": "D-FIN"})
    state = timeline([first, LEAVE, again]).state(at("2026-09-01"))
    assert state.assignment == hr.Assignment(department_id="D-FIN")
    assert state.employment == hr.Employment()
    assert state.employed_before
    assert state.primary.left_at is None


def test_the_day_of_the_leave_is_the_first_day_gone():
    line = timeline([HIRE, LEAVE])
    assert line.state(at("2026-05-31T23:59:59")).active
    gone = line.state(at("2026-06-01"))
    assert not gone.active
    assert gone.primary.left_at == at("2026-06-01")
    assert gone.primary.leave == LEAVE.body


@pytest.mark.parametrize(
    ("effective", "time", "ends"),
    [("2026-06-01", "2026-05-20T15:00", "2026-05-20T15:00"), ("2026-06-01", "2026-06-03", "2026-06-01")],
    ids=["an immediate leave ends access when HR says so", "an immediate leave told late ends at its date"],
)
def test_an_immediate_leave(effective, time, ends):
    leave = left(effective, immediate=True, time=time)
    line = timeline([HIRE, leave])
    assert line.state(at(ends)).primary.left_at == at(ends)
    assert line.effective_at(leave.key) == at(ends)
    assert line.instants == (at("2026-01-05"), at(ends))


def test_an_immediate_leave_announced_before_the_hire_still_ends_the_job_at_its_date():
    leave = left("2026-06-01", immediate=True, time="2025-12-01")
    line = timeline([HIRE, leave])
    assert verdict_of(line, leave) == APPLIES
    assert line.state(at("2026-05-31")).active
    assert not line.state(at("2026-06-01")).active


def test_the_end_of_a_contract_is_only_recorded():
    line = timeline([hired("2026-01-05", employment={"ends_at": "2026-03-01"})])
    state = line.state(at("2026-04-01"))
    assert state.active
    assert state.employment.ends_at == "2026-03-01"


def test_extra_is_known_with_the_facts_that_apply():
    facts = [hired("2026-01-05", extra={"badge": 7, "floor": 3}), moved("2026-02-01", extra={"floor": 4})]
    line = timeline([*facts, LEAVE, moved("2026-07-01", id="late move", extra={"floor": 5})])
    assert line.state(at("2026-01-05")).extra == {"badge": 7, "floor": 3}
    assert line.state(at("2026-08-01")).extra == {"badge": 7, "floor": 4}


def test_a_fact_of_a_department_has_no_place_in_a_persons_timeline():
    with pytest.raises(ValueError, match="belongs to no worker"):
        timeline([told(hr.DepartmentChanged, "2026-01-01", id="d", department_id="D-SALES")])


def test_the_person_of_the_table_is_mei():
    assert timeline([HIRE]).state(at("2026-01-05")).person == hr.Person(**MEI)

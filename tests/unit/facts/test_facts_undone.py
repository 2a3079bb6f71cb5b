"""Corrections, conflicts and withdrawals, in whatever order they come."""

from dataclasses import replace
from itertools import permutations

import pytest
from telling import OFFICE, at, hired, left, moved, settled, stated, told, updated, verdict_of, withdrawn

from contracts import hr
from services.provisioner.facts.fold import timeline
from services.provisioner.model import VerdictKind

APPLIES = (VerdictKind.APPLIES, "")
REVISED = (VerdictKind.SUPERSEDED, "revised")
HIRE = hired("2026-01-05")
LEAVE = left("2026-06-01")


def folded(*facts):
    """The timeline, equal for every arrival."""
    first, *others = [timeline(order) for order in permutations(facts)]
    assert all(other == first for other in others)
    return first


def test_the_highest_revision_stands_and_the_lower_are_superseded():
    later, latest = left("2026-10-01", revision=2), left("2026-09-01", revision=7)
    line = folded(HIRE, LEAVE, later, latest)
    assert line.instants == (at("2026-01-05"), at("2026-09-01"))
    assert [verdict_of(line, fact) for fact in (LEAVE, later, latest)] == [REVISED, REVISED, APPLIES]


def test_a_revision_of_a_withdrawn_fact_is_withdrawn_too():
    later, undo = left("2026-10-01", revision=2), withdrawn("leave")
    line = folded(HIRE, LEAVE, later, undo)
    assert line.state(at("2027-01-01")).active
    assert verdict_of(line, later) == (VerdictKind.WITHDRAWN, "withdrawn_by:withdrawal")
    assert verdict_of(line, undo) == APPLIES


def test_a_withdrawal_counts_until_it_is_withdrawn():
    undo, redo = withdrawn("leave"), withdrawn("withdrawal", id="second thought")
    line = folded(HIRE, LEAVE, undo, redo)
    assert not line.state(at("2026-06-01")).active
    assert verdict_of(line, LEAVE) == APPLIES
    assert verdict_of(line, undo) == (VerdictKind.WITHDRAWN, "withdrawn_by:second thought")


def test_a_withdrawal_before_its_fact_waits():
    undo = withdrawn("leave")
    assert verdict_of(folded(HIRE, undo), undo) == (VerdictKind.WAITS, "fact_unknown")
    assert verdict_of(folded(HIRE, undo, LEAVE), undo) == APPLIES


@pytest.mark.parametrize("named", [{}, {"event_source": "urn:hr:acme"}], ids=["under its own name", "naming the other"])
def test_a_source_can_withdraw_only_its_own(named):
    undo = withdrawn("leave", source="urn:hr:other", **named)
    line = folded(HIRE, LEAVE, undo)
    assert not line.state(at("2026-06-01")).active
    expected = (VerdictKind.INBOX, "not_its_own") if named else (VerdictKind.WAITS, "fact_unknown")
    assert verdict_of(line, undo) == expected


def test_a_second_withdrawal_adds_nothing_and_stands_in_when_the_first_is_withdrawn():
    first, second = withdrawn("leave", time="2026-05-01"), withdrawn("leave", id="again", time="2026-05-02")
    line = folded(HIRE, LEAVE, first, second)
    assert verdict_of(line, second) == (VerdictKind.NO_EFFECT, "already_withdrawn")
    line = folded(HIRE, LEAVE, first, second, withdrawn("withdrawal", id="undo first"))
    assert verdict_of(line, second) == APPLIES
    assert line.state(at("2026-06-01")).active


def test_withdrawals_in_a_circle_go_to_the_inbox():
    one, two = withdrawn("two", id="one"), withdrawn("one", id="two")
    line = folded(HIRE, one, two, withdrawn("self", id="self"))
    assert {verdict_of(line, fact) for fact in (one, two)} == {(VerdictKind.INBOX, "withdraws_itself")}


def test_a_long_chain_of_withdrawals_is_followed_to_its_end():
    chain = [withdrawn("leave" if n == 0 else f"w{n - 1}", id=f"w{n}") for n in range(5001)]
    assert timeline([HIRE, LEAVE, *chain]).state(at("2026-06-01")).active
    assert not timeline([HIRE, LEAVE, *chain[:-1]]).state(at("2026-06-01")).active


def test_a_hire_withdrawn_before_its_first_moment_never_was():
    line = folded(HIRE, withdrawn("hire", time="2026-01-04T18:00"))
    assert line.moments == ()
    assert not line.state(at("2026-02-01")).employed_before


def test_a_hire_withdrawn_later_closes_as_a_leave_from_then_on():
    undo, move = withdrawn("hire", time="2026-03-02T10:00"), moved("2026-02-01")
    line = folded(HIRE, undo, move)
    assert line.state(at("2026-03-02T09:59")).assignment.department_id == "D-ADMIN"
    gone = line.state(at("2026-03-02T10:00"))
    assert (gone.active, gone.employed_before, gone.primary.left_at) == (False, True, at("2026-03-02T10:00"))
    assert verdict_of(line, HIRE) == (VerdictKind.WITHDRAWN, "withdrawn_by:withdrawal")
    assert line.change_of(undo.key) == "leaver"
    assert line.change_of(HIRE.key) is None


def test_a_hire_told_anew_under_another_id_takes_the_place_of_the_withdrawn_one():
    undo, anew = withdrawn("hire", time="2026-03-02"), hired("2026-01-05", id="anew", assignment=OFFICE)
    line = folded(HIRE, undo, anew)
    assert line.instants == (at("2026-01-05"),)
    assert line.state(at("2026-03-03")).assignment.department_id == "D-ADMIN"


def test_a_rehire_withdrawn_later_leaves_the_first_employment_as_it_was():
    back, undo = hired("2026-08-01", id="back"), withdrawn("back", time="2026-08-10")
    line = folded(HIRE, LEAVE, back, undo)
    assert line.instants == (at("2026-01-05"), at("2026-06-01"), at("2026-08-01"), at("2026-08-10"))
    assert not line.state(at("2026-07-01")).active


def test_a_withdrawn_hire_of_somebody_employed_ends_nothing():
    twice, undo = hired("2026-02-01", id="twice", assignment=OFFICE), withdrawn("twice", time="2026-03-01")
    line = folded(HIRE, twice, undo)
    assert line.instants == (at("2026-01-05"),)


def test_a_withdrawn_record_that_began_a_job_closes_it_too():
    line = folded(stated("2026-01-05"), withdrawn("record", time="2026-03-01"))
    assert line.state(at("2026-02-01")).active
    assert not line.state(at("2026-03-01")).active


def test_of_two_messages_under_one_key_the_first_taken_stands():
    one = moved("2026-02-01", recorded="2026-01-20")
    two = moved("2026-02-01", assignment={"title": "other"}, recorded="2026-01-21")
    line = folded(HIRE, one, two)
    assert line.state(at("2026-02-01")).assignment.title == "office"


def test_a_settled_conflict_stands_whatever_came_first():
    one = moved("2026-02-01", recorded="2026-01-20")
    two = moved("2026-02-01", assignment={"title": "other"}, recorded="2026-01-21")
    states = [timeline(order, [settled(two)]).state(at("2026-02-01")) for order in permutations([HIRE, one, two])]
    assert {state.assignment.title for state in states} == {"other"}


def test_of_equal_messages_the_earliest_time_counts():
    late = left("2026-06-01", immediate=True, time="2026-05-20")
    early = replace(late, time=at("2026-05-10"), recorded_at=at("2026-05-25"))
    assert folded(HIRE, late, early).state(at("2026-05-10")).primary.left_at == at("2026-05-10")


def test_every_fact_has_a_verdict():
    facts = [
        HIRE, LEAVE, left("2026-07-01", revision=2), moved("2025-01-01"), updated("2026-08-01"),
        withdrawn("nobody knows"), withdrawn("move", id="w2"), stated("2026-09-01"),
        told(hr.Linked, "2026-02-01", id="link", worker_id="W1", person_id="P-9"),
    ]  # fmt: skip
    assert timeline(facts).verdicts.keys() == {fact.key for fact in facts}

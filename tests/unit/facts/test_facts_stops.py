"""What an operator closed stays closed until allowed, or until a later hire."""

import pytest
from telling import MEI, allowed, at, hired, left, moved, stated, stopped, withdrawn

from services.provisioner.facts.fold import timeline

HIRE = hired("2026-01-05")
STOP = stopped("2026-03-10T10:00")
LEAVE = left("2026-04-01", recorded="2026-03-20")


@pytest.mark.parametrize(
    ("facts", "decisions", "still"),
    [
        ([], [], True),
        ([], [allowed("2026-03-11")], False),
        ([], [allowed("2026-03-11"), stopped("2026-03-12", id="again")], True),
        ([LEAVE], [], True),
        ([LEAVE, withdrawn("leave", time="2026-04-02")], [], True),
        ([left("2026-05-01", revision=2, recorded="2026-04-02"), LEAVE], [], True),
        ([moved("2026-05-01")], [], True),
        ([hired("2026-01-05", revision=2, assignment={"title": "lead"}, recorded="2026-05-01")], [], True),
        ([withdrawn("hire", time="2026-04-02"), hired("2026-01-05", id="anew", recorded="2026-04-02")], [], True),
        ([LEAVE, hired("2026-06-01", id="back", recorded="2026-05-01")], [], False),
        ([LEAVE, hired("2026-06-01", id="back", recorded="2026-03-01")], [], True),
        ([LEAVE, stated("2026-06-01", employment={"starts_at": "2026-06-01"}, recorded="2026-05-01")], [], True),
        ([hired("2026-06-01", id="twice", recorded="2026-05-01")], [], True),
        ([LEAVE, hired("2026-06-01", id="back", recorded="2026-05-01")], [stopped("2026-06-02", id="again")], True),
    ],
    ids=[
        "nothing ends it",
        "allowed",
        "stopped again",
        "a leave does not end it",
        "nor does the withdrawal of a leave",
        "nor does the correction of a leave",
        "nor a move",
        "nor the correction of the hire",
        "nor the old hire told anew under another id",
        "a later hire ends it",
        "a hire that was known before does not",
        "a record does not",
        "a hire that begins nothing does not",
        "stopped after the later hire",
    ],
)
def test_a_stop(facts, decisions, still):
    line = timeline([HIRE, *facts], [STOP, *decisions])
    assert not line.state(at("2026-03-10T09:59")).stopped
    assert line.state(at("2026-03-10T10:00")).stopped
    assert line.state(at("2026-12-01")).stopped is still


def test_decisions_count_in_the_order_of_their_moments_not_of_their_arrival():
    decisions = [
        stopped("2026-03-10"),
        allowed("2026-03-11"),
        stopped("2026-03-12", id="s2"),
        allowed("2026-03-13", id="a2"),
    ]
    for order in (decisions, decisions[::-1]):
        line = timeline([HIRE], order)
        days = ("2026-03-10", "2026-03-11", "2026-03-12", "2026-03-13")
        assert [line.state(at(day)).stopped for day in days] == [True, False, True, False]


def test_a_stop_is_a_moment_of_change():
    line = timeline([HIRE], [STOP])
    assert line.next_change(at("2026-02-01")) == at("2026-03-10T10:00")


def test_somebody_of_whom_no_fact_is_known_can_be_stopped():
    line = timeline([], [STOP])
    assert line.person_id == STOP.person_id
    assert line.state(at("2026-03-11")).stopped


def test_when_a_job_was_first_heard_of_survives_its_correction():
    heard, corrected = hired("2026-01-05", recorded="2025-12-20"), hired(
        "2026-01-05", revision=2, person={**MEI, "locale": "zh-CN"}, recorded="2026-05-01"
    )  # fmt: skip
    state = timeline([corrected, heard]).state(at("2026-06-01"))
    assert state.primary.begun_recorded_at == at("2025-12-20")

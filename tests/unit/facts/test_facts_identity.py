"""Whose employment begins: by HR's word, a decision, or the marks; and who is not guessed."""

from itertools import permutations

import pytest
from telling import OFFICE, SOURCE, at, hired, identified, left, moved, stated, updated, verdict_of, withdrawn

from contracts import hr
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.marks import perhaps_same
from services.provisioner.model import VerdictKind, WorkerKey

APPLIES = (VerdictKind.APPLIES, "")
UNCLEAR = (VerdictKind.INBOX, "identity_unclear")
MEI = {"display_name": "\u738b\u7f8e", "mobile": "+8613800000001", "personal_email": "mei@example.net"}
NAME, MOBILE, EMAIL = ({key: MEI[key]} for key in ("display_name", "mobile", "personal_email"))
OTHER = {"mobile": "+8613800000002", "personal_email": "li@example.net"}
LEAVE = left("2026-06-01")


@pytest.mark.parametrize(
    ("before", "again", "verdict"),
    [
        (MEI, MEI, APPLIES),
        (MEI, {"display_name": "\u738b\u82b1"} | MOBILE, APPLIES),
        (MEI, {"display_name": "\u674e\u82b1"} | OTHER | {"personal_email": "MEI@example.net"}, APPLIES),
        (NAME, NAME, APPLIES),
        (NAME, {"family_name": "\u738b", "given_name": "\u7f8e"}, APPLIES),
        (MEI, NAME, UNCLEAR),
        (NAME, MEI, UNCLEAR),
        (MEI, NAME | OTHER, UNCLEAR),
        (MEI, {"display_name": "\u674e\u82b1"} | OTHER, UNCLEAR),
        (NAME, {"display_name": "\u674e\u82b1"}, UNCLEAR),
        ({}, {}, UNCLEAR),
    ],
    ids=[
        "everything agrees",
        "a mobile says so under another name",
        "an e-mail says so, whatever its case",
        "the name alone where neither side has another mark",
        "the name is the same however it is divided",
        "the name alone is not enough where one side has a mark",
        "on whichever side",
        "a name with other marks is somebody else or not: nobody knows",
        "a number given to somebody else",
        "another name",
        "nothing to go by",
    ],
)
def test_a_hire_under_the_number_of_somebody_who_left(before, again, verdict):
    rehire = hired("2026-09-01", id="rehire", person=again, assignment=OFFICE)
    for facts in permutations([hired("2026-01-05", person=before), LEAVE, rehire]):
        line = timeline(facts)
        assert verdict_of(line, rehire) == verdict
        state = line.state(at("2026-09-01"))
        assert (state.active, state.unidentified) == (True, verdict != APPLIES)
        assert (line.change_of(rehire.key) == "joiner") is (verdict == APPLIES)


@pytest.mark.parametrize(
    ("again", "verdict"),
    [(MEI, APPLIES), ({"display_name": "\u674e\u82b1"} | OTHER, UNCLEAR)],
    ids=["a record of the same human begins anew", "a record of nobody knows whom waits for a word"],
)
def test_a_record_with_a_first_day_after_the_leave_is_judged_as_a_hire_is(again, verdict):
    record = stated("2026-09-01", person=again, employment={"starts_at": "2026-09-01"})
    for facts in permutations([hired("2026-01-05", person=MEI), LEAVE, record]):
        line = timeline(facts)
        assert verdict_of(line, record) == verdict
        assert line.state(at("2026-09-01")).unidentified is (verdict != APPLIES)


def test_the_marks_that_count_are_those_last_known_also_after_the_leave():
    rehire = hired("2026-09-01", id="rehire", person=NAME | OTHER)
    news = updated("2026-07-01", person={"mobile": OTHER["mobile"]})
    assert verdict_of(timeline([hired("2026-01-05", person=MEI), LEAVE, news, rehire]), rehire) == APPLIES


def test_what_hr_names_is_not_doubted():
    rehire = hired("2026-09-01", id="rehire", person=OTHER, person_id=f"{SOURCE}/W1")
    assert verdict_of(timeline([hired("2026-01-05", person=MEI), LEAVE, rehire]), rehire) == APPLIES


@pytest.mark.parametrize(
    ("decision", "verdict"),
    [
        (identified("2026-09-02"), APPLIES),
        (identified("2026-09-02", by="tenure"), APPLIES),
        (identified("2026-08-20", recorded="2026-08-20"), UNCLEAR),
        (identified("2026-08-20", recorded="2026-09-02"), APPLIES),
        (identified("2026-08-20", recorded="2026-09-02", by="tenure"), UNCLEAR),
        (identified("2026-09-02", worker="W2"), UNCLEAR),
    ],
    ids=[
        "an operator's word",
        "what a step rested on",
        "a word on an earlier employment",
        "a word of somebody who knew of this one",
        "a step for an earlier employment",
        "a word on another worker",
    ],
)
def test_a_decision_settles_the_beginnings_it_was_made_of(decision, verdict):
    rehire = hired("2026-09-01", id="rehire", person=OTHER)
    line = timeline([hired("2026-01-05", person=MEI), LEAVE, rehire], [decision])
    assert verdict_of(line, rehire) == verdict


def test_a_correction_before_the_decision_lapses_the_doubt_with_its_reason():
    first, rehire = hired("2026-01-05", person=MEI), hired("2026-09-01", id="rehire", person=OTHER)
    right = hired("2026-09-01", id="rehire", person=MEI, revision=2)
    line = timeline([first, LEAVE, rehire, right])
    assert (verdict_of(line, right), line.state(at("2026-09-01")).unidentified) == (APPLIES, False)
    gone = timeline([first, LEAVE, rehire, withdrawn("rehire", time="2026-08-01")])
    assert not gone.state(at("2026-09-01")).active


def test_a_new_number_that_may_be_somebody_else_is_employed_and_waits_for_a_decision():
    hire, move = hired("2026-01-05", worker="W2"), moved("2026-02-01", worker="W2")
    doubt = {WorkerKey(SOURCE, "W2"): "acme/W1"}
    line = timeline([hire, move], unclear=doubt)
    assert verdict_of(line, hire) == (VerdictKind.INBOX, "identity_like:acme/W1")
    assert line.state(at("2026-02-01")).unidentified
    assert line.firsts == {WorkerKey(SOURCE, "W2"): hire}
    settled = timeline([hire, move], [identified("2026-03-01", worker="W2")], unclear=doubt)
    assert not settled.state(at("2026-02-01")).unidentified


def test_an_employment_in_doubt_is_never_the_first_of_a_person_who_has_another():
    first = hired("2026-02-01")
    line = timeline(
        [first, hired("2026-01-05", id="doubt", worker="W2", assignment=OFFICE)],
        unclear={WorkerKey(SOURCE, "W2"): "acme/W9"},
    )
    state = line.state(at("2026-03-01"))
    assert (state.assignment.department_id, state.unidentified) == ("D-SALES", False)


@pytest.mark.parametrize(
    ("said", "perhaps"),
    [
        (MEI, True),
        ({"display_name": "\u674e\u82b1"} | MOBILE | EMAIL, True),
        (NAME | MOBILE, True),
        (NAME | EMAIL | {"mobile": OTHER["mobile"]}, True),
        ({"display_name": "\u674e\u82b1"} | MOBILE, False),
        ({"display_name": "\u674e\u82b1"} | EMAIL, False),
        (NAME, False),
        (NAME | OTHER, False),
        ({}, False),
    ],
    ids=[
        "all three", "mobile and e-mail", "mobile and name", "e-mail and name", "a re-issued mobile", "an e-mail alone",
        "a name alone", "a name with other marks", "nothing",
    ],
)  # fmt: skip
def test_a_hire_under_a_new_number_is_perhaps_another_person(said, perhaps):
    assert perhaps_same(hr.Person(**MEI), hr.Person(**said)) is perhaps

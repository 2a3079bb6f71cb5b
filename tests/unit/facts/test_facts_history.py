"""Many people's facts, each where it belongs."""

from itertools import permutations

import pytest
from telling import SOURCE, hired, identified, left, linked, moved, told, withdrawn

from contracts import hr
from services.provisioner.facts.history import history
from services.provisioner.model import WorkerKey

MEI, WEI = hired("2026-01-05"), hired("2026-01-06", id="wei", worker="W2")
SALES = told(hr.DepartmentChanged, "2026-01-01", id="sales", department_id="SALES")


def grouped(*facts):
    """Keys by person, departments' and unplaced ones, the same for every arrival."""
    found = [history(order) for order in permutations(facts)]
    plain = [
        (
            {p: {f.key for f in own} for p, own in h.persons.items()},
            {f.key for f in h.departments},
            {f.key for f in h.unplaced},
        )
        for h in found
    ]
    assert all(other == plain[0] for other in plain)
    return plain[0]


def test_a_worker_of_whom_no_fact_names_the_person_is_one_of_their_own():
    persons, _, _ = grouped(MEI, WEI, left("2026-06-01"))
    assert persons == {
        f"{SOURCE}/W1": {MEI.key, left("2026-06-01").key},
        f"{SOURCE}/W2": {WEI.key},
    }


def test_facts_that_name_a_person_bring_all_of_the_workers_facts_together():
    named = hired("2026-03-01", id="second", worker="W3", person_id=f"{SOURCE}/W1")
    move = moved("2026-03-02", worker="W3")
    persons, _, _ = grouped(MEI, named, move)
    assert persons == {f"{SOURCE}/W1": {MEI.key, named.key, move.key}}


def test_the_naming_fact_first_in_time_counts_and_a_withdrawn_one_does_not():
    first, later = moved("2026-02-01", id="z", person_id="P-1"), moved("2026-03-01", id="b", person_id="P-2")
    assert grouped(MEI, first, later)[0].keys() == {f"{SOURCE}/p/P-1"}
    assert grouped(MEI, first, later, withdrawn("z"))[0].keys() == {f"{SOURCE}/p/P-2"}


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ([withdrawn("wei")], "persons"),
        ([withdrawn("wei", worker_id="W1")], "persons"),
        ([withdrawn("withdrawal", id="redo"), withdrawn("wei", id="withdrawal")], "persons"),
        ([withdrawn("sales")], "departments"),
        ([withdrawn("nobody knows")], "unplaced"),
        ([withdrawn("one", id="two"), withdrawn("two", id="one")], "unplaced"),
    ],
    ids=[
        "where its fact is",
        "whatever worker it names",
        "through a withdrawal of it",
        "with the departments",
        "nowhere while its fact is unknown",
        "nowhere when withdrawals go in a circle",
    ],
)
def test_a_withdrawal_belongs(facts, place):
    persons, departments, unplaced = grouped(MEI, WEI, SALES, *facts)
    keys = {fact.key for fact in facts}
    expected = {"persons": persons[f"{SOURCE}/W2"], "departments": departments, "unplaced": unplaced}
    assert keys <= expected[place]


def test_a_withdrawal_of_an_unknown_fact_belongs_to_the_worker_it_names():
    undo = withdrawn("later", worker_id="W1")
    assert undo.worker == WorkerKey(SOURCE, "W1")
    assert undo.key in grouped(MEI, undo)[0][f"{SOURCE}/W1"]


def test_all_revisions_belong_where_the_highest_does():
    wrong, right = moved("2026-02-01"), moved("2026-02-01", worker="W2", revision=2)
    persons, _, _ = grouped(MEI, WEI, wrong, right)
    assert persons[f"{SOURCE}/W2"] == {WEI.key, wrong.key, right.key}


def test_a_link_brings_a_worker_to_the_person_it_names_and_the_last_one_counts():
    link, again = linked("2026-03-01"), linked("2026-04-01", f"{SOURCE}/p/P-9", id="again")
    assert grouped(MEI, WEI, link)[0].keys() == {f"{SOURCE}/W1"}
    assert grouped(MEI, WEI, link, again)[0].keys() == {f"{SOURCE}/W1", f"{SOURCE}/p/P-9"}
    assert grouped(MEI, WEI, link, again, withdrawn("again"))[0].keys() == {f"{SOURCE}/W1"}


def test_a_link_counts_more_than_the_person_a_hire_named_before():
    named = hired("2026-01-06", id="wei", worker="W2", person_id="P-2")
    assert grouped(MEI, named, linked("2026-03-01"))[0].keys() == {f"{SOURCE}/W1"}


def test_new_numbers_of_new_numbers_are_followed_and_a_circle_is_one_person():
    second = linked("2026-03-01")
    third = linked("2026-04-01", f"{SOURCE}/W2", id="third", worker="W3")
    assert grouped(MEI, second, third)[0].keys() == {f"{SOURCE}/W1"}
    back = linked("2026-05-01", f"{SOURCE}/W3", id="back", worker="W1")
    assert grouped(MEI, second, third, back)[0].keys() == {f"{SOURCE}/W1"}


def whose(*decisions, facts=(MEI, WEI)):
    found = [history(order, said) for order in permutations(facts) for said in permutations(decisions)]
    plain = [{p: {f.key for f in own} for p, own in h.persons.items()} for h in found]
    assert all(other == plain[0] for other in plain)
    return plain[0]


BOTH = {f"{SOURCE}/W1": {MEI.key, WEI.key}}
APART = {f"{SOURCE}/W1": {MEI.key}, f"{SOURCE}/W2": {WEI.key}}
W2_IS_W1 = identified("2026-02-01", worker="W2")
W2_IS_W2 = identified("2026-02-02", id="other", worker="W2").model_copy(update={"person_id": f"{SOURCE}/W2"})
OURS = {"by": "tenure"}


@pytest.mark.parametrize(
    ("decisions", "facts", "persons"),
    [
        ([W2_IS_W1], (MEI, WEI), BOTH),
        ([W2_IS_W1, W2_IS_W2], (MEI, WEI), APART),
        ([W2_IS_W1, W2_IS_W2.model_copy(update=OURS)], (MEI, WEI), BOTH),
        ([W2_IS_W1.model_copy(update=OURS), W2_IS_W2.model_copy(update=OURS)], (MEI, WEI), BOTH),
        ([W2_IS_W2.model_copy(update=OURS)], (MEI, WEI, linked("2026-03-01")),
         {f"{SOURCE}/W1": {MEI.key, WEI.key, linked("2026-03-01").key}}),
        ([W2_IS_W2], (MEI, WEI, linked("2026-03-01")),
         {f"{SOURCE}/W1": {MEI.key}, f"{SOURCE}/W2": {WEI.key, linked("2026-03-01").key}}),
    ],
    ids=[
        "an operator says that two numbers are one human", "the later word of an operator counts",
        "an operator's word outweighs Tenure's", "Tenure's first word counts", "a link ends what Tenure decided",
        "an operator's word outweighs a link",
    ],
)  # fmt: skip
def test_what_is_decided_of_whose_a_worker_is_counts(decisions, facts, persons):
    assert whose(*decisions, facts=facts) == persons

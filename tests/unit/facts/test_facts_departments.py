"""The tree of departments at an instant, from facts in any order."""

from itertools import permutations

import pytest
from telling import at, hired, told, verdict_of, withdrawn

from contracts import hr
from services.provisioner.facts.departments import departments
from services.provisioner.model import VerdictKind, WorkerKey

DAY = at("2026-06-01")
APPLIES = (VerdictKind.APPLIES, "")


def changed(department_id, effective_at="2026-01-01", id=None, **data):  # noqa: A002 - an event's id is called so
    return told(
        hr.DepartmentChanged,
        effective_at,
        id=id or f"{department_id} {effective_at}",
        department_id=department_id,
        **data,
    )


def closed(department_id, effective_at="2026-03-01", id=None, **data):  # noqa: A002 - an event's id is called so
    return told(
        hr.DepartmentClosed, effective_at, id=id or f"{department_id} closed", department_id=department_id, **data
    )


def tree(*facts, day=DAY):
    first, *others = [departments(order, day) for order in permutations(facts)]
    assert all(other == first for other in others)
    return first


HEAD, SALES, EAST = (
    changed("HEAD", name="总部"),
    changed("SALES", parent_id="HEAD", name="销售部"),
    changed("EAST", parent_id="SALES"),
)


def test_a_department_hangs_under_its_parent_and_is_named():
    found = tree(HEAD, SALES, EAST)
    assert found.path("EAST") == ("HEAD", "SALES", "EAST")
    assert (found.name("SALES"), found.name("EAST")) == ("销售部", "EAST")
    assert [d.department_id for d in found.open()] == ["HEAD", "SALES", "EAST"]
    assert found.subtree("SALES") == {"SALES", "EAST"}


def test_a_department_never_announced_exists_under_its_id():
    found = tree(HEAD)
    assert (found.name("D-NEW"), found.path("D-NEW"), found.parent("D-NEW")) == ("D-NEW", ("D-NEW",), None)


def test_an_unknown_parent_hangs_under_the_top_until_it_is_known():
    late = changed("HEAD", "2026-07-01")
    found = tree(SALES, late)
    assert found.path("SALES") == ("SALES",)
    assert found.next_change == at("2026-07-01")
    assert tree(SALES, late, day=at("2026-07-01")).path("SALES") == ("HEAD", "SALES")


def test_an_absent_field_keeps_and_null_clears():
    moved = changed("EAST", "2026-02-01", parent_id=None)
    renamed = changed("SALES", "2026-02-01", name=None, leader_ids=["W7"])
    found = tree(HEAD, SALES, EAST, moved, renamed)
    assert found.path("EAST") == ("EAST",)
    assert (found.name("SALES"), found.path("SALES")) == ("SALES", ("HEAD", "SALES"))
    leaders = [WorkerKey(SALES.key.source, worker_id) for worker_id in ("W7", "W8")]
    assert found.led_by(leaders, str) == {"SALES"}
    assert found.led_by(leaders, lambda _source: "urn:hr:elsewhere") == frozenset(), "W7 of another company"
    assert found.get("SALES").facts == (SALES.key, renamed.key)


def test_siblings_stand_by_their_order_then_by_id():
    found = tree(changed("A"), changed("B", order=2), changed("C", order=1), changed("D", parent_id="A"))
    assert [d.department_id for d in found.open()] == ["C", "B", "A", "D"]


@pytest.mark.parametrize(
    ("facts", "department", "counts_in", "path"),
    [
        ([closed("EAST", successor_id="SALES")], "EAST", "SALES", ("HEAD", "SALES")),
        ([closed("EAST", successor_id="B"), changed("B"), closed("B", "2026-04-01", successor_id="C"), changed("C")],
         "EAST", "C", ("C",)),
        ([closed("SALES", successor_id="B"), changed("B")], "EAST", "EAST", ("B", "EAST")),
        ([closed("EAST")], "EAST", "EAST", ("HEAD", "SALES", "EAST")),
        ([closed("EAST", successor_id="NEW")], "EAST", "NEW", ("NEW",)),
        ([closed("SALES", successor_id="EAST")], "EAST", "EAST", ("HEAD", "EAST")),
        ([closed("SALES", successor_id="EAST")], "SALES", "EAST", ("HEAD", "EAST")),
        ([changed("TEAM", parent_id="EAST"), closed("SALES", successor_id="TEAM")],
         "TEAM", "TEAM", ("HEAD", "EAST", "TEAM")),
        ([closed("SALES", successor_id="NEW")], "EAST", "EAST", ("EAST",)),
        ([closed("EAST", "2026-07-01", successor_id="SALES")], "EAST", "EAST", ("HEAD", "SALES", "EAST")),
    ],
    ids=[
        "everyone of a closed department counts in its successor",
        "and in the successor's successor",
        "what hung under it hangs under the successor",
        "without a successor nobody moves",
        "a successor never announced exists under its id",
        "merged into its own child, the child moves up",
        "and its people count in the child",
        "merged into something far below it, its child moves up",
        "what hung under it hangs under the top while the successor is unknown",
        "a closing to come has not come",
    ],
)  # fmt: skip
def test_a_closed_department(facts, department, counts_in, path):
    found = departments([HEAD, SALES, EAST, *facts], DAY)
    assert found.effective(department) == counts_in
    assert found.path(department) == path


def test_a_closed_department_is_not_open_and_belongs_to_the_subtree_of_its_successor():
    found = tree(HEAD, SALES, EAST, closed("EAST", successor_id="SALES"))
    assert [d.department_id for d in found.open()] == ["HEAD", "SALES"]
    assert [(d.department_id, d.successor_id) for d in found.closed()] == [("EAST", "SALES")]
    assert found.subtree("HEAD") == {"HEAD", "SALES", "EAST"}


def test_a_department_announced_again_is_open_again():
    found = tree(EAST, closed("EAST", successor_id="SALES"), changed("EAST", "2026-04-01", name="华东"))
    assert (found.effective("EAST"), found.name("EAST"), found.closed()) == ("EAST", "华东", ())


def test_closing_again_has_no_effect_unless_it_names_another_successor():
    first, again = closed("EAST"), closed("EAST", "2026-04-01", id="again")
    heir = closed("EAST", "2026-05-01", id="heir", successor_id="SALES")
    found = tree(EAST, first, again, heir)
    assert verdict_of(found, again) == (VerdictKind.NO_EFFECT, "already_closed")
    assert verdict_of(found, heir) == APPLIES
    assert found.effective("EAST") == "SALES"


@pytest.mark.parametrize("parent", ["EAST", "SALES"], ids=["above its parent", "above itself"])
def test_a_circle_is_named_and_nobody_moves(parent):
    bad = changed("SALES", "2026-02-01", parent_id=parent, name="销售")
    found = tree(HEAD, SALES, EAST, bad)
    assert found.path("EAST") == ("HEAD", "SALES", "EAST")
    assert found.name("SALES") == "销售"
    assert verdict_of(found, bad) == (VerdictKind.INBOX, "parent_cycle")
    assert [(p.department_id, p.reason) for p in found.problems] == [("SALES", "parent_cycle")]


def test_two_departments_may_change_places_in_one_instant():
    up, down = changed("EAST", "2026-02-01", parent_id="HEAD"), changed("SALES", "2026-02-01", parent_id="EAST")
    found = tree(HEAD, SALES, EAST, up, down)
    assert found.path("SALES") == ("HEAD", "EAST", "SALES")
    assert found.problems == ()


def test_departments_that_would_take_over_from_each_other_stay_as_they_are():
    first, second = closed("A", successor_id="B"), closed("B", "2026-04-01", successor_id="A")
    found = tree(changed("A"), changed("B"), first, second)
    assert verdict_of(found, second) == (VerdictKind.INBOX, "successor_cycle")
    assert (found.effective("A"), found.effective("B")) == ("B", "B")
    assert [d.department_id for d in found.open()] == ["B"]


def test_a_withdrawn_closing_never_was():
    shut = closed("EAST", successor_id="SALES")
    found = tree(SALES, EAST, shut, withdrawn(shut.key.id))
    assert found.effective("EAST") == "EAST"
    assert verdict_of(found, shut) == (VerdictKind.WITHDRAWN, "withdrawn_by:withdrawal")


def test_every_fact_has_a_verdict_those_to_come_too():
    facts = [HEAD, SALES, closed("SALES", "2027-01-01"), withdrawn("nothing")]
    assert tree(*facts).verdicts.keys() == {fact.key for fact in facts}


def test_a_fact_of_a_worker_has_no_place_in_the_tree():
    with pytest.raises(ValueError, match="no fact of a department"):
        departments([hired("2026-01-05")], DAY)


def test_no_tangle_of_closings_loops():
    """X hangs under B, which Y took over; Y hangs under A, which X took over."""
    facts = [changed("A"), changed("B"), changed("X", parent_id="B"), changed("Y", parent_id="A")]
    facts += [closed("A", successor_id="X"), closed("B", successor_id="Y")]
    found = departments(facts, DAY)
    assert {found.path(i)[-1] for i in "ABXY"} == {"X", "Y"}
    assert {d.department_id for d in found.open()} == {"X", "Y"}

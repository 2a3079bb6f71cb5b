"""What a sweep calls drift, and what it leaves unsaid."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.provisioner.model import Account, AccountState
from services.provisioner.plan.departments import DepartmentStep
from services.provisioner.plan.drift import KINDS, Line, Owned, changes, compare, orphans, tree_drift
from services.provisioner.store.port import StoredAccount

NOW, LATER = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
ACTIVE, SUSPENDED, INVITED = AccountState.ACTIVE, AccountState.SUSPENDED, AccountState.INVITED
SHOWN = Account("mei", ACTIVE, {"name": "Mei", "title": "Buyer"}, ("1",), frozenset({"tag:sales"}))
STORED = StoredAccount(SHOWN, NOW, written={"title": "Buyer"}, granted=frozenset({"tag:sales"}))
CLOSED = replace(STORED, observed=replace(SHOWN, state=SUSPENDED, grants=frozenset()), closed_by_us=True)
OWNED = Owned(frozenset({"title"}), frozenset({"tag:sales", "tag:finance"}), frozenset({"tag:finance"}))


def shown(**changes):
    return replace(SHOWN, **changes)


@pytest.mark.parametrize(
    ("stored", "seen", "kind", "fields"),
    [
        (STORED, SHOWN, "agrees", ()),
        (STORED, shown(attributes={"name": "May", "title": "Buyer", "phone": "1"}), "agrees", ()),
        (STORED, shown(attributes={"title": "Boss"}), "drift", ("title",)),
        (STORED, shown(attributes={}), "agrees", ()),
        (STORED, shown(departments=("1", "2")), "drift", ("departments",)),
        (STORED, shown(grants=frozenset()), "drift", ("-tag:sales",)),
        (STORED, shown(grants=SHOWN.grants | {"tag:book-club"}), "agrees", ()),
        (STORED, shown(grants=SHOWN.grants | {"tag:finance"}), "drift", ("+tag:finance",)),
        (STORED, shown(state=SUSPENDED), "closed_by_others", ("state",)),
        (STORED, None, "missing", ("state",)),
        (CLOSED, CLOSED.observed, "agrees", ()),
        (CLOSED, shown(grants=frozenset()), "reopened_by_others", ("state",)),
        (CLOSED, replace(CLOSED.observed, attributes={"title": "Boss"}), "agrees", ()),
        (CLOSED, replace(CLOSED.observed, grants=frozenset({"tag:book-club"})), "drift", ("+tag:book-club",)),
        (replace(STORED, observed=shown(state=AccountState.REMOVED)), None, "closed_by_others", ("state",)),
        (replace(CLOSED, observed=shown(state=AccountState.REMOVED)), None, "agrees", ()),
    ],
    ids=[
        "nothing changed",
        "fields that policy does not keep are nobody's business",
        "a field of ours",
        "what the listing does not show is not missed",
        "another department",
        "a list of ours was taken away",
        "what others give in an additive list stays",
        "what others give in a list that only policy gives",
        "locked by an administrator",
        "not listed",
        "a leaver's account stays locked",
        "a leaver's account was opened",
        "nobody keeps the fields of a leaver",
        "a leaver was given something",
        "removed by an administrator, as we know",
        "removed by us",
    ],
)
def test_what_differs(stored, seen, kind, fields):
    found = compare("p1", stored, seen, OWNED, LATER).line
    assert (found.kind, found.fields, found.person_id, found.native_id) == (kind, fields, "p1", "mei")


def test_whoever_differs_is_looked_at_before_anything_is_planned():
    seen = shown(state=SUSPENDED, attributes={"title": "Boss"})
    learnt = compare("p1", STORED, seen, OWNED, LATER).learnt
    assert (learnt.checked_at, learnt.observed.state) == (None, SUSPENDED)
    assert learnt.observed.attributes == {"name": "Mei", "title": "Boss"}
    assert compare("p1", STORED, None, OWNED, LATER).learnt == replace(STORED, checked_at=None, shown_closed_at=LATER)


def test_what_is_known_already_is_no_news():
    others = replace(STORED, observed=shown(state=SUSPENDED))
    assert not compare("p1", others, others.observed, OWNED, LATER).line.news
    left_alone = replace(STORED, observed=shown(attributes={"title": "Boss"}))
    known = compare("p1", left_alone, left_alone.observed, OWNED, LATER).line
    assert (known.kind, known.news) == ("drift", False)
    assert compare("p1", left_alone, shown(attributes={"title": "Chief"}), OWNED, LATER).line.news


def test_who_joined_is_remembered_and_is_no_drift():
    invited = replace(STORED, observed=shown(state=INVITED))
    found = compare("p1", invited, SHOWN, OWNED, LATER)
    assert found.line.kind == "agrees"
    assert (found.learnt.observed.state, found.learnt.checked_at) == (ACTIVE, NOW)


def test_an_orphan_is_an_account_that_nobody_owns():
    there = {"mei": SHOWN, "old": Account("Old", SUSPENDED), "gone": Account("gone", AccountState.REMOVED)}
    assert [line.native_id for line in orphans(there, ["mei"])] == ["Old"]


def test_departments_that_are_not_as_hr_says():
    steps = [
        DepartmentStep("create_department", "D1", name="Sales"),
        DepartmentStep("update_department", "D2", "7", "Buying", "D1", moves=True),
        DepartmentStep("delete_department", "D3", "8"),
    ]
    assert [(line.kind, line.native_id, line.fields) for line in tree_drift(steps)] == [
        ("department_missing", None, ("D1",)),
        ("department", "7", ("D2", "name", "parent")),
        ("department", "8", ("D3", "closed")),
    ]


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        (Line("reopened_by_others", "mei", "p1", ("state",)), ["close"]),
        (Line("drift", "mei", "p1", ("title", "departments", "+tag:finance")), ["revoke", "move"]),
        (Line("drift", "mei", "p1", ("title",)), ["rename"]),
        (Line("drift", "mei", "p1", ("-tag:sales",)), []),
        (Line("missing", "mei", "p1", ("state",)), []),
    ],
)
def test_what_guards_count_of_it(line, kinds):
    assert list(changes(line)) == kinds


def test_every_kind_but_agreement_is_counted():
    assert "agrees" not in KINDS
    assert len(set(KINDS)) == 7

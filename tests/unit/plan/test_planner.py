"""The planner's promises, in the field's words."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.provisioner.connectors.base import Field
from services.provisioner.model import Account, AccountState, Desired, Drift, Reason, Step
from services.provisioner.plan.planner import CLOSED_BY_OTHERS, PREPARED, plan
from services.provisioner.plan.wish import Wish, wish
from services.provisioner.store.port import StoredAccount

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REASON = Reason(facts=("urn:hr/e1/1",), rule="birthright.sales", policy="p1")


class Suspends:
    """A platform that locks accounts, as WeCom does."""

    fields: ClassVar[Mapping[str, Field]] = {
        "name": Field(),
        "mobile": Field(writable="before_activation", readable="with_consent"),
        "badge": Field(writable="never"),
        "title": Field(clearable=False),
    }
    closing: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "leave": ("suspend",),
        "stop": ("suspend",),
        "absence": ("suspend",),
    }


class Removes(Suspends):
    """A platform that can only strip or remove, as DingTalk does."""

    closing: ClassVar[Mapping[str, tuple[str, ...]]] = {"leave": ("remove",), "stop": ("strip",), "absence": ("strip",)}


def mei(**changes):
    base = Wish(
        "t", "open", native_id="mei", attributes={"name": "Mei"}, departments=("1",), grants={"tag:sales": REASON}
    )
    return replace(base, **changes)


def stored(state=AccountState.ACTIVE, **changes):
    account = Account("mei", state, {"name": "Mei"}, ("1",), frozenset({"tag:sales"}))
    own = {k: changes.pop(k) for k in ("granted", "closed_by_us", "written", "ours", "checked_at") if k in changes}
    memory = {"granted": frozenset({"tag:sales"}), "checked_at": NOW, **own}
    return StoredAccount(replace(account, **changes), **memory)


def verbs(made):
    return [step.verb if step.entitlement is None else f"{step.verb} {step.entitlement}" for step in made.steps]


gone = mei(access="closed", grants={})
stopped = mei(access="closed", case="stop", grants={})
office = mei(grants={"tag:office": REASON}, departments=("2",))


@pytest.mark.parametrize(
    ("wanted", "shown", "platform", "expected"),
    [
        (mei(), None, Suspends, ["create", "grant tag:sales"]),
        (mei(), stored(AccountState.NONE, closed_by_us=True), Suspends, ["create", "grant tag:sales"]),
        (mei(), stored(), Suspends, []),
        (office, stored(), Suspends, ["revoke tag:sales", "move", "grant tag:office"]),
        (mei(attributes={"name": "Mei Li"}), stored(), Suspends, ["update"]),
        (mei(attributes={"name": "Mei Li"}, departments=("2",)), stored(), Suspends, ["move"]),
        (gone, stored(), Suspends, ["suspend", "revoke tag:sales"]),
        (gone, stored(AccountState.INVITED), Suspends, ["suspend", "revoke tag:sales"]),
        (gone, stored(AccountState.SUSPENDED, grants=frozenset(), closed_by_us=True), Suspends, []),
        (gone, stored(AccountState.SUSPENDED, closed_by_us=True), Suspends, ["revoke tag:sales"]),
        (gone, stored(), Removes, ["remove"]),
        (gone, stored(AccountState.STRIPPED, closed_by_us=True), Removes, ["remove"]),
        (gone, stored(AccountState.NONE), Removes, []),
        (stopped, stored(), Suspends, ["suspend"]),
        (stopped, stored(), Removes, ["strip"]),
        (stopped, stored(AccountState.STRIPPED, closed_by_us=True), Removes, []),
        (mei(), stored(AccountState.SUSPENDED, closed_by_us=True), Suspends, ["resume"]),
        (
            office,
            stored(AccountState.SUSPENDED, closed_by_us=True),
            Suspends,
            ["revoke tag:sales", "move", "resume", "grant tag:office"],
        ),
        (mei(access="prepared"), None, Suspends, ["create"]),
        (mei(invite=True), stored(AccountState.SUSPENDED, closed_by_us=True), Suspends, ["resume", "invite"]),
    ],
    ids=[
        "joiner gets an account, then birthright",
        "who comes back to a removed account gets a new one",
        "nothing to do is no step",
        "mover loses the old access before gaining the new",
        "a name change is one update",
        "a move carries the other changes in the same call",
        "leaver is locked out before grants go",
        "an invitation is access too",
        "a replayed leave changes nothing",
        "a leave that stopped half-way goes on",
        "where nothing locks, a leaver is removed",
        "a stripped leaver is removed",
        "who is gone stays gone",
        "a stop locks and keeps the grants for the return",
        "where nothing locks, a stop strips",
        "a stop repeated changes nothing",
        "an account that we closed opens again",
        "a return loses what the old job had before it opens",
        "prepared means suspended and without grants",
        "opening a prepared account invites",
    ],
)
def test_plan(wanted, shown, platform, expected):
    assert verbs(plan(wanted, shown, platform())) == expected


def test_an_account_closed_by_somebody_else_is_held():
    made = plan(mei(), stored(AccountState.SUSPENDED), Suspends())
    assert (made.steps, made.holds) == ((), (CLOSED_BY_OTHERS,))


def test_an_employment_that_begins_after_the_closing_gives_it_back():
    made = plan(mei(), stored(AccountState.SUSPENDED), Suspends(), begun=NOW + timedelta(days=1))
    assert verbs(made) == ["resume"]


def test_a_closed_account_of_a_leaver_is_never_held():
    assert plan(gone, stored(AccountState.SUSPENDED, grants=frozenset()), Suspends()).holds == ()


@pytest.mark.parametrize(
    ("wanted", "shown", "expected"),
    [
        (mei(denied={"tag:sales": REASON}, grants={}), stored(granted=frozenset()), ["revoke tag:sales"]),
        (mei(exclusive=frozenset({"tag:x"})), stored(grants=frozenset({"tag:sales", "tag:x", "tag:y"})),
         ["revoke tag:x"]),
        (mei(access="prepared", grants={}), stored(), ["suspend", "revoke tag:sales"]),
        (replace(gone, undo=True), stored(AccountState.SUSPENDED, written={PREPARED: "1"}, grants=frozenset()),
         ["delete"]),
        (replace(gone, undo=True), stored(AccountState.SUSPENDED, grants=frozenset(), closed_by_us=True), []),
        (replace(gone, undo=True), stored(written={PREPARED: "1"}), ["suspend", "revoke tag:sales"]),
        (replace(gone, delete=True), stored(), ["suspend", "revoke tag:sales", "delete"]),
        (replace(gone, delete=True), stored(AccountState.SUSPENDED, grants=frozenset(), closed_by_us=True), ["delete"]),
        (replace(gone, delete=True), stored(AccountState.DELETED), []),
    ],
    ids=[
        "what is refused goes, whoever gave it",
        "what only policy gives is taken when somebody else gave it, and nothing else is",
        "an account that is open before its first day is locked",
        "what was prepared for a hire taken back is deleted",
        "an account that was in use is closed, not deleted, when its hire is taken back",
        "an account that somebody opened before its first day is closed as a leaver's",
        "an account whose time has come is locked first, then destroyed",
        "a locked account whose time has come is destroyed",
        "who is destroyed stays so",
    ],
)  # fmt: skip
def test_what_policy_takes(wanted, shown, expected):
    made = plan(wanted, shown, Suspends())
    assert verbs(made) == expected
    assert all(step.irreversible == (step.verb in ("remove", "delete")) for step in made.steps)


def test_a_refused_entitlement_goes_for_the_reason_that_refuses_it():
    [step] = plan(mei(denied={"tag:sales": REASON}, grants={}), stored(), Suspends()).steps
    assert step.reason == REASON


def test_a_protected_person_is_closed_by_nobody_but_a_person():
    made = plan(replace(gone, protected=True), stored(), Suspends())
    assert (made.steps, made.inbox) == ((), ("protected",))
    closed = stored(AccountState.SUSPENDED, grants=frozenset(), closed_by_us=True)
    assert plan(replace(gone, protected=True), closed, Suspends()).inbox == ()


@pytest.mark.parametrize(
    ("drift", "wanted", "shown", "expected"),
    [
        (Drift(), mei(), stored(AccountState.SUSPENDED), ([], ("closed_by_others",), ())),
        (Drift(closed_by_others="repair"), mei(), stored(AccountState.SUSPENDED), (["resume"], (), ())),
        (Drift(closed_by_others="report"), mei(), stored(AccountState.SUSPENDED), ([], (), ("closed_by_others",))),
        (Drift(), gone, stored(closed_by_us=True, grants=frozenset()), (["suspend"], (), ())),
        (Drift(reopened_by_others="hold"), gone, stored(closed_by_us=True), ([], ("reopened_by_others",), ())),
        (Drift(reopened_by_others="report"), gone, stored(closed_by_us=True), ([], (), ("reopened_by_others",))),
        (Drift(reopened_by_others="hold"), gone, stored(), (["suspend", "revoke tag:sales"], (), ())),
        (Drift(), mei(), stored(attributes={"name": "X"}, written={"name": "Mei"}), (["update"], (), ())),
        (Drift(field_of_ours="hold"), mei(), stored(attributes={"name": "X"}, written={"name": "Mei"}),
         ([], ("field_of_ours:name",), ())),
        (Drift(field_of_ours="report"), mei(), stored(attributes={"name": "X"}, written={"name": "Mei"}),
         ([], (), ("field_of_ours:name",))),
        (Drift(field_of_ours="hold"), mei(attributes={"name": "Li"}), stored(written={"name": "Mei"}),
         (["update"], (), ())),
    ],
    ids=[
        "closed by others is held", "closed by others is opened again", "closed by others is named",
        "reopened by others is closed at once", "reopened by others is held", "reopened by others is named",
        "a leaver that nobody closed yet is no drift", "a field of ours is written back", "a field of ours is held",
        "a field of ours is named", "a change by HR is no drift",
    ],
)  # fmt: skip
def test_drift(drift, wanted, shown, expected):
    made = plan(replace(wanted, drift=drift), shown, Suspends())
    assert (verbs(made), made.holds, made.reports) == expected


def test_nothing_is_made_while_something_is_missing():
    made = plan(mei(waits=("requires:person.mobile",)), None, Suspends())
    assert (made.steps, made.waits) == ((), ("requires:person.mobile",))


def test_who_has_an_account_is_not_moved_into_a_department_that_is_not_there():
    made = plan(mei(departments=("9",), waits=("department:D9",)), stored(), Suspends())
    assert (verbs(made), made.waits) == ([], ("department:D9",))


def test_what_somebody_else_gave_stays_with_who_works_and_goes_from_who_left():
    extra = stored(grants=frozenset({"tag:sales", "tag:theirs"}))
    assert verbs(plan(mei(), extra, Suspends())) == []
    assert verbs(plan(gone, extra, Suspends())) == ["suspend", "revoke tag:sales", "revoke tag:theirs"]


@pytest.mark.parametrize(
    ("wanted", "shown", "expected"),
    [
        ({"mobile": "+86131"}, {}, {}),
        ({"badge": "7"}, {}, {}),
        ({"title": None}, {"attributes": {"title": "x"}}, {}),
        ({"name": None}, {}, {"name": None}),
        ({"other": "x"}, {"written": {"other": "x"}}, {}),
        ({"other": "y"}, {"written": {"other": "x"}}, {"other": "y"}),
    ],
    ids=[
        "a mobile of an activated account is the member's own to change",
        "what cannot be written is not tried",
        "what cannot be cleared is not tried",
        "null clears",
        "what cannot be read counts as last written",
        "what cannot be read is written when it changed",
    ],
)
def test_attributes(wanted, shown, expected):
    made = plan(mei(attributes=wanted), stored(**shown), Suspends())
    assert [dict(step.attributes) for step in made.steps] == ([expected] if expected else [])


def test_on_create_attributes_are_written_once():
    wanted = mei(attributes={"name": "Mei", "other": "new"}, on_create=frozenset({"other"}))
    assert dict(plan(wanted, None, Suspends()).steps[0].attributes) == {"name": "Mei", "other": "new"}
    assert plan(wanted, stored(), Suspends()).steps == ()


def test_every_step_carries_its_reason():
    made = plan(mei(reason=REASON), None, Suspends())
    assert [step.reason for step in made.steps] == [REASON, REASON]


def test_who_has_no_department_sits_under():
    desired = Desired("t", "open", departments=("D1",))
    assert wish(desired, "mei", {"D1": "7"}, "1", managed=True).departments == ("7",)
    assert wish(desired, "mei", {"D1": "7"}, "1", managed=False).departments == ("1",)
    missing = wish(desired, "mei", {}, "1", managed=True)
    assert (missing.departments, missing.waits) == (("1",), ("department:D1",))


# ---------------------------------------------------------------- planning again after carrying out gives nothing

GRANTS = st.sets(st.sampled_from(["tag:a", "tag:b", "tag:c"]))
PLACES = st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, max_size=2, unique=True).map(tuple)
STATES = st.sampled_from(list(AccountState))


def carried_out(steps: tuple[Step, ...], before: StoredAccount | None) -> StoredAccount:
    """What a platform that does as it is told shows afterwards."""
    ends = {"suspend": AccountState.SUSPENDED, "strip": AccountState.STRIPPED, "remove": AccountState.NONE,
            "delete": AccountState.DELETED}  # fmt: skip
    memory = before or StoredAccount(Account("mei", AccountState.NONE), NOW)
    for step in steps:
        account = memory.observed
        match step.verb:
            case "create":
                state = AccountState.SUSPENDED if step.suspended else AccountState.INVITED
                account = Account("mei", state, step.attributes, step.departments or ())
                memory = replace(memory, closed_by_us=step.suspended, granted=frozenset())
            case "grant":
                account = replace(account, grants=account.grants | {step.entitlement})
                memory = replace(memory, granted=memory.granted | {step.entitlement})
            case "revoke":
                account = replace(account, grants=account.grants - {step.entitlement})
            case "update" | "move":
                account = replace(account, attributes={**account.attributes, **step.attributes},
                                  departments=step.departments or account.departments)  # fmt: skip
            case "resume":
                account = replace(account, state=AccountState.ACTIVE)
                memory = replace(memory, closed_by_us=False)
            case "suspend" | "strip" | "remove" | "delete":
                account = replace(account, state=ends[step.verb])
                memory = replace(memory, closed_by_us=True)
        memory = replace(memory, observed=account)
    return memory


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    access=st.sampled_from(["open", "closed", "prepared"]), case=st.sampled_from(["leave", "stop"]), wanted=GRANTS,
    held=GRANTS, place=PLACES, was=PLACES, state=STATES, name=st.sampled_from(["Mei", "Wei"]), ours=st.booleans(),
    platform=st.sampled_from([Suspends, Removes]), there=st.booleans(), theirs=GRANTS, exclusive=GRANTS,
    denied=GRANTS, deleting=st.sampled_from(["no", "delete", "undo"]), protected=st.booleans(),
)  # fmt: skip
def test_planning_again_after_carrying_out_gives_nothing(
    access, case, wanted, held, place, was, state, name, ours, platform, there, theirs, exclusive, denied, deleting,
    protected,
):  # fmt: skip
    assume(access != "prepared" or platform is Suspends)  # refused when the policy is loaded
    assume(access == "closed" or (deleting == "no" and not protected))
    wanted_account = mei(
        access=access, case=case, grants=dict.fromkeys(wanted - denied, REASON), departments=place,
        exclusive=frozenset(exclusive), denied=dict.fromkeys(denied, REASON), delete=deleting == "delete",
        undo=deleting == "undo", protected=protected,
    )  # fmt: skip
    shown = stored(
        state,
        attributes={"name": name},
        departments=was,
        grants=frozenset(held | theirs),
        granted=frozenset(held),
        closed_by_us=ours,
        written={PREPARED: "1"} if deleting == "undo" else {},
    )
    before = shown if there else None
    first = plan(wanted_account, before, platform())
    again = plan(wanted_account, carried_out(first.steps, before) if first.steps else before, platform())
    assert again.steps == ()
    after = carried_out(first.steps, before).observed if first.steps else None
    if access == "closed" and after:
        assert not after.state.open
    if access != "closed" and after:
        assert not after.grants & denied
        assert after.grants & exclusive <= wanted
    if protected and access == "closed":
        assert first.steps == ()

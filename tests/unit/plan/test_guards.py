"""How guards count: people, in windows over the moments at which their changes became due."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.decisions import HoldRefused, HoldReleased
from services.provisioner.model import Step
from services.provisioner.plan.guards import (
    allowed,
    explains,
    kinds_in,
    lies_in,
    read_reason,
    reason_of,
    said,
    slices,
)
from services.provisioner.policy.models import Guard
from services.provisioner.store.guard_values import FREE, Announced, Counted, Stretch, Turn

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CLOSE = Guard(steps=("close",), within=timedelta(hours=24), more_than="3%", and_at_least=5)
CREATE = Guard(steps=("create",), within=timedelta(hours=24), more_than="5%", and_at_least=20)


def at(hours):
    return NOW + timedelta(hours=hours)


def stretch(*moments, active=100, turns=()):
    """People who change one after the other, each given as an hour or as (hour, wave)."""
    keys = [moment if isinstance(moment, tuple) else (moment, 1) for moment in moments]
    rows = [Counted(at(hour), wave, f"p{n}", False) for n, (hour, wave) in enumerate(keys)]
    return Stretch(tuple(sorted(rows)), active, tuple(turns))


@pytest.mark.parametrize(
    ("moments", "active", "people"),
    [
        ([0] * 4, 100, None),
        ([0] * 5, 100, 5),
        ([0] * 5, 200, None),
        ([0] * 7, 200, 7),
        ([0, 6, 12, 18, 23], 100, 5),
        ([0, 6, 12, 18, 24], 100, None),
        ([0] * 5, 0, 5),
    ],
    ids=[
        "under the least number nothing is held",
        "over the share and the number all are",
        "in a larger company they are usual",
        "as many as exceed its share are not",
        "a window is as long as it says",
        "and no longer",
        "a close guard holds where nobody was known to be active",
    ],
)
def test_close(moments, active, people):
    found = slices(stretch(*moments, active=active), "close", CLOSE)
    assert [one.people for one in found] == ([] if people is None else [people])


def test_a_person_counts_once():
    rows = tuple(Counted(at(n), 1, f"p{n % 4}", False) for n in range(20))
    assert slices(Stretch(rows, 100, ()), "close", CLOSE) == []


def test_windows_that_overlap_are_one_slice():
    (found,) = slices(stretch(*range(0, 48, 2)), "close", CLOSE)
    assert (found.first, found.last) == ((at(0), 1), (at(46), 1))


def test_what_lies_outside_the_crowd_is_not_held():
    found = slices(stretch(-40, *[0] * 6, 40), "close", CLOSE)
    held = [lies_in(Announced("hr", "close", at(hour), 1, False), found) for hour in (-40, 0, 40)]
    assert held == [False, True, False]


@pytest.mark.parametrize(("active", "held"), [(49, False), (50, True)])
def test_newcomers_are_suspicious_from_fifty_people_on(active, held):
    assert bool(slices(stretch(*[0] * 100, active=active), "create", CREATE)) is held


def test_the_base_is_who_was_active_when_the_window_opened():
    turns = [Turn(at(-3), 1, 60)]
    rows = stretch(*[0] * 30, active=0, turns=turns)
    (found,) = slices(rows, "create", CREATE)
    assert (found.people, found.active) == (30, 60)


def test_an_import_does_not_make_its_own_second_half_suspicious():
    moments = [n / 60 for n in range(500)]
    turns = [Turn(at(hour), 1, 1) for hour in moments]
    assert slices(stretch(*moments, active=0, turns=turns), "create", CREATE) == []


def test_what_comes_after_a_quiet_time_is_judged_by_who_came_before_though_the_clock_stands():
    turns = [Turn(at(0), 1, 60), Turn(at(0), 2, 612)]
    moments = [*[(0, 1)] * 60, *[(0, 2)] * 612]
    (found,) = slices(stretch(*moments, active=0, turns=turns), "create", CREATE)
    assert (found.first, found.people, found.active) == ((at(0), 2), 612, 60)


# ---------------------------------------------------------------- what is left out of a plan


def steps(*verbs):
    return tuple(Step(verb, "crm") for verb in verbs)


@pytest.mark.parametrize(
    ("plan", "held", "closing", "kept"),
    [
        (["create", "grant"], {"create"}, False, []),
        (["suspend", "revoke"], {"close"}, True, []),
        (["suspend", "revoke", "delete"], {"delete"}, True, ["suspend", "revoke"]),
        (["revoke", "move", "grant"], {"revoke"}, False, ["move", "grant"]),
        (["revoke", "move", "resume", "grant"], {"resume"}, False, ["revoke", "move"]),
        (["update", "grant"], {"rename"}, False, ["grant"]),
    ],
    ids=[
        "nothing is granted on an account that is not made",
        "what a leaver loses waits with the closing",
        "a held deletion leaves the closing alone",
        "a mover gets the new place while the taking waits",
        "who does not come back is granted nothing",
        "a name waits, the rest goes on",
    ],
)
def test_only_what_rests_on_a_held_step_waits_with_it(plan, held, closing, kept):
    assert [step.verb for step in allowed(steps(*plan), held, closing=closing)] == kept


def test_the_kinds_of_a_closing_plan():
    assert kinds_in(steps("suspend", "revoke", "delete"), closing=True) == {"close", "delete"}
    assert kinds_in(steps("revoke", "move", "update", "grant"), closing=False) == {"revoke", "move", "rename"}


def test_a_step_is_explained_by_the_latest_of_its_kind():
    def announced(kind, hour):
        return Announced("hr", kind, at(hour), 1, False)

    rows = [announced("create", 0), announced("move", 5), announced("resume", 3), announced(FREE, 9)]
    assert explains("create", rows) == announced("resume", 3)
    assert explains("rename", rows) == announced(FREE, 9)
    assert explains("rename", rows[:3]) is None


# ---------------------------------------------------------------- decisions


def word(verdict, hour, by="operator:li", verb="close", target="crm"):
    return verdict(
        decision_id=f"d{hour}", person_id="p", by=by, effective_at=at(hour), recorded_at=at(hour), target=target,
        verb=verb,
    )  # fmt: skip


def test_a_word_counts_for_its_difference_only():
    released = [word(HoldReleased, -1), word(HoldReleased, 1, verb="move"), word(HoldReleased, 1, target="wiki")]
    assert not said(released, "crm", "close", NOW).released_by
    assert said([word(HoldReleased, 0)], "crm", "close", NOW).released_by == {"operator:li"}


def test_a_refusal_starts_anew():
    told = [word(HoldReleased, 1), word(HoldRefused, 2), word(HoldReleased, 3, by="operator:mei")]
    assert said(told[:2], "crm", "close", NOW).refused
    assert said(told, "crm", "close", NOW) == (frozenset({"operator:mei"}), False)


def test_reasons_are_read_as_they_are_written():
    held = read_reason(reason_of("guard", {"move", "revoke"}, "urn:hr:acme"))
    assert (held.kinds, held.cause, held.refused) == (("move", "revoke"), "urn:hr:acme", False)
    assert read_reason(reason_of("refused", {"close"}, "policy:ab")).refused
    assert read_reason("field_of_ours:title") is None
    assert read_reason(None) is None

"""Overlaps by the table: when a rule held, when it stopped, and what an instant later makes of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from policy_people import Tree, mei

from contracts.decisions import OverlapExtended
from services.provisioner.connectors.registry import KINDS
from services.provisioner.model import PersonState
from services.provisioner.policy.cel import Departments
from services.provisioner.policy.load import load
from services.provisioner.policy.overlap import overlap
from services.provisioner.policy.past import Past

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
POLICY = load(
    "targets: {m: {type: memory}}\naccounts: {m: {for: '!has(employment.type) || employment.type != \"agency\"'}}\n"
    "birthright:\n"
    "  sales: {when: assignment.job_function == 'sales', grants: {m: ['tag:s']}, keep_after_move: 7d}\n"
    "  trial: {when: today < employment.probation_ends_at, grants: {m: ['tag:t']}, keep_after_move: 7d}\n"
    "  fin: {when: '\"D-FIN\" in department.path', grants: {m: ['tag:f']}, keep_after_move: 7d}\n",
    KINDS,
)
SALES, OFFICE = {"assignment": {"job_function": "sales"}}, {"assignment": {"job_function": "office"}}
AGENCY = {**OFFICE, "employment": {"type": "agency"}}


class Days:
    """A timeline with one state a day."""

    def __init__(self, *states: Mapping[str, Any]) -> None:
        self.states = states

    @property
    def instants(self) -> Sequence[datetime]:
        return [START + number * DAY for number in range(len(self.states))]

    def state(self, at: datetime) -> PersonState:
        number = min((at - START) // DAY, len(self.states) - 1)
        return mei(**(self.states[number] if number >= 0 else {"active": False, "worker": False}))


def no_tree(_at: datetime) -> Departments:
    raise AssertionError("no rule here reads a department")


def until(line: Days, at: float, rule: int = 0, extended: Sequence[tuple[float, float]] = ()) -> float | None:
    """The day on which the overlap ends, seen on day `at`."""
    told = tuple(
        OverlapExtended(decision_id=f"d{made}", person_id="p", by="operator:li", rule=POLICY.birthrights[rule].name,
                        effective_at=START + made * DAY, recorded_at=START + made * DAY, until=START + end * DAY)
        for made, end in extended
    )  # fmt: skip
    past = Past(line, no_tree, told)
    found = overlap(POLICY, POLICY.birthrights[rule], POLICY.accounts["m"], past, START + at * DAY)
    return None if found is None else (found.until - START) / DAY


@pytest.mark.parametrize(
    ("days", "at", "expected"),
    [
        ((SALES, OFFICE), 1, 8),
        ((SALES, OFFICE), 7.9, 8),
        ((SALES, OFFICE), 8, None),
        ((SALES, OFFICE, {"assignment": {"job_function": "it"}}), 3, 8),
        ((SALES, OFFICE, SALES, OFFICE), 3, 10),
        ((OFFICE, OFFICE), 1, None),
        ((SALES, {**OFFICE, "stopped": True}, OFFICE), 2, None),
        ((SALES, {**OFFICE, "active": False}, OFFICE), 2, None),
        ((SALES, AGENCY, OFFICE), 2, None),
        (({**SALES, "active": False}, OFFICE), 1, None),
    ],
    ids=[
        "from the instant at which it stopped", "to the last moment", "not at its end", "a later move changes nothing",
        "after a return it begins anew", "who never had it", "a stop ends it", "a leave ends it",
        "losing the account ends it", "a leaver's job of before is no job",
    ],
)  # fmt: skip
def test_overlap(days: tuple[Mapping[str, Any], ...], at: float, expected: float | None) -> None:
    assert until(Days(*days), at) == expected


@pytest.mark.parametrize(
    ("extended", "at", "expected"),
    [
        ([(2, 20)], 15, 20),
        ([(2, 5)], 6, 8),
        ([(9, 20)], 10, None),
        ([(2, 12), (11, 20)], 15, 20),
        ([(2, 12), (13, 20)], 15, None),
        ([(0, 20)], 15, 20),
    ],
    ids=[
        "longer", "never shorter", "what has ended is not extended", "twice", "too late the second time",
        "decided before it began",
    ],
)  # fmt: skip
def test_extended(extended: list[tuple[float, float]], at: float, expected: float | None) -> None:
    assert until(Days(SALES, OFFICE), at, extended=extended) == expected


def test_a_rule_that_stops_with_a_date_stops_at_that_midnight() -> None:
    line = Days({"employment": {"probation_ends_at": "2026-03-05"}})
    midnight = (datetime(2026, 3, 4, 16, tzinfo=UTC) - START) / DAY
    assert until(line, 3, rule=1) is None
    assert until(line, 6, rule=1) == midnight + 7
    assert until(line, midnight + 7, rule=1) is None


def test_a_rule_about_departments_sees_the_tree_as_it_was() -> None:
    class Before(Tree):
        def path(self, department_id: str) -> tuple[str, ...]:
            return ("D-FIN", department_id)

    at, line = START + 3 * DAY, Days({"assignment": {"department_id": "D-SALES"}})
    turn = START + 2 * DAY
    past = Past(line, lambda instant: Before() if instant < turn else Tree(), (), [turn])
    found = overlap(POLICY, POLICY.birthrights[2], POLICY.accounts["m"], past, at)
    assert found is not None
    assert (found.since, found.until) == (turn, turn + 7 * DAY)

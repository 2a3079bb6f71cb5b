"""Replay (P12): the states of people at any moments under any policy, from facts alone. Pure: no platform, no store.

All facts given count as known; `active` is what HR says. Accounts are those that a run of Tenure from the beginning
would have come to, with nothing refused by a platform and nothing held.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from contracts.decisions import AccountLinked, Decision, UsernameGiven
from services.provisioner.facts.doubts import Crowd, doubts_of
from services.provisioner.facts.history import history, turns
from services.provisioner.facts.marks import IDENTITY_UNCLEAR
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Fact, PersonState, WorkerKey
from services.provisioner.preview.accounts import Held, Life
from services.provisioner.preview.targets import Planned
from services.provisioner.preview.trees import Trees

Row = dict[str, Any]
NOBODY: Row = {"status": "none", "username": None, "grants": [], "attributes": {}}


class Named(NamedTuple):
    """Who needs a name on a target: since when, and from which base; `given` where it was decided already."""

    policy: int
    target: str
    since: datetime
    person_id: str
    base: str
    given: bool


@dataclass(slots=True)
class Found:
    """What replaying some people gave.

    `rows`: (index of the moment, person id, what HR says, the accounts under each policy). Usernames in them stay open
    (None) until everybody is known: `names` says who asks for one.
    """

    rows: list[tuple[int, str, Row, list[Row]]] = field(default_factory=list)
    names: dict[tuple[int, str, str], Named] = field(default_factory=dict)

    def add(self, more: "Found") -> None:
        self.rows += more.rows
        for key, named in more.names.items():
            self.names.setdefault(key, named)


@dataclass(frozen=True, slots=True)
class Replay:
    """`moments` ascend; every policy is replayed over the same facts."""

    policies: Sequence[Planned]
    moments: Sequence[datetime]
    trees: Trees

    def family(self, facts: Iterable[Fact], decisions: Iterable[Decision] = ()) -> Found:
        """Everybody whom these facts are about; facts of departments among them are left to `trees`."""
        found, facts, decisions = Found(), tuple(facts), tuple(decisions)
        told: dict[str, list[Decision]] = {}
        for decision in decisions:
            told.setdefault(decision.person_id, []).append(decision)
        for numbers in self.spans(facts):
            persons = history(facts, decisions, self.moments[numbers.start]).persons.items()
            crowd = Crowd({person_id: (own, told.get(person_id, ())) for person_id, own in persons})
            for person_id, known in crowd.people.items():
                self.person(crowd.folded(person_id), *known, numbers, found)
        return found

    def spans(self, facts: Iterable[Fact]) -> Iterator[range]:
        """The numbers of the moments, cut where a link changes whose a worker is."""
        dates = turns(facts)
        for _, span in groupby(range(len(self.moments)), key=lambda number: bisect_right(dates, self.moments[number])):
            numbers = list(span)
            yield range(numbers[0], numbers[-1] + 1)

    def person(
        self, line: Timeline, facts: Iterable[Fact], decisions: Iterable[Decision], numbers: range, found: Found
    ) -> None:
        """One person at the moments of these numbers under all policies; added to `found`.

        `line` is folded from these facts and decisions.
        """
        decisions, person_id = tuple(decisions), line.person_id
        doubts = doubts_of(line, facts)
        given = given_names(decisions)
        lives = [Life(line, planned, self.trees, decisions) for planned in self.policies]
        moments = self.moments[numbers.start : numbers.stop]
        for index, looks in zip(numbers, zip(*(life.at(moments) for life in lives), strict=True), strict=True):
            accounts = [
                {name: account(held.get(name)) for name in planned.policy.targets}
                for planned, (_, held) in zip(self.policies, looks, strict=True)
            ]
            found.rows.append((index, person_id, what_hr_says(looks[0][0], doubts), accounts))
        for number, life in enumerate(lives):
            for target, held in life.held.items():
                name = given.get(target, held.name)
                named = Named(number, target, held.made_at, person_id, name, target in given)
                found.names.setdefault((number, target, person_id), named)


def given_names(decisions: Iterable[Decision]) -> Mapping[str, str]:
    """The account that was decided to be the person's on each target, the latest word last."""
    found: dict[str, str] = {}
    for decision in sorted(decisions, key=lambda d: (d.recorded_at, d.decision_id)):
        if isinstance(decision, UsernameGiven):
            found[decision.target] = decision.username
        elif isinstance(decision, AccountLinked):
            found[decision.target] = decision.native_id
    return found


def what_hr_says(state: PersonState, doubts: Mapping[WorkerKey, str]) -> Row:
    """`person` and `workers` of a row; `doubt` says why nobody knows whose an employment is."""
    return {
        "person": state.person.model_dump(exclude_none=True),
        "workers": [
            {
                "worker_id": worker.worker.worker_id,
                "id_space": worker.worker.id_space,
                "active": worker.active,
                "employment": worker.employment.model_dump(exclude_none=True),
                "assignment": worker.assignment.model_dump(exclude_none=True),
                "other_assignments": [
                    {"assignment_id": other.assignment_id, "assignment": other.assignment.model_dump(exclude_none=True)}
                    for other in worker.other_assignments
                ],
                **({"doubt": doubts.get(worker.worker, IDENTITY_UNCLEAR.reason)} if worker.unidentified else {}),
            }
            for worker in state.workers
        ],
    }


def account(held: Held | None) -> Row:
    """`accounts` of a row for one target; the name is filled in later."""
    if held is None:
        return NOBODY
    shown = held.account.observed
    attributes = {name: value for name, value in shown.attributes.items() if value is not None}
    return {
        "status": shown.state.value,
        "username": None,
        "grants": sorted(shown.grants),
        "attributes": attributes,
    }

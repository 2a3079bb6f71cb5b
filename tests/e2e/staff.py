"""HR events of a small company, and what they come to: counted here from the events alone, person by person.

Nothing of the product is used: the end state is what anyone would write down who reads a person's events in the order
of their dates.
"""

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

SOURCE = "urn:hr:acme"
ZONE_HOURS = 8
DEPARTMENTS = {"D-SAL": "销售部", "D-ADM": "行政部", "D-FIN": "财务部", "D-PAY": "薪酬组"}
PARENTS = {"D-PAY": "D-FIN"}
TAGS = {"sales": {"sales"}, "administration": {"office-management", "announcements"}}
ROLES = {"sales": {"sales"}, "administration": {"office"}}
IN_FINANCE = {"D-FIN", "D-PAY"}
FAMILIES, GIVENS = "王李张刘陈杨赵黄", "伟芳娜敏静丽强磊军洋"
PLACES = [("D-SAL", "sales"), ("D-ADM", "administration"), ("D-FIN", "finance"), ("D-PAY", "finance")]

Event = dict[str, Any]
_numbers = itertools.count(1)


def event(kind: str, effective_at: str, *, event_id: str | None = None, **data: Any) -> Event:
    """A CloudEvent in structured form; its id is new where none is given."""
    about = data.get("worker_id") or data.get("department_id")
    return {
        "specversion": "1.0", "id": event_id or f"evt-{next(_numbers):06}", "source": SOURCE, "type": kind,
        "time": f"{effective_at[:10]}T08:00:00+08:00", "subject": about,
        "data": {**data, "effective_at": effective_at},
    }  # fmt: skip


def hired(worker: str, mobile: str, at: str, department: str, function: str, **more: Any) -> Event:
    family, given = FAMILIES[int(mobile[-3:]) % len(FAMILIES)], GIVENS[int(mobile[-3:]) // 8 % len(GIVENS)]
    person = {"family_name": family, "given_name": given, "display_name": f"{family}{given}{worker}", "mobile": mobile}
    assignment = {"department_id": department, "job_function": function, "title": function}
    return event("hr.worker.hired.v1", at, worker_id=worker, person=person | more, assignment=assignment)


def moved(worker: str, at: str, department: str, function: str) -> Event:
    assignment = {"department_id": department, "job_function": function, "title": function}
    return event("hr.worker.transferred.v1", at, worker_id=worker, assignment=assignment)


def left(worker: str, at: str, *, immediate: bool = False, **more: Any) -> Event:
    return event("hr.worker.left.v1", at, worker_id=worker, immediate=immediate, **more)


def departments() -> list[Event]:
    return [
        event("hr.department.changed.v1", "2026-01-01", department_id=number, name=name, parent_id=PARENTS.get(number))
        for number, name in DEPARTMENTS.items()
    ]


@dataclass(slots=True)
class Standing:
    """One person as the events leave them: `department` and `function` hold while `employed`."""

    mobile: str
    name: str
    employed: bool = False
    department: str = ""
    function: str = ""

    def grants(self, by_function: dict[str, set[str]], *, finance: bool) -> set[str]:
        if not self.employed:
            return set()
        more = {"finance"} if finance and self.department in IN_FINANCE else set()
        return by_function.get(self.function, set()) | more


def standings(events: Iterable[Event], until: datetime | None = None) -> dict[str, Standing]:
    """Everybody ever hired, by worker id, as of `until` (now where not given)."""
    now = (until or datetime.now(UTC)) + timedelta(hours=ZONE_HOURS)
    known = {one["id"]: one for one in events if "worker_id" in one["data"]}
    people: dict[str, Standing] = {}
    for one in sorted(known.values(), key=lambda one: one["data"]["effective_at"]):
        if one["data"]["effective_at"] <= now.isoformat():
            _apply(people, one["type"], one["data"])
    return people


def _apply(people: dict[str, Standing], kind: str, data: dict[str, Any]) -> None:
    worker = data["worker_id"]
    if kind == "hr.worker.hired.v1":
        person = data["person"]
        people.setdefault(worker, Standing(person["mobile"], person["display_name"])).employed = True
    if kind == "hr.worker.left.v1":
        people[worker].employed = False
    if "assignment" in data:
        people[worker].department = data["assignment"]["department_id"]
        people[worker].function = data["assignment"]["job_function"]


@dataclass(slots=True)
class Histories:
    """Random lives: hire, moves, a leave, perhaps a return, each on a later date, all of them past."""

    chance: random.Random
    people: int
    events: list[list[Event]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events = [list(self._life(number)) for number in range(self.people)]

    def _life(self, number: int) -> Iterator[Event]:
        worker, mobile = f"W{number:03}", f"+86138{number:08}"
        days = iter(sorted(self.chance.sample(range(200), 6)))
        yield hired(worker, mobile, _day(next(days)), *self.chance.choice(PLACES))
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            yield moved(worker, _day(next(days)), *self.chance.choice(PLACES))
        if self.chance.random() < 0.55:
            yield left(worker, _day(next(days)))
            if self.chance.random() < 0.4:
                yield hired(worker, mobile, _day(next(days)), *self.chance.choice(PLACES))


def _day(number: int) -> str:
    return (datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=number)).date().isoformat()

"""HR events, version 1: the data of each CloudEvent type (design: the contract of HR events).

`effective_at` is the first moment of the new state: a local date (its midnight) or a local date-time in `zone`; an
offset in it is taken. For a leave it is the first moment gone. In an update an absent field keeps what was known and
null clears it; `model_fields_set` tells the two apart.
"""

from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from contracts.base import MAX_ID, Extra, Frozen, Id, Text

EffectiveAt = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?$"),
    AfterValidator(lambda text: (datetime.fromisoformat(text), text)[1]),
]
"""`2026-03-15`, `2026-03-15T18:00` or `2026-03-15T18:00:00+08:00`."""

Day = Annotated[
    str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(lambda t: (date.fromisoformat(t), t)[1])
]
Mobile = Annotated[str, StringConstraints(pattern=r"^\+[1-9]\d{5,14}$")]
"""E.164; ingest brings other writings into this form."""


Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$")]


class Person(Frozen):
    """Who the human is. Personal data stands only here and in `extra`."""

    family_name: Text | None = None
    given_name: Text | None = None
    display_name: Text | None = None
    locale: Text | None = None
    mobile: Mobile | None = None
    personal_email: Email | None = None
    work_email: Email | None = None


class Employment(Frozen):
    type: Text | None = None
    legal_entity: Text | None = None
    starts_at: Day | None = None
    ends_at: Day | None = None
    probation_ends_at: Day | None = None


class Assignment(Frozen):
    department_id: Id | None = None
    job_function: Text | None = None
    title: Text | None = None
    grade: Text | None = None
    location: Text | None = None
    manager_id: Id | None = None
    cost_center: Text | None = None


class Fact(Frozen):
    """What every HR event carries."""

    effective_at: EffectiveAt
    zone: Text | None = None
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1
    sequence: Annotated[int, Field(ge=0, le=2**53)] | None = None
    batch: Id | None = None
    extra: Extra


class WorkerFact(Fact):
    worker_id: Id
    person_id: Annotated[str, StringConstraints(min_length=1, max_length=2 * MAX_ID)] | None = None


class Hired(WorkerFact):
    person: Person
    employment: Employment = Employment()
    assignment: Assignment = Assignment()


class Transferred(WorkerFact):
    employment: Employment | None = None
    assignment: Assignment | None = None


class Updated(WorkerFact):
    person: Person


class Left(WorkerFact):
    reason: Text | None = None
    immediate: bool = False
    successor_id: Id | None = None


class Stated(WorkerFact):
    person: Person
    employment: Employment = Employment()
    assignment: Assignment = Assignment()


class AssignmentStarted(WorkerFact):
    assignment_id: Id
    kind: Literal["concurrent", "secondment", "acting"] = "concurrent"
    assignment: Assignment


class AssignmentEnded(WorkerFact):
    assignment_id: Id


class AbsenceStarted(WorkerFact):
    kind: Text


class AbsenceEnded(WorkerFact):
    kind: Text | None = None


class Linked(WorkerFact):
    """Says whose worker this is; here `person_id` is required."""

    person_id: Annotated[str, StringConstraints(min_length=1, max_length=2 * MAX_ID)]


class Withdrawn(Fact):
    """Undoes every revision of the named fact; `event_source` is its own source where absent."""

    event_id: Id
    event_source: Text | None = None
    worker_id: Id | None = None


class DepartmentChanged(Fact):
    department_id: Id
    name: Text | None = None
    parent_id: Id | None = None
    order: int | None = None
    leader_ids: tuple[Id, ...] | None = None
    deputy_ids: tuple[Id, ...] | None = None


class DepartmentClosed(Fact):
    department_id: Id
    successor_id: Id | None = None


Event = (
    Hired
    | Transferred
    | Updated
    | Left
    | Stated
    | AssignmentStarted
    | AssignmentEnded
    | AbsenceStarted
    | AbsenceEnded
    | Linked
    | Withdrawn
    | DepartmentChanged
    | DepartmentClosed
)

TYPES: dict[str, type[Fact]] = {
    "hr.worker.hired.v1": Hired,
    "hr.worker.transferred.v1": Transferred,
    "hr.worker.updated.v1": Updated,
    "hr.worker.left.v1": Left,
    "hr.worker.stated.v1": Stated,
    "hr.worker.assignment_started.v1": AssignmentStarted,
    "hr.worker.assignment_ended.v1": AssignmentEnded,
    "hr.worker.absence_started.v1": AbsenceStarted,
    "hr.worker.absence_ended.v1": AbsenceEnded,
    "hr.worker.linked.v1": Linked,
    "hr.event.withdrawn.v1": Withdrawn,
    "hr.department.changed.v1": DepartmentChanged,
    "hr.department.closed.v1": DepartmentClosed,
}
"""Every HR event type and the model of its data."""

NAMES: dict[type[Fact], str] = {model: name for name, model in TYPES.items()}

# A leave, a withdrawal and an absence may end access, so they overtake (design: leavers first).
URGENT: frozenset[type[Fact]] = frozenset({Left, Withdrawn, AbsenceStarted, AbsenceEnded})
DEPARTMENTS: frozenset[type[Fact]] = frozenset({DepartmentChanged, DepartmentClosed})

assert set(TYPES.values()) == set(get_args(Event))  # noqa: S101 - a type without a name would be lost quietly


def unknown_fields(data: Any, model: type[BaseModel], at: str = "data") -> list[str]:  # noqa: ANN401 - any JSON value
    """Name the fields of a JSON object that the model does not know, as dotted paths; never their values."""
    if not isinstance(data, dict):
        return []
    found: list[str] = []
    inside = _models_inside(model)
    for name, value in data.items():
        if name not in inside:
            found.append(f"{at}.{name}")
            continue
        for kind in inside[name]:
            found += unknown_fields(value, kind, f"{at}.{name}")
    return found


@cache
def _models_inside(model: type[BaseModel]) -> dict[str, tuple[type[BaseModel], ...]]:
    """The models that a field of each name can hold; looked up for every event, so it is found once."""
    return {
        name: tuple(
            kind
            for kind in (field.annotation, *get_args(field.annotation))
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        )
        for name, field in model.model_fields.items()
    }

"""The people of these tests: Mei and Wei, and the departments they work in."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from contracts import hr
from services.provisioner.model import Absence, FactKey, OtherAssignment, PersonState, WorkerKey, WorkerState

AT = datetime(2026, 3, 20, 4, tzinfo=UTC)
TREE = {"D-CO": None, "D-SALES": "D-CO", "D-FIN": "D-CO", "D-TAX": "D-FIN", "D-IT": "D-CO"}
CLOSED = {"D-OLD": "D-TAX"}
LEADERS = {"D-SALES": ("W1",), "D-IT": ("W9",)}


class Tree:
    def path(self, department_id: str) -> tuple[str, ...]:
        above = TREE.get(department_id)
        return (*(self.path(above) if above else ()), department_id)

    def name(self, department_id: str) -> str:
        return department_id.removeprefix("D-")

    def effective(self, department_id: str) -> str:
        return CLOSED.get(department_id, department_id)

    def led_by(self, workers: Iterable[WorkerKey], space_of: Callable[[str], str]) -> frozenset[str]:  # noqa: ARG002 - the protocol's
        ids = {worker.worker_id for worker in workers}
        return frozenset(department for department, leaders in LEADERS.items() if ids & set(leaders))


def mei(*, active: bool = True, worker: bool = True, worker_id: str = "W1", **fields: Any) -> PersonState:
    """Mei as she is at AT; `person`, `employment` and `assignment` are dicts, the rest fields of the state."""
    person = hr.Person(**fields.pop("person", {"display_name": "王美", "mobile": "+8613900000001"}))
    assignment = hr.Assignment(**fields.pop("assignment", {"department_id": "D-SALES", "job_function": "sales"}))
    employment = hr.Employment(**fields.pop("employment", {"type": "employee"}))
    key = FactKey("urn:hr:acme", "evt-1", 1)
    others = tuple(
        OtherAssignment(i, "concurrent", hr.Assignment(**said)) for i, said in fields.pop("others", {}).items()
    )
    absent = tuple(Absence(kind, AT) for kind in fields.pop("absent", ()))
    work = WorkerState(
        WorkerKey("acme", worker_id), active, employment, assignment, others, left_at=None if active else AT,
        facts=(key,), absent=absent,
    )  # fmt: skip
    workers = (*((work,) if worker else ()), *fields.pop("more_workers", ()))
    return PersonState(
        person_id="acme/W1", at=AT, zone="Asia/Shanghai", active=active, person=person, workers=workers,
        primary=work if active and worker else None, facts=(key,), **fields,
    )  # fmt: skip

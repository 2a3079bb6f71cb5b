"""The sample company and its March: pure data in, CloudEvents out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

SOURCE = "urn:hr:acme"
ZONE = "+08:00"
UNKNOWN = "-"
FIRST = "2026-03-01"
DEPARTMENT = 3
"""Columns of a department's row."""
COMPANY = Path(__file__).parent / "sample" / "company.tsv"
Event = dict[str, Any]


class Person(NamedTuple):
    worker_id: str
    family: str
    given: str
    name: str
    locale: str
    mobile: str
    department: str
    function: str
    title: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """What HR sends on a day, and the day to go on to. `key` names its sentence in the catalogue."""

    key: str
    day: str
    events: tuple[Event, ...]
    until: str


def rows(text: str) -> Iterator[list[str]]:
    """Lines of a table: columns by tabs, # begins a comment."""
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")


def event(number: int, kind: str, day: str, effective_at: str, **data: Any) -> Event:  # noqa: ANN401 - any JSON value
    """One CloudEvent, said by HR on the morning of `day`."""
    return {
        "specversion": "1.0", "id": f"acme-{number:04}", "source": SOURCE, "type": f"hr.{kind}.v1",
        "time": f"{day}T09:00:00{ZONE}", "data": {"effective_at": effective_at, **data},
    }  # fmt: skip


def department(number: int, row: list[str]) -> Event:
    department_id, parent, name = row
    data = {"department_id": department_id, "name": name} | ({} if parent == UNKNOWN else {"parent_id": parent})
    return event(number, "department.changed", FIRST, FIRST, **data)


def hire(number: int, day: str, effective_at: str, person: Person, **data: Any) -> Event:  # noqa: ANN401 - any JSON value
    kind = "agency" if person.worker_id == "W607" else "employee"
    reach = {"personal_email": "jan@example.net"} if person.mobile == UNKNOWN else {"mobile": person.mobile}
    return event(
        number, "worker.hired", day, effective_at, worker_id=person.worker_id, employment={"type": kind},
        person={"family_name": person.family, "given_name": person.given, "display_name": person.name,
                "locale": person.locale, **reach},
        assignment={"department_id": person.department, "job_function": person.function, "title": person.title}, **data,
    )  # fmt: skip


def story() -> list[Chapter]:
    """March at Acme, in the order in which HR says it."""
    table = [*rows(COMPANY.read_text(encoding="utf-8"))]
    departments = [department(number, row) for number, row in enumerate(table, start=1) if len(row) == DEPARTMENT]
    people = {row[0]: Person(*row) for row in table if len(row) == len(Person._fields)}
    hires = {key: hire(number, FIRST, FIRST, one) for number, (key, one) in enumerate(people.items(), start=101)}
    gone = _left(401, "2026-03-04", "2026-03-31", "W206", immediate=True)
    return [
        Chapter("demo.begins", FIRST, (*departments, *hires.values()), "2026-03-02"),
        Chapter("demo.announces", "2026-03-02", tuple(_announced()), "2026-03-03"),
        Chapter("demo.corrects", "2026-03-03", tuple(_corrected(people, hires)), "2026-03-04"),
        Chapter("demo.leaves_now", "2026-03-04", (gone,), "2026-03-05"),
        Chapter("demo.moves", "2026-03-05", (), "2026-03-10"),
        Chapter("demo.takes_back", "2026-03-10", tuple(_withdrawn()), "2026-03-17"),
        Chapter("demo.ends", "2026-03-17", (), "2026-04-01"),
    ]


def _announced() -> Iterator[Event]:
    day = "2026-03-02"
    ke = Person("W701", "曾", "可", "曾可", "zh-CN", "+8613800010701", "D-SALES", "sales", "客户经理")
    nina = ke._replace(
        worker_id="W702", family="Berg", given="Nina", name="Nina Berg", locale="en-GB", mobile="+8613800010702",
        department="D-ADMIN", function="administration", title="Office manager",
    )  # fmt: skip
    yield hire(201, day, "2026-03-16", ke)
    yield hire(202, day, "2026-03-23", nina)
    office = {"department_id": "D-ADMIN", "job_function": "administration", "title": "行政专员"}
    sales = {"department_id": "D-SALES", "job_function": "sales", "title": "Account manager"}
    yield _moved(203, day, "2026-03-09", "W102", office)
    yield _moved(204, day, "2026-03-09", "W107", office)
    yield _moved(205, day, "2026-03-09", "W208", sales)
    yield _moved(206, day, "2026-03-06", "W201", {"title": "行政经理"})
    yield _moved(207, day, "2026-03-09", "W302", {"department_id": "D-PAY", "title": "薪酬专员"})
    yield _moved(208, day, "2026-03-18", "W603", {"department_id": "D-IT", "job_function": "it", "title": "工程师"})
    yield _left(209, day, "2026-03-20", "W110")
    yield _left(210, day, "2026-03-13", "W307")


def _corrected(people: Mapping[str, Person], hires: Mapping[str, Event]) -> Iterator[Event]:
    """The hire of W112 named the wrong department: revision 2 of the same event. And one event comes twice."""
    right = people["W112"]._replace(department="D-OPS", function="operations", title="运营专员")
    number = int(hires["W112"]["id"].removeprefix("acme-"))
    yield hire(number, "2026-03-03", "2026-03-01", right, revision=2)
    yield event(302, "worker.updated", "2026-03-03", "2026-03-03", worker_id="W605",
                person={"family_name": "García López", "display_name": "Sofia García López"})  # fmt: skip
    yield hires["W104"]


def _withdrawn() -> Iterator[Event]:
    day = "2026-03-10"
    yield event(501, "event.withdrawn", day, day, event_id="acme-0208")
    yield event(502, "event.withdrawn", day, day, event_id="acme-0210")


def _moved(number: int, day: str, effective_at: str, worker_id: str, assignment: Mapping[str, str]) -> Event:
    return event(number, "worker.transferred", day, effective_at, worker_id=worker_id, assignment=dict(assignment))


def _left(number: int, day: str, effective_at: str, worker_id: str, *, immediate: bool = False) -> Event:
    return event(number, "worker.left", day, effective_at, worker_id=worker_id, immediate=immediate)

"""Conditions of the policy, in CEL.

An unknown field is an error in CEL, not a value: a condition that needs one *does not hold* (`has(person.mobile)` asks
whether it is known). So `!(employment.type in ["agency"])` is not true of somebody whose employment type nobody told.
`today` and all dates are ISO text (`2026-03-15`), which compares as dates do.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from cel_expr_python import cel
from cel_expr_python.ext import ext_strings

from contracts import hr
from services.provisioner.model import PersonState, WorkerKey, WorkerState
from services.provisioner.policy.cel_paths import Read, reads
from services.provisioner.policy.names import display_name

FREE = "extra"
"""What HR sends beside the contract: any field below it may be named."""
MAPS: Mapping[str, frozenset[str]] = {
    "person": frozenset(hr.Person.model_fields),
    "employment": frozenset(hr.Employment.model_fields),
    "assignment": frozenset(hr.Assignment.model_fields),
    "department": frozenset({"id", "name", "path"}),
}
TEXTS = ("today", "worker_id", "person_id")
MAX_LENGTH = 2000

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Departments(Protocol):
    """What policy asks of the tree of departments at an instant; ids that were never announced exist under their id."""

    def path(self, department_id: str) -> tuple[str, ...]:
        """Ids from the top down to it, itself the last."""
        ...

    def name(self, department_id: str) -> str: ...

    def effective(self, department_id: str) -> str:
        """The department itself, or the one that took over when it was closed."""
        ...

    def led_by(self, workers: Iterable[WorkerKey], space_of: Callable[[str], str]) -> frozenset[str]:
        """The departments that name one of these workers as leader; `space_of` tells a source's id space."""
        ...


class Fault(NamedTuple):
    """What is wrong in an expression; line and column count from 1 inside it."""

    line: int
    column: int
    text: str


class ConditionError(ValueError):
    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.text for fault in self.faults))


@cache
def _environment() -> Any:  # noqa: ANN401 - the library has no type for it at run time
    kind = cel.Type
    variables = {name: kind.Map(kind.STRING, kind.STRING) for name in MAPS}
    variables["department"] = variables[FREE] = kind.Map(kind.STRING, kind.DYN)
    return cel.NewEnv(variables=variables | dict.fromkeys(TEXTS, kind.STRING), extensions=[ext_strings.ExtStrings()])


class Context:
    """A person at an instant as conditions and attributes see them; built once, asked often. Nulls are not there.

    It sees the person in one position: the deciding one, unless a `place` is given. `others` are the same person in
    each of their other positions, in the order in which they are held.
    """

    def __init__(
        self,
        state: PersonState,
        departments: Departments,
        at: datetime,
        place: tuple[WorkerState, hr.Assignment] | None = None,
    ) -> None:
        self.worker, assignment = place or _first_place(state)
        beside = () if place else _other_places(state, self.worker)
        self.others = tuple(Context(state, departments, at, other) for other in beside)
        named = assignment.department_id
        self.department = departments.effective(named) if named else None
        self.today = at.astimezone(ZoneInfo(state.zone)).date()
        person = _known(state.person.model_dump())
        called = display_name(state.person)
        self.values: dict[str, Any] = {
            "person": person | {"display_name": called} if called else person,
            "employment": _known(self.worker.employment.model_dump()) if self.worker else {},
            "assignment": _known(assignment.model_dump()),
            "department": _of_department(self.department, departments),
            FREE: _known(state.extra),
            "today": self.today.isoformat(),
            "worker_id": self.worker.worker.worker_id if self.worker else "",
            "person_id": state.person_id,
        }
        self.activation = _environment().Activation(self.values)

    def value(self, path: tuple[str, ...]) -> object:
        """What stands at that path, or None when it is unknown."""
        found: object = self.values
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found


def deciding(state: PersonState) -> WorkerState | None:
    """The employment that decides; of somebody who left, the last one: a leaver is judged by what they were."""
    if state.primary or not state.workers:
        return state.primary
    return max(state.workers, key=lambda worker: (worker.left_at or _LONG_AGO, worker.worker))


def _first_place(state: PersonState) -> tuple[WorkerState | None, hr.Assignment]:
    worker = deciding(state)
    return worker, worker.assignment if worker else hr.Assignment()


def _other_places(state: PersonState, first: WorkerState | None) -> Iterator[tuple[WorkerState, hr.Assignment]]:
    """Second positions of the deciding employment, then other employments that last with theirs."""
    for worker in sorted(
        state.workers, key=lambda worker: (worker != first, worker.begun_at or _LONG_AGO, worker.worker)
    ):
        if worker.unidentified and worker != first:
            continue
        if worker.active and worker != first:
            yield worker, worker.assignment
        for other in worker.other_assignments if worker.active else ():
            yield worker, other.assignment


def _of_department(department_id: str | None, departments: Departments) -> dict[str, Any]:
    if department_id is None:
        return {"path": []}
    path = list(departments.path(department_id))
    return {"id": department_id, "name": departments.name(department_id), "path": path}


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _known(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value is not None
    }


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. `fields` are the paths that it reads, in the order of the text."""

    text: str
    fields: tuple[tuple[str, ...], ...]
    dates: tuple[date, ...]
    _program: Any

    def holds(self, context: Context) -> bool:
        """Whether it is true; false also when it needs a field that is unknown."""
        result = self._program.eval(activation=context.activation)
        return result.type() == cel.Type.BOOL and bool(result.value())

    def reads(self, root: str) -> bool:
        """Whether it reads anything of `person`, `department` and so on."""
        return any(path[0] == root for path in self.fields)

    def missing(self, context: Context) -> tuple[str, ...]:
        """The paths that must become known (or other) for it to hold; empty when it holds."""
        if self.holds(context):
            return ()
        unknown = tuple(".".join(path) for path in self.fields if context.value(path) is None)
        return unknown or tuple(".".join(path) for path in self.fields) or (self.text,)

    def turns(self, context: Context) -> Iterator[date]:
        """Later days on which the answer can change because it compares `today` with a date."""
        if ("today",) not in self.fields:
            return
        values = (context.value(path) for path in self.fields if path != ("today",))
        known = {*self.dates, *(date.fromisoformat(v[:10]) for v in values if isinstance(v, str) and _is_date(v[:10]))}
        for day in known:
            yield from (turn for turn in (day, day + timedelta(days=1)) if turn > context.today)


def compile_condition(text: str) -> Condition:
    """Compile and check. Raises ConditionError with every fault."""
    if len(text) > MAX_LENGTH:
        raise ConditionError([Fault(1, 1, f"longer than {MAX_LENGTH} characters; split the rule in two")])
    try:
        program = _environment().compile(text)
    except RuntimeError as error:
        raise ConditionError(_compile_faults(str(error))) from None
    found = reads(program.serialize())
    objections = {read.offset: said for read in reversed(found.found) if (said := _objection(read))}
    faults = [_fault(text, offset, said) for offset, said in sorted(objections.items())]
    if program.return_type() != cel.Type.BOOL and not faults:
        faults = [Fault(1, 1, f"gives {program.return_type().name()}, not true or false; compare it with something")]
    if faults:
        raise ConditionError(faults)
    fields = tuple(dict.fromkeys(read.path for read in found.found if read.path[0] in (*MAPS, *TEXTS, FREE)))
    dates = tuple(date.fromisoformat(text) for text in found.texts if _is_date(text))
    return Condition(text, fields, dates, program)


def field_problem(path: tuple[str, ...]) -> str | None:
    """Why policy cannot read that field, or None."""
    root, *rest = path
    if root in TEXTS:
        return f"{root} is text and has no fields" if rest else None
    if root == FREE:
        return None if rest else "name the field, as in extra.badge_number"
    if root not in MAPS:
        return (
            f"unknown name {root}; known are {', '.join((*MAPS, FREE, *TEXTS))}{_perhaps(root, (*MAPS, FREE, *TEXTS))}"
        )
    if not rest:
        return f"name the field of {root}, one of {', '.join(sorted(MAPS[root]))}"
    if rest[0] not in MAPS[root] or len(rest) > 1:
        known = ", ".join(sorted(MAPS[root]))
        return f"unknown field {'.'.join(path)}; {root} has {known}{_perhaps(rest[0], MAPS[root])}"
    return None


def _objection(read: Read) -> str | None:
    if read.path[0] not in (*MAPS, *TEXTS, FREE):
        return None  # a variable of all() or exists()
    if read.path == ("department", "path") and read.computed:
        return None
    if read.path == (FREE,):
        return None
    if read.computed and len(read.path) == 1:
        return "name the field in plain text, as in person.mobile"
    if read.path == ("today",) and not read.compared:
        return "today can only be compared with a date (<, <=, ==, !=, >=, >): its rules are looked at on those dates"
    return field_problem(read.path)


def _compile_faults(message: str) -> list[Fault]:
    faults = []
    for line, column, said in _ERROR.findall(message):
        name = re.match(r"undeclared reference to '([^']*)'", said)
        text = f"unknown name {name[1]}; known are {', '.join((*MAPS, FREE, *TEXTS))}" if name else said
        first = name[1].split(".")[0] if name else ""
        faults.append(Fault(int(line), int(column), text + (_perhaps(first, (*MAPS, FREE, *TEXTS)) if first else "")))
    return faults or [Fault(1, 1, message.splitlines()[0])]


def _fault(text: str, offset: int, said: str) -> Fault:
    before = text[:offset]
    return Fault(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1, said)


def _perhaps(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))

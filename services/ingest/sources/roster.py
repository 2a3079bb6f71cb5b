"""A company's list of people, row by row, as `hr.worker.stated.v1` events: by a mapping, pure, nothing is read here.

A row says what holds now. An empty cell says nothing: what was known stays. Nobody leaves by not being in the list.
The same row sent twice is one event; another day or another value makes it another one.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from contracts import hr
from contracts.envelope import Source as SourceUrn
from services.ingest.sources.cells import EPOCH_1900, CellError, checked, day, header, narrow, trimmed
from services.kit.sources import Zone

TYPE = "hr.worker.stated.v1"
WORKER = "worker_id"
SECTIONS: Mapping[str, type[BaseModel]] = {
    "person": hr.Person,
    "employment": hr.Employment,
    "assignment": hr.Assignment,
}
FIELDS = (WORKER, "person_id", *(f"{name}.{one}" for name, model in SECTIONS.items() for one in model.model_fields))
DAYS = frozenset({"employment.starts_at", "employment.ends_at", "employment.probation_ends_at"})
NARROW = frozenset({"person.mobile", "person.personal_email", "person.work_email"})
SHOWN = 64


def _field(name: str) -> str:
    if name not in FIELDS and not (name.startswith("extra.") and name.count(".") == 1 and name != "extra."):
        raise ValueError(f"is no field of a worker; known are {', '.join(FIELDS)} and extra.NAME")
    return name


Target = Annotated[str, AfterValidator(_field)]
Names = Annotated[
    tuple[str, ...], Field(min_length=1), BeforeValidator(lambda said: (said,) if isinstance(said, str) else said)
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)


class Only(_Part):
    """Which rows count."""

    column: Names
    """The column that says it, by any of its names."""
    values: Names
    """Rows with another value there are left out."""


class RosterMap(_Part):
    """The file for `tenure roster --map`: which column is which field."""

    source: SourceUrn
    """The CloudEvents source of the events, as `sources.NAME.source` of the policy names it."""
    zone: Zone = "Asia/Shanghai"
    """Zone of the dates."""
    encoding: Literal["auto", "utf-8", "gb18030"] = "auto"
    """Of a CSV file. auto: UTF-8 if it is that, else GB18030."""
    delimiter: Literal["auto", ",", ";", "\t", "|"] = "auto"
    """Between the cells of a CSV file. auto: the one that stands most often in the line of the names."""
    sheet: str | None = None
    """Of a workbook; the first where none is named."""
    header: Annotated[int, Field(ge=1)] = 1
    """The row in which the names of the columns stand; what is above is not read."""
    columns: dict[Target, Names]
    """Field of the contract → the names of its column, any of them."""
    optional: tuple[Target, ...] = ()
    """Fields whose column the file may lack; any other one missing refuses the file."""
    ignore: tuple[str, ...] = ()
    """Columns that are meant to be left out, so that they are not reported."""
    values: dict[Target, dict[str, str]] = Field(default_factory=dict)
    """Field → the list's word → the word to send; empty for none. Words that are not here are sent as they stand."""
    only: Only | None = None

    @model_validator(mode="after")
    def _whole(self) -> "RosterMap":
        if WORKER not in self.columns:
            raise ValueError("columns: worker_id is required")
        for name in (*self.optional, *self.values):
            if name not in self.columns:
                raise ValueError(f"{name} has no column under columns")
        if WORKER in (*self.optional, *self.values):
            raise ValueError("worker_id is taken as it stands and is never optional")
        first: dict[str, str] = {}
        for name, aliases in self.columns.items():
            for alias in map(header, aliases):
                if first.setdefault(alias, name) != name:
                    raise ValueError(f"{name} and {first[alias]} name the same column")
        return self


class Row(NamedTuple):
    """Cells as text; `line` counts from 1 in the file."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file's cells below the names of its columns, without empty rows. `epoch` is day 0 of its serial dates."""

    names: tuple[str, ...]
    rows: tuple[Row, ...]
    epoch: date = EPOCH_1900


class Stated(NamedTuple):
    """The event of a row."""

    line: int
    event: dict[str, Any]


class RowProblem(NamedTuple):
    """One reason why a row is no event; never with its values. `field` is empty for the whole row."""

    line: int
    field: str
    problem: str


@dataclass(slots=True)
class Roster:
    """What a list says. `workers` are all numbers in it, also of rows that are refused or left out."""

    stated: list[Stated] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    workers: set[str] = field(default_factory=set)
    unknown: tuple[str, ...] = ()
    left_out: int = 0
    formulas: int = 0


class ColumnsError(ValueError):
    """The file's columns are not those of the mapping; nothing of it can be trusted."""


def roster_of(table: Table, mapping: RosterMap, effective_at: str, now: datetime) -> Roster:
    """Read the rows; raises ColumnsError. `effective_at` is local to the mapping's zone, `now` the events' `time`."""
    places = _Places.of(table, mapping)
    found = Roster(unknown=places.unknown)
    lines: dict[str, list[int]] = defaultdict(list)
    read: list[tuple[int, str, dict[str, Any]]] = []
    for row in table.rows:
        worker = trimmed(_cell(row, places.fields[WORKER]))
        found.workers |= {worker} - {""}
        if not places.counts(row):
            found.left_out += 1
            continue
        found.formulas += sum(trimmed(_cell(row, index)).startswith("=") for index in places.fields.values())
        lines[worker].append(row.line)
        data, problems = _data(row, places, mapping, table.epoch)
        problems += _width(row, len(table.names))
        found.problems += problems
        if not problems:
            read.append((row.line, worker, data))
    again = {worker: at for worker, at in lines.items() if worker and len(at) > 1}
    found.problems += [RowProblem(line, WORKER, _twice(at)) for at in again.values() for line in at]
    found.problems.sort()
    common = {"effective_at": effective_at, "zone": mapping.zone, "revision": 1}
    found.stated = [
        Stated(line, _event({WORKER: worker, **common, **data}, mapping.source, now))
        for line, worker, data in read
        if worker not in again
    ]
    return found


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the columns stand."""

    fields: Mapping[str, int]
    unknown: tuple[str, ...]
    only: int | None
    wanted: frozenset[str]

    @classmethod
    def of(cls, table: Table, mapping: RosterMap) -> "_Places":
        named: dict[str, list[int]] = defaultdict(list)
        for index, name in enumerate(table.names):
            if trimmed(name):
                named[header(name)].append(index)
        problems = list[str]()
        fields = {name: _find(name, aliases, named, problems) for name, aliases in mapping.columns.items()}
        only = mapping.only
        by = _find("only", only.column, named, problems) if only else None
        missing = [name for name, index in fields.items() if index is None and name not in mapping.optional]
        missing += ["only"] if only and by is None else []
        problems += [f"no column for {name}: none is called {' or '.join(_asked(mapping, name))}" for name in missing]
        if problems:
            raise ColumnsError("; ".join(dict.fromkeys(problems)))
        here = {name: index for name, index in fields.items() if index is not None}
        used = {*here.values(), by}
        ignored = set(map(header, mapping.ignore))
        unknown = [name for name, at in named.items() if not used & {*at} and name not in ignored]
        shown = tuple(trimmed(table.names[named[name][0]])[:SHOWN] for name in unknown)
        return cls(here, shown, by, frozenset(only.values if only else ()))

    def counts(self, row: Row) -> bool:
        return self.only is None or trimmed(_cell(row, self.only)) in self.wanted


def _asked(mapping: RosterMap, name: str) -> Names:
    return mapping.only.column if name == "only" and mapping.only else mapping.columns[name]


def _find(name: str, aliases: Names, named: Mapping[str, Sequence[int]], problems: list[str]) -> int | None:
    found = [index for alias in dict.fromkeys(map(header, aliases)) for index in named.get(alias, ())]
    if len(found) > 1:
        problems.append(f"{name} has several columns in the file: {', '.join(str(index + 1) for index in found)}")
    return found[0] if found else None


def _cell(row: Row, index: int) -> str:
    return row.cells[index] if index < len(row.cells) else ""


def _data(row: Row, places: _Places, mapping: RosterMap, epoch: date) -> tuple[dict[str, Any], list[RowProblem]]:
    """The fields that have a value, in their sections; `person` is there always, as the contract asks."""
    data: dict[str, Any] = {"person": {}}
    problems: list[RowProblem] = []
    for name, index in places.fields.items():
        try:
            value = _value(name, _cell(row, index), mapping, epoch)
        except CellError as exc:
            problems.append(RowProblem(row.line, name, str(exc)))
            continue
        section, _, inner = name.partition(".")
        if value and inner:
            data.setdefault(section, {})[inner] = value
        elif value:
            data[section] = value
    if not trimmed(_cell(row, places.fields[WORKER])):
        problems.append(RowProblem(row.line, WORKER, "is empty"))
    return data, problems


def _value(name: str, cell: str, mapping: RosterMap, epoch: date) -> str:
    text = checked(trimmed(cell))
    text = trimmed(mapping.values.get(name, {}).get(text, text))
    if name in DAYS and text:
        return day(text, epoch)
    return narrow(text) if name in NARROW else text


def _width(row: Row, names: int) -> list[RowProblem]:
    """A row that is cut off, or whose cells have moved, says nothing that can be trusted."""
    if len(row.cells) >= names and not any(map(trimmed, row.cells[names:])):
        return []
    return [RowProblem(row.line, "", f"has {len(row.cells)} cells for {names} columns")]


def _twice(lines: Sequence[int]) -> str:
    return f"stands in several rows: lines {', '.join(map(str, lines))}"


def _event(data: dict[str, Any], source: str, now: datetime) -> dict[str, Any]:
    """The id is of what the row says, so that the same row is the same event."""
    said = json.dumps([source, data], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    name = f"roster-{hashlib.sha256(said.encode(errors='surrogatepass')).hexdigest()[:40]}"
    return {
        "specversion": "1.0", "id": name, "source": source, "type": TYPE, "time": now.isoformat(),
        "subject": data[WORKER], "datacontenttype": "application/json", "data": data,
    }  # fmt: skip

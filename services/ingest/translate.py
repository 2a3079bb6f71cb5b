"""CloudEvents of an HR system in, facts of the contract out: pure, one event at a time.

Local conventions end here: telephone numbers become E.164, the last day worked becomes the first moment gone, dates
get their source's zone. Unknown fields are dropped and named; nothing that is dropped is ever published.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import phonenumbers
from pydantic import BaseModel, ValidationError

from contracts import hr
from contracts.envelope import Attributes, CloudEvent, to_headers
from contracts.topics import HR_DEPARTMENTS, HR_EVENTS, HR_URGENT, Topic
from services.ingest.errors import FieldProblem
from services.ingest.strict_json import MAX_NAME, path, printable
from services.kit.broker import Outgoing
from services.kit.sources import SourceConfig, zones

FIRST_YEAR, LAST_YEAR = 1900, 2200
_SECTIONS = ("person", "employment", "assignment")
_DAY = len("2026-03-15")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
M = TypeVar("M", bound=BaseModel)
_DAYS = ("starts_at", "ends_at", "probation_ends_at")

_MESSAGES = {
    "missing": "is required",
    "string_type": "must be text",
    "string_too_short": "is empty",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "tuple_type": "must be a list",
    "timezone_aware": "needs an offset from UTC",
}
_FORMS = {
    "effective_at": "must be a date that exists, 2026-03-15, or a local time, 2026-03-15T18:00",
    "mobile": "must be a telephone number",
    "personal_email": "must be an e-mail address",
    "work_email": "must be an e-mail address",
    **dict.fromkeys(_DAYS, "must be a date that exists, 2026-03-15"),
}
_SAFE = {
    "int_type", "int_parsing", "int_from_float", "bool_type", "bool_parsing", "literal_error", "string_too_long",
    "greater_than_equal", "less_than_equal", "datetime_from_date_parsing", "datetime_parsing", "datetime_type",
}  # fmt: skip
"""Kinds of pydantic's errors whose messages never quote the input."""


class UntranslatableError(ValueError):
    """The event's wrong fields, all of them."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__(f"{len(problems)} wrong fields")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Translated:
    """An event as it goes to Kafka. `dropped` are the paths of what was left out."""

    attributes: Attributes
    fact: hr.Fact
    topic: Topic
    key: str
    dropped: tuple[str, ...]

    def record(self) -> Outgoing:
        data = self.fact.model_dump(mode="json", exclude_unset=True)
        value = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return Outgoing(self.topic.name, self.key.encode(), value.encode(), to_headers(self.attributes))


def translate(raw: object, source: SourceConfig, recorded_at: datetime, index: int = 0) -> Translated:
    """Judge one event in structured form; raises UntranslatableError naming every wrong field.

    `recorded_at` is business time at ingest; `index` is the event's place in its batch.
    """
    if not isinstance(raw, dict):
        raise UntranslatableError([FieldProblem(index, "", "an event must be an object")])
    problems = [FieldProblem(index, field, problem) for field, problem in _outer_problems(raw, source)]
    model = hr.TYPES.get(raw["type"]) if isinstance(raw.get("type"), str) else None
    data = raw.get("data")
    fact: hr.Fact | None = None
    dropped: list[str] = []
    if model is not None and isinstance(data, dict):
        dropped = hr.unknown_fields(data, model)
        owned, others = _owned(data, source)
        dropped += others
        fact, wrong = _fact(model, _local_conventions(model, owned, source), source)
        problems += [FieldProblem(index, field, problem) for field, problem in wrong]
    if problems or fact is None:
        raise UntranslatableError(problems)
    envelope = Attributes.model_validate(raw | {"recordedat": recorded_at})
    outer = [name for name in raw if name not in CloudEvent.model_fields or name == "recordedat"]
    names = tuple(printable(name, 4 * MAX_NAME) for name in dict.fromkeys(outer + dropped))
    return Translated(envelope, fact, _topic(type(fact)), _key(fact, source), names)


def _outer_problems(raw: Mapping[str, Any], source: SourceConfig) -> list[tuple[str, str]]:
    found = _validated(Attributes, {name: value for name, value in raw.items() if name != "recordedat"}, "")[1]
    named = {field for field, _ in found}
    kind, time, data = raw.get("type"), raw.get("time"), raw.get("data")
    if "type" not in named and kind not in hr.TYPES:
        found.append(("type", "is no type of HR event that is known here"))
    if "source" not in named and raw.get("source") != source.source:
        found.append(("source", "is not the one declared for this address"))
    if "time" not in named and not (isinstance(time, str) and _in_range(time)):
        found.append(("time", f"must be an RFC 3339 time between the years {FIRST_YEAR} and {LAST_YEAR}"))
    if not _is_json(raw.get("datacontenttype")):
        found.append(("datacontenttype", "must be application/json"))
    if "data_base64" in raw:
        found.append(("data_base64", "is not taken: data must be a JSON object"))
    elif not isinstance(data, dict):
        found.append(("data", "is required" if data is None else "must be an object"))
    return found


def _is_json(content_type: object) -> bool:
    if content_type is None:
        return True
    kind = content_type.partition(";")[0].strip().lower() if isinstance(content_type, str) else ""
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _in_range(text: str) -> bool:
    return bool(_DATE.match(text)) and FIRST_YEAR <= int(text[:4]) <= LAST_YEAR


def _fact(
    model: type[hr.Fact], data: Mapping[str, Any], source: SourceConfig
) -> tuple[hr.Fact | None, list[tuple[str, str]]]:
    fact, problems = _validated(model, data, "data")
    if fact is None:
        return None, problems
    zone, effective_at = fact.zone or source.zone, fact.effective_at
    if zone not in zones():
        problems.append(("data.zone", "is no time zone of the IANA list"))
    if not _in_range(effective_at):
        problems.append(("data.effective_at", f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}"))
    if isinstance(fact, hr.Withdrawn) and fact.event_source not in {None, source.source}:
        problems.append(("data.event_source", "must be this source: nobody else's facts can be withdrawn"))
    return fact.model_copy(update={"zone": zone, "revision": fact.revision}), problems


def _validated(model: type[M], value: object, at: str) -> tuple[M | None, list[tuple[str, str]]]:
    try:
        return model.model_validate(value), []
    except ValidationError as exc:
        errors = exc.errors(include_url=False, include_context=False, include_input=False)
    return None, [(path(tuple(filter(None, (at,))) + tuple(error["loc"])), _message(error)) for error in errors]


def _message(error: Mapping[str, Any]) -> str:
    """What is wrong in words that hold no value: messages of validators could quote one."""
    kind, name = str(error["type"]), str(error["loc"][-1]) if error["loc"] else ""
    if kind in _MESSAGES:
        return _MESSAGES[kind]
    if name in _FORMS:
        return _FORMS[name]
    if kind == "value_error":
        return "holds a control character"
    return str(error["msg"]) if kind in _SAFE else "is not of the right form"


def _owned(data: Mapping[str, Any], source: SourceConfig) -> tuple[Mapping[str, Any], list[str]]:
    """The data without the fields that this source does not own, and the paths of those."""
    if source.owns is None:
        return data, []
    kept, dropped = dict(data), list[str]()
    for section in _SECTIONS:
        inside = data.get(section)
        if not isinstance(inside, dict) or section in source.owns:
            continue
        others = [name for name in inside if f"{section}.{name}" not in source.owns]
        kept[section] = {name: value for name, value in inside.items() if name not in others}
        dropped += [f"data.{section}.{name}" for name in others]
    return kept, dropped


def _local_conventions(model: type[hr.Fact], data: Mapping[str, Any], source: SourceConfig) -> dict[str, Any]:
    """What can be converted is; what cannot stays as it is, for validation to name."""
    changed = dict(data)
    person, employment = data.get("person"), data.get("employment")
    if isinstance(person, dict) and isinstance(person.get("mobile"), str):
        changed["person"] = person | {"mobile": e164(person["mobile"], source.region)}
    if source.leave_date_means == "last_day_worked" and isinstance(employment, dict):
        changed["employment"] = (
            employment | {"ends_at": _day_after(employment["ends_at"])} if "ends_at" in employment else employment
        )
    if model is hr.Left and isinstance(data.get("effective_at"), str):
        changed["effective_at"] = first_moment_gone(data["effective_at"], source)
    return changed


def e164(text: str, region: str) -> str:
    """A telephone number with its country code, `+8613800000000`; what is no possible number stays as it is."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def first_moment_gone(text: str, source: SourceConfig) -> str:
    """A leave's date as the contract means it: the first moment gone. A time of day is taken as it stands.

    Somebody whose last day is the 31st is gone at `leave_at` of that day; 00:00 means its end, so the 1st.
    """
    if len(text) != _DAY:
        return text
    if source.leave_at != "00:00":
        return f"{text}T{source.leave_at}"
    moved = _day_after(text) if source.leave_date_means == "last_day_worked" else text
    return moved if isinstance(moved, str) else text


def _day_after(day: object) -> object:
    try:
        return (date.fromisoformat(str(day)) + timedelta(days=1)).isoformat() if isinstance(day, str) else day
    except (ValueError, OverflowError):
        return day


def _topic(model: type[hr.Fact]) -> Topic:
    if model in hr.DEPARTMENTS:
        return HR_DEPARTMENTS
    return HR_URGENT if model in hr.URGENT else HR_EVENTS


def _key(fact: hr.Fact, source: SourceConfig) -> str:
    match fact:
        case hr.DepartmentChanged() | hr.DepartmentClosed():
            return fact.department_id
        case hr.Withdrawn(worker_id=None):
            return fact.event_id
        case hr.Withdrawn(worker_id=str(worker_id)) | hr.WorkerFact(worker_id=worker_id):
            return f"{source.space}/{worker_id}"
    raise TypeError(f"no key for {type(fact).__name__}")

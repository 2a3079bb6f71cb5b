"""From a Kafka record to a fact, or to the reason why nobody can read it. Pure; reasons name fields, never values."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from contracts import hr
from contracts.envelope import Attributes
from services.provisioner.facts.arrivals import Unreadable
from services.provisioner.facts.dates import instant, zone_named
from services.provisioner.facts.identity import whole_person_id
from services.provisioner.model import Fact, FactKey, WorkerKey

# NUL, which no database text holds; written as an escape in JSON, not behind an escaped backslash.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


_NULL_IS_ABSENT = frozenset({"zone", "sequence", "batch", "person_id"})


class _BadJsonError(ValueError):
    """Carries the word of why."""


def read_fact(
    attributes: Mapping[str, str],
    value: bytes | None,
    *,
    id_space_of: Callable[[str], str],
    now: datetime,
    rank_of: Callable[[str], int] = lambda _source: 0,
    zone_of: Callable[[str], str] = lambda _source: "UTC",
) -> Fact | Unreadable:
    """Read the context attributes (`contracts.envelope.from_headers`) and the value of a record.

    The callables say of a source whose numbers its worker ids are, how it ranks, and the zone of its dates where an
    event names none. `now` is when we learned of it, unless the record says so itself.
    """
    try:
        context = Attributes.model_validate(attributes)
        model = hr.TYPES.get(context.type)
        if model is None:
            return Unreadable("unknown_type", ("type",))
        body = cast("hr.Event", model.model_validate(_json(value)))
        digest = digest_of(body)
    except ValidationError as exc:
        return Unreadable("invalid", _fields(exc))
    except _BadJsonError as exc:
        return Unreadable(str(exc))
    return fact_of(context, body, digest, id_space_of=id_space_of, now=now, rank_of=rank_of, zone_of=zone_of)


def fact_of(
    context: Attributes,
    body: hr.Event,
    digest: str,
    *,
    id_space_of: Callable[[str], str],
    now: datetime,
    rank_of: Callable[[str], int] = lambda _source: 0,
    zone_of: Callable[[str], str] = lambda _source: "UTC",
) -> Fact | Unreadable:
    """The fact that a validated event is; Unreadable where a date of it is no instant. The rest as `read_fact`."""
    zone = body.zone or zone_of(context.source)
    if wrong := _wrong_dates(body, zone):
        return Unreadable("invalid", wrong)
    id_space = id_space_of(context.source)
    worker_id: str | None = getattr(body, "worker_id", None)
    return Fact(
        key=FactKey(context.source, context.id, body.revision),
        body=body,
        effective_at=instant(body.effective_at, zone),
        zone=zone,
        time=context.time,
        recorded_at=context.recordedat or now,
        digest=digest,
        worker=WorkerKey(id_space, worker_id) if worker_id is not None else None,
        person_id=whole_person_id(id_space, getattr(body, "person_id", None)),
        rank=rank_of(context.source),
    )


def digest_of(body: hr.Event) -> str:
    """SHA-256 (hex) of what the contract knows of the data: equal for equal data, whatever the order of its keys."""
    # Fields stand in the order of the model; only `extra` has an order of its own.
    skipped = {"revision", "extra"} | {name for name in _NULL_IS_ABSENT if getattr(body, name, None) is None}
    try:
        text = body.model_dump_json(exclude_unset=True, exclude=skipped)
        if body.extra:
            text += json.dumps(body.extra, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        encoded = f"{body.revision}{text}".encode()
    except UnicodeEncodeError as exc:
        raise _BadJsonError("not_unicode") from exc
    except (RecursionError, PydanticSerializationError, ValueError) as exc:
        raise _BadJsonError("not_unicode" if "surrogate" in str(exc) else "too_deep") from exc
    if "\\u0000" in text and _NUL.search(text):
        raise _BadJsonError("control_character")
    return hashlib.sha256(encoded).hexdigest()


def _json(value: bytes | None) -> dict[str, Any]:
    if value is None:
        raise _BadJsonError("no_value")
    try:
        data = _DECODER.decode(value.decode())
    except UnicodeDecodeError as exc:
        raise _BadJsonError("not_utf8") from exc
    except RecursionError as exc:
        raise _BadJsonError("too_deep") from exc
    except _BadJsonError:
        raise
    except ValueError as exc:
        raise _BadJsonError("not_json") from exc
    if not isinstance(data, dict):
        raise _BadJsonError("not_an_object")
    return data


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _BadJsonError("duplicate_key")
    return found


def _constant(_name: str) -> None:
    raise _BadJsonError("not_a_number")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _BadJsonError("not_a_number")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)


def _fields(exc: ValidationError) -> tuple[str, ...]:
    """`person.mobile=string_pattern_mismatch`: where and what, in pydantic's words. Paths hold only our own names."""
    errors = exc.errors(include_url=False, include_context=False, include_input=False)
    return tuple(f"{'.'.join(str(part) for part in error['loc'])}={error['type']}" for error in errors)


def _wrong_dates(body: hr.Event, zone: str) -> tuple[str, ...]:
    """Dates that are well formed and no instants: of an unknown zone, or at the ends of the calendar."""
    try:
        zone_named(zone)
    except ValueError:
        return ("zone=unknown_zone",)
    employment: hr.Employment | None = getattr(body, "employment", None)
    days = {"effective_at": body.effective_at}
    if employment is not None:
        days |= {
            f"employment.{name}": day
            for name in ("starts_at", "ends_at", "probation_ends_at")
            if (day := getattr(employment, name)) is not None
        }
    return tuple(f"{name}=out_of_range" for name, day in days.items() if not _is_instant(day, zone))


def _is_instant(text: str, zone: str) -> bool:
    try:
        instant(text, zone)
    except ValueError:
        return False
    return True

"""JSON from outside, read strictly: what other readers would understand differently, or not store, is refused.

Refused, with its place: invalid UTF-8, duplicate keys, NaN and Infinity, numbers beyond 64 bits, NUL, lone
surrogates, too deep nesting, too long texts. Everything a text may say otherwise is data.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MAX_PROBLEMS = 100
MAX_NAME = 64
_LARGEST = 2**63 - 1
_DIGITS = 20
_HALF = re.compile("[\ud800-\udfff]")

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """`depth` counts objects and lists inside one another; `text` is characters of one text or key."""

    depth: int = 16
    text: int = 4096


class Problem(NamedTuple):
    """What is wrong, and where: keys and indices from the outside in; empty for the whole body."""

    place: Place
    problem: str


class StrictJSONError(ValueError):
    """The body is not the JSON we take. `problems` never hold a value."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].problem)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class _Bad:
    """Stands for a number that is refused."""

    problem: str


@dataclass(frozen=True, slots=True)
class _Object:
    """An object as written; kept apart from a dict until duplicates are looked for, since here its place is known."""

    pairs: list[tuple[str, Any]] = field(default_factory=list)


def parse(body: bytes, limits: Limits = Limits()) -> Any:  # noqa: ANN401 - any JSON value; the limits are frozen
    """The value of a JSON text; raises StrictJSONError with every problem found (at most 100)."""
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise _whole(f"is not UTF-8: byte {exc.start}") from None
    try:
        raw = json.loads(
            text,
            object_pairs_hook=_Object,
            parse_constant=lambda _name: _Bad("is NaN or infinite, which JSON does not have"),
            parse_int=_integer,
            parse_float=_decimal,
        )
    except json.JSONDecodeError as exc:
        raise _whole(f"is not JSON: line {exc.lineno} column {exc.colno}: {exc.msg}") from None
    except RecursionError:
        raise _whole(f"is nested deeper than {limits.depth} levels") from None
    problems: list[Problem] = []
    value = _checked(raw, (), limits, problems)
    if problems:
        raise StrictJSONError(problems)
    return value


def path(place: Place) -> str:
    """A place as people write it, `data.person.name` or `items[3]`; harmless whatever the keys hold."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{printable(step)}" if text else printable(step)
    return text


def printable(name: str, limit: int = MAX_NAME) -> str:
    """A key from outside, cut, with everything unprintable escaped."""
    cut = name if len(name) <= limit else name[:limit] + "…"
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)


def _whole(problem: str) -> StrictJSONError:
    return StrictJSONError([Problem((), problem)])


def _integer(digits: str) -> int | _Bad:
    value = int(digits) if len(digits) <= _DIGITS else None
    return _Bad("is beyond 64 bits") if value is None or abs(value) > _LARGEST else value


def _decimal(digits: str) -> float | _Bad:
    value = float(digits)
    return value if math.isfinite(value) else _Bad("is too large a number")


def _checked(raw: Any, place: Place, limits: Limits, problems: list[Problem]) -> Any:  # noqa: ANN401 - any JSON value
    if len(problems) >= MAX_PROBLEMS:
        return None
    if isinstance(raw, _Bad):
        problems.append(Problem(place, raw.problem))
    elif isinstance(raw, str):
        problems += [Problem(place, problem) for problem in _text_problems(raw, limits)]
    elif isinstance(raw, _Object | list) and len(place) >= limits.depth:
        problems.append(Problem(place, f"is nested deeper than {limits.depth} levels"))
    elif isinstance(raw, _Object):
        return _object(raw, place, limits, problems)
    elif isinstance(raw, list):
        return [_checked(item, (*place, index), limits, problems) for index, item in enumerate(raw)]
    return raw


def _object(raw: _Object, place: Place, limits: Limits, problems: list[Problem]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in raw.pairs:
        inner = (*place, key)
        if key in found:
            problems.append(Problem(inner, "stands there twice"))
        problems += [Problem(inner, f"the key {problem}") for problem in _text_problems(key, limits)]
        found[key] = _checked(item, inner, limits, problems)
    return found


def _text_problems(text: str, limits: Limits) -> Iterator[str]:
    if len(text) > limits.text:
        yield f"is longer than {limits.text} characters"
    if "\x00" in text:
        yield "holds the character NUL"
    if not text.isascii() and _HALF.search(text):
        yield "holds half of a surrogate pair"

"""The file against its models: pydantic's findings in words that say where and what next."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from services.provisioner.policy.models import known_keys
from services.provisioner.policy.placeholders import defaults, has_placeholder
from services.provisioner.policy.problems import Path, Problem, dotted
from services.provisioner.policy.yaml_at import Document

M = TypeVar("M", bound=BaseModel)

_PATTERNS = {
    "period": "is no period; write a number and s, m, h or d, such as 7d",
    "name": "is no name; use letters, digits, dash and underscore, a letter or digit first",
}
_STAND_INS = ("1", "https://localhost")
_WORDS = {
    "string_type": "must be text; put it into quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be a mapping (key: value)",
    "model_type": "must be a mapping (key: value)",
    "model_attributes_type": "must be a mapping (key: value)",
    "tuple_type": "must be a list ([a, b])",
    "list_type": "must be a list ([a, b])",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "time_delta_parsing": _PATTERNS["period"],
    "time_delta_type": _PATTERNS["period"],
}


def validate(model: type[M], data: Any, document: Document, at: Path = ()) -> tuple[M | None, list[Problem]]:  # noqa: ANN401 - any YAML value
    """The data of the mapping at `at` as a model, or the problems."""
    details = _errors(model, data)
    if not details:
        return model.model_validate(data), []
    found: dict[str, Problem] = {}
    for item in details:
        problem = _problem(item, data, document, at, model)
        found.setdefault(problem.path, problem)
    # What holds something wrong is often found wrong itself, in words that help less.
    return None, [found[path] for path in found if not any(other.startswith(f"{path}.") for other in found)]


def validate_unexpanded(model: type[M], data: Any, document: Document, at: Path = ()) -> tuple[M | None, list[Problem]]:  # noqa: ANN401 - any YAML value
    """The same where placeholders still stand: those without a default are judged once they are expanded.

    Until then something that fits stands in for them; without a problem and without a model nothing we know fits.
    """
    filled, unset = defaults(data), set[Path]()
    for stand_in in _STAND_INS:
        wrong = {key_of(item["loc"], filled) for item in _errors(model, filled) if item["type"] != "extra_forbidden"}
        unset |= {path for path in wrong if has_placeholder(_value(filled, path))}
        for path in wrong & unset:
            filled = _with(filled, path, stand_in)
    found, problems = validate(model, filled, document, at)
    ours = {dotted(at + path) for path in unset}
    return found, [problem for problem in problems if problem.path not in ours]


def key_of(parts: tuple[str | int, ...], data: Any) -> Path:  # noqa: ANN401 - any YAML value
    """Pydantic's location as a path of the file: without the names of union members and of key checks."""
    path: list[str | int] = []
    for part in parts:
        in_list = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if in_list or (isinstance(data, Mapping) and part in data):
            data = data[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _errors(model: type[BaseModel], data: Any) -> list[ErrorDetails]:  # noqa: ANN401 - any YAML value
    try:
        model.model_validate(data)
    except ValidationError as error:
        return error.errors(include_url=False, include_input=False)
    return []


def _problem(details: ErrorDetails, data: Any, document: Document, at: Path, model: type[BaseModel]) -> Problem:  # noqa: ANN401 - any YAML value
    kind, location = details["type"], details["loc"]
    path = at + key_of(location, data)
    if kind == "missing":
        return document.problem((*path, location[-1]), f"the key {location[-1]} is missing; add it")
    if kind == "extra_forbidden":
        return _unknown(path, document, known_keys(path[:-1]) if not at else tuple(_keys(model)))
    if "[key]" in location:
        return document.problem(path, _PATTERNS["name"], at_key=True)
    return document.problem(path, _text(details))


def _unknown(path: Path, document: Document, known: tuple[str, ...]) -> Problem:
    close = get_close_matches(str(path[-1]), known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}" if known else "remove it"
    return document.problem(path, f"unknown key {path[-1]}; {hint}", at_key=True)


def _keys(model: type[BaseModel]) -> Iterator[str]:
    return (field.alias or name for name, field in model.model_fields.items())


def _text(details: ErrorDetails) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind in _WORDS:
        return _WORDS[kind]
    if kind in ("literal_error", "enum"):
        return f"must be {context['expected']}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return "must begin with /" if pattern == "^/" else f"is not written as it must be ({pattern})"
    return f"{details['msg'][:1].lower()}{details['msg'][1:]}"


def _value(data: Any, path: Path) -> Any:  # noqa: ANN401 - any YAML value
    for part in path:
        data = data[part]
    return data


def _with(data: Any, path: Path, value: str) -> Any:  # noqa: ANN401 - any YAML value
    if not path:
        return value
    copy: Any = dict(data) if isinstance(data, Mapping) else list(data)
    copy[path[0]] = _with(data[path[0]], path[1:], value)
    return copy

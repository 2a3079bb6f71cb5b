"""YAML in which every value remembers its place.

Values are those of YAML 1.2's core schema: `no` is text, not false, and `12:30` is no number. Duplicate keys, aliases
and tags are refused: each lets a file mean something else than it seems to.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from services.provisioner.policy.problems import Path, PolicyError, Problem, dotted

MAX_DEPTH = 32
_PREFIX = "tag:yaml.org,2002:"


class Place(NamedTuple):
    """Line and column, from 1."""

    line: int
    column: int


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own contract


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|)$", ["~", "n", ""]),
    ("bool", r"^(?:true|false)$", ["t", "f"]),
    ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
    ("float", r"^[-+]?[0-9]+\.[0-9]+$", list("-+0123456789")),
):
    _Loader.add_implicit_resolver(_PREFIX + _tag, re.compile(_pattern), _first)


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, and where each key and value of it stands."""

    data: Any
    text: str
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    _scalars: dict[Path, yaml.ScalarNode] = field(default_factory=dict)

    def problem(self, path: Path, text: str, *, at_key: bool = False) -> Problem:
        """A problem at that path, or at the nearest thing around it that exists."""
        place = self.keys.get(path) if at_key else None
        near = path
        while place is None:
            place = self.values.get(near, Place(1, 1) if not near else None)
            near = near[:-1]
        return Problem(place.line, place.column, dotted(path), text)

    def inside(self, path: Path, line: int, column: int) -> Place:
        """Where line and column (from 1) of a text value stand in the file.

        Exact for plain and quoted text on one line and for `|`; the value's beginning for the other ways to write it.
        """
        node = self._scalars.get(path)
        if node is None:
            return self.values.get(path, Place(1, 1))
        start, single = node.start_mark, node.start_mark.line == node.end_mark.line
        if node.style == "|":
            first = start.line + line
            lines = self.text.splitlines()
            body = [text for text in lines[start.line + 1 :] if text.strip()]
            indent = len(body[0]) - len(body[0].lstrip()) if body else 0
            return Place(first + 1, indent + column)
        if node.style is None and single:
            return Place(start.line + 1, start.column + column)
        if node.style in ("'", '"') and single:
            raw = self.text[start.index + 1 : node.end_mark.index - 1]
            return Place(start.line + 1, start.column + 2 + _raw_offset(raw, node.style, column - 1))
        return Place(start.line + 1, start.column + 1)


def _raw_offset(raw: str, quote: str, wanted: int) -> int:
    """How far into the quoted writing the character number `wanted` of the value stands."""
    at = 0
    for _ in range(wanted):
        escaped = raw[at : at + 2] == "''" if quote == "'" else raw[at : at + 1] == "\\"
        at += 2 if escaped else 1
    return at


def read(text: str, name: str = "tenure.yaml") -> Document:
    """Read one YAML document. Raises PolicyError with every problem found."""
    text = text.removeprefix("\ufeff")
    try:
        problems = list(_unwanted(text))
        root = None if problems else yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "this is not YAML"
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        raise PolicyError([Problem(*place, "", f"not readable as YAML: {said}")], name) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        raise PolicyError([Problem(*place, "", "a character that YAML does not allow; remove it")], name) from None
    if problems:
        raise PolicyError(problems, name)
    document = Document(None, text)
    data = {} if root is None else _build(root, (), document, problems)
    if problems:
        raise PolicyError(problems, name)
    return Document(data, text, document.keys, document.values, document._scalars)  # noqa: SLF001 - its own class


def _unwanted(text: str) -> Iterator[Problem]:
    """Aliases, tags, a second document and depth, seen before anything recurses."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        if isinstance(event, yaml.AliasEvent):
            yield Problem(line, column, "", f"aliases (*{event.anchor}) are not read here; write the value out")
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                yield Problem(line, column, "", f"nested deeper than {MAX_DEPTH} levels")
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                yield Problem(line, column, "", "a second document begins; a policy is one document")
                return
        if isinstance(event, (yaml.CollectionStartEvent, yaml.ScalarEvent)) and event.tag not in (None, "!"):
            yield Problem(line, column, "", f"tags ({event.tag}) are not read here")


def _build(node: yaml.Node, path: Path, document: Document, problems: list[Problem]) -> Any:  # noqa: ANN401 - any YAML value
    document.values[path] = Place(node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document, problems)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, i), document, problems) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.ScalarNode):  # pragma: no cover - the three kinds of node there are
        raise TypeError(node)
    document._scalars[path] = node  # noqa: SLF001 - its own class
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: Path, document: Document, problems: list[Problem]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        place = Place(key.start_mark.line + 1, key.start_mark.column + 1)
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem(*place, dotted(path), "a key must be plain text"))
            continue
        name = str(key.value)
        below = (*path, name)
        if name in found:
            first = document.keys[below].line
            problems.append(
                Problem(*place, dotted(below), f"this key stands here twice (first in line {first}); keep one")
            )
            continue
        document.keys[below] = place
        found[name] = _build(value, below, document, problems)
    return found


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text: str = node.value
    match node.tag.removeprefix(_PREFIX):
        case "null":
            return None
        case "bool":
            return text == "true"
        case "int" if len(text) <= 18:  # noqa: PLR2004 - fits 64 bits; longer is an id, so text
            return int(text)
        case "float":
            return float(text)
    return text

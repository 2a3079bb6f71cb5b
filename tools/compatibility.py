"""Whether a change of the contract is one that old messages and old readers survive.

`python -m tools.compatibility` compares today's schemas with every released version (`contracts/released`) and exits 1
where they break. Two rules, because a topic is kept for ever and services are not replaced at one moment:

- an old message is valid under the new schema, and no field of it became unknown (it would be dropped quietly);
- a new message is valid under the old schema, which drops fields it does not know.

What breaks either gets a new type (`….v2`) beside the old one. jsonsubschema judges; it takes 2020-12 for Draft 4 and
regular expressions for ever, so patterns and formats are compared as text.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonsubschema import isSubschema

CONTRACTS = Path(__file__).parent.parent / "contracts"
RELEASED = CONTRACTS / "released"

Document = dict[str, Any]

_WORDS = ("$id", "$schema", "title", "description", "default", "examples", "discriminator")
"""Judges nothing."""
_AS_TEXT = ("pattern", "format")
_BY_NAME = ("properties", "$defs")
"""Whose keys are names of our own, not words of JSON Schema."""


def read(folder: Path) -> dict[str, Document]:
    """The schemas of a folder by event type."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def breaks(old: Mapping[str, Document], new: Mapping[str, Document]) -> list[str]:
    """What old messages or old readers would not survive, a line each; empty when nothing would break."""
    found = [f"{name}: the type is gone" for name in old if name not in new]
    for name, schema in old.items():
        if name in new and schema != new[name]:
            found += [f"{name}: {problem}" for problem in _differences(schema, new[name])]
    return found


def _differences(old: Document, new: Document) -> Iterator[str]:
    yield from _texts(old, new)
    before, after = dict(_variants(old)), dict(_variants(new))
    for kind in sorted(before.keys() ^ after.keys()):
        yield f"{kind} is {'gone' if kind in before else 'new to old readers'}"
    for kind in sorted(before.keys() & after.keys()):
        if before[kind] == after[kind]:
            continue
        where = f" ({kind})" if kind else ""
        if not isSubschema(_closed(before[kind]), _closed(after[kind])):
            yield f"old messages are refused, or lose a field{where}"
        if _forbids(after[kind]) > _forbids(before[kind]):
            yield f"fields that are not known are refused, and were not{where}"
        if not isSubschema(_closed(after[kind]), _bare(before[kind])):
            yield f"old readers refuse new messages{where}"


def _texts(old: Any, new: Any, at: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Patterns and formats that are not what they were, where both schemas have something."""
    if isinstance(old, list) and isinstance(new, list):
        for index, (one, other) in enumerate(zip(old, new, strict=False)):
            yield from _texts(one, other, f"{at}/{index}")
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return
    if not at.endswith(tuple(f"/{name}" for name in _BY_NAME)):
        yield from (f"{word} at {at or '/'} changed" for word in _AS_TEXT if old.get(word) != new.get(word))
    for key in old.keys() & new.keys():
        yield from _texts(old[key], new[key], f"{at}/{key}")


def _variants(schema: Document) -> Iterator[tuple[str, Document]]:
    """A schema for each kind of a discriminated union, so that like is compared with like."""
    for name, field in schema.get("properties", {}).items():
        for kind, reference in field.get("discriminator", {}).get("mapping", {}).items():
            chosen = {**schema["properties"], name: {"$ref": reference}}
            yield f"{name} {kind}", {**schema, "properties": chosen}
        if "discriminator" in field:
            return
    yield "", schema


def _bare(schema: Any, *, closed: bool = False, names: bool = False) -> Any:  # noqa: ANN401 - JSON
    """What jsonsubschema is to judge: constants as enumerations, no words, no patterns, no empty `required`."""
    if isinstance(schema, list):
        return [_bare(item, closed=closed) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if names:
        return {name: _bare(item, closed=closed) for name, item in schema.items()}
    kept = {k: v for k, v in schema.items() if k not in (*_WORDS, *_AS_TEXT, "const") and (k, v) != ("required", [])}
    bare = {key: value if key in ("enum", "required") else _bare(value, closed=closed, names=key in _BY_NAME)
            for key, value in kept.items()}  # fmt: skip
    if "const" in schema:
        bare["enum"] = [schema["const"]]
    if closed and "properties" in schema:
        bare["additionalProperties"] = False
    return bare


def _closed(schema: Document) -> Any:  # noqa: ANN401 - JSON
    """The messages its own writers make: no field beside those named."""
    return _bare(schema, closed=True)


def _forbids(schema: Any) -> int:  # noqa: ANN401 - JSON
    """How many objects refuse fields that they do not know."""
    if isinstance(schema, list):
        return sum(map(_forbids, schema))
    if not isinstance(schema, dict):
        return 0
    return (schema.get("additionalProperties") is False) + sum(map(_forbids, schema.values()))


def main(released: Path = RELEASED) -> int:
    new, wrong = read(CONTRACTS / "schemas"), 0
    for version in sorted(released.iterdir()):
        for problem in breaks(read(version / "schemas"), new):
            sys.stderr.write(f"breaks {version.name}: {problem}\n")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

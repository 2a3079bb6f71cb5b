"""Writes docs/reference from the code; with `--check` it says which pages are old.

Settings come from the pydantic models of every `services/*/settings.py`, metrics from the calls in every
`services/*/metrics.py` and the comment above each, topics from the contract, commands from the command itself, routes
from the documents that the services answer. Only what stands between a page's two marks is replaced.
"""

import argparse
import ast
import importlib
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from annotated_types import BaseMetadata
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from contracts.topics import INTAKE, TOPICS, intake_group
from services.ingest.openapi import document as senders
from services.kit.settings import PREFIX, ServiceSettings
from services.provisioner.operators.openapi import document as operators

ROOT = Path(__file__).parent.parent
SERVICES = ROOT / "services"
PAGES = ROOT / "docs" / "reference"
BEGIN, END = "<!-- written by tools/docs.py from the code: change it there -->", "<!-- end -->"
SUFFIX = {"Counter": "_total"}
"""What the exposition adds to a name."""


# ---------------------------------------------------------------- settings


def models() -> dict[str, type[ServiceSettings]]:
    """Service → its settings; `every service` → what all have."""
    found: dict[str, type[ServiceSettings]] = {}
    for file in sorted(SERVICES.glob("*/settings.py")):
        module = importlib.import_module(f"services.{file.parent.name}.settings")
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, ServiceSettings) and kind.__module__ == module.__name__:
                found["every service" if kind is ServiceSettings else file.parent.name] = kind
    return dict(sorted(found.items(), key=lambda pair: pair[1] is not ServiceSettings))


def settings_table() -> str:
    head = "| variable | default | bounds | meaning |\n|--|--|--|--|\n"
    parts: list[str] = []
    for service, kind in models().items():
        common = {} if kind is ServiceSettings else ServiceSettings.model_fields
        rows = [_setting(name, field) for name, field in kind.model_fields.items() if _is_own(name, field, common)]
        parts.append(f"## {service.capitalize()}\n\n{head}" + "\n".join(rows))
    return "\n\n".join(parts)


def _is_own(name: str, field: FieldInfo, common: dict[str, FieldInfo]) -> bool:
    return name not in common or field.description != common[name].description


def _setting(name: str, field: FieldInfo) -> str:
    bounds = [_bound(one) for one in field.metadata if isinstance(one, BaseMetadata) or hasattr(one, "pattern")]
    return _row(f"`{variable(name)}`", _default(field), ", ".join(bounds), field.description or "")


def variable(name: str) -> str:
    return PREFIX + name.upper()


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "**required**"
    if value is PydanticUndefined or value is None or value == "":
        return "none"
    if isinstance(value, timedelta):
        return f"`P{value.days}D`" if not value.seconds else f"`PT{value.total_seconds():g}S`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _bound(one: object) -> str:
    names = {"gt": "> ", "ge": "≥ ", "lt": "< ", "le": "≤ ", "min_length": "at least ", "max_length": "at most "}
    for name, sign in names.items():
        if getattr(one, name, None) is not None:
            return f"{sign}{getattr(one, name):g}"
    pattern = str(getattr(one, "pattern", ""))
    return " or ".join(pattern.strip("^$()").split("|"))


# ---------------------------------------------------------------- metrics


@dataclass(frozen=True, slots=True)
class Metric:
    service: str
    name: str
    kind: str
    labels: tuple[str, ...]
    text: str
    moved_by: str


def metrics() -> list[Metric]:
    """Every metric that a `metrics.py` makes, in its order."""
    files = sorted(SERVICES.glob("*/metrics.py"), key=lambda file: (file.parent.name != "kit", file))
    return [one for file in files for one in _metrics_of(file)]


def _metrics_of(file: Path) -> Iterator[Metric]:
    source = file.read_text(encoding="utf-8")
    lines = source.splitlines()
    service = "every service" if file.parent.name == "kit" else file.parent.name
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        call = node.value
        kind = call.func.id if isinstance(call.func, ast.Name) else ""
        if kind not in ("Counter", "Gauge", "Histogram", "Summary"):
            continue
        name, text, *rest = (ast.literal_eval(argument) for argument in call.args)
        labels, shown = tuple(rest[0]) if rest else (), name + SUFFIX.get(kind, "")
        yield Metric(service, shown, kind.lower(), labels, text, _comment_above(lines, node.lineno))


def _comment_above(lines: Sequence[str], lineno: int) -> str:
    found: list[str] = []
    for line in reversed(lines[: lineno - 1]):
        if not line.strip().startswith("#"):
            break
        found.insert(0, line.strip().removeprefix("#").strip())
    return " ".join(found)


def metrics_table() -> str:
    parts: list[str] = []
    for service in dict.fromkeys(one.service for one in metrics()):
        rows = [
            _row(f"`{m.name}`", m.kind, ", ".join(f"`{label}`" for label in m.labels), m.text, m.moved_by)
            for m in metrics() if m.service == service
        ]  # fmt: skip
        head = "| metric | kind | labels | what it shows | what moves it |\n|--|--|--|--|--|\n"
        parts.append(f"## {service.capitalize()}\n\n{head}" + "\n".join(rows))
    return "\n\n".join(parts)


# ---------------------------------------------------------------- topics


def topics_table() -> str:
    head = "| topic | key | partitions | kept | holds |\n|--|--|--|--|--|\n"
    rows = [_row(f"`{t.name}`", f"`{t.key}`", str(t.partitions), _kept(t.retention), t.purpose) for t in TOPICS]
    shared = sorted(set.intersection(*(set(topic.config.items()) for topic in TOPICS)))
    settings = "\n".join(f"- `{name}`: `{value}`" for name, value in shared)
    groups = "\n".join(f"- `{intake_group(topic)}`" for topic in INTAKE)
    return f"{head}" + "\n".join(rows) + f"\n\nOf every topic:\n\n{settings}\n\nGroups of intake:\n\n{groups}"


def _kept(retention: timedelta | None) -> str:
    return "for ever" if retention is None else f"{retention.days} days"


# ---------------------------------------------------------------- commands


def commands_text() -> str:
    """Each command with its usage, example and options; those that every command has stand once."""
    from services.cli.__main__ import MODULES  # noqa: PLC0415 - its texts are in one language from here on
    from services.cli.command import Group, LazyGroup  # noqa: PLC0415 - the same

    root = LazyGroup(MODULES)
    shared = {parameter.name for parameter in root.params}
    parts = ["## Options of every command\n\n" + _options(root.params, root)]
    for name in MODULES:
        command = root.get_command(click.Context(root), name)
        parts.append(_command(f"tenure {name}", command, shared) if command else "")
        if isinstance(command, Group):
            parts += [_command(f"tenure {name} {word}", one, shared) for word, one in command.commands.items()]
    return "\n\n".join(parts)


def _command(name: str, command: click.Command, shared: Collection[str | None]) -> str:
    words, _, example = (command.help or "").partition("\n\n\b\n")
    own = [one for one in command.params if one.name not in shared]
    options = [one for one in own if not isinstance(one, click.Argument)]
    usage = f"{name} [OPTION]…" if options else name
    usage += "".join(f" {one.make_metavar(click.Context(command))}" for one in own if isinstance(one, click.Argument))
    usage += " COMMAND" * isinstance(command, click.Group)
    lines = [f"## {name}", words, f"```\n{usage}\n```", f"{example.replace(': ', ': `', 1)}`" if example else ""]
    return "\n\n".join(filter(None, [*lines, _options(options, command)]))


def _options(parameters: Sequence[click.Parameter], command: click.Command) -> str:
    context = click.Context(command)
    rows = [_row(f"`{names}`", words) for one in parameters if (record := one.get_help_record(context))
            for names, words in [record]]  # fmt: skip
    return "| option | meaning |\n|--|--|\n" + "\n".join(rows) if rows else ""


# ---------------------------------------------------------------- routes


def routes_table() -> str:
    head = "| request | takes | what it is for |\n|--|--|--|\n"
    parts = []
    for service, document in (("Provisioner, for operators", operators()), ("Ingest, for HR systems", senders())):
        rows = [
            _row(f"`{method.upper()} {path}`", _takes(told, document), told["summary"])
            for path, methods in document["paths"].items() for method, told in methods.items()
        ]  # fmt: skip
        parts.append(f"## {service}\n\n{head}" + "\n".join(rows))
    return "\n\n".join(parts)


def _takes(told: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Parameters of the query, then the fields of the body; those that must be there in bold."""
    found = [_name(one["name"], required=one.get("required", False)) for one in told.get("parameters", ())]
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    if reference := body.get("$ref"):
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
        needed = schema.get("required", ())
        found += [_name(name, required=name in needed) for name in schema["properties"]]
    elif "requestBody" in told:
        found.append("CloudEvents")
    return ", ".join(found)


def _name(name: str, *, required: bool) -> str:
    return f"**`{name}`**" if required else f"`{name}`"


# ---------------------------------------------------------------- pages


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def written() -> dict[Path, str]:
    """Each page as it should be."""
    tables = {
        "settings.md": settings_table(), "metrics.md": metrics_table(), "topics.md": topics_table(),
        "commands.md": commands_text(), "http.md": routes_table(),
    }  # fmt: skip
    return {PAGES / name: _filled((PAGES / name).read_text(encoding="utf-8"), text) for name, text in tables.items()}


def _filled(text: str, table: str) -> str:
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.partition(END)[2]}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when a page is old")
    check = parser.parse_args(arguments).check
    os.environ["TENURE_LANG"] = "en"
    old = {page: text for page, text in written().items() if page.read_text(encoding="utf-8") != text}
    for page, text in old.items():
        if not check:
            page.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{page.relative_to(ROOT)} {'is old: run `python -m tools.docs`' if check else 'written'}\n")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes the reference tables of docs/operations from the code; with `--check` it says which are old.

Settings come from the pydantic models of every `services/*/settings.py`, metrics from the calls in every
`services/*/metrics.py` and the comment above each. Only what stands between a page's two marks is replaced.
"""

import argparse
import ast
import importlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from annotated_types import BaseMetadata
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from services.kit.settings import PREFIX, ServiceSettings

ROOT = Path(__file__).parent.parent
SERVICES = ROOT / "services"
PAGES = ROOT / "docs" / "operations"
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


# ---------------------------------------------------------------- pages


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def written() -> dict[Path, str]:
    """Each page as it should be."""
    tables = {PAGES / "settings.md": settings_table(), PAGES / "metrics.md": metrics_table()}
    return {page: _filled(page.read_text(encoding="utf-8"), table) for page, table in tables.items()}


def _filled(text: str, table: str) -> str:
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.partition(END)[2]}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when a page is old")
    check = parser.parse_args(arguments).check
    old = {page: text for page, text in written().items() if page.read_text(encoding="utf-8") != text}
    for page, text in old.items():
        if not check:
            page.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{page.relative_to(ROOT)} {'is old: run `python -m tools.docs`' if check else 'written'}\n")
    return 1 if check and old else 0


if __name__ == "__main__":
    sys.exit(main())

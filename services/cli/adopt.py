"""`tenure adopt`: first contact with a target that has accounts and departments already."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common, print_rows
from services.cli.errors import UsageError
from services.cli.messages import t
from services.cli.running import find
from services.cli.sweep import done


@click.command("adopt", cls=Command, key="adopt")
@click.argument("target")
@click.option("--map", "map_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help=t("option.map"))  # fmt: skip
@click.option("--apply", is_flag=True, help=t("option.apply"))
@common
def adopt(shared: Common, target: str, map_file: Path | None, apply: bool) -> None:
    stated = read_map(map_file) if map_file else {}
    with Api(find(shared)) as api:
        found = done(api, "adopt", target=target, map=stated, apply=apply)
    rows = found["lines"] if shared.json else [_words(line) for line in found["lines"]]
    print_rows(rows, shared, ("kind", "native_id", "whose", "by"), "")
    totals = found["totals"]
    if shared.json:
        click.echo(json.dumps({"totals": totals, "applied": found["applied"]}))
        return
    click.echo(t("adopt.totals", **totals))
    click.echo(t("adopt.applied" if found["applied"] else "adopt.not_applied"))


def _words(line: Mapping[str, Any]) -> dict[str, Any]:
    return {**line, "whose": line["person_id"] or line["department_id"], "by": " ".join(line["by"])}


def read_map(file: Path) -> dict[str, str]:
    """Native id by worker_id or person_id, from CSV in UTF-8 or GB18030; raises UsageError naming the line."""
    rows = csv.DictReader(io.StringIO(_text(file.read_bytes())), restval="")
    names = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = names
    who = next((name for name in ("person_id", "worker_id") if name in names), None)
    if who is None or "native_id" not in names:
        raise UsageError(t("error.map_columns", file=file))
    found: dict[str, str] = {}
    for row in rows:
        person, native_id = row[who].strip(), row["native_id"].strip()
        if not person or not native_id or person in found:
            raise UsageError(t("error.map_row", file=file, line=rows.line_num))
        found[person] = native_id
    return found


def _text(data: bytes) -> str:
    """What Excel saves as CSV in China is GB18030."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


COMMANDS = by_name(adopt)

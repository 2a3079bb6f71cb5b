"""`tenure init` and `operator add`: the files an installation begins with."""

import json
import secrets
from pathlib import Path

import click

from services.cli.command import Command, Common, Group, by_name, common
from services.cli.errors import AnswerError, UsageError
from services.cli.messages import t
from services.cli.secrets import add_operator, known_operators
from services.cli.up import SAMPLE

CLAIMS = "claims.yaml"
EVENTS = ("hire.jsonl", "move.jsonl", "leave.jsonl")

FILE = click.Path(dir_okay=False, path_type=Path)

operator = Group("operator", key="operator")


@click.command("init", cls=Command, key="init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@common
def init(shared: Common, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / name: SAMPLE.with_name(name) for name in (SAMPLE.name, CLAIMS, *EVENTS)}
    for file in files:
        if file.exists():
            raise AnswerError(t("error.exists", file=file))
    for file, sample in files.items():
        file.write_text(sample.read_text(encoding="utf-8"), encoding="utf-8")
    names = [str(file) for file in files]
    shared.answer({"files": names}, t("init.done", files="\n  ".join(names)))


@operator.command("add", key="operator_add")
@click.argument("name")
@click.option("--replace", is_flag=True, help=t("option.replace"))
@click.option("--file", type=FILE, envvar="TENURE_OPERATORS_FILE", help=t("option.file"))
@common
def operator_add(shared: Common, name: str, *, replace: bool, file: Path | None) -> None:
    path = file or shared.data / "operators.json"
    try:
        known = known_operators(path)
    except (json.JSONDecodeError, KeyError, TypeError):
        raise UsageError(t("error.operators_unreadable", file=path)) from None
    if name in known and not replace:
        raise AnswerError(t("error.operator_exists", name=name))
    token = secrets.token_urlsafe(32)
    add_operator(path, name, token)
    shared.answer({"operator": name, "token": token, "file": str(path)}, t("operator.added", name=name, token=token))


COMMANDS = by_name(init, operator)

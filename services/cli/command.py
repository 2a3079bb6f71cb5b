"""What every command has: the options that say where Tenure is and how to answer, a help text and an example."""

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from services.cli.language import LANGUAGES
from services.cli.messages import t

DATA = Path(".tenure")
CONFIG = Path("tenure.yaml")


@dataclass(slots=True)
class Common:
    """The common options, as given before or after the command's name."""

    config: Path | None = None
    data: Path = DATA
    url: str | None = None
    token: str | None = None
    json: bool = False
    lang: str | None = None

    def say(self, text: str) -> None:
        """A sentence for people; machines read only JSON."""
        if not self.json:
            click.echo(text)

    def answer(self, value: Any, text: str | Callable[[], str]) -> None:  # noqa: ANN401 - any JSON value
        """The answer: one line of JSON for machines, `text` for people (made only for them)."""
        if self.json:
            click.echo(json.dumps(value, ensure_ascii=False))
        else:
            click.echo(text() if callable(text) else text)


common = click.make_pass_decorator(Common, ensure=True)


def _keep(ctx: click.Context, option: click.Parameter, value: Any) -> None:  # noqa: ANN401 - an option's value
    shared = ctx.ensure_object(Common)
    if option.name and ctx.get_parameter_source(option.name) is not click.core.ParameterSource.DEFAULT:
        setattr(shared, option.name, value)


def _options() -> list[click.Option]:
    path = click.Path(path_type=Path)
    kept: dict[str, Any] = {"expose_value": False, "callback": _keep}
    return [
        click.Option(["--json"], is_flag=True, help=t("option.json"), **kept),
        click.Option(["--config"], type=path, metavar="FILE", help=t("option.config"), **kept),
        click.Option(["--data"], type=path, metavar="DIR", help=t("option.data"), **kept),
        click.Option(["--url"], envvar="TENURE_URL", help=t("option.url"), **kept),
        click.Option(["--token"], envvar="TENURE_TOKEN", help=t("option.token"), **kept),
        click.Option(["--lang"], type=click.Choice(LANGUAGES), help=t("option.lang"), **kept),
    ]


def _help(key: str) -> str:
    """The sentence, and the example as it stands."""
    return f"{t('help.' + key)}\n\n\b\n{t('example')}: {t('example.' + key)}"


class Command(click.Command):
    """A command whose help stands in the catalogue under its name."""

    def __init__(self, name: str | None, *, key: str, **settings: Any) -> None:  # noqa: ANN401 - click's own
        settings["help"], settings["short_help"] = _help(key), t("help." + key)
        super().__init__(name, **settings)
        self.params.extend(_options())


class Group(click.Group):
    """Commands under one word, such as `quarantine list`."""

    command_class = Command

    def __init__(self, name: str, *, key: str) -> None:
        super().__init__(name, help=_help(key), short_help=t("help." + key))
        self.params.extend(_options())


class LazyGroup(click.Group):
    """The program itself. A command's module is imported when the command runs; help comes from the catalogue."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        super().__init__("tenure", help=t("help.tenure"), epilog=t("help.completion"))
        self._modules = modules
        self.params.extend(_options())
        self.params.append(click.version_option(package_name="tenure")(click.Command("v")).params[0])

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [*self._modules]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in self._modules:
            return None
        module = importlib.import_module(f"services.cli.{self._modules[cmd_name]}")
        found: click.Command = module.COMMANDS[cmd_name]
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        with formatter.section(t("commands")):
            formatter.write_dl([(name, t("help." + name)) for name in self._modules])


def by_name(*commands: click.Command) -> Mapping[str, click.Command]:
    return {command.name: command for command in commands if command.name}


def print_rows(rows: Sequence[Mapping[str, Any]], shared: Common, columns: Sequence[str], empty: str) -> None:
    """A line each: JSON for machines, columns for people."""
    if shared.json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    if not rows and empty:
        click.echo(empty)
    texts = [["" if row.get(name) is None else str(row[name]) for name in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for text in texts:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(text, widths, strict=True)).rstrip())

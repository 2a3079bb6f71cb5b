"""`tenure holds`: what guards hold, and deciding it, a slice or a person at a time."""

from collections.abc import Callable
from typing import Any

import click

from services.cli.client import Api
from services.cli.command import Common, Group, by_name, common, print_rows
from services.cli.errors import UsageError
from services.cli.messages import t
from services.cli.running import find

KINDS = ("close", "delete", "create", "resume", "rename", "move", "revoke")

holds = Group("holds", key="holds")


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that narrow what is meant."""
    for option in (
        click.option("--person", metavar="ID", help=t("option.hold_person")),
        click.option("--target", metavar="NAME", help=t("option.hold_target")),
        click.option("--kind", type=click.Choice(KINDS), help=t("option.hold_kind")),
        click.option("--cause", metavar="C", help=t("option.hold_cause")),
    ):
        command = option(command)
    return command


@holds.command("list", key="holds_list")
@common
def holds_list(shared: Common) -> None:
    with Api(find(shared)) as api:
        groups = api.get("/v1/holds")
    rows = groups if shared.json else [_words(group) for group in groups]
    print_rows(rows, shared, ("since", "people", "target", "kinds", "cause", "state"), t("holds.empty"))
    for command in () if shared.json else dict.fromkeys(group["next"] for group in groups if not group["refused"]):
        click.echo(f"    {command}")


def _words(held: dict[str, Any]) -> dict[str, Any]:
    state = t("holds.refused") if held["refused"] else t("holds.held")
    return {**held, "kinds": ",".join(held["kinds"]), "state": state}


@holds.command("show", key="holds_show")
@_which
@common
def holds_show(shared: Common, /, **which: str | None) -> None:
    with Api(find(shared)) as api:
        people = api.get("/v1/holds/people", **which)
    rows = people if shared.json else [{**_words(one), "by": ", ".join(one["released_by"])} for one in people]
    print_rows(rows, shared, ("since", "person_id", "target", "kinds", "cause", "state", "by"), t("holds.empty"))


@holds.command("release", key="holds_release")
@_which
@click.option("--reason", required=True, help=t("option.reason"))
@common
def holds_release(shared: Common, /, reason: str, **which: str | None) -> None:
    done = _decided(shared, "release", reason, which)
    shared.answer(done, t("holds.done_release", n=done["people"]))


@holds.command("refuse", key="holds_refuse")
@_which
@click.option("--reason", required=True, help=t("option.reason"))
@common
def holds_refuse(shared: Common, /, reason: str, **which: str | None) -> None:
    done = _decided(shared, "refuse", reason, which)
    shared.answer(done, t("holds.done_refuse", n=done["people"]))


def _decided(shared: Common, word: str, reason: str, which: dict[str, str | None]) -> dict[str, Any]:
    if which["cause"] is None and which["person"] is None:
        raise UsageError(t("error.which_hold"))
    given = {name: value for name, value in which.items() if value is not None}
    with Api(find(shared)) as api:
        done: dict[str, Any] = api.post(f"/v1/holds/{word}", {**given, "reason": reason})
    return done


COMMANDS = by_name(holds)

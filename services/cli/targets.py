"""`tenure pause` and `continue`."""

import click

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common
from services.cli.messages import t
from services.cli.running import find


@click.command("pause", cls=Command, key="pause")
@click.argument("target", required=False)
@click.option("--reason", help=t("option.reason"))
@common
def pause(shared: Common, target: str | None, reason: str | None) -> None:
    body = {"target": target} | ({"reason": reason} if reason else {})
    with Api(find(shared)) as api:
        done = api.post("/v1/pause", body)
    shared.answer(done, t("target.paused", target=target or t("target.all")))


@click.command("continue", cls=Command, key="continue")
@click.argument("target", required=False)
@common
def proceed(shared: Common, target: str | None) -> None:
    with Api(find(shared)) as api:
        done = api.post("/v1/continue", {"target": target})
    shared.answer(done, t("target.continued", target=target or t("target.all")))


COMMANDS = by_name(pause, proceed)

"""`tenure identify`: whose a worker is, where HR leaves it open."""

import click

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common
from services.cli.errors import UsageError
from services.cli.messages import t
from services.cli.running import find


@click.command("identify", cls=Command, key="identify")
@click.argument("worker")
@click.option("--as", "person", metavar="PERSON", help=t("option.identify_as"))
@click.option("--another", is_flag=True, help=t("option.identify_another"))
@click.option("--reason", required=True, help=t("option.reason"))
@common
def identify(shared: Common, worker: str, person: str | None, another: bool, reason: str) -> None:
    if another == (person is not None):
        raise UsageError(t("error.identify_which"))
    with Api(find(shared)) as api:
        done = api.post("/v1/identify", {"worker": worker, "person": person, "reason": reason})
    shared.answer(done, t("identify.done", worker=done["worker"], person=done["person_id"]))


COMMANDS = by_name(identify)

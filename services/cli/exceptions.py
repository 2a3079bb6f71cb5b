"""`tenure grant`, `revoke`, `extend`, `retain`: what a person decides beside the rules, always with an end."""

from typing import Any

import click

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common
from services.cli.messages import t
from services.cli.rehearsal import moment
from services.cli.running import find

_until = click.option("--until", metavar="T", required=True, help=t("option.until"))
_reason = click.option("--reason", required=True, help=t("option.reason"))


def _ask(shared: Common, what: str, until: str | None, **body: Any) -> None:  # noqa: ANN401 - JSON
    asked = {**body, "until": moment(until).isoformat()} if until else body
    with Api(find(shared)) as api:
        done = api.post(f"/v1/{what}", asked)
    key = "exception.ended" if "ended" in done else "exception.decided"
    shared.answer(done, lambda: t(key, person=done["person_id"], until=done.get("until")))


@click.command("grant", cls=Command, key="grant")
@click.argument("person")
@click.argument("target")
@click.argument("entitlement")
@_until
@_reason
@common
def grant(shared: Common, person: str, target: str, entitlement: str, until: str, reason: str) -> None:
    _ask(shared, "grant", until, person=person, target=target, entitlement=entitlement, reason=reason)


@click.command("revoke", cls=Command, key="revoke")
@click.argument("person")
@click.argument("target")
@click.argument("entitlement")
@click.option("--until", metavar="T", help=t("option.revoke_until"))
@_reason
@common
def revoke(shared: Common, person: str, target: str, entitlement: str, until: str | None, reason: str) -> None:
    _ask(shared, "revoke", until, person=person, target=target, entitlement=entitlement, reason=reason)


@click.command("extend", cls=Command, key="extend")
@click.argument("person")
@click.argument("rule")
@_until
@_reason
@common
def extend(shared: Common, person: str, rule: str, until: str, reason: str) -> None:
    _ask(shared, "extend", until, person=person, rule=rule, reason=reason)


@click.command("retain", cls=Command, key="retain")
@click.argument("person")
@_until
@_reason
@common
def retain(shared: Common, person: str, until: str, reason: str) -> None:
    _ask(shared, "retain", until, person=person, reason=reason)


COMMANDS = by_name(grant, revoke, extend, retain)

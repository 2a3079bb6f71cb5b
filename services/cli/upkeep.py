"""`tenure topics` and `migrate`: Kafka and the database as declared."""

import asyncio
import dataclasses
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from services.cli.command import Command, Common, Group, by_name, common
from services.cli.errors import AnswerError, CommandError, UsageError
from services.cli.messages import t
from services.cli.running import read

if TYPE_CHECKING:
    from services.kit.topics import Difference

topics = Group("topics", key="topics")


def brokers(shared: Common, given: str | None) -> str:
    """Those named, else those of the running installation; the embedded one has no topics to apply."""
    said = read(shared.data) or {}
    text = given or os.environ.get("TENURE_KAFKA") or said.get("kafka")
    if not text:
        raise UsageError(t("error.no_kafka"))
    if text == said.get("kafka") and said.get("embedded_broker"):
        raise UsageError(t("error.embedded_topics"))
    return str(text)


def as_json(difference: "Difference") -> dict[str, Any]:
    return {"kind": type(difference).__name__, **dataclasses.asdict(difference)}


def _show(shared: Common, found: Sequence["Difference"], same: str) -> None:
    rows = [as_json(one) for one in found]
    lines = ["  ".join(f"{name}={value}" for name, value in row.items()) for row in rows]
    shared.answer({"differences": rows}, "\n".join(lines) or same)


@topics.command("apply", key="topics_apply")
@click.option("--kafka", metavar="HOST:PORT", help=t("option.brokers"))
@click.option("--yes", is_flag=True, help=t("option.yes_topics"))
@common
def topics_apply(shared: Common, kafka: str | None, *, yes: bool) -> None:
    from services.kit.settings import ServiceSettings, read_settings
    from services.kit.topics import apply, diff

    settings = read_settings(ServiceSettings, kafka=brokers(shared, kafka))
    found = asyncio.run(diff(settings))
    _show(shared, found, t("topics.same"))
    if found and not yes and sys.stdin.isatty():
        click.confirm(t("topics.confirm"), abort=True, err=True)
    asyncio.run(apply(settings))


@topics.command("diff", key="topics_diff")
@click.option("--kafka", metavar="HOST:PORT", help=t("option.brokers"))
@common
def topics_diff(shared: Common, kafka: str | None) -> None:
    from services.kit.settings import ServiceSettings, read_settings
    from services.kit.topics import diff

    found = asyncio.run(diff(read_settings(ServiceSettings, kafka=brokers(shared, kafka))))
    _show(shared, found, t("topics.same"))
    if found:
        raise AnswerError(t("error.topics_differ", n=len(found)))


@click.command("migrate", cls=Command, key="migrate")
@click.option("--database", metavar="DSN", envvar="TENURE_DATABASE", help=t("option.dsn"))
@common
def migrate(shared: Common, database: str | None) -> None:
    from services.kit.settings import Environment

    dsn = database or Environment().get("TENURE_DATABASE") or (read(shared.data) or {}).get("database")
    if not dsn:
        raise UsageError(t("error.no_database"))
    import asyncpg

    from services.cli.database import migrate_all
    from services.kit.migrate import OWNERS, head

    try:
        asyncio.run(migrate_all(dsn))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
        # Only the kind: the text may hold the address with its password.
        raise CommandError(t("error.database_refused", kind=type(exc).__name__)) from None
    heads = {owner: head(owner) for owner in OWNERS}
    shared.answer({"revisions": heads}, "\n".join(f"{owner}: {revision}" for owner, revision in heads.items()))


COMMANDS = by_name(topics, migrate)

"""The running installation's store, for reading only: the database itself refuses whatever would write."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar

from services.cli.command import Common
from services.cli.errors import CommandError
from services.cli.messages import t
from services.cli.replaying import Part, Summary
from services.cli.running import here
from services.kit.clock import Virtual
from services.kit.database import DatabaseGoneError
from services.provisioner.act.identify import folded
from services.provisioner.preview.shelf import Shelf
from services.provisioner.preview.targets import Planned
from services.provisioner.preview.trees import Trees
from services.provisioner.replay import Found, Replay
from services.provisioner.store.postgres import PostgresStore

DATABASE = "TENURE_DATABASE"
TOGETHER = 500
T = TypeVar("T")


def read_only(dsn: str) -> str:
    """The address with the setting that makes every transaction one that cannot write."""
    return dsn + ("&" if "?" in dsn else "?") + "default_transaction_read_only=on"


def dsn_of(shared: Common) -> str:
    """The address of the environment, else of run.json."""
    found: str = os.environ.get(DATABASE) or here(shared)["database"]
    return read_only(found)


def asked(shared: Common, question: Callable[[PostgresStore], Coroutine[Any, Any, T]]) -> T:
    """Ask the store; raises CommandError while it does not answer."""
    dsn = dsn_of(shared)

    async def answer() -> T:
        async with opened(dsn) as store:
            return await question(store)

    try:
        return asyncio.run(answer())
    except DatabaseGoneError as exc:
        raise CommandError(t("error.store_gone", kind=str(exc))) from None


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(dsn, name="reading")
    try:
        yield store
    finally:
        await store.close()


async def business_now(store: PostgresStore) -> datetime:
    return Virtual(await store.clock_row()).business_now()


def replay_store(shared: Common, policies: Sequence[Planned], moments: Sequence[datetime], shelf: Shelf) -> Summary:
    """Everybody whom the store knows, with what was decided about them."""

    async def replayed(store: PostgresStore) -> Summary:
        summary = Summary()
        replay = Replay(policies, moments, Trees(await store.department_facts()))
        part = Part()
        for number, family in enumerate(await store.families(), start=1):
            told = [await store.facts_of(person_id) for person_id in family]
            summary.records += sum(len(facts) for facts, _ in told)
            facts, decisions = (list(chain.from_iterable(each)) for each in zip(*told, strict=True))
            spans = list(replay.spans(facts))
            if len(family) == len(spans) == 1:
                line = await folded(family[0], facts, decisions, store)
                replay.person(line, facts, decisions, spans[0], part.found)
            else:
                part.found.add(replay.family(facts, decisions))
            if number % TOGETHER == 0:
                summary.add(part, shelf)
                part = Part(Found())
        summary.add(part, shelf)
        return summary

    return asked(shared, replayed)

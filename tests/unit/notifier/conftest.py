"""A PostgreSQL of the session; a fresh migrated database and a store on it for each test."""

import asyncio
import itertools
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.migrate import migrate
from services.notifier.store.postgres import PostgresStore

_number = itertools.count()


def address(dsn, database):
    return urlsplit(dsn)._replace(path=f"/{database}").geturl()


async def run(dsn, statement):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(statement)
    finally:
        await connection.close()


async def _template(dsn):
    await run(dsn, "CREATE DATABASE notifier_migrated")
    await migrate(address(dsn, "notifier_migrated"), "notifier")


@pytest.fixture(scope="session")
def notifier_server():
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as running:
        asyncio.run(_template(running.dsn.get_secret_value()))
        yield running


@pytest.fixture
async def database(notifier_server):
    """The address of a fresh database."""
    server, name = notifier_server.dsn.get_secret_value(), f"notifier_{next(_number)}"
    await run(server, f"CREATE DATABASE {name} TEMPLATE notifier_migrated")
    yield address(server, name)
    await run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def store(database):
    store = PostgresStore(database)
    yield store
    await store.close()


@pytest.fixture
def ask(database):
    """Rows of the notifier's tables, asked past the store."""

    async def ask(statement):
        return await run(database, statement)

    return ask

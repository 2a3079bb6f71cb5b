"""A database as an older version left it: tables of an earlier revision, filled with what a later one wrote.

What is copied is what both have: rows of a real life, without the columns and tables that came afterwards.
"""

import io
import itertools
from urllib.parse import urlsplit

import asyncpg

from services.kit.migrate import OWNERS, migrate

_number = itertools.count()
TABLES = """SELECT table_name FROM information_schema.tables WHERE table_schema = $1 AND table_type = 'BASE TABLE'
  AND table_name <> 'alembic_version' ORDER BY 1"""
COLUMNS = """SELECT column_name, is_identity FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2
  AND is_generated = 'NEVER' ORDER BY ordinal_position"""


async def run(dsn, statement):
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def database(server, *, owner=None, to="head"):
    """The address of a new one; every owner's tables at the newest revision but `owner`'s."""
    name = f"upgraded_{next(_number)}"
    await run(server, f"CREATE DATABASE {name}")
    dsn = urlsplit(server)._replace(path=f"/{name}").geturl()
    for one in OWNERS:
        await migrate(dsn, one, to if one == owner else "head")
    return dsn


async def copied(server, lived, owner, to):
    """The address of a database of `owner`'s revision `to` with the rows of the one at `lived`."""
    dsn = await database(server, owner=owner, to=to)
    source, target = await asyncpg.connect(lived), await asyncpg.connect(dsn)
    try:
        for table, columns in (await _shape(target, owner)).items():
            await _copy(source, target, owner, table, columns)
    finally:
        await source.close()
        await target.close()
    return dsn


async def _shape(connection, owner):
    """Columns by table: name to whether PostgreSQL numbers it."""
    tables = [row["table_name"] for row in await connection.fetch(TABLES, owner)]
    return {
        table: {
            row["column_name"]: row["is_identity"] == "YES" for row in await connection.fetch(COLUMNS, owner, table)
        }
        for table in tables
    }


async def _copy(source, target, owner, table, columns):
    rows, names = io.BytesIO(), ", ".join(f'"{name}"' for name in columns)
    await source.copy_from_query(f"SELECT {names} FROM {owner}.{table}", output=rows, format="binary")
    rows.seek(0)
    await target.execute(f"TRUNCATE {owner}.{table}")  # a migration may have put a row there
    await target.copy_to_table(table, schema_name=owner, source=rows, columns=list(columns), format="binary")
    for name in (name for name, numbered in columns.items() if numbered):
        newest = await target.fetchval(f"SELECT max({name}) FROM {owner}.{table}")
        if newest is not None:
            await target.execute("SELECT setval(pg_get_serial_sequence($1, $2), $3)", f"{owner}.{table}", name, newest)


async def rows(dsn, owner, shape=None):
    """Every row as text, by table, and the shape that was read: that of the database, or an older one."""
    connection = await asyncpg.connect(dsn)
    try:
        shape = shape or await _shape(connection, owner)
        found = {}
        for table, columns in shape.items():
            names = ", ".join(f'"{name}"::text' for name in columns)
            found[table] = sorted(map(repr, await connection.fetch(f"SELECT {names} FROM {owner}.{table}")))
        return found, shape
    finally:
        await connection.close()

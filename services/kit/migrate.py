"""Brings one owner's tables up to date: plain SQL revisions run by Alembic, in a schema of the owner's own.

Every owner keeps its revisions in `migrations/versions` and their state in `<owner>.alembic_version`. Any number of
processes may call this at once: the whole upgrade is one transaction behind an advisory lock.
"""

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.kit.database import connect

_ALEMBIC = threading.Lock()
"""Alembic keeps the migration that runs in module globals: one at a time in a process."""
_SERVICES = Path(__file__).parent.parent
OWNERS: Final[Mapping[str, Path]] = {
    "platforms": _SERVICES / "platforms" / "migrations",
    "provisioner": _SERVICES / "provisioner" / "store" / "migrations",
    "notifier": _SERVICES / "notifier" / "migrations",
}
"""Schema → folder. `provisioner` reads the pauses of `platforms`, so that owner comes first."""


def head(owner: str) -> str | None:
    """The newest revision that the code has."""
    return _scripts(owner)[1].get_current_head()


def revisions(owner: str) -> tuple[str, ...]:
    """Every revision that the code has, oldest first."""
    return tuple(one.revision for one in reversed([*_scripts(owner)[1].walk_revisions()]))


async def migrate(dsn: str, owner: str, to: str = "head") -> None:
    """Upgrade `owner`'s schema in the database of `dsn` (postgresql://…) to a revision; nothing to do is no error.

    Raises DatabaseGoneError if it cannot be reached.
    """
    await asyncio.to_thread(_alone, dsn, owner, to)


def _alone(dsn: str, owner: str, to: str) -> None:
    with _ALEMBIC:
        asyncio.run(_migrate(dsn, owner, to))


async def _migrate(dsn: str, owner: str, to: str) -> None:
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: connect(dsn), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, owner, to)
    finally:
        await engine.dispose()


def _scripts(owner: str) -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(OWNERS[owner]))
    config.set_main_option("path_separator", "os")
    return config, ScriptDirectory.from_config(config)


def _upgrade(connection: Connection, owner: str, to: str) -> None:
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('tenure.migrate'), hashtext(:owner))"), {"owner": owner}
    )
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {owner}"))
    connection.execute(text(f"SET LOCAL search_path TO {owner}"))
    config, scripts = _scripts(owner)

    def upwards(revision: Any, _context: MigrationContext) -> Any:  # noqa: ANN401 - Alembic's own callback
        return scripts._upgrade_revs(to, revision)  # noqa: SLF001 - the way Alembic's documentation shows

    with EnvironmentContext(config, scripts, fn=upwards) as environment:
        environment.configure(connection=connection, version_table_schema=owner)
        environment.run_migrations()

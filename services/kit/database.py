"""Connections to PostgreSQL: few, of fixed number for each use, opened when first used, replaced when broken.

No pool of asyncpg: its reset queries cost more than our statements, and a use with connections of its own (a beat,
a claim) never waits behind another.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg

from services.kit.database_fault import REFUSALS, why_not
from services.kit.errors import KitError

T = TypeVar("T")

CONNECT_SECONDS: Final = 10.0
COMMAND_SECONDS: Final = 10.0
SETTINGS: Final[Mapping[str, str]] = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "client_connection_check_interval": "2s",
    "jit": "off",
    "timezone": "UTC",
}
TRIES: Final = 5
"""How often a transaction is run that lost a deadlock or a race."""

LOST: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""The transaction was rolled back and can be run again at once."""
GONE: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    # Between the server's last word ("terminating connection") and the end of the stream asyncpg takes no statement.
    asyncpg.InternalClientError,
)


CUT_OFF: Final = "another operation is in progress"
"""What asyncpg says to a rollback after the server died in a statement: nobody else uses the connection."""


class DatabaseGoneError(KitError):
    """The database does not answer (any more): whether a transaction under way took hold is unknown. Try later."""


async def connect(dsn: str, **how: Any) -> Any:  # noqa: ANN401 - asyncpg has no types
    """A connection of asyncpg. Raises DatabaseGoneError, which says what to check and nothing of the address."""
    try:
        return await asyncpg.connect(dsn, **how)
    except REFUSALS as exc:
        raise DatabaseGoneError(why_not(exc)) from exc


class Line:
    """At most `size` connections for one use. `gone` is raised when the database is."""

    def __init__(
        self,
        dsn: str,
        size: int,
        schema: str,
        *,
        gone: type[DatabaseGoneError] = DatabaseGoneError,
        name: str = "tenure",
    ) -> None:
        self._dsn, self._gone = dsn, gone
        self._settings = {**SETTINGS, "search_path": schema, "application_name": name}
        self._room = asyncio.Semaphore(size)
        self._idle: list[Any] = []
        self._closed = False

    @asynccontextmanager
    async def use(self) -> AsyncIterator[Any]:
        """Lend a connection (an asyncpg.Connection); one left in a transaction or cancelled within is thrown away."""
        async with self._room:
            connection: Any = None
            sound = False
            try:
                connection = await self._take()
                yield connection
                sound = True
            except asyncio.CancelledError:
                raise
            except DatabaseGoneError as exc:
                raise self._gone(str(exc)) from exc
            except GONE as exc:
                raise self._gone(type(exc).__name__) from exc
            except asyncpg.InterfaceError as exc:
                if connection is None or not (connection.is_closed() or CUT_OFF in str(exc)):
                    sound = connection is not None
                    raise
                raise self._gone(type(exc).__name__) from exc
            except asyncpg.PostgresError:
                sound = True
                raise
            finally:
                self._give_back(connection, sound=sound)

    async def run(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Run `work(connection)` in a transaction, again when it lost a deadlock."""

        async def whole(connection: Any) -> T:  # noqa: ANN401 - asyncpg has no types
            async with connection.transaction():
                return await work(connection)

        return await self.lent(whole)

    async def fetch(self, statement: str, *values: object) -> Any:  # noqa: ANN401 - asyncpg has no types
        return await self.lent(lambda connection: connection.fetch(statement, *values))

    async def value(self, statement: str, *values: object) -> Any:  # noqa: ANN401 - asyncpg has no types
        return await self.lent(lambda connection: connection.fetchval(statement, *values))

    async def lent(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Run `work(connection)`, each statement by itself, again when one lost a deadlock."""
        for left in reversed(range(TRIES)):
            try:
                async with self.use() as connection:
                    return await work(connection)
            except LOST as exc:
                if not left:
                    raise self._gone(type(exc).__name__) from exc
            await asyncio.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - jitter
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        """Close what is idle; what is in use is closed when it comes back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close(timeout=CONNECT_SECONDS)

    async def _take(self) -> Any:  # noqa: ANN401 - asyncpg has no types
        if self._closed:
            raise self._gone("closed")
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return await connect(
            self._dsn, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS, server_settings=self._settings
        )

    def _give_back(self, connection: Any, *, sound: bool) -> None:  # noqa: ANN401 - asyncpg has no types
        if connection is None or connection.is_closed():
            return
        if sound and not self._closed and not connection.is_in_transaction():
            self._idle.append(connection)
        else:
            connection.terminate()

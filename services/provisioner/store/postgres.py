"""The store on PostgreSQL: connections by use, and the parts put together.

Tables: `migrations/`. Nothing here keeps a transaction open while a platform is spoken to.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.kit.database import LOST, Line
from services.provisioner.store.attention import PostgresAttention
from services.provisioner.store.bell import PostgresBell
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.guards import PostgresGuards
from services.provisioner.store.intake import PostgresIntakeTx
from services.provisioner.store.lots import Lots
from services.provisioner.store.outbox import PostgresOutbox
from services.provisioner.store.outcomes import record
from services.provisioner.store.policy import PostgresPolicy
from services.provisioner.store.port import IntakeTx
from services.provisioner.store.questions import PostgresQuestions, known_by, versions
from services.provisioner.store.queue import PostgresQueue
from services.provisioner.store.registry import PostgresRegistry, links, reserve
from services.provisioner.store.sweeps import PostgresSweeps
from services.provisioner.store.trips import Trips, read_in, written_in

SCHEMA = "provisioner"


class PostgresStore(
    PostgresQueue,
    PostgresQuestions,
    PostgresRegistry,
    PostgresGuards,
    PostgresSweeps,
    PostgresAttention,
    PostgresPolicy,
    PostgresOutbox,
):
    """Implements `port.Store`. Nothing is connected before the first call; a lost database is found again by itself.

    Every call raises StoreUnavailableError while the database is gone. At most 13 connections.
    """

    def __init__(self, dsn: str, *, name: str = "provisioner") -> None:
        def line(size: int, use: str) -> Line:
            return Line(dsn, size, SCHEMA, gone=StoreUnavailableError, name=f"{name}/{use}")

        self._intakes = line(2, "intake")
        self._claims = line(1, "claim")
        self._beats = line(1, "beat")
        self._urgent = line(2, "urgent")
        self._other = line(4, "other")
        writers, bell = line(1, "writer"), line(1, "bell")
        self._urgent_trips, self._other_trips = Trips(self._urgent), Trips(self._other)
        self._outcomes = Lots(written_in(writers, record))
        self._names = Lots(written_in(self._other, reserve))
        self._links = Lots(read_in(self._other, links))
        self._known_by = Lots(read_in(self._other, known_by))
        self._versions = Lots(read_in(self._other, versions))
        self._bell = PostgresBell(bell)
        self._lines = (self._intakes, self._claims, self._beats, self._urgent, self._other, writers, bell)

    @asynccontextmanager
    async def intake(self) -> AsyncIterator[IntakeTx]:
        """A lost deadlock is raised as StoreUnavailableError too: nothing was written, the batch can be repeated."""
        try:
            async with self._intakes.use() as connection, connection.transaction():
                yield PostgresIntakeTx(connection)
        except LOST as exc:
            raise StoreUnavailableError(type(exc).__name__) from exc

    async def close(self) -> None:
        """What was handed in is written first."""
        for lots in (self._urgent_trips, self._other_trips, self._outcomes):
            await lots.drain()
        await self._bell.close()
        for line in self._lines:
            await line.close()

"""The database made ready: tables of every owner, and the row of business time."""

from datetime import datetime

from services.kit.clock import ClockRow
from services.kit.migrate import OWNERS, migrate
from services.provisioner.store.postgres import PostgresStore


async def migrate_all(dsn: str) -> None:
    """Bring every owner's tables up to date; `provisioner` reads what `platforms` keeps, so in this order."""
    for owner in OWNERS:
        await migrate(dsn, owner)


async def prepare(dsn: str, clock: datetime | None, speed: float) -> ClockRow | None:
    """Migrate, and set business time where a rehearsal is wanted; answers the row there is, None on real time."""
    await migrate_all(dsn)
    store = PostgresStore(dsn, name="up")
    try:
        if clock:
            await store.set_clock(clock, speed)
        return await store.clock_row()
    finally:
        await store.close()

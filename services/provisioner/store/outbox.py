"""What leaves: the outbox, what was sent from it, broker epochs, duties and the business clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.kit.clock import ClockRow
from services.kit.database import Line
from services.provisioner.store.codec import pack, unpack
from services.provisioner.store.port import Message

_LEAD = """INSERT INTO leader AS l (duty, holder, epoch, lease_until) VALUES ($1, $2, 1, now() + $3)
ON CONFLICT (duty) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until,
  epoch = l.epoch + (l.holder <> excluded.holder OR l.lease_until < now())::int
WHERE l.holder = excluded.holder OR l.lease_until < now() RETURNING epoch"""


async def publish(connection: Any, messages: Sequence[Message]) -> None:  # noqa: ANN401 - asyncpg
    """Write outbox rows in this order."""
    if not messages:
        return
    rows = [(m.topic, m.key, m.value, pack(m.headers)) for m in messages]
    await connection.copy_records_to_table("outbox", records=rows, columns=("topic", "key", "value", "headers"))


class PostgresOutbox:
    """Read what is there, send, delete by exactly those ids: a lower id may commit later than a higher one."""

    _other: Line

    async def outbox(self, limit: int) -> Sequence[tuple[int, Message]]:
        rows = await self._other.fetch("SELECT * FROM outbox ORDER BY id LIMIT $1", limit)
        return [(row["id"], Message(row["topic"], row["key"], row["value"], unpack(row["headers"]))) for row in rows]

    async def sent(self, ids: Sequence[int]) -> None:
        await self._other.fetch(
            """WITH gone AS (DELETE FROM outbox WHERE id = ANY($1::bigint[]) RETURNING *)
            INSERT INTO sent (id, topic, key, value, headers) SELECT id, topic, key, value, headers FROM gone""",
            list(ids),
        )

    async def refill(self, epoch: str) -> int:
        """Rows come back under their old ids, so before what was never sent: a person's records stay in order."""

        async def work(connection: Any) -> int:  # noqa: ANN401 - asyncpg
            known = "INSERT INTO epoch (epoch) VALUES ($1) ON CONFLICT DO NOTHING RETURNING epoch"
            if await connection.fetchval(known, epoch) is None:
                return 0
            done: str = await connection.execute(
                """WITH back AS (DELETE FROM sent RETURNING *)
                INSERT INTO outbox (id, topic, key, value, headers) OVERRIDING SYSTEM VALUE
                SELECT id, topic, key, value, headers FROM back"""
            )
            return int(done.rsplit(" ", 1)[1])

        return await self._other.run(work)

    async def purge(self, keep: timedelta) -> int:
        rows = await self._other.fetch("DELETE FROM sent WHERE sent_at < now() - $1::interval RETURNING id", keep)
        return len(rows)

    async def lead(self, duty: str, holder: str, lease: timedelta) -> int | None:
        epoch: int | None = await self._other.value(_LEAD, duty, holder, lease)
        return epoch

    async def clock_row(self) -> ClockRow | None:
        rows = await self._other.fetch("SELECT real_at, business_at, speed FROM clock")
        return ClockRow(**rows[0]) if rows else None

    async def set_clock(self, business_at: datetime, speed: float) -> None:
        await self._other.fetch(
            """INSERT INTO clock (real_at, business_at, speed) VALUES (now(), $1, $2)
            ON CONFLICT (one) DO UPDATE
              SET real_at = now(), business_at = excluded.business_at, speed = excluded.speed""",
            business_at,
            speed,
        )

    async def next_due(self, after: datetime) -> datetime | None:
        at: datetime | None = await self._other.value(
            "SELECT min(due_at) FROM due WHERE due_at > $1 AND due_at < 'infinity'", after
        )
        return at

    async def idle(self) -> bool:
        """A row that waits out `not_before` is due, so it counts too."""
        busy: bool = await self._other.value(
            """SELECT EXISTS (SELECT FROM due WHERE holder IS NOT NULL OR due_at <= (SELECT business_now()))
            OR EXISTS (SELECT FROM outbox)"""
        )
        return not busy

"""The store on PostgreSQL, in the schema `notifier`."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from services.kit.database import Line
from services.notifier.audit.writer import append
from services.notifier.errors import StoreGoneError
from services.notifier.messages import Intent
from services.notifier.records import Record
from services.notifier.store.message_rows import MessageRows
from services.notifier.store.outbox_rows import publish, unpack
from services.notifier.store.port import Counts, Taken

SCHEMA = "notifier"

_SEEN = """INSERT INTO seen (source, id) SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) ORDER BY 1, 2
ON CONFLICT DO NOTHING RETURNING source, id"""
_INTEND = """INSERT INTO message (message_id, event_source, event_id, event_revision, event_type, person_id, audience,
  channel, target, "to", text, traceparent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"""
_LEAD = """INSERT INTO leader AS l (duty, holder, epoch, lease_until) VALUES ($1, $2, 1, now() + $3)
ON CONFLICT (duty) DO UPDATE SET holder = excluded.holder, lease_until = excluded.lease_until,
  epoch = l.epoch + (l.holder <> excluded.holder OR l.lease_until < now())::int
WHERE l.holder = excluded.holder OR l.lease_until < now() RETURNING epoch"""
_SENT = """WITH gone AS (DELETE FROM outbox WHERE id = ANY($1::bigint[]) RETURNING *)
INSERT INTO sent (id, topic, key, value, headers, at) SELECT id, topic, key, value, headers, at FROM gone"""
_REFILL = """WITH back AS (DELETE FROM sent RETURNING *)
INSERT INTO outbox (id, topic, key, value, headers, at) OVERRIDING SYSTEM VALUE
SELECT id, topic, key, value, headers, at FROM back"""
_COUNTS = """SELECT (SELECT count(*) FROM outbox) AS outbox, (SELECT next FROM audit_log) AS audit_records,
  (SELECT min(at) FROM outbox) AS oldest_unpublished,
  (SELECT min(created_at) FROM message WHERE state IN ('waiting', 'sending')) AS oldest_unsent"""


class PostgresStore(MessageRows):
    """Two lines: what consumes never waits behind what relays, sends and counts."""

    def __init__(self, dsn: str, *, name: str = SCHEMA) -> None:
        self._intake = Line(dsn, 1, SCHEMA, gone=StoreGoneError, name=name)
        self._other = Line(dsn, 8, SCHEMA, gone=StoreGoneError, name=name)

    async def take_in(self, batch: Sequence[Taken]) -> Sequence[Taken]:
        async def work(connection: Any) -> Sequence[Taken]:  # noqa: ANN401 - asyncpg
            found = await connection.fetch(_SEEN, [taken.source for taken in batch], [taken.id for taken in batch])
            unseen = {(row["source"], row["id"]) for row in found}
            new: list[Taken] = []
            for taken in batch:
                if (taken.source, taken.id) in unseen:
                    unseen.discard((taken.source, taken.id))
                    new.append(taken)
            await _write(connection, new)
            return new

        return await self._intake.run(work)

    async def lead(self, duty: str, holder: str, lease: timedelta) -> bool:
        return await self._other.value(_LEAD, duty, holder, lease) is not None

    async def outbox(self, limit: int) -> Sequence[tuple[int, Record]]:
        rows = await self._other.fetch("SELECT * FROM outbox ORDER BY id LIMIT $1", limit)
        return [(row["id"], Record(row["topic"], row["key"], row["value"], unpack(row["headers"]))) for row in rows]

    async def sent(self, ids: Sequence[int]) -> None:
        await self._other.fetch(_SENT, list(ids))

    async def refill(self, epoch: str) -> int:
        async def work(connection: Any) -> int:  # noqa: ANN401 - asyncpg
            known = "INSERT INTO epoch (epoch) VALUES ($1) ON CONFLICT DO NOTHING RETURNING epoch"
            if await connection.fetchval(known, epoch) is None:
                return 0
            done: str = await connection.execute(_REFILL)
            return int(done.rsplit(" ", 1)[1])

        return await self._other.run(work)

    async def purge(self, sent: timedelta, seen: timedelta) -> int:
        gone = 0
        for statement, keep in (
            ("DELETE FROM sent WHERE sent_at < now() - $1::interval RETURNING id", sent),
            ("DELETE FROM seen WHERE at < now() - $1::interval RETURNING id", seen),
            ("DELETE FROM message WHERE ended_at < now() - $1::interval RETURNING message_id", seen),
        ):
            gone += len(await self._other.fetch(statement, keep))
        return gone

    async def counts(self) -> Counts:
        (row,) = await self._other.fetch(_COUNTS)
        states = await self._other.fetch("SELECT state, count(*) AS number FROM message GROUP BY state")
        return Counts(messages={state["state"]: state["number"] for state in states}, **row)

    async def close(self) -> None:
        await self._intake.close()
        await self._other.close()


async def _write(connection: Any, new: Sequence[Taken]) -> None:  # noqa: ANN401 - asyncpg
    """The log's lock is taken last, so that it is held shortest."""
    await publish(connection, [record for taken in new for record in taken.records])
    intents = [_row(intent) for taken in new for intent in taken.intents]
    if intents:
        await connection.executemany(_INTEND, intents)
    await publish(connection, await append(connection, [taken.entry for taken in new]))


def _row(intent: Intent) -> tuple[object, ...]:
    ref = intent.event
    return (intent.message_id, ref.source, ref.id, ref.revision, ref.type, intent.person_id, intent.audience,
            intent.channel, intent.target, list(intent.to), intent.text,
            intent.traceparent)  # fmt: skip

"""Facts taken in a second, from Kafka to durable in PostgreSQL, beside a bare loop that stores the same rows.

The bare loop is aiokafka's `getmany` and one transaction of COPYs a batch into tables of the same form, with the same
batches and commits; it reads each message's JSON for the worker's number and judges nothing. Both begin with their
first batch: joining a group takes seconds and is neither's doing.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks import events
from benchmarks.company import folder
from benchmarks.figures import Figure, Goal
from contracts.topics import HR_EVENTS
from services.cli.database import migrate_all
from services.kit import broker as kafka
from services.kit.app import collect_rarely
from services.kit.clock import Real
from services.kit.consumer import Records, consume
from services.kit.embedded.broker import EmbeddedBroker
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.settings import ServiceSettings
from services.provisioner.handlers import Intake
from services.provisioner.store.postgres import PostgresStore

BATCH = 500
TABLES = ("event", "fact", "subject", "worker", "word", "due", "outbox")
LONGEST = 40.0


@dataclass(slots=True)
class Watch:
    """Runs from the first batch to the last."""

    wanted: int
    begun: float = 0.0
    ended: float = 0.0
    seen: int = 0

    def begin(self) -> None:
        self.begun = self.begun or time.perf_counter()

    def end(self, records: int) -> None:
        self.seen += records
        self.ended = time.perf_counter()

    @property
    def rate(self) -> float:
        return self.seen / (self.ended - self.begun)


class Round(Protocol):
    """Takes everything in into a new database; the watch and the rows written by table."""

    async def __call__(self, address: str, dsn: str, group: str, facts: int) -> Watch: ...


def measure(*, quick: bool) -> list[Figure]:
    collect_rarely()  # as in a service, for both
    return asyncio.run(_measure(*((1000, 1) if quick else (20_000, 2))))


async def _measure(facts: int, rounds: int) -> list[Figure]:
    rates: dict[str, list[float]] = {"tenure": [], "bare": []}
    counted: dict[str, Mapping[str, int]] = {}
    with folder() as place, EmbeddedBroker() as broker, EmbeddedPostgres(place / "postgres") as postgres:
        server = postgres.dsn.get_secret_value()
        await events.publish(broker.address, events.people(facts))
        works: dict[str, Round] = {"bare": _bare, "tenure": _tenure}
        for number in range(rounds):
            for name, work in works.items():
                async with _database(server, f"{name}_{number}") as dsn:
                    watch = await work(broker.address, dsn, f"{name}-{number}", facts)
                    rates[name].append(watch.rate)
                    counted[name] = await _rows(dsn)
    if counted["tenure"] != counted["bare"]:
        raise RuntimeError(f"not the same rows: {counted}")
    text = f"bare aiokafka + asyncpg, the same {sum(counted['bare'].values()):,} rows"
    return [
        Figure("facts taken in a second", max(rates["tenure"]), "1/s", text, max(rates["bare"]), Goal(0.75, "ratio"))
    ]


@asynccontextmanager
async def _database(server: str, name: str) -> AsyncIterator[str]:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
        dsn = urlsplit(server)._replace(path=f"/{name}").geturl()
        await migrate_all(dsn)
        yield dsn
    finally:
        await connection.close()


async def _rows(dsn: str) -> dict[str, int]:
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "provisioner"})
    try:
        return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
    finally:
        await connection.close()


async def _tenure(address: str, dsn: str, group: str, facts: int) -> Watch:
    watch, done, store = Watch(facts), asyncio.Event(), PostgresStore(dsn)
    intake = Intake(store, Real(), "bench", ["one"], id_space_of=lambda source: source)
    settings = ServiceSettings(kafka=(address,), embedded_broker=True)
    broker = kafka.make_broker(settings, "bench")

    async def take_in(records: Records) -> None:
        watch.begin()
        await intake.take_in(records)
        watch.end(len(records))
        if watch.seen >= facts:
            done.set()

    consume(broker, HR_EVENTS, take_in, group=group, embedded=True)
    async with kafka.started(broker, settings), asyncio.timeout(LONGEST):
        await done.wait()
    await store.close()
    return watch


async def _bare(address: str, dsn: str, group: str, facts: int) -> Watch:
    watch = Watch(facts)
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "provisioner"})
    consumer = AIOKafkaConsumer(
        HR_EVENTS.name, bootstrap_servers=address, group_id=group, auto_offset_reset="earliest",
        enable_auto_commit=False, fetch_max_wait_ms=50,
    )  # fmt: skip
    await consumer.start()
    try:
        while watch.seen < facts:
            batches = await consumer.getmany(timeout_ms=20, max_records=BATCH)
            records = [record for batch in batches.values() for record in batch]
            if not records:
                continue
            watch.begin()
            async with connection.transaction():
                for table, (columns, rows) in _tables(records).items():
                    await connection.copy_records_to_table(table, records=rows, columns=columns)
            await consumer.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})
            watch.end(len(records))
    finally:
        await consumer.stop()
        await connection.close()
    return watch


def _tables(records: Records) -> Mapping[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Rows of the same number and about the same size as intake's, made with as little work as can be."""
    now, kind, digest = datetime.now(UTC), "hr.worker.hired.v1", "0" * 64
    rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
    for record in records:
        body = json.loads(record.value)
        worker, text, person = body["worker_id"], record.value.decode(), record.key.decode()
        ident, source = f"{worker}-{kind}", events.SOURCE
        rows["event"].append(("bench", record.topic, record.partition, record.offset, "in_progress", now, source, ident,
                              1, kind, ""))  # fmt: skip
        rows["fact"].append((source, ident, 1, kind, text, now, "UTC", now, now, digest, source, worker, 0))
        rows["subject"].append((source, ident, 1, source, worker, source, worker))
        rows["worker"].append((source, worker, person, person))
        rows["word"] += [(word, source, worker) for word in _words(body["person"])]
        rows["due"].append((person, "one", 1, now))
        rows["outbox"].append(("provisioning.outcomes", person, record.value, digest * 3))
    return {table: (_COLUMNS[table], found) for table, found in rows.items()}


def _words(person: Mapping[str, str]) -> set[str]:
    return {person["display_name"], person["mobile"]}


_COLUMNS = {
    "event": ["epoch", "topic", "partition", "offset", "state", "accepted_at", "source", "id", "revision", "type",
              "headers"],
    "fact": ["source", "id", "revision", "type", "body", "effective_at", "zone", "time", "recorded_at", "digest",
             "id_space", "worker_id", "rank"],
    "subject": ["source", "id", "revision", "id_space", "worker_id", "owner_space", "owner_worker"],
    "worker": ["id_space", "worker_id", "person_id", "named"],
    "word": ["folded", "id_space", "worker_id"],
    "due": ["person_id", "target", "lane", "due_at"],
    "outbox": ["topic", "key", "value", "headers"],
}  # fmt: skip

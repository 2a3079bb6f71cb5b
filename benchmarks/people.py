"""Accounts a second through the whole path (Kafka, intake, passes, read back, confirmed) on memory targets.

Beside it a bare loop over the same records that does the least which survives a crash: one transaction before each
call and one after it, a hundred people at once.
"""

import asyncio
import os
import time

import asyncpg
from aiokafka import AIOKafkaConsumer

from benchmarks import events, policies
from benchmarks.company import Company, running
from benchmarks.figures import Figure, Goal
from benchmarks.machine import resident_mb
from contracts.topics import HR_EVENTS

AT_ONCE = 100
BARE = "two transactions a person around the call, 100 at once"


def measure(*, quick: bool) -> list[Figure]:
    figures = _one(200 if quick else 4000)
    return [*figures, *_several(60 if quick else 600, 5, figures[0].value)]


def _hire(company: Company, count: int) -> tuple[float, float, float]:
    """Seconds, and CPU seconds of provisioner and database, until everybody is confirmed."""
    company.send(events.people(20, kind="K"))  # caches filled, connections open
    company.settle()
    before = company.provisioner_cpu(), company.database_cpu()
    begun = time.perf_counter()
    company.send(events.people(count))
    books = company.settle()
    seconds = time.perf_counter() - begun
    if books["confirmed"] != count + 20:
        raise RuntimeError(f"not everybody was confirmed: {books}")
    return seconds, company.provisioner_cpu() - before[0], company.database_cpu() - before[1]


def _one(count: int) -> list[Figure]:
    with running(policies.memory({"one": 0.0})) as company:
        seconds, own, database = _hire(company, count)
        memory = resident_mb(company.installation.services["provisioner"].pid)
        bare = asyncio.run(_bare(company, count))
        own_memory = resident_mb(os.getpid())
    return [
        Figure("accounts a second, 1 memory target", count / seconds, "1/s", BARE, count / bare, Goal(2000)),
        Figure("provisioner's CPU a hire, 1 target", own / count * 1e3, "ms", "database's CPU", database / count * 1e3),
        Figure(f"provisioner's memory after {count:,} hires (RSS)", memory, "MB", "the bare loop's process", own_memory,
               Goal(200, better="less")),
    ]  # fmt: skip


def _several(count: int, targets: int, of_one: float) -> list[Figure]:
    with running(policies.memory({f"t{number}": 0.0 for number in range(targets)})) as company:
        seconds, own, database = _hire(company, count)
    accounts = count * targets
    return [
        Figure(f"accounts a second, {targets} memory targets", accounts / seconds, "1/s", "1 target", of_one),
        Figure(f"provisioner's CPU a hire, {targets} targets", own / count * 1e3, "ms", "database's CPU",
               database / count * 1e3),
    ]  # fmt: skip


async def _bare(company: Company, count: int) -> float:
    """Seconds for the bare loop over the same people."""
    pool = await asyncpg.create_pool(company.ready["database"], min_size=8, max_size=8)
    await pool.execute("CREATE TABLE bare (person text PRIMARY KEY, asked text, done text)")
    consumer = AIOKafkaConsumer(
        HR_EVENTS.name, bootstrap_servers=company.ready["kafka"], auto_offset_reset="earliest", group_id="bare"
    )
    await consumer.start()
    room, seen, begun = asyncio.Semaphore(AT_ONCE), 0, 0.0

    async def one(person: str, value: str) -> None:
        async with room:
            await pool.execute("INSERT INTO bare (person, asked) VALUES ($1, $2)", person, value)
            await pool.execute("UPDATE bare SET done = 'yes' WHERE person = $1", person)

    try:
        while seen < count:
            batches = await consumer.getmany(timeout_ms=1000, max_records=500)
            begun = begun or time.perf_counter()
            records = [record for batch in batches.values() for record in batch]
            await asyncio.gather(*(one(record.key.decode(), record.value.decode()) for record in records))
            await consumer.commit()
            seen += len(records)
        return time.perf_counter() - begun
    finally:
        await consumer.stop()
        await pool.close()

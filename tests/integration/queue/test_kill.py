"""Workers killed and frozen at random: no fact is lost, nobody is worked on by two, no effect happens twice.

The same run with the generation check taken out (`naive`) must lose facts, or this test would be blind: people are
marked again and again while their passes run, and a pass that believes it settled the later mark leaves it undone.
"""

import asyncio
import collections
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from contracts import hr
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.migrate import migrate
from services.provisioner.model import Fact, FactKey, WorkerKey
from services.provisioner.store.port import Mark, NewEvent
from services.provisioner.store.postgres import PostgresStore

SOURCE, TARGET, PEOPLE, WORKERS = "urn:hr:acme", "memory", 60, 3
LEASE = 2.0
SCRIPT = Path(__file__).with_name("killed_worker.py")
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def dsn():
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as server:
        address = server.dsn.get_secret_value()
        for owner in ("platforms", "provisioner"):
            await migrate(address, owner)
        yield address


class Platform:
    """Appends what it is told, even twice, before or after a wait at times too long. Sees two callers at once."""

    def __init__(self, chance):
        self.chance = chance
        self.lists, self.busy, self.overlaps = collections.defaultdict(list), collections.Counter(), 0

    async def serve(self, reader, writer):
        try:
            while line := await reader.readline():
                verb, person, value = json.loads(line)
                if verb == "append":
                    await self.append(person, value)
                writer.write(json.dumps(max(self.lists[person], default=0)).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def append(self, person, value):
        self.busy[person] += 1
        self.overlaps += self.busy[person] > 1
        early = self.chance.random() < 0.5
        if early:
            self.lists[person].append(value)
        await asyncio.sleep(self.chance.choices((self.chance.uniform(0.01, 0.06), 0.7, 1.4), (97, 2, 1))[0])
        if not early:
            self.lists[person].append(value)
        self.busy[person] -= 1

    @property
    def twice(self):
        counts = (collections.Counter(values).values() for values in self.lists.values())
        return sum(count > 1 for each in counts for count in each)


class Fleet:
    """Worker processes, each started again when it ends."""

    def __init__(self, *words):
        self.words, self.ends, self.running, self.keepers = words, collections.Counter(), {}, []

    def start(self):
        self.keepers = [asyncio.create_task(self._keep(number)) for number in range(WORKERS)]

    async def _keep(self, number):
        while True:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            process = await asyncio.create_subprocess_exec(sys.executable, SCRIPT, *self.words, env=environment)
            self.running[number] = process
            self.ends[await process.wait()] += 1

    def harm(self, chance):
        victim = self.running.get(chance.randrange(WORKERS))
        if victim is None or victim.returncode is not None:
            return
        if chance.random() < 0.3:
            victim.send_signal(signal.SIGSTOP)
            asyncio.get_running_loop().call_later(LEASE + 1.0, _thaw, victim)
        else:
            victim.kill()

    async def stop(self):
        for keeper in self.keepers:
            keeper.cancel()
        await asyncio.wait(self.keepers)
        for process in self.running.values():
            if process.returncode is None:
                process.kill()
                await process.wait()


def _thaw(process):
    if process.returncode is None:
        process.send_signal(signal.SIGCONT)


class Writer:
    """Tells the store facts and remembers the last of each person."""

    def __init__(self, store, chance):
        self.store, self.chance, self.numbers = store, chance, itertools.count(1)
        self.last = {}

    async def tell(self, persons):
        events = [self._event(person, next(self.numbers)) for person in persons]
        async with self.store.intake() as tx:
            touched = await tx.add("e1", events)
            now = datetime.now(UTC)
            await tx.mark([Mark(p, self.chance.randrange(3), now) for t in touched for p in t.persons], [TARGET])

    def _event(self, person, number):
        now = datetime.now(UTC)
        self.last[f"{SOURCE}/{person}"] = number
        body = hr.Updated(effective_at="2026-03-02", worker_id=person, person=hr.Person(), sequence=number)
        key, worker = FactKey(SOURCE, str(number), 1), WorkerKey(SOURCE, person)
        fact = Fact(key, body, now, "UTC", now, now, str(number), worker)
        return NewEvent("hr.events", 0, number, "in_progress", now, fact=fact)


async def _run(dsn, way, *, seconds, harm):
    """What reached the platform, and what each person was last told."""
    chance = random.Random(20260302)
    platform, store = Platform(chance), PostgresStore(dsn)
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0)
    fleet = Fleet(dsn, str(server.sockets[0].getsockname()[1]), way)
    writer = Writer(store, chance)
    people = [f"P{number}" for number in range(PEOPLE)]
    fleet.start()
    try:
        end, next_harm = time.monotonic() + seconds, time.monotonic() + 2.0
        while time.monotonic() < end:
            await writer.tell(chance.sample(people, 5))
            await asyncio.sleep(0.03)  # the rate of facts, not a wait for anything
            if harm and time.monotonic() > next_harm:
                next_harm = time.monotonic() + chance.uniform(0.6, 1.4)
                fleet.harm(chance)
        await _drained(dsn)
    finally:
        await fleet.stop()
        await store.close()
        server.close()
        await server.wait_closed()
    return platform, writer.last, fleet.ends


async def _drained(dsn):
    connection = await asyncpg.connect(dsn)
    limit = time.monotonic() + 30.0
    left = "SELECT count(*) FROM provisioner.due WHERE due_at < 'infinity' OR holder IS NOT NULL"
    while await connection.fetchval(left):
        assert time.monotonic() < limit, "the queue never became empty"
        await asyncio.sleep(0.1)
    await connection.close()


def _lost(platform, last):
    return [person for person, number in last.items() if max(platform.lists[person], default=0) != number]


async def test_killed_and_frozen_workers_lose_and_repeat_nothing(dsn):
    platform, last, ends = await _run(dsn, "designed", seconds=14.0, harm=True)
    assert _lost(platform, last) == []
    assert platform.overlaps == 0
    assert platform.twice == 0
    assert ends[-signal.SIGKILL] >= 3, "too little harm to prove anything"
    assert set(ends) <= {-signal.SIGKILL, 3}, "a worker ended by itself"


async def test_without_the_generation_check_facts_are_lost(dsn):
    platform, last, _ = await _run(dsn, "naive", seconds=5.0, harm=False)
    assert _lost(platform, last) != []

"""Both stores, each empty, behind one face; and the few values that every test needs."""

import asyncio
import itertools
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from contracts import hr
from contracts.provisioning import StepTaken
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.migrate import migrate
from services.provisioner.model import Fact, FactKey, WorkerKey
from services.provisioner.store.memory import MemoryStore
from services.provisioner.store.port import Mark, NewEvent, Settlement
from services.provisioner.store.postgres import PostgresStore

SOURCE, EPOCH, TOPIC, WECOM, DINGTALK = "urn:hr:acme", "e1", "hr.events", "wecom", "dingtalk"
MEI, WEI = WorkerKey(SOURCE, "W1"), WorkerKey(SOURCE, "W2")
MEI_ID, WEI_ID = f"{SOURCE}/W1", f"{SOURCE}/W2"
LEASE = timedelta(seconds=30)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_number = itertools.count()


def address(dsn, database):
    return urlsplit(dsn)._replace(path=f"/{database}").geturl()


async def _make(dsn, statement):
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL of the session."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as running:
        yield running.dsn.get_secret_value()


@pytest.fixture(scope="session")
def template(server):
    """The name of a migrated database, to be copied."""

    async def make():
        await _make(server, "CREATE DATABASE migrated")
        for owner in ("platforms", "provisioner"):
            await migrate(address(server, "migrated"), owner)

    with ThreadPoolExecutor(1) as thread:  # a loop of its own, whatever runs here
        thread.submit(asyncio.run, make()).result()
    return "migrated"


@asynccontextmanager
async def fresh(server, template):
    """The address of a database of one's own."""
    name = f"test_{next(_number)}"
    await _make(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield address(server, name)
    await _make(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(server, template):
    async with fresh(server, template) as dsn:
        yield dsn


class OnPostgres:
    """A store on a database of its own. `other` is a second process on the same one."""

    def __init__(self, dsn):
        self.dsn, self.store, self.other = dsn, PostgresStore(dsn), PostgresStore(dsn)

    async def pause(self, target):
        await _make(
            self.dsn, f"INSERT INTO platforms.pause (target, by_whom, reason) VALUES ('{target}', 'operator:li', 'x')"
        )

    async def resume(self, target):
        await _make(self.dsn, f"DELETE FROM platforms.pause WHERE target = '{target}'")

    async def close(self):
        await self.store.close()
        await self.other.close()


class InMemory:
    def __init__(self):
        self.paused = set()
        self.store = self.other = MemoryStore(paused=lambda target: bool({target, "*"} & self.paused))

    async def pause(self, target):
        self.paused.add(target)

    async def resume(self, target):
        self.paused.discard(target)

    async def close(self):
        await self.store.close()


@pytest.fixture(params=["memory", "postgres"])
async def subject(request):
    """Business time stands at NOW, so that dates in tests are dates."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            subject = InMemory()
        else:
            copied = fresh(request.getfixturevalue("server"), request.getfixturevalue("template"))
            subject = OnPostgres(await stack.enter_async_context(copied))
        stack.push_async_callback(subject.close)
        await subject.store.set_clock(NOW, 0.0)
        yield subject


@pytest.fixture
def store(subject):
    return subject.store


async def eventually(ask, *, within=10.0):
    """What `ask` answers once that is true."""
    limit = time.monotonic() + within
    while time.monotonic() < limit:
        if answer := await ask():
            return answer
        await asyncio.sleep(0.005)
    raise AssertionError("it never came true")


def fact(body, ident, *, worker=MEI, revision=1, at=NOW, time=NOW, person=None, source=SOURCE):
    return Fact(
        key=FactKey(source, ident, revision),
        body=body,
        effective_at=at,
        zone="Asia/Shanghai",
        time=time,
        recorded_at=NOW,
        digest=f"{ident}-{revision}",
        worker=worker,
        person_id=person,
    )


def hired(ident, *, worker=MEI, person=None, revision=1, at=NOW, batch=None, **fields):
    body = hr.Hired(effective_at="2026-03-02", worker_id=worker.worker_id, person=hr.Person(**fields), batch=batch)
    return fact(body, ident, worker=worker, person=person, revision=revision, at=at)


def updated(ident, *, worker=MEI, person=None, at=NOW, **fields):
    body = hr.Updated(effective_at="2026-03-02", worker_id=worker.worker_id, person=hr.Person(**fields))
    return fact(body, ident, worker=worker, person=person, at=at)


def linked(ident, person, *, worker=MEI, at=NOW):
    body = hr.Linked(effective_at="2026-03-02", worker_id=worker.worker_id, person_id=person)
    return fact(body, ident, worker=worker, person=person, at=at)


def withdrawn(ident, of, *, worker=None):
    return fact(hr.Withdrawn(effective_at="2026-03-02", event_id=of), ident, worker=worker)


def department(ident, department_id="D1"):
    return fact(hr.DepartmentChanged(effective_at="2026-03-02", department_id=department_id), ident, worker=None)


_offset = itertools.count()


def accepted(what, state="in_progress"):
    return NewEvent(TOPIC, 0, next(_offset), state, NOW, fact=what)


async def take_in(store, *facts):
    """Record facts in one transaction; whom each concerns."""
    async with store.intake() as tx:
        return await tx.add(EPOCH, [accepted(one) for one in facts])


async def wake(store, person, *, lane=1, at=NOW, targets=(WECOM,)):
    async with store.intake() as tx:
        await tx.mark([Mark(person, lane, at)], targets)


async def claim_one(store, process, target=WECOM, lane=1):
    (claim,) = await store.claim(process, target, lane, 1)
    return claim


def settle_nothing(_rows, _events, _steps):
    return Settlement()


class Settles:
    """Remembers what the end of a pass was shown."""

    def __init__(self, settlement=None):
        self.settlement = settlement or Settlement()
        self.rows, self.events, self.steps = {}, (), ()

    def __call__(self, rows, events, steps):
        self.rows, self.events, self.steps = {row.target: row for row in rows}, events, steps
        return self.settlement


def taken(plan_id, number, person=MEI_ID, target=WECOM, result="done"):
    return StepTaken(plan_id=str(plan_id), number=number, person_id=person, target=target, platform="memory",
                     verb="create", native_id="mei", result=result, at=NOW)  # fmt: skip

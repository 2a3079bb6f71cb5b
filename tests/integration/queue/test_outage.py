"""The database is killed and comes back: one error while it is gone, nothing that was reported done is missing."""

import asyncio
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from contracts.provisioning import StepTaken
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.errors import EmbeddedError
from services.kit.migrate import head, migrate
from services.platforms.gate import GateClosedError
from services.platforms.ledger import PostgresLedger
from services.platforms.limiter import Limiter
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.port import Mark, Message
from services.provisioner.store.postgres import PostgresStore

LEASE = timedelta(seconds=30)
MEI, TARGET = "urn:hr:acme/W1", "wecom"


@pytest.fixture
def server():
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as running:
        yield running


@pytest.fixture
async def store(server):
    for owner in ("platforms", "provisioner"):
        await migrate(server.dsn.get_secret_value(), owner)
    store = PostgresStore(server.dsn.get_secret_value())
    yield store
    await store.close()


async def _kill(server):
    """Returns when its sessions are gone too: they outlive it by a moment, in which they could still commit."""
    connection = await asyncpg.connect(server.dsn.get_secret_value())
    rows = await connection.fetch("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
    server.kill()
    limit = time.monotonic() + 20.0
    while any(os.path.exists(f"/proc/{row['pid']}") for row in rows):  # noqa: ASYNC240, PTH110 - no disk
        assert time.monotonic() < limit, "a session outlived its server"
        await asyncio.sleep(0.01)
    connection.terminate()


def _start(server):
    """Its children notice a kill a moment later, and until then the folder is theirs."""
    limit = time.monotonic() + 20.0
    while True:
        try:
            return server.start()
        except EmbeddedError:
            if time.monotonic() > limit:
                raise


async def _mark(store, lane=1):
    async with store.intake() as tx:
        await tx.mark([Mark(MEI, lane, datetime.now(UTC))], [TARGET])
        await tx.publish([Message("t", "k", b"v", ())])


def _taken(number, person=MEI):
    return StepTaken(plan_id="1", number=number, person_id=person, target=TARGET, platform="memory", verb="create",
                     result="done", at=datetime.now(UTC))  # fmt: skip


async def test_a_killed_database_is_found_again(server, store):
    process = await store.join("one", LEASE)
    await _mark(store)
    await _kill(server)
    for call in (
        store.claim(process, TARGET, 1, 1),
        store.beat(process, LEASE),
        store.books(),
        store.record([(1, _taken(0))], []),
        _mark(store),
    ):
        with pytest.raises(StoreUnavailableError):
            await call
    _start(server)
    (claim,) = await store.claim(process, TARGET, 1, 1)
    assert (claim.person_id, claim.generation) == (MEI, 1)
    assert await store.beat(process, LEASE)
    assert len(await store.outbox(9)) == 1


async def test_an_intake_cut_off_in_the_middle_wrote_nothing(server, store):
    async def cut_off():
        async with store.intake() as tx:
            await tx.mark([Mark(MEI, 1, datetime.now(UTC))], [TARGET])
            await _kill(server)

    with pytest.raises(StoreUnavailableError):
        await cut_off()
    _start(server)
    assert await store.rows_of(MEI) == ()


async def test_the_bell_rings_again_after_the_database_came_back(server, store):
    await store.wait(0.0)
    await _kill(server)
    await store.wait(0.05)
    _start(server)

    async def hears():
        for _ in range(1000):
            before = time.monotonic()
            await store.wait(0.5)
            if time.monotonic() - before < 0.4:
                return

    hearing = asyncio.create_task(hears())
    while not hearing.done():
        await _mark(store, lane=0)
        await asyncio.sleep(0.02)
    await hearing


async def test_one_bad_row_fails_only_who_brought_it(store):
    answers = await asyncio.gather(
        *(store.record([(1, _taken(number, MEI if number != 3 else "no\0text"))], []) for number in range(6)),
        return_exceptions=True,
    )
    assert [number for number, answer in enumerate(answers) if isinstance(answer, Exception)] == [3]
    assert [step.number for step in await store.steps_of(MEI)] == [0, 1, 2, 4, 5]


async def test_an_outcome_written_again_is_one_outcome(store):
    await store.record([(1, _taken(0)), (1, _taken(0))], [])
    await store.record([(1, _taken(0))], [])
    assert len(await store.steps_of(MEI)) == 1


async def test_a_late_outcome_is_kept_as_late(server, store):
    process = await store.join("one", LEASE)
    await _mark(store)
    (claim,) = await store.claim(process, TARGET, 1, 1)
    plan = await store.intend(claim, process, [])
    await store.record([(plan, _taken(0))], [])
    await store.leave(process)
    await store.record([(plan, _taken(1))], [])
    connection = await asyncpg.connect(server.dsn.get_secret_value())
    rows = await connection.fetch("SELECT number, late FROM provisioner.outcome ORDER BY number")
    await connection.close()
    assert [tuple(row) for row in rows] == [(0, False), (1, True)]


async def test_the_gate_is_shut_while_the_database_is_gone(server, store):  # noqa: ARG001 - migrates
    limiter = Limiter(PostgresLedger(server.dsn.get_secret_value()), {})
    async with limiter.call(TARGET, "a"):
        pass
    await _kill(server)
    with pytest.raises(GateClosedError):
        async with limiter.call(TARGET, "a"):
            pass
    _start(server)
    async with limiter.call(TARGET, "a"):
        pass
    await limiter.close()


async def test_many_may_migrate_at_once_and_again(server):
    dsn = server.dsn.get_secret_value()
    for _ in range(2):
        await asyncio.gather(*(migrate(dsn, owner) for owner in ("platforms", "provisioner") * 3))
    connection = await asyncpg.connect(dsn)
    version = await connection.fetchval("SELECT version_num FROM provisioner.alembic_version")
    await connection.close()
    assert version == head("provisioner")

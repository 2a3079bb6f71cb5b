"""The provisioner inside this process, wired as in production, but with quotas that the benchmark chooses.

Memory targets have no quota and the platforms' own are too wide to be filled in seconds; nothing else differs.
"""
# ruff: noqa: SLF001 - the wiring is the provisioner's own, so that what is measured is what runs

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.company import folder
from services.cli.database import migrate_all
from services.kit import broker as kafka
from services.kit import logging
from services.kit.app import collect_rarely
from services.kit.clock import Virtual
from services.kit.embedded.broker import EmbeddedBroker
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.health import Health
from services.kit.metrics import new_registry
from services.kit.settings import Environment
from services.platforms.limiter import Limiter
from services.platforms.quotas import UNBOUNDED, Quota
from services.provisioner import app
from services.provisioner.act.trees import Trees
from services.provisioner.act.worker import Pace, Worker
from services.provisioner.in_force import in_force
from services.provisioner.metrics import Metrics
from services.provisioner.settings import Settings
from services.provisioner.store.port import Claim, Finished
from services.provisioner.store.postgres import PostgresStore


@dataclass(frozen=True, slots=True)
class Passed:
    """A pass that ended: when, for whom, where, and in which lane."""

    at: float
    person_id: str
    target: str
    lane: int
    how: Finished


@dataclass(slots=True)
class Rig:
    """`passes` grows while it runs; `database_pid` is the server's first process."""

    kafka: str
    dsn: str
    store: PostgresStore
    limiter: Limiter
    worker: Worker
    database_pid: int
    passes: list[Passed] = field(default_factory=list)

    async def until(self, what: Callable[[], bool], seconds: float) -> None:
        """Look ten times a second; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not what():  # noqa: ASYNC110 - what is looked at tells nobody
                await asyncio.sleep(0.1)

    async def value(self, statement: str, *values: object) -> Any:  # noqa: ANN401 - asyncpg has no types
        """One answer of the database, in the provisioner's schema."""
        connection = await asyncpg.connect(self.dsn, server_settings={"search_path": "provisioner"})
        try:
            return await connection.fetchval(statement, *values)
        finally:
            await connection.close()


@asynccontextmanager
async def rig(
    policy: str, quotas: Mapping[str, Quota], *, base_urls: Mapping[str, str] | None = None, slots: int = 40
) -> AsyncIterator[Rig]:
    """Broker, database and provisioner, consuming and at work."""
    logging.configure("bench")
    collect_rarely()
    with folder() as place, EmbeddedBroker() as broker, EmbeddedPostgres(place / "postgres") as postgres:
        config = place / "tenure.yaml"
        config.write_text(policy, encoding="utf-8")
        dsn = postgres.dsn.get_secret_value()
        await migrate_all(dsn)
        settings = _settings(broker, dsn, config, base_urls or {}, slots)
        async with _running(settings, quotas, postgres.pid) as made:
            yield made


def _settings(broker: EmbeddedBroker, dsn: str, config: Path, base_urls: Mapping[str, str], slots: int) -> Settings:
    return Settings.model_validate(
        {
            "kafka": broker.address, "broker_epoch": broker.epoch, "embedded_broker": True, "database": dsn,
            "config": config, "base_urls": dict(base_urls), "grace": 1.0, "slots": slots,
        }
    )  # fmt: skip


@asynccontextmanager
async def _running(settings: Settings, quotas: Mapping[str, Quota], pid: int) -> AsyncIterator[Rig]:
    registry, health = new_registry(), Health()
    dsn = settings.database.get_secret_value()
    async with AsyncExitStack() as stack:
        store = PostgresStore(dsn, name=settings.process_name)
        stack.push_async_callback(store.close)
        policy = await in_force(settings, store)
        worker = Worker(store, {}, "bench", Pace(slots=settings.slots, kept=max(1, settings.slots // 10), grace=1.0))
        every = {name: quotas.get(name, UNBOUNDED) for name in policy.targets}
        limiter = await Limiter.connect(dsn, every, alive=worker.alive)
        stack.push_async_callback(limiter.close)
        targets = app._targets(Environment(), settings, policy, limiter)
        for target in targets.values():
            stack.push_async_callback(target.connector.close)
        parts = app.Parts(settings, policy, store, Virtual(None), limiter, Metrics(registry), targets, Trees(store))
        made = Rig(settings.kafka[0], dsn, store, limiter, worker, pid)
        worker.runs, worker.on_pass = app._runs(parts), _noted(made, app._count_passes(parts))
        broker = kafka.make_broker(settings, "provisioner")
        consumers = app._consume(settings, broker, app._intake(parts, worker), health)
        await stack.enter_async_context(kafka.started(broker, settings))
        stack.push_async_callback(worker.stop)
        service = app._service(parts, worker, broker, consumers, registry, health)
        loops = [asyncio.ensure_future(loop()) for loop in service.loops.values()]
        stack.push_async_callback(_ended, loops)
        yield made


def _noted(made: Rig, also: Callable[[Claim, Finished, float], None]) -> Callable[[Claim, Finished, float], None]:
    def note(claim: Claim, how: Finished, seconds: float) -> None:
        made.passes.append(Passed(time.perf_counter(), claim.person_id, claim.target, claim.lane, how))
        also(claim, how, seconds)

    return note


async def _ended(loops: Sequence[asyncio.Future[None]]) -> None:
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)

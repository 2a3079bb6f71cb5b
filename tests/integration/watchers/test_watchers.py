"""The weak places of what stands under us: each is noticed and ends the service, and its restart has lost nothing.

The provisioner runs in this process, so that a task of a library can be ended as a bug of that library ends it.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path

import asyncpg
import older
import pytest
from aiokafka import AIOKafkaProducer

from contracts.envelope import Attributes, to_headers
from contracts.topics import HR_EVENTS
from services.kit.app import serve
from services.kit.embedded.broker import EmbeddedBroker
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.errors import EndedTaskError
from services.provisioner.app import opened
from services.provisioner.settings import Settings
from services.provisioner.store.postgres import PostgresStore

POLICY = """
sources: {acme: {type: webhook, source: "urn:hr:acme", secrets: ["x"], zone: Asia/Shanghai}}
targets: {crm: {type: memory, mode: enforce}}
accounts: {crm: {attributes: {name: person.display_name}}}
"""
DONE = ("confirmed", None)
SETTLED = "tenure.event.settled.v1"


@pytest.fixture(scope="module")
def parts():
    """A folder, a PostgreSQL and a broker."""
    with tempfile.TemporaryDirectory(prefix="tenure-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root PostgreSQL runs as another user
        (folder / "tenure.yaml").write_text(POLICY)
        with EmbeddedPostgres(folder / "postgres") as postgres, EmbeddedBroker() as broker:
            yield folder, postgres.dsn.get_secret_value(), broker


class Provisioner:
    """`start` and `ended` as often as wanted, on one store and one broker."""

    def __init__(self, folder, dsn, broker):
        self.store, self.running = PostgresStore(dsn), None
        self.settings = Settings(
            kafka=broker.address, embedded_broker=True, broker_epoch=broker.epoch, database=dsn, lease=6.0,
            longest_call=1.5, config=folder / "tenure.yaml", operators_file=folder / "operators.json",
        )  # fmt: skip

    def start(self):
        self.running = asyncio.create_task(serve("provisioner", self.settings, lambda: opened(self.settings)))

    async def hire(self, number):
        """Straight into Kafka, whether or not somebody reads."""
        attributes = Attributes(specversion="1.0", id=f"e{number}", source="urn:hr:acme", time="2026-03-01T09:00:00Z",
                                type="hr.worker.hired.v1")  # fmt: skip
        body = b'{"effective_at": "2026-02-01", "worker_id": "W%d", "person": {"display_name": "Mei"}}' % number
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.kafka, acks="all")
        await producer.start()
        try:
            await producer.send_and_wait(HR_EVENTS.name, body, b"acme/W%d" % number, headers=to_headers(attributes))
        finally:
            await producer.stop()

    async def confirmed(self, *numbers, seconds=60.0):
        """Waits until each hire is."""
        limit = time.monotonic() + seconds
        while True:
            found = [await self.store.events_of(f"urn:hr:acme/W{number}") for number in numbers]
            if all([(one.state, one.reason) for one in events] == [DONE] for events in found):
                return
            assert time.monotonic() < limit, found
            assert not self.running.done(), self.running.exception()
            await asyncio.sleep(0.05)

    async def settled(self):
        """Ids of the statements that were made, one for each hire that is confirmed: told already, or to be told."""
        connection = await asyncpg.connect(self.settings.database.get_secret_value())
        rows = await connection.fetch("SELECT value, headers FROM provisioner.outbox UNION ALL "
                                      "SELECT value, headers FROM provisioner.sent")  # fmt: skip
        await connection.close()
        return sorted(json.loads(row["value"])["event"]["id"] for row in rows if SETTLED in row["headers"])

    async def stop(self):
        self.running.cancel()
        await asyncio.wait([self.running])
        await self.store.close()


@pytest.fixture
async def provisioner(parts):
    folder, server, broker = parts
    provisioner = Provisioner(folder, await older.database(server), broker)
    yield provisioner
    await provisioner.stop()


def tasks(name):
    return [task for task in asyncio.all_tasks() if task.get_coro().__qualname__ == name]


@pytest.mark.parametrize(
    "task",
    ["LogicSubscriber._run_consume_loop", "Fetcher._fetch_requests_routine", "GroupCoordinator._coordination_routine",
     "AIOKafkaClient._md_synchronizer", "Sender._sender_routine"],
)  # fmt: skip
async def test_a_task_that_ended_ends_the_service_and_a_restart_has_lost_nothing(provisioner, task):
    provisioner.start()
    await provisioner.hire(1)
    await provisioner.confirmed(1)
    assert tasks(task)
    for one in tasks(task):
        one.cancel()
    await provisioner.hire(2)
    await asyncio.wait([provisioner.running], timeout=60)
    assert provisioner.running.done(), "nobody noticed"
    assert isinstance(provisioner.running.exception(), EndedTaskError)
    provisioner.start()
    await provisioner.confirmed(1, 2)
    assert await provisioner.settled() == ["e1", "e2"]


async def test_a_lease_that_was_lost_is_taken_anew_and_nothing_is_lost(provisioner):
    provisioner.start()
    await provisioner.hire(1)
    await provisioner.confirmed(1)
    await older.run(provisioner.settings.database.get_secret_value(), "DELETE FROM provisioner.process")
    await provisioner.hire(2)
    await provisioner.confirmed(1, 2)
    assert await provisioner.settled() == ["e1", "e2"]

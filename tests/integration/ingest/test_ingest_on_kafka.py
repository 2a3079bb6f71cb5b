"""Ingest on the embedded broker: 202 means that Kafka has the record; without Kafka, or without room, 503."""

import asyncio
import base64
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.topics import INTAKE, intake_group
from services.ingest.app import open_ingest
from services.ingest.settings import IngestSettings
from services.ingest.tail import Tail
from services.kit.app import serve
from services.kit.broker import Outgoing, make_broker, publish_in_order, started
from services.kit.embedded.broker import EmbeddedBroker
from services.kit.errors import EndedTaskError

CONFIG = """
sources:
  acme-hr: {type: webhook, source: "urn:hr:acme", secrets: ["${ACME_TOKEN}"], auth: bearer, id_space: acme}
targets: {anything: {type: "of no concern to ingest"}}
"""
HEADERS = {"authorization": "Bearer token", "content-type": "application/cloudevents-batch+json"}


@pytest.fixture(autouse=True)
def _token(monkeypatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "token")


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running


def event(number: int, kind: str = "hr.worker.hired.v1", **data: object) -> dict[str, object]:
    body = {"effective_at": "2026-03-15"} | data
    outer = {"specversion": "1.0", "id": f"evt-{number}", "source": "urn:hr:acme", "type": kind}
    return outer | {"time": "2026-03-01T09:30:00+08:00", "data": body}


def hire(number: int, worker: str = "", **data: object) -> dict[str, object]:
    return event(number, worker_id=worker or f"W{number}", person={"display_name": "李梅"}, **data)


@asynccontextmanager
async def ingest(broker: EmbeddedBroker, folder: Path, **more: object) -> AsyncIterator[httpx.AsyncClient]:
    """The whole service in this process, on a real socket."""
    config = folder / "tenure.yaml"
    config.write_text(CONFIG)
    fields = {"kafka": broker.address, "embedded_broker": True, "config": config, "publish_seconds": 6.0} | more
    settings, stop = IngestSettings(**fields), asyncio.Event()
    ready: asyncio.Queue[str] = asyncio.Queue()

    class Line:
        def write(self, text: str) -> None:
            ready.put_nowait(text)

        def flush(self) -> None: ...

    with contextlib.redirect_stdout(Line()):  # type: ignore[type-var]
        running = asyncio.create_task(serve("ingest", settings, lambda: open_ingest(settings), stop))
        first = asyncio.create_task(ready.get())
        await asyncio.wait([running, first], return_when=asyncio.FIRST_COMPLETED, timeout=30)
        url = json.loads(await first)["url"] if first.done() else await running
    try:
        async with httpx.AsyncClient(base_url=str(url), headers=HEADERS, timeout=30) as client:
            yield client
    finally:
        stop.set()
        await running


async def everything(broker: EmbeddedBroker) -> list[tuple[str, bytes, str, dict[str, object]]]:
    """Topic, key, event id and data of every record of the intake topics, in the order of each partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.address, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(topic.name, number) for topic in INTAKE for number in range(topic.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found = []
        for place in places:
            while await consumer.position(place) < ends[place]:
                for record in (await consumer.getmany(place, timeout_ms=1000)).get(place, []):
                    event_id = dict(record.headers)["ce_id"].decode()
                    found.append((record.topic, record.key, event_id, json.loads(record.value)))
        return found
    finally:
        await consumer.stop()


async def test_202_means_that_kafka_has_the_record(broker, tmp_path):
    async with ingest(broker, tmp_path) as client:
        batch = [
            hire(1),
            event(2, "hr.worker.left.v1", worker_id="W1", immediate=True),
            event(3, "hr.event.withdrawn.v1", event_id="evt-0"),
            event(4, "hr.department.changed.v1", department_id="D1", name="销售"),
        ]
        response = await client.post("/events/acme-hr", json=batch)
        assert response.status_code == 202, response.text
        found = await everything(broker)
    assert sorted(record[:3] for record in found) == [
        ("hr.departments", b"D1", "evt-4"),
        ("hr.events", b"acme/W1", "evt-1"),
        ("hr.events.urgent", b"acme/W1", "evt-2"),
        ("hr.events.urgent", b"evt-0", "evt-3"),
    ]
    hired = next(data for _, _, event_id, data in found if event_id == "evt-1")
    assert hired == {"worker_id": "W1", "effective_at": "2026-03-15", "person": {"display_name": "李梅"}, "zone": "UTC",
                     "revision": 1}  # fmt: skip


async def test_the_service_ends_when_the_task_that_sends_to_kafka_has_ended(broker, tmp_path):
    """Nothing would be accepted any more until a restart, whatever a ping of the broker says."""

    async def lose_it():
        async with ingest(broker, tmp_path) as client:
            health = (await client.get("/healthz")).json()
            assert health["checks"]["sending"] == {"ok": True, "detail": "running"}
            [sender] = [t for t in asyncio.all_tasks() if t.get_coro().__qualname__ == "Sender._sender_routine"]
            sender.cancel()
            with contextlib.suppress(httpx.TransportError):
                while True:
                    await client.get("/healthz")

    with pytest.raises(EndedTaskError, match="sends to Kafka"):
        await lose_it()


async def test_one_workers_events_stay_in_order(broker, tmp_path):
    async with ingest(broker, tmp_path) as client:
        for start in range(0, 3000, 1000):
            batch = [hire(start + number, f"W{number % 7}") for number in range(1000)]
            assert (await client.post("/events/acme-hr", json=batch)).status_code == 202
        found = await everything(broker)
    assert len(found) == 3000
    for worker in range(7):
        numbers = [int(event_id[4:]) for _, key, event_id, _ in found if key == b"acme/W%d" % worker]
        assert numbers == sorted(numbers)
        assert len(numbers) == len(set(numbers))


async def test_without_a_broker_the_answer_is_503_in_time(broker, tmp_path):
    async with ingest(broker, tmp_path) as client:
        assert (await client.get("/readyz")).status_code == 200
        broker.kill()
        started_at = asyncio.get_running_loop().time()
        response = await client.post("/events/acme-hr", json=[hire(1)])
        assert asyncio.get_running_loop().time() - started_at < 10
        assert response.status_code == 503
        assert response.headers["retry-after"]
        assert response.headers["content-type"] == "application/problem+json"
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_before_the_broker_would_drop_anything_the_answer_is_503(broker, tmp_path):
    """One worker's events all go to one partition, whose tail is bounded; reading makes room again."""
    async with ingest(broker, tmp_path, tail_bytes=200_000) as client:
        answers = []
        for start in range(0, 2000, 100):
            response = await client.post("/events/acme-hr", json=[hire(start + number, "W1") for number in range(100)])
            answers.append(response.status_code)
            if response.status_code != 202:
                break
        assert answers[-1] == 503
        assert response.headers["retry-after"] == "2"
        assert "embedded broker" in response.json()["detail"]
        assert (await client.post("/events/acme-hr", json=[hire(9999, "W1")])).status_code in {202, 503}
        assert len(await everything(broker)) >= 100 * answers.count(202), "an accepted event was dropped"
        await commit_everything(broker)
        batch = [hire(number, "W1") for number in range(5000, 5100)]
        async with asyncio.timeout(20):
            while (response := await client.post("/events/acme-hr", json=batch)).status_code == 503:
                pass
        assert response.status_code == 202


async def commit_everything(broker: EmbeddedBroker) -> None:
    """What intake does once everything is in its store."""
    for topic in INTAKE:
        group = intake_group(topic)
        consumer = AIOKafkaConsumer(bootstrap_servers=broker.address, group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            places = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            consumer.assign(places)
            await consumer.commit(await consumer.end_offsets(places))
        finally:
            await consumer.stop()


async def test_the_rule_of_the_tail_names_the_partition_that_kafka_chose(broker):
    tail = Tail({topic.name: topic.partitions for topic in INTAKE}, IngestSettings(kafka=broker.address).bound)
    settings = IngestSettings(kafka=broker.address, embedded_broker=True)
    records = [Outgoing("hr.events", f"acme/W{number}".encode(), b"{}", [("ce_id", b"x")]) for number in range(200)]
    async with started(make_broker(settings, "test"), settings) as kafka:
        places = await publish_in_order(kafka, records, within=10)
    assert [tail.place(record).partition for record in records] == [place.partition for place in places]


async def test_the_service_runs_on_its_own_and_stops_on_a_signal(broker, tmp_path):
    config = tmp_path / "tenure.yaml"
    config.write_text(CONFIG.replace("auth: bearer", "auth: signature"))
    secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
    environment = os.environ | {"TENURE_KAFKA": broker.address, "TENURE_EMBEDDED_BROKER": "true", "ACME_TOKEN": secret,
                                "TENURE_CONFIG": str(config)}  # fmt: skip
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.ingest", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert service.stdout is not None
    ready = json.loads(await service.stdout.readline())
    async with httpx.AsyncClient(base_url=ready["url"]) as client:
        assert (await client.get("/readyz")).json()["checks"] == {
            "sending": {"ok": True, "detail": "running"}, "producer": {"ok": True, "detail": "ok"}
        }  # fmt: skip
    service.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        assert await service.wait() == 0


async def test_a_secret_that_is_not_set_is_named_at_start(broker, tmp_path):
    config = tmp_path / "tenure.yaml"
    config.write_text(CONFIG)
    environment = {name: value for name, value in os.environ.items() if name != "ACME_TOKEN"}
    environment |= {"TENURE_KAFKA": broker.address, "TENURE_CONFIG": str(config)}
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.ingest", env=environment, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await service.communicate()
    assert service.returncode == 2
    assert (
        errors.decode().strip() == "ingest: sources.acme-hr.secrets[0]: the environment variable ACME_TOKEN is not set"
    )

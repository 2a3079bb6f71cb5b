"""The service as it runs: Kafka in, Kafka out, a message to Wei on WeCom, and what its HTTP door says of that."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import httpx
import pytest
import yaml
from aiokafka import AIOKafkaConsumer
from notifier_values import NOW, FromKafka, recorded, sent_as, settled, step
from pydantic import SecretStr
from starlette.applications import Starlette
from test_channels import TARGETS, delivered, sandbox  # noqa: F401 - a fixture

from contracts.audit import AuditRecord
from contracts.lifecycle import Confirmation
from services.kit import broker as kafka
from services.kit.broker import Outgoing
from services.kit.embedded.broker import EmbeddedBroker
from services.kit.errors import BrokenConsumerError, UsageError
from services.kit.migrate import migrate
from services.notifier.app import opened
from services.notifier.settings import Settings


@pytest.fixture
def embedded():
    """A new one each time: offsets of one test are none of another's."""
    with EmbeddedBroker() as running:
        yield running.address


@pytest.fixture
async def settings(tmp_path, database, embedded, sandbox):  # noqa: F811 - pytest's way
    await migrate(database, "platforms")
    file = tmp_path / "tenure.yaml"
    file.write_text(
        yaml.safe_dump({"targets": TARGETS, "notify": {"manager": {"channels": ["wecom"]}}}), encoding="utf-8"
    )
    return Settings(kafka=(embedded,), database=SecretStr(database), config=file, embedded_broker=True,
                    base_urls={"wecom": f"{sandbox}/wecom"})  # fmt: skip


@asynccontextmanager
async def serving(settings):
    """The service with its loops, and a client at its door."""
    async with opened(settings) as service:
        loops = [asyncio.create_task(loop()) for loop in service.loops.values()]
        transport = httpx.ASGITransport(Starlette(routes=list(service.routes)))
        async with httpx.AsyncClient(transport=transport, base_url="http://notifier") as http:
            yield http
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


async def until(ask, wanted, within=30.0):
    limit = time.monotonic() + within
    while (found := await ask()) != wanted:
        assert time.monotonic() < limit, found
        await asyncio.sleep(0.02)


async def publish(settings, records):
    async with kafka.started(kafka.make_broker(settings, "test"), settings) as broker:
        await kafka.publish_in_order(
            broker, [Outgoing(one.topic, one.key, one.value, one.headers) for one in records], within=20.0
        )


async def read(settings, topic, number):
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=list(settings.kafka), auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(20):
            return [await consumer.getone() for _ in range(number)]
    finally:
        await consumer.stop()


async def test_outcomes_become_confirmations_audit_records_and_a_message(settings, sandbox):  # noqa: F811
    story = [sent_as(recorded(), "recorded/1"), sent_as(step(), "step/7/1"), sent_as(settled("evt-svc"), "settled/svc")]
    poison = FromKafka(b"{", story[0].headers)
    await publish(settings, [story[0], poison, story[1], story[0], story[2]])
    async with serving(settings) as http:

        async def status():
            return (await http.get("/status")).json()

        await until(status, {"outbox": 0, "lag": 0, "audit_records": 4, "messages": {"sent": 1}})
        assert (await http.get("/healthz")).json()["ok"]
        ready = (await http.get("/readyz")).json()
        assert ready["ok"], ready
        metrics = (await http.get("/metrics")).text
    for line in (
        'tenure_confirmations_total{state="confirmed"} 1.0',
        'tenure_messages_total{channel="wecom",result="sent"} 1.0',
        "tenure_audit_records 4.0",
        "tenure_notifier_duplicates_total 1.0",
        'tenure_notifier_unreadable_total{reason="bad_data"} 1.0',
        "tenure_notifier_lag_records 0.0",
    ):
        assert line in metrics
    assert await asyncio.to_thread(delivered, sandbox, "wecom", "evt-svc") == 1
    (confirmation,) = await read(settings, "lifecycle.confirmations", 1)
    assert Confirmation.model_validate_json(confirmation.value).settled_at == NOW
    audit = [AuditRecord.model_validate_json(one.value) for one in await read(settings, "audit.events", 4)]
    assert sorted(one.metadata["sequence"] for one in audit) == [0, 1, 2, 3]
    assert "梅" not in json.dumps([one.model_dump(mode="json") for one in audit], ensure_ascii=False)


async def test_a_restart_goes_on_where_it_was(settings):
    await publish(settings, [sent_as(step(1), "step/8/1")])
    for number in (1, 2):
        async with serving(settings) as http:
            await publish(settings, [sent_as(step(1), "step/8/1"), sent_as(step(2), f"step/8/{number}")])

            async def counted():
                return (await http.get("/status")).json()["audit_records"]

            await until(counted, number)


async def test_a_batch_that_breaks_ends_the_service_and_is_read_again(settings, ask):
    """A fault nobody foresaw: skipping the batch would leave a hole in the log that nobody sees."""
    await ask("ALTER TABLE notifier.outbox ADD CONSTRAINT broken CHECK (false) NOT VALID")
    await publish(settings, [sent_as(step(1), "step/9/1")])
    async with opened(settings) as service:
        with pytest.raises(BrokenConsumerError):
            await service.loops["consumer"]()
    await ask("ALTER TABLE notifier.outbox DROP CONSTRAINT broken")
    async with serving(settings) as http:

        async def counted():
            return (await http.get("/status")).json()["audit_records"]

        await until(counted, 1)


async def test_a_wrong_policy_file_is_one_line(settings):
    settings.config.write_text("notify: {it: {channel: pigeon}}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"notify\.it\.channel"):
        async with opened(settings):
            pass

"""Topics and ingest on a real Apache Kafka."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from test_ingest_on_kafka import everything, hire, ingest

from contracts.topics import Topic
from services.kit.settings import ServiceSettings
from services.kit.topics import (
    FewerPartitions,
    Missing,
    MorePartitions,
    OtherReplication,
    OtherSetting,
    TopicsError,
    apply,
    diff,
)

pytestmark = pytest.mark.connected


@pytest.fixture(autouse=True)
def _token(monkeypatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "token")


@pytest.fixture
def settings(kafka) -> ServiceSettings:
    return ServiceSettings(kafka=kafka)


async def test_topics_are_made_grown_and_set_and_then_nothing_differs(settings):
    declared = Topic(f"test.{uuid4().hex}", "key", 3, None, "a test")
    assert await diff(settings, [declared]) == [Missing(declared.name)]
    assert await apply(settings, [declared]) == [Missing(declared.name)]
    assert await diff(settings, [declared]) == []
    changed = replace(declared, partitions=5, retention=timedelta(days=1))
    expected = [
        FewerPartitions(declared.name, 3, 5),
        OtherSetting(declared.name, "retention.ms", "-1", "86400000"),
    ]
    assert await apply(settings, [changed]) == expected
    assert await diff(settings, [changed]) == []
    fewer = replace(changed, partitions=2)
    assert await apply(settings, [fewer]) == [MorePartitions(declared.name, 5, 2)]


async def test_what_others_set_on_a_topic_outlives_apply(kafka):
    """Kafka drops what a change does not name: a smaller min.insync.replicas would lose what was answered 202."""
    settings, declared = ServiceSettings(kafka=kafka), Topic(f"test.{uuid4().hex}", "key", 1, None, "a test")
    theirs = {"min.insync.replicas": "2", "compression.type": "zstd"}
    await apply(settings, [declared])
    admin = AIOKafkaAdminClient(**settings.client())
    await admin.start()
    try:
        place = (ConfigResourceType.TOPIC, declared.name)
        await admin.alter_configs([ConfigResource(*place, configs=theirs | {"retention.ms": "1000"})])
        while not await diff(settings, [declared]):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
        await apply(settings, [declared])
        (answer,) = await admin.describe_configs([ConfigResource(*place)])
        shown = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    finally:
        await admin.close()
    assert shown | theirs | declared.config == shown


async def test_what_the_broker_refuses_is_an_error(kafka):
    with pytest.raises(TopicsError, match="38"):
        await apply(
            ServiceSettings(kafka=kafka, kafka_replicas=9), [Topic(f"test.{uuid4().hex}", "key", 1, None, "a test")]
        )


async def test_replicas_are_made_as_asked_for(kafka):
    settings = ServiceSettings(kafka=kafka, kafka_replicas=1)
    declared = Topic(f"test.{uuid4().hex}", "key", 1, None, "a test")
    await apply(settings, [declared])
    assert await diff(settings, [declared]) == []
    twice = ServiceSettings(kafka=kafka, kafka_replicas=2)
    assert OtherReplication(declared.name, 1, 2) in await diff(twice, [declared])


async def test_202_means_that_kafka_has_the_record(kafka, settings, tmp_path):
    await apply(settings)
    worker, broker = uuid4().hex, SimpleNamespace(address=kafka)
    async with ingest(broker, tmp_path, embedded_broker=False) as client:
        response = await client.post("/events/acme-hr", json=[hire(number, worker) for number in range(1000)])
        assert response.status_code == 202, response.text
        assert (await client.get("/readyz")).status_code == 200
    found = [event_id for _, key, event_id, _ in await everything(broker) if key == f"acme/{worker}".encode()]
    assert found == [f"evt-{number}" for number in range(1000)]


async def test_a_killed_broker_loses_nothing_that_was_accepted(own_kafka, tmp_path):
    """503 while it is away, 202 again by itself afterwards; what was answered 202 is there, 503 may be there too."""
    await apply(ServiceSettings(kafka=own_kafka.address))
    accepted, doubtful = set[str](), set[str]()
    async with ingest(own_kafka, tmp_path, embedded_broker=False) as client:

        async def send(numbers: range) -> int:
            response = await client.post("/events/acme-hr", json=[hire(number) for number in numbers])
            (accepted if response.status_code == 202 else doubtful).update(f"evt-{number}" for number in numbers)
            return response.status_code

        assert await send(range(500)) == 202
        own_kafka.kill()
        assert await send(range(500, 600)) == 503
        assert (await client.get("/readyz")).status_code == 503
        own_kafka.start()
        async with asyncio.timeout(60):
            while await send(range(600, 700)) != 202:
                pass
        assert (await client.get("/readyz")).status_code == 200
    found = {event_id for _, _, event_id, _ in await everything(own_kafka)}
    assert accepted <= found <= accepted | doubtful

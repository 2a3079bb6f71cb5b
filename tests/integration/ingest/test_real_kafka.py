"""Topics and ingest on a real Apache Kafka, whose address `TENURE_TEST_KAFKA` names; its topics are made here."""

import os
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from test_ingest_on_kafka import hire, ingest

from contracts.topics import HR_EVENTS, Topic
from services.kit.settings import ServiceSettings
from services.kit.topics import FewerPartitions, Missing, MorePartitions, OtherSetting, TopicsError, apply, diff

KAFKA = os.environ.get("TENURE_TEST_KAFKA", "")
pytestmark = [
    pytest.mark.connected,
    pytest.mark.skipif(not KAFKA, reason="left out: TENURE_TEST_KAFKA names no real Kafka"),
]


@pytest.fixture(autouse=True)
def _token(monkeypatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "token")


def settings() -> ServiceSettings:
    return ServiceSettings(kafka=KAFKA)


async def test_topics_are_made_grown_and_set_and_then_nothing_differs():
    declared = Topic(f"test.{uuid4().hex}", "key", 3, None, "a test")
    assert await diff(settings(), [declared]) == [Missing(declared.name)]
    assert await apply(settings(), [declared]) == [Missing(declared.name)]
    assert await diff(settings(), [declared]) == []
    changed = replace(declared, partitions=5, retention=timedelta(days=1))
    expected = [
        FewerPartitions(declared.name, 3, 5),
        OtherSetting(declared.name, "retention.ms", "-1", "86400000"),
    ]
    assert await apply(settings(), [changed]) == expected
    assert await diff(settings(), [changed]) == []
    fewer = replace(changed, partitions=2)
    assert await apply(settings(), [fewer]) == [MorePartitions(declared.name, 5, 2)]


async def test_what_the_broker_refuses_is_an_error():
    with pytest.raises(TopicsError, match="38"):
        await apply(settings(), [Topic(f"test.{uuid4().hex}", "key", 1, None, "a test")], replicas=99)


async def test_202_means_that_kafka_has_the_record(tmp_path):
    await apply(settings())
    worker, broker = uuid4().hex, SimpleNamespace(address=KAFKA)
    async with ingest(broker, tmp_path, embedded_broker=False) as client:
        response = await client.post("/events/acme-hr", json=[hire(number, worker) for number in range(1000)])
        assert response.status_code == 202, response.text
        assert (await client.get("/readyz")).status_code == 200
    consumer = AIOKafkaConsumer(HR_EVENTS.name, bootstrap_servers=KAFKA, auto_offset_reset="earliest")
    await consumer.start()
    try:
        found: list[bytes] = []
        while len(found) < 1000:
            record = await consumer.getone()
            if record.key == f"acme/{worker}".encode():
                found.append(dict(record.headers)["ce_id"])
    finally:
        await consumer.stop()
    assert found == [b"evt-%d" % number for number in range(1000)]

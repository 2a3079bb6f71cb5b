"""The plumbing: settings, logs, clocks, health, sources, topics, and the refusal of silent loss."""

import io
import json
import logging as std_logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import structlog
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaRouter
from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette

from contracts.topics import TOPICS
from services.kit import logging
from services.kit.broker import make_broker, refuse_silent_loss, subscribe
from services.kit.clock import ClockRow, Fixed, Virtual
from services.kit.errors import UnsafeSubscriberError, UsageError
from services.kit.health import Health, Progress, State
from services.kit.settings import ServiceSettings, read_settings
from services.kit.sources import SourceConfig, expand
from services.kit.topics import (
    FewerPartitions,
    Missing,
    MorePartitions,
    OtherReplication,
    OtherSetting,
    Shown,
    compare,
    diff,
)

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


def settings(**more) -> ServiceSettings:
    return ServiceSettings(kafka="127.0.0.1:9092", **more)


def test_settings_come_from_the_environment_and_secrets_from_files(monkeypatch, tmp_path):
    (tmp_path / "dsn").write_text("postgresql://x\n")
    monkeypatch.setenv("TENURE_KAFKA", "a:1, b:2")
    monkeypatch.setenv("TENURE_DATABASE_FILE", str(tmp_path / "dsn"))
    found = read_settings(ServiceSettings)
    assert found.kafka == ("a:1", "b:2")
    assert found.database == SecretStr("postgresql://x")
    assert "postgresql" not in repr(found)


def test_a_folder_of_secrets_is_read_too(monkeypatch, tmp_path):
    (tmp_path / "tenure_database").write_text("postgresql://y")
    monkeypatch.setenv("TENURE_KAFKA", "a:1")
    monkeypatch.setenv("TENURE_SECRETS_DIR", str(tmp_path))
    found = read_settings(ServiceSettings)
    assert found.database is not None
    assert found.database.get_secret_value() == "postgresql://y"


def test_wrong_settings_are_named_without_their_values(monkeypatch):
    monkeypatch.delenv("TENURE_KAFKA", raising=False)
    monkeypatch.setenv("TENURE_PORT", "hush")
    with pytest.raises(UsageError, match=r"TENURE_KAFKA.*TENURE_PORT") as caught:
        read_settings(ServiceSettings)
    assert "hush" not in str(caught.value)


def test_every_setting_says_what_it_does():
    assert [name for name, field in ServiceSettings.model_fields.items() if not field.description] == []


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = std_logging.getLogger()
    before, level = root.handlers[:], root.level
    logging.configure("test", stream=stream)
    yield stream
    root.handlers, root.level = before, level
    std_logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_lines_are_json_with_bound_ids_and_without_secrets(lines):
    with logging.bind(event_id="evt-1", person_id="p"):
        logging.logger().info(
            "plan.carried_out", url="https://x/y?access_token=abc&corpsecret=def&id=1", more=["key=z"]
        )
    found = json.loads(lines.getvalue())
    assert (found["event"], found["event_id"], found["service"]) == ("plan.carried_out", "evt-1", "test")
    assert found["url"] == "https://x/y?access_token=***&corpsecret=***&id=1"
    assert found["more"] == ["key=***"]


def test_libraries_speak_through_the_same_lines_from_warning_up(lines):
    std_logging.getLogger("aiokafka").info("quiet")
    std_logging.getLogger("aiokafka").warning("GET /token?corpsecret=abc failed")
    found = json.loads(lines.getvalue())
    assert (found["logger"], found["event"]) == ("aiokafka", "GET /token?corpsecret=*** failed")


def test_a_library_says_the_same_once_in_ten_seconds(lines):
    for port in range(5):
        std_logging.getLogger("aiokafka").warning("no connection to %s", port)
    std_logging.getLogger("aiokafka").warning("something else")
    found = [json.loads(line)["event"] for line in lines.getvalue().splitlines()]
    assert found == ["no connection to 0", "something else"]


@pytest.mark.parametrize(
    ("speed", "after", "business"),
    [(0, 3600, NOON), (1, 3600, NOON + timedelta(hours=1)), (86400, 10, NOON + timedelta(days=10))],
    ids=["speed 0 stands", "speed 1 runs along", "a day a second"],
)
def test_business_time_follows_its_row(speed, after, business):
    machine = Fixed(datetime(2030, 1, 1, tzinfo=UTC))
    clock = Virtual(ClockRow(real_at=machine.now(), business_at=NOON, speed=speed), machine)
    machine.machine += timedelta(seconds=after)
    assert clock.business_now() == business
    assert clock.now() == machine.machine
    clock.row = None
    assert clock.business_now() == machine.machine


async def test_health_tells_alive_from_ready():
    health, monotonic = Health(), iter([0.0, 1.0, 99.0])
    health.alive("progress", Progress(10, lambda: next(monotonic)))

    async def no_broker() -> State:
        return State(ok=False, detail="kafka_unreachable")

    health.ready("producer", no_broker)
    transport = httpx.ASGITransport(Starlette(routes=health.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://kit") as client:
        alive, ready = await client.get("/healthz"), await client.get("/readyz")
    assert (alive.status_code, alive.json()["checks"]) == (
        200,
        {"progress": {"ok": True, "detail": "last_turn_1s_ago"}},
    )
    assert ready.status_code == 503
    assert ready.json()["checks"]["producer"] == {"ok": False, "detail": "kafka_unreachable"}
    assert ready.json()["checks"]["progress"]["ok"] is False


def test_our_subscribers_pass_the_check_of_silent_loss():
    broker = make_broker(settings(), "test")
    subscribe(broker, "hr.events", group="provisioner")
    refuse_silent_loss(broker)


@pytest.mark.parametrize("policy", [AckPolicy.ACK, AckPolicy.ACK_FIRST, AckPolicy.NACK_ON_ERROR])
def test_a_subscriber_that_could_lose_is_refused(policy):
    broker = make_broker(settings(), "test")
    broker.subscriber("hr.events", group_id="g", batch=True, ack_policy=policy)
    with pytest.raises(UnsafeSubscriberError, match=r"hr\.events"):
        refuse_silent_loss(broker)


def test_a_brokers_policy_does_not_save_a_routers_subscriber():
    broker, router = KafkaBroker("127.0.0.1:9092", ack_policy=AckPolicy.MANUAL), KafkaRouter()
    router.subscriber("hr.events", group_id="g", batch=True)
    broker.include_router(router)
    with pytest.raises(UnsafeSubscriberError):
        refuse_silent_loss(broker)


def test_a_missing_variable_is_named_with_its_place():
    fields = {"source": "urn:hr:acme", "secrets": ["${ACME_HR_SECRET}"]}
    assert expand(fields, {"ACME_HR_SECRET": "s"}, "sources.acme")["secrets"] == ["s"]
    with pytest.raises(UsageError, match=r"sources\.acme\.secrets\[0\].*ACME_HR_SECRET"):
        expand(fields, {}, "sources.acme")


def test_a_source_has_its_defaults_and_refuses_what_it_does_not_know():
    source = SourceConfig.model_validate({"source": "urn:hr:acme", "expect_every": "24h"})
    assert (source.space, source.expect_every, source.zone) == ("urn:hr:acme", timedelta(hours=24), "UTC")
    for wrong in ({"zone": "Asia/Nowhere"}, {"leave_at": "24:00"}, {"secret": "x"}, {"source": "a b"}):
        with pytest.raises(ValidationError):
            SourceConfig.model_validate({"source": "urn:hr:acme"} | wrong)


def shown(topic, partitions=0, replicas=1, **other):
    settings = topic.config | {name.replace("_", "."): value for name, value in other.items()}
    return {topic.name: Shown(topic.partitions + partitions, replicas, settings)}


def test_topics_as_declared_differ_in_nothing():
    assert compare(TOPICS, {name: one for topic in TOPICS for name, one in shown(topic).items()}) == []


def test_each_difference_of_topics_is_named():
    one, two, three, four = TOPICS[:4]
    there = shown(two, -1) | shown(three, +1) | shown(four, retention_bytes="5")
    assert compare([one, two, three, four], there) == [
        Missing(one.name),
        FewerPartitions(two.name, two.partitions - 1, two.partitions),
        MorePartitions(three.name, three.partitions + 1, three.partitions),
        OtherSetting(four.name, "retention.bytes", "5", "-1"),
    ]


def test_replicas_that_were_asked_for_are_compared_and_all_but_one_must_have_a_record():
    topic = TOPICS[0]
    assert compare([topic], shown(topic, replicas=3, min_insync_replicas="2"), replicas=3) == []
    assert compare([topic], shown(topic, replicas=1, min_insync_replicas="1"), replicas=3) == [
        OtherReplication(topic.name, 1, 3),
        OtherSetting(topic.name, "min.insync.replicas", "1", "2"),
    ]


async def test_the_embedded_brokers_topics_are_made_at_start():
    with pytest.raises(UsageError, match="makes the declared topics when it starts"):
        await diff(settings(embedded_broker=True))

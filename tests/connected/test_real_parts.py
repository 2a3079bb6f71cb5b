"""The main path on Apache Kafka and Debian's PostgreSQL, on good days and bad ones."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from staff import SOURCE, departments, hired, left, moved, standings
from world import POLICY

from contracts.topics import AUDIT, CONFIRMATIONS, HR_EVENTS, HR_QUARANTINE, intake_group
from services.cli import checks
from services.cli.children import Child
from services.kit.settings import ServiceSettings
from services.kit.topics import apply, diff

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]
NOW_GONE, SOON = "2026-05-04", 10.0


def mobile(number):
    return f"+86139{number:08}"


def hire(worker, number, department="D-SAL", function="sales", at="2026-03-02"):
    return hired(worker, mobile(number), at, department, function)


def shown(world, platform, number):
    """The account of a mobile, None where there is none."""
    return next((one for one in world.accounts(platform) if one.mobile == mobile(number)), None)


def is_in(world, platform, number):
    account = shown(world, platform, number)
    return bool(account and account.open)


def test_topics_that_differ_are_named_by_doctor_until_they_are_applied(real):
    kafka = ServiceSettings(kafka=real.kafka.address)

    def differing():
        async def look():
            return [one async for one in checks.of_kafka(real.kafka.address, embedded=False) if one.level != "ok"]

        return [(one.check, one.subject, one.next) for one in asyncio.run(look())]

    asyncio.run(apply(kafka, [replace(HR_QUARANTINE, retention=timedelta(days=1))]))
    assert ("topics", HR_QUARANTINE.name, "tenure topics apply") in differing()
    asyncio.run(apply(kafka))
    assert differing() == []


def test_hires_moves_and_leaves_arrive_are_confirmed_and_audited(world):
    kafka = ServiceSettings(kafka=world.ready["kafka"])
    assert asyncio.run(diff(kafka)) == []
    later = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    company, future = departments(), hire("R9", 9, at=later)
    events = [
        hire("R1", 1),
        hire("R2", 2),
        moved("R2", "2026-04-01", "D-PAY", "finance"),
        hire("R3", 3, "D-ADM", "administration"),
        left("R3", NOW_GONE),
        left("R4", NOW_GONE, immediate=True),
        hire("R4", 4),
    ]
    poison = b'{"worker_id": '
    asyncio.run(_put(world.ready["kafka"], HR_EVENTS.name, poison))
    world.send([*company, *events, future])
    world.send(events)
    books = world.settle()
    assert {state: books[state] for state in ("confirmed", "duplicate", "quarantined", "waiting")} == {
        "confirmed": len(company) + len(events), "duplicate": len(events), "quarantined": 1, "waiting": 1,
    }  # fmt: skip
    assert books["scheduled_steps"] >= 1
    _look_at_accounts(world, events)
    put_aside = world.until(lambda: world.records(HR_QUARANTINE), SOON, "the poison in quarantine")
    assert [record.value for record in put_aside] == [poison]
    wanted = {f"{SOURCE}/{one['id']}/1" for one in (*company, *events)}
    world.until(lambda: wanted <= set(world.ids(CONFIRMATIONS)), SOON, "confirmations")
    assert sorted(world.ids(CONFIRMATIONS)) == sorted(wanted)
    _look_at_audit(world, {one["id"] for one in (*company, *events, future)})


def _look_at_accounts(world, events):
    people = standings(events)
    for platform in ("wecom", "dingtalk"):
        assert [number for number in (1, 2, 3, 4, 9) if is_in(world, platform, number)] == [1, 2]
    assert {name for name, standing in people.items() if standing.employed} == {"R1", "R2"}
    assert shown(world, "wecom", 1).grants == {"sales"}
    assert shown(world, "wecom", 2).grants == {"finance"}
    assert shown(world, "wecom", 2).departments == shown(world, "dingtalk", 2).departments == {"薪酬组"}
    assert shown(world, "dingtalk", 1).grants == {"sales"}


def _look_at_audit(world, ids):
    """Numbered without a gap, and every fact is in it."""

    def numbered():
        bodies = [json.loads(record.value) for record in world.records(AUDIT)]
        facts = {fact for fact in ids if any(f"/{fact}/" in body["metadata"]["uid"] for body in bodies)}
        return bodies if facts == ids else None

    bodies = world.until(numbered, SOON, "every fact in the audit")
    numbers = sorted(body["metadata"]["sequence"] for body in bodies)
    assert numbers == list(range(numbers[0], numbers[0] + len(bodies)))


async def _put(kafka, topic, value):
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait(topic, value, key=b"anyone")
    finally:
        await producer.stop()


def test_without_kafka_nothing_is_accepted_and_it_comes_back_by_itself(world, real):
    event = hire("K1", 101)
    real.kafka.kill()
    try:
        refused = world.post([event])
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["content-type"] == "application/problem+json"
        world.until(lambda: world.answers("ingest", "/readyz") == 503, 30, "ingest says that it is not ready")
        assert world.answers("ingest", "/healthz") == 200
        assert world.ask("/v1/status")["balanced"] is None
    finally:
        real.kafka.start()
    world.send([event])
    world.until(lambda: world.answers("ingest", "/readyz") == 200, 30, "ingest says that it is ready")
    world.settle(90)
    assert is_in(world, "wecom", 101)
    assert is_in(world, "dingtalk", 101)
    assert [child.restarts for child in world.installation.services.values()] == [0, 0, 0]


def test_without_the_database_intake_waits_commits_nothing_and_goes_on_by_itself(world, real):
    before = asyncio.run(_committed(world.ready["kafka"]))
    events = [hire(f"D{number}", 200 + number) for number in range(20)]
    real.postgres.kill()
    try:
        world.send(events)  # Kafka has them
        world.until(lambda: world.answers("provisioner", "/readyz") == 503, 30, "the provisioner says so")
        assert world.answers("provisioner", "/healthz") == 200
        with pytest.raises(AssertionError, match="503"):
            world.ask("/v1/status")
        assert asyncio.run(_committed(world.ready["kafka"])) == before
    finally:
        real.postgres.start()
    world.settle(90)
    assert asyncio.run(_committed(world.ready["kafka"])) == before + len(events)
    assert all(is_in(world, "wecom", 200 + number) for number in range(20))
    assert [child.restarts for child in world.installation.services.values()] == [0, 0, 0]


async def _committed(kafka):
    """The sum of the offsets that intake of `hr.events` has committed."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        places = [TopicPartition(HR_EVENTS.name, number) for number in range(HR_EVENTS.partitions)]
        found = await admin.list_consumer_group_offsets(intake_group(HR_EVENTS), partitions=places)
        return sum(max(0, one.offset) for one in found.values())
    finally:
        await admin.close()


def test_a_platform_that_hangs_delays_only_its_own_steps(world):
    world.fault("wecom", path="*", kind="slow", seconds=30, times=None)
    try:
        world.send([hire(f"H{number}", number) for number in (311, 312, 313)])
        there = lambda: all(is_in(world, "dingtalk", number) for number in (311, 312, 313))  # noqa: E731 - a claim
        world.until(there, 30, "everybody on dingtalk while wecom hangs")
        assert not any(is_in(world, "wecom", number) for number in (311, 312, 313))
    finally:
        world.calm("wecom")
    world.settle(90)
    assert all(is_in(world, "wecom", number) for number in (311, 312, 313))


def test_a_refused_secret_pauses_its_target_at_once_and_nothing_else(world):
    secret = world.ready["sandbox"]["wecom"]["contact_secret"]
    since = len(world.calls("wecom"))
    world.sandbox("wecom", "console", {"op": "app", "kind": "contact", "secret": "another"})
    world.send([hire(f"S{number}", 400 + number) for number in range(10)])
    world.until(lambda: world.ask("/v1/status")["targets"]["wecom"]["paused"], SOON, "WeCom is paused")
    world.until(lambda: all(is_in(world, "dingtalk", 400 + number) for number in range(10)), SOON, "DingTalk goes on")
    tries = [call for call in world.calls("wecom", since) if call["path"] == "gettoken" and call["errcode"]]
    assert 1 <= len(tries) <= 2, tries
    todo = [item for item in world.ask("/v1/todo") if item["kind"] == "paused"]
    assert [(item["target"], item["next"]) for item in todo] == [("wecom", "tenure continue wecom")]
    assert "another" not in json.dumps(todo)

    assert world.order("/v1/continue", {"target": "wecom"}).status_code == 409
    assert world.ask("/v1/status")["targets"]["wecom"]["paused"]
    world.sandbox("wecom", "console", {"op": "app", "kind": "contact", "secret": secret})
    assert world.order("/v1/continue", {"target": "wecom"}).status_code == 200
    world.settle()
    assert all(is_in(world, "wecom", 400 + number) for number in range(10))
    assert [item for item in world.ask("/v1/todo") if item["kind"] == "paused"] == []


def test_a_wrong_or_old_signature_is_refused_with_kafka_there(world):
    event = hire("X1", 501)
    assert world.post([event], secret="whsec_" + "QUJD" * 10).status_code == 401
    assert world.post([event], at=datetime.now(UTC) - timedelta(hours=1)).status_code == 401
    assert httpx.post(world.ready["ingest"] + "/events/nobody", json=[event]).status_code == 404
    assert shown(world, "wecom", 501) is None


@pytest.fixture
def second(world):
    """Another provisioner on the same stores."""
    first = world.installation.services["provisioner"]
    env = {**first.env, "TENURE_PROCESS_NAME": "second", "TENURE_PORT": "0"}
    child = Child("second", first.command, env, first.log.with_suffix(".second"))
    child.start()
    child.wait_ready()
    yield child
    child.stop()


def test_every_replica_follows_an_applied_policy_and_nobody_is_left_under_the_old_one(world, second):
    world.send([hire(f"V{number}", 600 + number) for number in range(20)])
    world.settle()
    text = POLICY.read_text("utf-8").replace('["tag:sales"]', '["tag:vip"]')
    done = world.order("/v1/policy/apply", {"text": text, "reason": "sales have vips"})
    assert (done.status_code, done.json()["changes"]["revoke"]) == (200, done.json()["changed"])
    world.send([hire(f"V{number}", 600 + number) for number in range(20, 40)])  # told in the middle of it
    for child in (second, world.installation.services["provisioner"]):
        world.until(lambda log=child.log: "policy.changed" in log.read_text("utf-8") or None, 30, "it follows")
    world.settle()
    assert {shown(world, "wecom", 600 + number).grants for number in range(40)} == {frozenset({"vip"})}
    assert sorted(world.ask("/v1/status")["replicas"]) == ["provisioner", "second"]
    answer = world.order("/v1/policy/apply", {"text": POLICY.read_text("utf-8"), "reason": "and back"})
    assert answer.json()["in_force"] == answer.json()["version"]
    world.settle()

"""A cluster of three brokers with a whole installation on it: one may end, two may not, and nothing is lost.

The addresses that everybody is given begin with one where nobody answers.
"""

import json
import os
import random

import pytest
from kafka_server import cluster
from staff import SOURCE, departments, hired, left, moved
from world import running

from contracts.topics import CONFIRMATIONS, HR_EVENTS, HR_URGENT, TOPICS
from services.cli.__main__ import run

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]
SEED = int(os.environ.get("TENURE_SEED") or random.SystemRandom().randrange(10**6))
NOBODY = "127.0.0.1:1"
CANNOT = {"kafka_unreachable", "kafka_replica_unreachable", "kafka_without_leader", "kafka_too_few_in_sync",
          "timed_out"}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _replicated():
    """Set for whatever reads the environment, as on a machine of one's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TENURE_KAFKA_REPLICAS", "3")
        yield


@pytest.fixture(scope="module")
def brokers(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("three")) as three:
        yield three


@pytest.fixture(scope="module")
def addresses(brokers):
    return ",".join([NOBODY, *(broker.address for broker in brokers)])


@pytest.fixture(scope="module")
def topics(addresses, tmp_path_factory):
    """`tenure topics WORD`: exit status and what differed."""
    data = tmp_path_factory.mktemp("nothing-running")

    def asked(word, capsys):
        status = run(["--data", str(data), "--json", "topics", word, "--kafka", addresses])
        lines = capsys.readouterr().out.splitlines()
        return status, json.loads(lines[0])["differences"]

    return asked


@pytest.fixture(scope="module")
def world(addresses):
    with running(kafka=addresses) as world:
        yield world


def mobile(number):
    return f"+86138{number:08}"


def hire(number):
    return hired(f"T{number}", mobile(number), "2026-03-02", "D-SAL", "sales")


def who_is_in(world, platform, numbers):
    accounts = {one.mobile: one.open for one in world.accounts(platform)}
    return {number for number in numbers if accounts.get(mobile(number))}


def test_topics_are_shown_then_made_with_three_replicas(topics, capsys):
    everything = [topic.name for topic in TOPICS]
    status, found = topics("diff", capsys)
    assert (status, [(one["kind"], one["topic"]) for one in found]) == (1, [("Missing", name) for name in everything])
    status, found = topics("apply", capsys)
    assert (status, [one["topic"] for one in found]) == (0, everything)
    assert topics("diff", capsys) == (0, [])


def test_fewer_in_sync_than_asked_for_is_named_and_mended(topics, capsys, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TENURE_KAFKA_REPLICAS", "2")
        status, found = topics("apply", capsys)
    kinds = {(one["kind"], one["has"], one["declared"]) for one in found}
    assert (status, kinds) == (0, {("OtherReplication", 3, 2), ("OtherSetting", "2", "1")})
    status, found = topics("diff", capsys)
    assert (status, {(one["kind"], one["has"], one["declared"]) for one in found}) == (1, {("OtherSetting", "1", "2")})
    assert topics("apply", capsys)[0] == 0
    assert topics("diff", capsys) == (0, [])


def test_one_broker_ends_while_events_flow_and_comes_back(world, brokers):
    print(f"TENURE_SEED={SEED}")  # noqa: T201 - to repeat a failure
    victim, numbers = brokers[random.Random(SEED).randrange(len(brokers))], range(100, 124)
    leavers = set(numbers[::4])
    company = departments()
    slices = [[hire(number) for number in numbers[start : start + 4]] for start in range(0, len(numbers), 4)]
    later = [[moved(f"T{number}", "2026-04-01", "D-PAY", "finance") for number in numbers if number not in leavers],
             [left(f"T{number}", "2026-05-04", immediate=True) for number in leavers]]  # fmt: skip
    for batch in [company, *slices[:2]]:
        world.send(batch)
    victim.kill()
    for batch in slices[2:]:
        world.send(batch)
    victim.start()
    for batch in later:
        world.send(batch)
    sent = [event for batch in (company, *slices, *later) for event in batch]
    world.settle()
    for platform in ("wecom", "dingtalk"):
        assert who_is_in(world, platform, numbers) == set(numbers) - leavers
    everything = {f"{SOURCE}/{event['id']}/1" for event in sent}
    world.until(lambda: everything <= set(world.ids(CONFIRMATIONS)), 60, "all confirmed")
    kept = {*world.ids(HR_EVENTS), *world.ids(HR_URGENT)}
    assert {event["id"] for event in sent if event not in company} <= kept
    assert [child.restarts for child in world.installation.services.values()] == [0, 0, 0]


def test_with_two_brokers_gone_nothing_is_accepted_until_they_are_back(world, brokers):
    gone, event = random.Random(SEED).sample(brokers, 2), hire(200)
    for broker in gone:
        broker.kill()
    try:
        refused = world.post([event])
        assert refused.status_code == 503, refused.text
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["content-type"] == "application/problem+json"
        world.until(lambda: world.answers("ingest", "/readyz") == 503, 60, "ingest says that it is not ready")
        producer = world.http.get(world.ready["ingest"] + "/readyz").json()["checks"]["producer"]
        assert (producer["ok"], producer["detail"] in CANNOT) == (False, True), producer
        assert world.answers("ingest", "/healthz") == 200
    finally:
        for broker in gone:
            broker.launch()
        for broker in gone:
            broker.wait_ready()
    world.send([event], seconds=120)
    world.until(lambda: world.answers("ingest", "/readyz") == 200, 60, "ingest says that it is ready")
    world.settle()
    assert who_is_in(world, "wecom", [200]) == who_is_in(world, "dingtalk", [200]) == {200}
    assert [child.restarts for child in world.installation.services.values()] == [0, 0, 0]

"""What benchmarks send is what intake reads as facts, and different people have different names."""

from datetime import UTC, datetime

import pytest

from benchmarks import events, policies
from contracts.envelope import from_headers
from contracts.topics import HR_DEPARTMENTS, HR_EVENTS, HR_URGENT
from services.provisioner.connectors.registry import KINDS
from services.provisioner.facts.read import read_fact
from services.provisioner.model import Fact
from services.provisioner.policy.load import load

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("record", "topic"),
    [
        (events.hired(1, batch="import"), HR_EVENTS),
        (events.moved(1), HR_EVENTS),
        (events.left(1), HR_URGENT),
        (events.department("D-SAL", "销售部"), HR_DEPARTMENTS),
    ],
    ids=["hire", "move", "leave overtakes", "department"],
)
def test_every_record_is_a_fact_on_its_topic(record, topic):
    fact = read_fact(from_headers(record.headers), record.value, id_space_of=lambda source: source, now=NOW)
    assert isinstance(fact, Fact)
    assert record.topic == topic.name


def test_names_differ():
    assert len({events.name(number) for number in range(100_000)}) == 100_000


@pytest.mark.parametrize(
    "policy",
    [policies.memory({"one": 0.0, "two": 0.1}), policies.only_wecom(), policies.PLATFORMS],
    ids=["memory", "wecom", "platforms"],
)
def test_policies_are_fine(policy):
    assert load(policy, KINDS).targets

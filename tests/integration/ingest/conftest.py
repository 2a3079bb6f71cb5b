"""A real Kafka for the tests marked `connected`: the one that `TENURE_TEST_KAFKA` names, else one of our own."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "connected"))

from kafka_server import HERE, ApacheKafka

READY = (HERE / "libs" / ".complete").exists()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """Its address."""
    if named := os.environ.get("TENURE_TEST_KAFKA"):
        yield named
        return
    if not READY:
        pytest.fail("Apache Kafka is not here: run tests/connected/prepare.sh")
    server = ApacheKafka(tmp_path_factory.mktemp("kafka"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def own_kafka(tmp_path):
    """A Kafka that the test may kill."""
    if not READY:
        pytest.fail("Apache Kafka is not here: run tests/connected/prepare.sh")
    server = ApacheKafka(tmp_path / "kafka")
    server.start()
    yield server
    server.stop()

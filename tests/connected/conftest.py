"""The real parts and one installation on them, shared by the module's tests: each uses people of its own."""

import pytest
from real_parts import real_parts
from world import running


@pytest.fixture(scope="module")
def real():
    with real_parts() as parts:
        yield parts


@pytest.fixture(scope="module")
def world(real):
    with running(kafka=real.kafka.address, database=real.dsn) as world:
        yield world

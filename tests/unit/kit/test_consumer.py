"""A batch that breaks is never skipped: nothing behind it is taken or committed, and the service ends."""

import asyncio
from types import SimpleNamespace

import pytest

from contracts.topics import HR_EVENTS
from services.kit.consumer import Consumer
from services.kit.errors import BrokenConsumerError


class BugError(Exception):
    pass


def consumer(handle):
    return Consumer(HR_EVENTS, SimpleNamespace(consumer=None, tasks=[]), handle)


async def test_nothing_is_taken_in_behind_a_batch_that_broke():
    taken = []

    async def handle(records):
        if records == ["bad"]:
            raise BugError
        taken.extend(records)

    it = consumer(handle)
    with pytest.raises(BugError):
        await it.take_in(["bad"])
    with pytest.raises(BrokenConsumerError):
        await it.take_in(["good"])
    assert taken == []
    assert not it.consuming().ok
    with pytest.raises(BrokenConsumerError):
        await asyncio.wait_for(it.watch(), 1)


async def test_what_was_taken_in_lets_the_service_run_on():
    async def handle(_records):
        pass

    it = consumer(handle)
    await it.take_in([])
    assert it.consuming().ok
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(it.watch(), 0.01)

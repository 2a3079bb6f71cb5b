"""A batch that breaks is never skipped: nothing behind it is taken or committed, and the service ends."""

import asyncio
from types import SimpleNamespace

import pytest

from contracts.topics import HR_EVENTS
from services.kit.consumer import Consumer
from services.kit.errors import BrokenConsumerError, EndedTaskError


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


@pytest.mark.parametrize("bug", [None, BugError()])
async def test_the_service_ends_when_the_task_that_reads_has_ended(bug):
    end = asyncio.Event()

    async def read():
        await end.wait()
        if bug:
            raise bug

    it = consumer(None)
    it.subscriber.tasks.append(asyncio.create_task(read()))
    watching = asyncio.create_task(it.watch())
    assert it.consuming().ok
    end.set()
    with pytest.raises(EndedTaskError, match=HR_EVENTS.name):
        await watching
    assert not it.consuming().ok
    await asyncio.gather(*it.subscriber.tasks, return_exceptions=True)

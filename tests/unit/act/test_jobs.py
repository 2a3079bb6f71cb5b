"""Work on a whole target outlives the request that asked for it."""

import asyncio

import pytest

from services.platforms.errors import NeedsPersonError
from services.platforms.gate import GateClosedError
from services.provisioner.operators.jobs import KEPT, Jobs, RefusedByPlatformError, UnknownJobError


async def test_work_that_takes_long_is_asked_for_again_and_answered_once():
    jobs, done = Jobs(wait=0.01), asyncio.Event()

    async def work():
        await done.wait()
        return {"lines": []}

    first = await jobs.ask(None, work)
    assert await jobs.ask(first["job"], work) == first
    done.set()
    assert await jobs.ask(first["job"], work) == {"lines": []}
    with pytest.raises(UnknownJobError):
        await jobs.ask(first["job"], work)


@pytest.mark.parametrize("error", [NeedsPersonError("60011", "user/list", "no_right"), GateClosedError("paused")])
async def test_what_the_platform_refuses_is_told_to_who_asked(error):
    async def work():
        raise error

    with pytest.raises(RefusedByPlatformError):
        await Jobs().ask(None, work)


async def test_what_nobody_asks_for_again_is_given_up():
    jobs, ended = Jobs(wait=0), []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)

    for _ in range(KEPT + 1):
        await jobs.ask(None, work)
    await asyncio.sleep(0)
    assert len(ended) == 1
    for _ in range(KEPT):
        await jobs.ask(None, work)
    await asyncio.sleep(0)
    assert len(ended) == KEPT + 1

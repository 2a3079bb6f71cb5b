"""A pass works under the lease that it was claimed with, and under no other."""

import asyncio
from contextlib import asynccontextmanager

from company import Company

from services.provisioner.act.worker import Pace, Worker
from services.provisioner.store.errors import StoreUnavailableError

PACE = Pace(lease=10.0, beat=0.01, longest_call=0.1, margin=0.1, poll=0.01)


@asynccontextmanager
async def working(company, run):
    worker = Worker(company.store, {"crm": run}, "worker", PACE)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop()
        await running


async def hired(company):
    await company.say("hired", "e1", worker_id="W1", person={"display_name": "王伟", "mobile": "+8613800000000"})


async def test_a_pass_whose_lease_was_lost_calls_no_platform_though_its_process_has_a_new_one():
    company, claims, go = Company(), asyncio.Queue(), asyncio.Event()
    may_call = {}

    async def run(claim, process):
        await claims.put((claim.fence, process))
        await go.wait()
        may_call[claim.fence] = worker.alive()
        return "done"

    async with working(company, run) as worker:
        await hired(company)
        fence, process = await claims.get()
        await company.store.leave(process)  # as the others do with a process that stood still beyond its lease
        again, other = await claims.get()
        assert (again > fence, other != process) == (True, True)
        go.set()
    assert may_call == {fence: False, again: True}


async def test_a_row_whose_pass_could_not_tell_its_end_is_soon_free_again():
    company, claims = Company(), asyncio.Queue()

    async def run(claim, _process):
        await claims.put(claim.fence)
        if claim.fence == 1:
            raise StoreUnavailableError("gone")
        return "done"

    async with working(company, run):
        await hired(company)
        assert await claims.get() == 1
        async with asyncio.timeout(10):
            assert await claims.get() == 2

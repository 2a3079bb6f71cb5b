"""The limiter on both ledgers: inside the quota, urgent first, and stopped when told."""

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from store_fixtures import eventually, fresh, server, template  # noqa: F401 - fixtures

from services.platforms import gate
from services.platforms.errors import TryLaterError
from services.platforms.gate import BULK, EVERYDAY, URGENT, GateClosedError
from services.platforms.ledger import MemoryLedger, PostgresLedger
from services.platforms.limiter import Limiter
from services.platforms.quotas import UNBOUNDED, Quota, Window

LIMIT, SECONDS = 40, 1.0
QUOTAS = {
    "wecom": Quota((Window(LIMIT, SECONDS),), in_flight=20),
    "narrow": Quota((Window(1000, 1.0),), in_flight=5),
    "one": Quota((Window(1000, 1.0),), in_flight=1),
    "free": UNBOUNDED,
}


@asynccontextmanager
async def lane(number):
    token = gate.lane.set(number)
    yield
    gate.lane.reset(token)


@pytest.fixture(params=["memory", "postgres"])
async def limiters(request):
    """Two that share a ledger, as two processes do."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            ledger = MemoryLedger()
            ledgers = [ledger, ledger]
        else:
            copied = fresh(request.getfixturevalue("server"), request.getfixturevalue("template"))
            dsn = await stack.enter_async_context(copied)
            ledgers = [PostgresLedger(dsn), PostgresLedger(dsn)]
        both = [Limiter(ledger, QUOTAS) for ledger in ledgers]
        for one in both:
            stack.push_async_callback(one.close)
        yield both


@pytest.fixture
def limiter(limiters):
    return limiters[0]


class Callers:
    """Tasks that call in a loop until they are stopped or refused, and remember every start."""

    def __init__(self):
        self.starts, self.refused, self.tasks = [], 0, []

    def begin(self, limiter, count, target="wecom", *, urgency=EVERYDAY):
        self.tasks += [asyncio.create_task(self._run(limiter, target, urgency)) for _ in range(count)]

    async def _run(self, limiter, target, urgency):
        gate.lane.set(urgency)
        while True:
            try:
                async with limiter.call(target, "user/get"):
                    self.starts.append(time.monotonic())
                    await asyncio.sleep(0)
            except GateClosedError:
                self.refused += 1
                return

    async def reach(self, count):
        async def reached():
            return len(self.starts) >= count

        await eventually(reached, within=60.0)

    async def end(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)


async def test_no_window_ever_holds_more_than_the_limit_and_it_is_used_well(limiters):
    callers = Callers()
    for one in limiters:
        callers.begin(one, 12)
    await callers.reach(3 * LIMIT)
    await callers.end()
    starts = callers.starts
    most = max(sum(start <= other < start + SECONDS for other in starts) for start in starts)
    assert most <= LIMIT
    assert len(starts) / (starts[-1] - starts[0]) > 0.5 * LIMIT
    assert sum(one.calls["wecom"] for one in limiters) == len(starts)
    assert 0 < limiters[0].used()["wecom"] < 1
    assert limiters[0].waited[EVERYDAY] > limiters[0].waited[URGENT] == 0.0


async def test_the_urgent_overtake_what_fills_the_quota(limiters):
    callers = Callers()
    for one in limiters:
        callers.begin(one, 30, urgency=BULK)
    await callers.reach(10)
    async with lane(URGENT):
        before = len(callers.starts)
        for _ in range(4):
            async with limiters[0].call("wecom", "user/get"):
                pass
        overtaken_by = len(callers.starts) - before
    await callers.end()
    assert overtaken_by <= 16, "a leaver's four calls do not wait for the sixty of bulk that came first"


async def test_everyday_goes_before_bulk(limiter):
    bulk, everyday = Callers(), Callers()
    bulk.begin(limiter, 30, urgency=BULK)
    await bulk.reach(10)
    before = len(bulk.starts)
    everyday.begin(limiter, 30)
    await everyday.reach(30)
    meanwhile = len(bulk.starts) - before
    await bulk.end()
    await everyday.end()
    assert meanwhile < 15


async def test_calls_in_flight_are_bounded_and_a_place_is_kept_for_the_urgent(limiter):
    running, release = [], asyncio.Event()

    async def hang(number, urgency):
        async with lane(urgency), limiter.call("narrow", "tag/list"):
            running.append(number)
            await release.wait()

    everyday = [asyncio.create_task(hang(number, EVERYDAY)) for number in range(8)]
    await eventually(lambda: _true(len(running) == 4))
    urgent = asyncio.create_task(hang("leaver", URGENT))
    await eventually(lambda: _true("leaver" in running))
    assert len(running) == 5
    release.set()
    await asyncio.gather(*everyday, urgent)
    assert len(running) == 9


async def _true(value):
    return value


async def test_one_call_in_flight_is_possible(limiter):
    async with limiter.call("one", "a"):
        waiting = asyncio.create_task(_enter(limiter, "one"))
        async with limiter.call("narrow", "a"):
            assert not waiting.done()
    await waiting


async def _enter(limiter, target):
    async with limiter.call(target, "a"):
        pass


async def test_who_gives_up_waiting_takes_no_place(limiter):
    async with limiter.call("one", "a"):
        waiting = [asyncio.create_task(_enter(limiter, "one")) for _ in range(3)]
        await asyncio.sleep(0)
        for task in waiting[:2]:
            task.cancel()
    await waiting[2]
    await _enter(limiter, "one")


@pytest.mark.parametrize("what", ["wecom", "*"])
async def test_when_pause_returns_nothing_starts_any_more(limiters, what):
    callers = Callers()
    for one in limiters:
        callers.begin(one, 10)
        callers.begin(one, 3, "free", urgency=URGENT)
    await callers.reach(20)
    if what == "wecom":
        await limiters[0].pause("free", "operator:li", "first")
    await limiters[0].pause(what, "operator:li", "looks wrong")
    stopped = len(callers.starts)
    await asyncio.wait(callers.tasks)
    assert (len(callers.starts), callers.refused) == (stopped, len(callers.tasks))
    assert (what, "operator:li", "looks wrong") in [pause[:3] for pause in await limiters[1].pauses()]
    with pytest.raises(GateClosedError):
        await _enter(limiters[1], "wecom")
    await limiters[1].resume(what)
    await _enter(limiters[0], "wecom")


async def test_a_pause_of_one_target_leaves_the_others(limiter):
    await limiter.pause("wecom", "operator:li", "x")
    await _enter(limiter, "narrow")


async def test_without_a_lease_nothing_starts():
    alive = True
    limiter = Limiter(MemoryLedger(), QUOTAS, lambda: alive)
    await _enter(limiter, "wecom")
    alive = False
    with pytest.raises(GateClosedError):
        await _enter(limiter, "wecom")
    alive = True
    await _enter(limiter, "wecom")


async def test_a_long_block_is_told_and_a_short_one_waited_out(limiters):
    await limiters[0].block("wecom", 60.0, "a")
    with pytest.raises(TryLaterError) as refused:
        await _enter(limiters[1], "wecom")
    assert 50.0 < refused.value.after <= 60.0
    async with limiters[1].call("wecom", "b"):
        pass
    await limiters[0].block("narrow", 0.2)
    begun = time.monotonic()
    await _enter(limiters[1], "narrow")
    assert time.monotonic() - begun > 0.1


async def test_without_the_ledger_nothing_starts():
    limiter = Limiter(PostgresLedger("postgresql://nobody@127.0.0.1:1/none"), QUOTAS)
    with pytest.raises(GateClosedError):
        await _enter(limiter, "wecom")


async def test_work_with_a_share_of_the_quota_takes_no_more_than_that(limiter):
    token, starts = gate.share.set(0.2), []
    try:
        for _ in range(4):
            async with limiter.call("wecom", "user/list"):
                starts.append(time.monotonic())
    finally:
        gate.share.reset(token)
    assert (starts[-1] - starts[0]) / 3 >= QUOTAS["wecom"].gap("user/list") / 0.2


async def test_without_a_quota_one_look_lets_many_through_until_something_is_blocked():
    now, looks = [0.0], []

    class Counted(MemoryLedger):
        async def reserve(self, *wish):
            looks.append(now[0])
            return await super().reserve(*wish)

    ledger = Counted(lambda: now[0])
    limiter = Limiter(ledger, QUOTAS, clock=lambda: now[0])

    async def call():
        async with limiter.call("free", "user/get"):
            pass

    for _ in range(5):
        await call()
    assert looks == [0.0]
    now[0] = ledger.delay
    await call()
    assert looks == [0.0, ledger.delay], "no answer is acted upon that is older than a pause takes"
    await limiter.block("free", 60.0, "user/get")
    with pytest.raises(TryLaterError):
        await call()

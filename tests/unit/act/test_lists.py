"""Tag and role changes of many people share a call, and only the guilty fail."""

import asyncio

import pytest

from services.platforms import gate
from services.platforms.errors import NotThereError, TryLaterError
from services.provisioner.act.lists import Lists


class Directory:
    """A platform's lists; `unknown` accounts are refused, as platforms refuse the whole call for one of them."""

    def __init__(self, per_call=100):
        self.per_call, self.calls, self.held, self.unknown, self.lanes, self.broken = (
            per_call,
            [],
            set(),
            set(),
            [],
            None,
        )

        self.asked, self.free = asyncio.Event(), asyncio.Event()
        self.free.set()

    def refusal(self, _entitlement):
        return None

    async def grant(self, entitlement, native_ids):
        self.calls.append(("grant", entitlement, tuple(native_ids)))
        self.lanes.append(gate.lane.get())
        self.asked.set()
        await self.free.wait()
        if self.broken:
            raise self.broken
        if self.unknown & set(native_ids):
            raise NotThereError("60111", "grant", "account")
        self.held |= set(native_ids)
        return dict.fromkeys(native_ids, "done")

    async def revoke(self, entitlement, native_ids):
        self.calls.append(("revoke", entitlement, tuple(native_ids)))
        outcomes = {n: "done" if n in self.held else "already_so" for n in native_ids}
        self.held -= set(native_ids)
        return outcomes

    async def members(self, entitlement):
        self.calls.append(("members", entitlement))
        self.asked.set()
        await self.free.wait()
        return frozenset(self.held)


async def test_people_share_a_call():
    directory = Directory()
    lists = Lists(directory, gather=0.001)
    outcomes = await asyncio.gather(*(lists.grant("tag:sales", who) for who in ("mei", "wei", "an")))
    assert outcomes == ["done"] * 3
    assert directory.calls == [("grant", "tag:sales", ("mei", "wei", "an"))]


async def test_a_full_call_lets_the_next_begin():
    directory = Directory(per_call=2)
    lists = Lists(directory, gather=0.001)
    await asyncio.gather(*(lists.grant("tag:sales", who) for who in ("a", "b", "c")))
    assert [len(call[2]) for call in directory.calls] == [2, 1]


async def test_one_unknown_account_fails_alone():
    directory = Directory()
    directory.unknown = {"wei"}
    lists = Lists(directory, gather=0.001)
    results = await asyncio.gather(*(lists.grant("t", who) for who in ("mei", "wei")), return_exceptions=True)
    assert results[0] == "done"
    assert isinstance(results[1], NotThereError)


async def test_a_refused_call_is_told_to_everybody_in_it():
    directory = Directory()
    directory.broken = TryLaterError("45009", "grant")
    lists = Lists(directory, gather=0.001)
    results = await asyncio.gather(*(lists.grant("t", who) for who in ("mei", "wei")), return_exceptions=True)
    assert [type(r) for r in results] == [TryLaterError, TryLaterError]


async def granted(lists, who, lane):
    gate.lane.set(lane)
    await lists.grant("t", who)


async def test_nobody_urgent_waits_behind_the_others():
    directory = Directory()
    directory.free.clear()  # a call that has begun does not end
    lists = Lists(directory, gather=0.001)
    bulk = asyncio.create_task(granted(lists, "mei", gate.BULK))
    await directory.asked.wait()
    directory.asked.clear()
    urgent = asyncio.create_task(granted(lists, "wei", gate.URGENT))
    await directory.asked.wait()
    assert directory.lanes == [gate.BULK, gate.URGENT]
    directory.free.set()
    await asyncio.gather(bulk, urgent)


async def test_who_comes_while_a_call_is_under_way_shares_the_next():
    directory = Directory()
    directory.free.clear()
    lists = Lists(directory, gather=0)
    first = asyncio.create_task(lists.grant("t", "a"))
    await directory.asked.wait()
    later = [asyncio.create_task(lists.grant("t", who)) for who in ("b", "c", "d")]
    for _ in range(5):
        await asyncio.sleep(0)
    directory.free.set()
    await asyncio.gather(first, *later)
    assert [call[2] for call in directory.calls] == [("a",), ("b", "c", "d")]


async def test_who_asks_while_a_read_is_under_way_shares_the_next():
    directory = Directory()
    directory.held = {"mei"}
    directory.free.clear()
    lists = Lists(directory, gather=0)
    first = asyncio.create_task(lists.holds("t", "mei"))
    await directory.asked.wait()
    later = [asyncio.create_task(lists.holds("t", who)) for who in ("mei", "wei", "an")]
    for _ in range(5):
        await asyncio.sleep(0)
    directory.free.set()
    assert await asyncio.gather(first, *later) == [True, True, False, False]
    assert len(directory.calls) == 2


async def test_one_read_settles_everybody_who_waits():
    directory = Directory()
    directory.held = {"mei"}
    lists = Lists(directory, gather=0.001)
    assert await asyncio.gather(lists.holds("t", "mei"), lists.holds("t", "wei")) == [True, False]
    assert directory.calls == [("members", "t")]


async def test_who_asks_after_a_read_began_gets_a_newer_one():
    directory = Directory()
    lists = Lists(directory, gather=0.001)
    first = asyncio.create_task(lists.holds("t", "mei"))
    await directory.asked.wait()
    directory.held = {"mei"}
    assert await lists.holds("t", "mei")
    await first
    assert len(directory.calls) == 2


async def test_who_gives_up_waiting_does_not_stop_the_others():
    directory = Directory()
    lists = Lists(directory, gather=0.005)
    first, second = asyncio.create_task(lists.grant("t", "mei")), asyncio.create_task(lists.grant("t", "wei"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "done"
    with pytest.raises(asyncio.CancelledError):
        await first

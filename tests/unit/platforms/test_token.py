"""One token for everybody, and no loop on a wrong secret."""

import asyncio

import pytest

from services.platforms.errors import CredentialError, OutcomeUnknownError, TryLaterError
from services.platforms.gate import BULK, URGENT, lane
from services.platforms.token import Token, TokenCache


class Source:
    """Hands out numbered tokens, after `gate` opens; raises what stands in `errors` first."""

    def __init__(self, *errors, seconds=7200.0):
        self.errors, self.seconds = list(errors), seconds
        self.asked = 0
        self.lanes = []
        self.reached, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def __call__(self):
        self.asked += 1
        self.lanes.append(lane.get())
        self.reached.set()
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        return Token(f"tok-{self.asked}", self.seconds)


async def test_many_callers_ask_once():
    source = Source()
    source.gate.clear()
    cache = TokenCache(source)
    callers = [asyncio.create_task(cache.get()) for _ in range(20)]
    await source.reached.wait()
    source.gate.set()
    assert set(await asyncio.gather(*callers)) == {"tok-1"}
    assert source.asked == 1


@pytest.mark.parametrize(("seconds", "kept", "replaced"), [(7200.0, 6899.0, 6900.0), (10.0, 8.9, 9.0)])
async def test_a_token_is_replaced_shortly_before_its_end(seconds, kept, replaced):
    now = [0.0]
    cache = TokenCache(Source(seconds=seconds), lambda: now[0])
    await cache.get()
    now[0] = kept
    assert await cache.get() == "tok-1"
    now[0] = replaced
    assert await cache.get() == "tok-2"


async def test_a_refused_token_is_replaced_once_for_all_who_saw_it():
    cache = TokenCache(Source())
    first = await cache.get()
    cache.refused(first)
    assert await cache.get() == "tok-2"
    cache.refused(first)
    assert await cache.get() == "tok-2"


async def test_a_wrong_secret_is_not_tried_again_until_told():
    source = Source(CredentialError("40001", "gettoken"))
    cache = TokenCache(source)
    for _ in range(5):
        with pytest.raises(CredentialError):
            await cache.get()
    assert source.asked == 1
    cache.ask_again()
    assert await cache.get() == "tok-2"


@pytest.mark.parametrize("error", [TryLaterError("-1", "gettoken"), OutcomeUnknownError("no_answer", "gettoken")])
async def test_without_a_token_nothing_was_done_and_it_may_be_asked_for_again(error):
    cache = TokenCache(Source(error))
    with pytest.raises(TryLaterError):
        await cache.get()
    assert await cache.get() == "tok-2"


async def test_asking_is_urgent_whoever_asks():
    source = Source()
    token = lane.set(BULK)
    await TokenCache(source).get()
    assert source.lanes == [URGENT]
    assert lane.get() == BULK
    lane.reset(token)


async def test_who_gives_up_leaves_the_asking_to_the_next():
    source = Source()
    source.gate.clear()
    cache = TokenCache(source)
    first, second = asyncio.create_task(cache.get()), asyncio.create_task(cache.get())
    await source.reached.wait()
    first.cancel()
    source.gate.set()
    assert await second == "tok-2"

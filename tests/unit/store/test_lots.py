"""Calls that come together share a trip; nobody is forgotten, and each hears only of its own."""

import asyncio

from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.lots import MOST, Lots


class Trips:
    """Notes each lot; waits for `go` in each, and fails where a lot holds `bad`."""

    def __init__(self, *, open_=True, error=ZeroDivisionError):
        self.lots, self.go, self.error = [], asyncio.Event(), error
        if open_:
            self.go.set()

    async def __call__(self, lot):
        self.lots.append(list(lot))
        await self.go.wait()
        if "bad" in lot:
            raise self.error
        return [item.upper() for item in lot]


async def until(condition):
    while not condition():  # noqa: ASYNC110 - what is looked at tells nobody
        await asyncio.sleep(0)


async def test_who_comes_meanwhile_shares_the_next_lot():
    trips = Trips(open_=False)
    lots = Lots(trips)
    first = asyncio.create_task(lots.ask("a"))
    await until(lambda: trips.lots == [["a"]])
    rest = [asyncio.create_task(lots.ask(item)) for item in "bcd"]
    await asyncio.sleep(0)
    trips.go.set()
    assert await asyncio.gather(first, *rest) == ["A", "B", "C", "D"]
    assert trips.lots == [["a"], ["b", "c", "d"]]


async def test_a_lot_that_fails_is_repeated_one_by_one():
    trips = Trips()
    lots = Lots(trips)
    answers = await asyncio.gather(*(lots.ask(item) for item in ("a", "bad", "c")), return_exceptions=True)
    assert (answers[0], type(answers[1]), answers[2]) == ("A", ZeroDivisionError, "C")
    assert trips.lots == [["a", "bad", "c"], ["a"], ["bad"], ["c"]]


async def test_a_store_that_is_gone_is_asked_once():
    trips = Trips(error=StoreUnavailableError)
    lots = Lots(trips)
    answers = await asyncio.gather(*(lots.ask(item) for item in ("a", "bad")), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailableError] * 2
    assert trips.lots == [["a", "bad"]]


async def test_a_lot_holds_one_of_a_key():
    trips = Trips()
    lots = Lots(trips, key=lambda item: item[0])
    assert await asyncio.gather(*(lots.ask(item) for item in ("a1", "b1", "a2"))) == ["A1", "B1", "A2"]
    assert trips.lots == [["a1", "b1"], ["a2"]]


async def test_who_gave_up_is_not_carried():
    trips = Trips(open_=False)
    lots = Lots(trips)
    first = asyncio.create_task(lots.ask("a"))
    await until(lambda: trips.lots)
    gone = asyncio.create_task(lots.ask("b"))
    await asyncio.sleep(0)
    gone.cancel()
    last = asyncio.create_task(lots.ask("c"))
    await asyncio.sleep(0)
    trips.go.set()
    assert await asyncio.gather(first, last) == ["A", "C"]
    assert trips.lots == [["a"], ["c"]]


async def test_nobody_comes_unseen_however_it_falls():
    """Whoever asks the moment that an answer arrives finds the lots still or again at work."""
    lots = Lots(Trips())

    async def chain(turns):
        for _ in range(turns):
            assert await lots.ask("x") == "X"

    await asyncio.gather(*(chain(50) for _ in range(7)))
    await lots.drain()
    assert await lots.ask("y") == "Y"


async def test_a_lot_is_bounded_and_draining_waits_for_all():
    trips = Trips()
    lots = Lots(trips)
    asked = [asyncio.create_task(lots.ask("x")) for _ in range(MOST + 1)]
    await asyncio.sleep(0)
    await lots.drain()
    assert [len(lot) for lot in trips.lots] == [MOST, 1]
    assert await asyncio.gather(*asked) == ["X"] * (MOST + 1)

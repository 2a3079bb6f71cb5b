"""The kernel, driven through the smallest platform there is."""

# ruff: noqa: ARG002, ARG003 - the signatures are those of a platform

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.clock import Clock
from sandbox.control import control_routes
from sandbox.exchange import Answer
from sandbox.kernel import ConsoleError, Platform, make_kernel
from sandbox.pipeline import Pipeline
from sandbox.quotas import Limit


class Tally(Platform):
    """Counts what was carried out."""

    name = "tally"
    root = "api/"
    concurrency = 2

    def __init__(self, clock, limits=()):
        super().__init__(make_kernel(clock, limits=limits, secret_names={"token"}))
        self.done = []
        self.expired = []

    @classmethod
    def open(cls, config, clock):
        return cls(clock)

    def routes(self):
        return {("POST", "add"): self.add, ("GET", "of/{person}"): self.read}

    def add(self, request):
        self.done.append(request.body)
        return Answer({"errcode": 0})

    def read(self, request):
        return Answer({"errcode": 0, "person": request.params["person"]})

    def admit(self, request):
        return None if request.query.get("token") == "good" else Answer({"errcode": 41})

    def unknown_path(self, request):
        return Answer({}, 404)

    def wrong_method(self, request):
        return Answer({"errcode": 43})

    def throttled(self, request, limit):
        return Answer({"errcode": 45})

    def crowded(self, request):
        return Answer({"errcode": 46})

    def busy(self, request):
        return Answer({"errcode": -1})

    def failed(self, request, fault):
        return Answer({"errcode": fault.code})

    def expire_token(self, request):
        self.expired.append(request.query["token"])

    def persons(self, request):
        return [request.body["id"]] if "id" in request.body else []

    def state(self):
        return {"done": self.done}

    def activate(self, order):
        return order

    def console(self, order):
        raise ConsoleError("nothing to edit")

    def reset(self):
        self.done.clear()


class Hand:
    """A real-time clock that moves only when told."""

    def __init__(self):
        self.now = 1_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def platform(hand):
    return Tally(Clock(hand), [Limit(path="*", calls=100, seconds=60)])


@pytest.fixture
async def http(platform):
    routes = [Mount("/_sandbox", routes=control_routes(platform)), Mount("/", app=Pipeline(platform))]
    app = Starlette(routes=[Mount("/tally", routes=routes)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox/tally/") as client:
        yield client


async def add(http, person="mei", **more):
    return await http.post("api/add", params={"token": "good"}, json={"id": person, **more})


async def faults(http, *orders):
    (await http.post("_sandbox/faults", json=list(orders))).raise_for_status()


async def calls(http, since=0):
    return (await http.get("_sandbox/calls", params={"since": since})).json()


async def test_a_call_is_logged_without_its_token(http):
    await add(http, token="hidden")
    [call] = await calls(http)
    assert (call["n"], call["path"], call["errcode"], call["person"]) == (1, "add", 0, ["mei"])
    assert call["query"] == {}
    assert call["body"] == {"id": "mei"}
    assert call["in_flight"] == 1
    assert call["ended"] >= call["at"]
    assert await calls(http, since=1) == []


async def test_path_parameters_unknown_paths_and_wrong_verbs(http):
    good = {"token": "good"}
    assert (await http.get("api/of/mei", params=good)).json()["person"] == "mei"
    assert (await http.get("api/nowhere")).status_code == 404
    assert (await http.get("api/add", params=good)).json()["errcode"] == 43
    assert (await http.post("api/of/mei", params=good)).json()["errcode"] == 43


@pytest.mark.parametrize(
    ("kind", "errcode", "done"),
    [("busy", -1, 0), ("throttle", 45, 0), ("errcode", 6000, 0), ("expire_token", 0, 1), ("slow", 0, 1)],
)
async def test_a_fault_strikes_after_and_as_often_as_ordered(http, platform, kind, errcode, done):
    await faults(http, {"path": "add", "kind": kind, "after": 1, "times": 1, "code": 6000})
    await add(http)
    assert (await add(http)).json()["errcode"] == errcode
    assert len(platform.done) == 1 + done
    assert (await add(http)).json()["errcode"] == 0
    assert [call["fault"] for call in await calls(http)] == [None, kind, None]


async def test_time_outs_before_and_after_the_commit_differ_in_the_state_only(http, platform):
    await faults(http, {"kind": "timeout_before"}, {"kind": "timeout_after"})
    assert (await add(http)).content == b""
    assert platform.done == []
    assert (await add(http)).content == b""
    assert len(platform.done) == 1


async def test_bent_answers(http):
    await faults(http, *({"kind": kind} for kind in ("truncated", "errcode_string", "errcode_missing", "http500")))
    assert (await add(http)).text == '{"errco'
    assert (await add(http)).json() == {"errcode": "0"}
    assert (await add(http)).json() == {}
    assert (await add(http)).status_code == 500


async def test_faults_can_be_taken_back_and_bad_orders_are_refused(http):
    await faults(http, {"kind": "busy", "times": None})
    assert (await add(http)).json()["errcode"] == -1
    await http.delete("_sandbox/faults")
    assert (await add(http)).json()["errcode"] == 0
    assert (await http.post("_sandbox/faults", json=[{"kind": "unheard of"}])).status_code == 400
    assert (await http.post("_sandbox/console", json={"op": "nothing"})).json() == {"error": "nothing to edit"}


async def test_a_crossed_limit_blocks_for_the_length_of_its_window(http, hand):
    await http.post("_sandbox/quotas", json={"limits": [{"path": "*", "calls": 20, "seconds": 60}], "scale": 0.1})
    hand.now = 60 * 1000 + 50  # ten seconds before the next window
    assert [(await add(http)).json()["errcode"] for _ in range(3)] == [0, 0, 45]
    hand.now += 30  # a new window, but blocked still
    assert (await add(http)).json()["errcode"] == 45
    hand.now += 30
    assert (await add(http)).json()["errcode"] == 0


async def test_a_path_with_limits_of_its_own_is_spared_the_common_one(http):
    limits = [{"path": "*", "calls": 1, "seconds": 60}, {"path": "add", "calls": 0, "seconds": 60}]
    await http.post("_sandbox/quotas", json={"limits": limits})
    assert {(await add(http)).json()["errcode"] for _ in range(5)} == {0}


async def test_calls_under_way_at_once_are_seen_and_bounded(http):
    await faults(http, {"kind": "slow", "times": 2, "seconds": 0.2})
    answers = await asyncio.gather(*(add(http) for _ in range(3)))
    assert sorted(answer.json()["errcode"] for answer in answers) == [0, 0, 46]
    assert sorted(call["in_flight"] for call in await calls(http)) == [1, 2, 3]


async def test_business_time_runs_by_its_row_and_real_time_can_skip(http, hand):
    row = {"real_at": hand.now, "business_at": "2025-01-01T00:00:00+00:00", "speed": 60}
    await http.post("_sandbox/clock", json=row)
    hand.now += 10
    now = (await http.get("_sandbox/clock")).json()
    assert now["business_now"] == 1735689600 + 600
    moved = (await http.post("_sandbox/clock", json={"skip_real": 5})).json()
    assert moved["real_now"] == now["real_now"] + 5
    assert (await http.post("_sandbox/clock", json={})).json()["row"] is None


async def test_reset_forgets_state_calls_and_faults(http, platform):
    await faults(http, {"kind": "busy", "after": 1})
    await add(http)
    await http.post("_sandbox/reset")
    assert platform.done == []
    assert await calls(http) == []
    assert (await http.get("_sandbox/faults")).json() == []

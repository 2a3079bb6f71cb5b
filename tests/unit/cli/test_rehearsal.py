"""Business time of a rehearsal: from due moment to due moment, never backwards, never on a real platform."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from services.cli.client import Api
from services.cli.errors import AnswerError, CommandError, UsageError
from services.cli.rehearsal import Clocks, moment
from services.cli.running import Running

START = datetime(2026, 3, 1, tzinfo=UTC)
SAID = {
    "ingest": "http://ingest.test",
    "sandbox": {"wecom": {"url": "http://sandbox.test/wecom"}, "dingtalk": {"url": "http://sandbox.test/dingtalk"}},
}


class World:
    """Three clocks, and a provisioner with due moments; what is due makes more due (`follow`)."""

    def __init__(self, *due, follow=None, settled=True, targets=("wecom", "memory")):
        self.now, self.due, self.follow = START, sorted(due), dict(follow or {})
        self.settled, self.targets, self.posts = settled, targets, []

    def __call__(self, request):
        where = request.url.host, request.url.path
        if request.method == "POST":
            at = datetime.fromisoformat(json.loads(request.content)["business_at"])
            self.posts.append((*where, at))
            if where == ("provisioner.test", "/v1/clock"):
                self.now = at
                self.due = sorted({one for one in self.due if one > at} | set(self.follow.pop(at, ())))
            return httpx.Response(200, json={})
        answers = {
            "/v1/status": {"targets": {name: {"type": name} for name in self.targets}},
            "/v1/wait": {"settled": self.settled, "in_progress": 0 if self.settled else 4},
            "/v1/clock": {"business_at": self.now.isoformat(), "speed": 0.0, "next_due": self._next()},
        }
        return httpx.Response(200, json=answers[where[1]])

    def _next(self):
        return self.due[0].isoformat() if self.due else None

    def clocks(self, said=SAID):
        transport = httpx.MockTransport(self)
        api = Api(Running("http://provisioner.test", "tok", said), transport)
        return Clocks(api, httpx.Client(transport=transport))


def day(number):
    return START + timedelta(days=number)


def test_it_jumps_from_due_moment_to_due_moment_and_ends_at_the_day():
    world = World(day(2), day(5), day(40))
    assert world.clocks().run_until(day(10)) == 3
    assert [at for host, _, at in world.posts if host == "provisioner.test"] == [day(2), day(5), day(10)]


def test_what_a_jump_makes_due_on_the_way_is_not_passed_by():
    world = World(day(2), follow={day(2): [day(3)]})
    world.clocks().run_until(day(10))
    assert [at for host, _, at in world.posts if host == "provisioner.test"] == [day(2), day(3), day(10)]


def test_the_stand_ins_are_there_before_the_provisioner_acts():
    world = World()
    world.clocks().run_until(day(1))
    assert world.posts == [
        ("ingest.test", "/clock", day(1)),
        ("sandbox.test", "/wecom/_sandbox/clock", day(1)),
        ("provisioner.test", "/v1/clock", day(1)),
    ]


def test_at_the_day_already_it_only_settles():
    world = World(day(5))
    assert world.clocks().run_until(START) == 0
    assert world.posts == []


def test_what_does_not_settle_is_said():
    with pytest.raises(AnswerError, match="4"):
        World(settled=False).clocks().settle(30.0)


@pytest.mark.parametrize("said", [{"ingest": "http://ingest.test"}, {}], ids=["no stand-ins", "elsewhere"])
def test_it_is_refused_where_a_target_is_real(said):
    with pytest.raises(UsageError, match="wecom"):
        World().clocks(said)


def test_memory_targets_need_no_stand_in():
    assert World(targets=("memory",)).clocks({}).run_until(day(1)) == 1


def test_a_moment_without_an_offset_is_this_machines():
    assert moment("2026-03-01T08:00:00+08:00") == START
    assert moment("2026-03-01").tzinfo is not None
    with pytest.raises(UsageError):
        moment("tomorrow")


def test_a_clock_that_does_not_answer_is_one_clear_line():
    world = World()
    clocks = world.clocks()
    clocks._http = httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(403)))
    with pytest.raises(CommandError, match=r"ingest\.test/clock"):
        clocks.jump(day(1), 0.0)
    assert world.now == START, "the provisioner's clock stays with the others"

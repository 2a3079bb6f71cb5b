"""How long after a leave is accepted the account is read back closed: idle, and on the worst day.

The worst day: a bulk of hires queued before, every call under a quota that is full all the time, and another target
that never answers. Accepted means acknowledged by Kafka; closed means that the pass which read the account back as
suspended has ended. Beside it stands what a leave waited at the limiter for its calls.
"""

import asyncio
import time
from collections.abc import Sequence

from benchmarks import events, policies
from benchmarks.figures import Figure, Goal
from benchmarks.rig import Passed, Rig, rig
from services.platforms.gate import URGENT
from services.platforms.quotas import Quota, Window

BUSY, HANGING = "busy", "hanging"
LATENCY, CALLS_A_SECOND, NEVER = 0.05, 40, 3600.0
QUOTA = Quota(default=(Window(CALLS_A_SECOND, 1.0),))
IMPORT = "import-2026"
KNOWN = "SELECT count(*) FROM due WHERE person_id LIKE '%/B%' AND target = $1"
EVERY = 0.35
"""Seconds between two leaves: they come one by one."""


def measure(*, quick: bool) -> list[Figure]:
    return asyncio.run(_measure(*((4, 6, 300) if quick else (25, 75, 100_000))))


async def _measure(idle: int, busy: int, backlog: int) -> list[Figure]:
    policy = policies.memory({BUSY: LATENCY, HANGING: NEVER})
    async with rig(policy, {BUSY: QUOTA}) as one:
        await _staffed(one, idle + busy)
        alone = await _leaves(one, range(idle))
        await _flooded(one, backlog)
        before, begun = one.limiter.waited[URGENT], time.perf_counter()
        behind = await _leaves(one, range(idle, idle + busy))
        used = _hires_between(one, begun, time.perf_counter())
        waited = (one.limiter.waited[URGENT] - before) / busy
        if not await _queued(one):
            raise RuntimeError("the backlog ran out: nothing was measured behind it")
    return _figures(alone, behind, waited, backlog, used)


def _figures(alone: Sequence[float], behind: Sequence[float], waited: float, backlog: int, used: float) -> list[Figure]:
    worst = f"behind {backlog:,} hires, quota full, another target hanging"
    return [
        Figure("leave to closed, idle, p50", _part(alone, 0.5), "s", "two calls of the target", 2 * LATENCY),
        Figure("leave to closed, idle, p99", _part(alone, 0.99), "s", "two calls of the target", 2 * LATENCY),
        Figure(f"leave to closed, p50 {worst}", _part(behind, 0.5), "s", "idle p50", _part(alone, 0.5)),
        Figure(f"leave to closed, p99 {worst}", _part(behind, 0.99), "s", "idle p99", _part(alone, 0.99),
               Goal(2.0, better="less")),
        Figure("of it waited at the limiter, all calls of a leave, mean", waited, "s", "p50 behind the backlog",
               _part(behind, 0.5)),
        Figure("hires carried out meanwhile", used, "1/s", "what the quota allows", CALLS_A_SECOND * 0.95),
    ]  # fmt: skip


async def _staffed(one: Rig, count: int) -> None:
    """People with accounts on the busy target, settled there; on the hanging one nobody ever is."""
    await events.publish(one.kafka, events.people(count))
    await one.until(lambda: len(_done(one, BUSY)) >= count, 60)


def _done(one: Rig, target: str) -> set[str]:
    return {each.person_id for each in one.passes if each.target == target and each.how == "done"}


async def _leaves(one: Rig, numbers: Sequence[int]) -> list[float]:
    """Seconds from each leave's acknowledgement to the end of the pass that closed the account."""
    accepted: dict[str, float] = {}
    seen = len(one.passes)

    def closed() -> dict[str, Passed]:
        ends = [each for each in one.passes[seen:] if each.target == BUSY and each.lane == URGENT]
        return {each.person_id: each for each in ends if each.how == "done"}

    async with events.publisher(one.kafka) as send:
        for number in numbers:
            record = events.left(number)
            await send([record])
            accepted[record.key.decode()] = time.perf_counter()
            await asyncio.sleep(EVERY)
    await one.until(lambda: accepted.keys() <= closed().keys(), 30)
    ends = closed()
    return sorted(ends[person].at - at for person, at in accepted.items())


async def _flooded(one: Rig, backlog: int) -> None:
    await events.publish(one.kafka, events.people(backlog, batch=IMPORT, kind="B"))
    async with asyncio.timeout(120):
        while await one.value(KNOWN, BUSY) < backlog:  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.2)
    await asyncio.sleep(2.0)  # the quota's window is full now


async def _queued(one: Rig) -> int:
    left: int = await one.value(
        "SELECT count(*) FROM due WHERE lane = 2 AND holder IS NULL AND due_at <= now() AND target = $1", BUSY
    )
    return left


def _hires_between(one: Rig, begun: float, ended: float) -> float:
    hires = sum(1 for each in one.passes if each.target == BUSY and each.lane != URGENT and begun < each.at < ended)
    return hires / (ended - begun)


def _part(sorted_seconds: Sequence[float], part: float) -> float:
    return sorted_seconds[min(len(sorted_seconds) - 1, round(part * (len(sorted_seconds) - 1)))]

"""How much of a platform's tightest window is used by a crowd of hires, and whether one call was throttled.

WeCom's stand-in and the limiter are given the same windows, shorter and smaller than the platform's own so that they
are full within seconds. The stand-in counts: the fullest it saw is read from its log of calls, window by window.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks import events, policies
from benchmarks.company import folder
from benchmarks.figures import Figure, Goal
from benchmarks.rig import Rig, rig
from services.cli.children import Child
from services.platforms.quotas import Quota, Window

SECONDS, WINDOWS = 2.0, 10
PATH, TOO_MANY = "user/create", 45009
SECRETS = {"WECOM_CONTACT_SECRET": "bench-contact", "WECOM_APP_SECRET": "bench-app"}


def measure(*, quick: bool) -> list[Figure]:
    # Few calls a window: what fills it must be the limiter, not the speed of this machine.
    return asyncio.run(_measure(40, 3 if quick else WINDOWS))


async def _measure(limit: int, windows: int) -> list[Figure]:
    quota = Quota(default=(Window(limit, SECONDS),), in_flight=5)
    wecom = policies.only_wecom()
    os.environ |= SECRETS
    with _sandbox(limit) as url:
        async with rig(wecom, {"wecom": quota}, base_urls={"wecom": url}) as one:
            await events.publish(one.kafka, [events.department("D-SAL", "销售部")])
            await events.publish(one.kafka, events.people(limit * (windows + 1)))
            await one.until(lambda: _hired(one) >= limit * (windows + 0.5), SECONDS * windows * 3 + 20)
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            calls = (await client.get(f"{url}/_sandbox/calls")).raise_for_status().json()
    return _figures(calls, limit)


def _hired(one: Rig) -> int:
    return sum(1 for each in one.passes if each.how == "done")


def _figures(calls: Sequence[dict[str, Any]], limit: int) -> list[Figure]:
    at = sorted(call["at"] for call in calls if call["path"] == PATH)
    whole = Counter(int(moment // SECONDS) for moment in at)
    inner = sorted(whole)[1:-1]  # the first and the last window were not all ours
    mean = sum(whole[number] for number in inner) / len(inner)
    text = f"limit of {PATH}, {limit} calls in {SECONDS:g} s"
    throttled = sum(call["errcode"] == TOO_MANY for call in calls)
    return [
        Figure("calls in the tightest window, mean", mean, "", text, limit, Goal(0.9, "ratio")),
        Figure("calls in any stretch as long, most", _fullest(at), "", text, limit, Goal(1.0, "ratio", "less")),
        Figure("answers that throttled", throttled, "", f"of {len(calls):,} calls", None, Goal(0, better="less")),
    ]


def _fullest(at: Sequence[float]) -> int:
    """The most calls in any stretch of a window's length, wherever the platform's own windows begin."""
    most = first = 0
    for last, moment in enumerate(at):
        while moment - at[first] >= SECONDS:
            first += 1
        most = max(most, last - first + 1)
    return most


@contextmanager
def _sandbox(limit: int) -> Iterator[str]:
    """WeCom's stand-in with that limit on every API; its address."""
    with folder() as place:
        config = {"wecom": {"corp_id": "ww0001", "contact_secret": "bench-contact", "app_secret": "bench-app"}}
        file = place / "sandbox.json"
        file.write_text(json.dumps(config), encoding="utf-8")
        child = Child("sandbox", ("sandbox", "--port", "0", "--config", str(file)), {}, place / "log")
        child.start()
        try:
            child.wait_ready()
            url = f"{child.url}/wecom"
            order = {"limits": [{"path": "*", "calls": limit, "seconds": SECONDS}]}
            httpx.post(f"{url}/_sandbox/quotas", json=order, trust_env=False).raise_for_status()
            yield url
        finally:
            child.stop()

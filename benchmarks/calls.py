"""Calls that a hire, a move and a leave cost on each platform, counted by its stand-in.

Beside them the calls that write: the rest is reading back, without which nothing is confirmed. Tokens, departments
and the making of lists cost once a company and are not counted.
"""

from collections import Counter

from benchmarks import events, policies
from benchmarks.company import Company, running
from benchmarks.figures import Figure
from services.kit.broker import Outgoing

PLATFORMS = ("wecom", "dingtalk")
ONCE = ("gettoken", "department/", "tag/list", "tag/create", "role/list", "role/add_role")
READS = ("user/get", "tag/get")


def measure(*, quick: bool) -> list[Figure]:
    with running(policies.PLATFORMS, sandbox=True) as company:
        company.send([events.department("D-SAL", "销售部"), events.department("D-ADM", "行政部")])
        company.send([events.hired(1), events.hired(2, function="administration")])
        company.settle()
        company.send([events.moved(1)])  # every list is there now
        company.settle()
        costs = {
            "hire": _cost(company, events.hired(3)),
            "move": _cost(company, events.moved(3)),
            "leave": _cost(company, events.left(3)),
        }
        together = 4 if quick else 40
        many = _cost(company, *(events.hired(10 + number) for number in range(together)))
    figures = [_figure(what, platform, cost[platform]) for what, cost in costs.items() for platform in PLATFORMS]
    return [
        *figures,
        *(_together(platform, together, many[platform], costs["hire"][platform]) for platform in PLATFORMS),
    ]


def _cost(company: Company, *records: Outgoing) -> dict[str, Counter[str]]:
    before = {platform: len(company.calls(platform)) for platform in PLATFORMS}
    company.send(records)
    company.settle()
    return {platform: _counted(company, platform, before[platform]) for platform in PLATFORMS}


def _counted(company: Company, platform: str, since: int) -> Counter[str]:
    paths = (call["path"].removeprefix("topapi/").removeprefix("v2/") for call in company.calls(platform)[since:])
    return Counter(path for path in paths if not path.startswith(ONCE))


def _figure(what: str, platform: str, calls: Counter[str]) -> Figure:
    writes = sum(count for path, count in calls.items() if path not in READS)
    return Figure(f"calls a {what}, {platform}", calls.total(), "", "calls that write", writes)


def _together(platform: str, people: int, many: Counter[str], alone: Counter[str]) -> Figure:
    what = f"calls a hire, {platform}, {people} hired together"
    return Figure(what, many.total() / people, "", "hired alone", alone.total())

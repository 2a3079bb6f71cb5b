"""Every edge case beside the repository: what became of each delivery, and the accounts at the moments named."""

import pytest
from edge_cases import DELIVERED, cases, last_moment, moment, play
from neighbours import CASES as NEIGHBOURS
from neighbours import PLATFORMS
from platforms import ALL, InDingTalk, InMemory, InWeCom

from sandbox.serve import running

pytestmark = pytest.mark.skipif(not cases(), reason="left out: the edge cases of ../shared/data")


@pytest.fixture(scope="module")
def sandbox():
    config = {"wecom": {"quota_scale": 1000.0, "app_sees_private_fields": True}, "dingtalk": {"scale": 1000.0}}
    with running(config) as url:
        yield url


@pytest.mark.parametrize("name", list(cases()))
async def test_the_case_ends_as_it_should(name):
    await _ends_as_it_should(cases()[name])


@pytest.mark.parametrize("name", NEIGHBOURS)
async def test_a_neighbour_of_the_cases_ends_as_it_should(name):
    await _ends_as_it_should(NEIGHBOURS[name])


def _played_on():
    return [(name, on) for name, case in PLATFORMS.items() for on in case.get("on", ALL)]


@pytest.mark.parametrize(("name", "on"), _played_on())
async def test_what_a_platform_does_to_us_ends_as_it_should(name, on, sandbox):
    platform = InMemory() if on == "memory" else {"wecom": InWeCom, "dingtalk": InDingTalk}[on](sandbox)
    try:
        await _ends_as_it_should(PLATFORMS[name], platform)
    finally:
        await platform.close()


async def test_a_leave_whose_withdrawal_is_withdrawn_is_confirmed():
    played = await play(NEIGHBOURS["NL05"])
    assert [state for state, _ in played.states] == ["confirmed", "confirmed", "superseded", "confirmed"]


async def _ends_as_it_should(case, platform=None):
    played = await play(case, platform)
    for number, outcome in enumerate(case["expect"].get("deliveries", ())):
        if outcome == "parked":
            assert played.at_once[number] in ("waiting", "inbox"), number
            continue
        state, reason = played.states[number]
        expected, beginning = DELIVERED[outcome]
        assert (state, (reason or "").startswith(beginning or "")) == (expected, True), (number, reason)
    for worker, expected in case["expect"]["accounts"].items():
        _compare(case, played, worker, expected)


def _compare(case, played, worker, expected):
    for key, status in (("active_on", "active"), ("active_at", "active"), ("disabled_at", "disabled")):
        for text in expected.get(key, ()):
            assert played.shown[moment(text)][worker]["status"] == status, (worker, text)
    end = played.shown[moment(expected["as_of"]) if "as_of" in expected else last_moment(case)][worker]
    statuses = [expected["status"]] if isinstance(expected["status"], str) else expected["status"]
    assert end["status"] in statuses, worker
    if "rights" in expected:
        assert end["rights"] == set(expected["rights"])
        assert not end["rights"] & set(expected["not_rights"])
    assert (end.get("email") or "").casefold() != expected.get("email_not", "nobody")
    for key in ("row", "of_that_name", "username"):
        assert str(end.get(key)).startswith(str(expected.get(key, ""))), (worker, key, end.get(key))
    for key in ("display_name", "department_id", "department_name", "title", "mobile"):
        if key in expected and (expected[key] is None or end["status"] == "active"):
            shown = end[key]
            assert (shown.removeprefix("+86") if key == "mobile" and shown else shown) == expected[key], (worker, key)


async def test_five_people_of_one_name_have_five_sign_in_names_and_the_same_ones_again():
    case = cases()["I01"]
    names = []
    for _ in range(2):
        played = await play(case)
        names.append([each["username"] for each in played.shown[last_moment(case)].values()])
    assert len(set(names[0])) == 5
    assert names[0] == names[1]


def test_no_case_is_left_out():
    assert len(cases()) == 20
    assert len(NEIGHBOURS) >= 100
    assert len(_played_on()) >= 90

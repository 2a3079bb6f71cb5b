"""What is due is due at its own instant, whenever somebody looks: on the injected clock, whole passes."""

from datetime import UTC, datetime, timedelta

import pytest
from company import Company

from services.kit.clock import Fixed
from services.provisioner.facts.dates import instant

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
TRIAL = """
sources: {acme: {type: webhook, source: "urn:hr:acme", secrets: ["x"], zone: Asia/Shanghai}}
targets: {crm: {type: memory, mode: enforce}, wiki: {type: memory, mode: %s}}
accounts: {crm: {}, wiki: {}}
birthright:
  trial: {when: today < employment.probation_ends_at, grants: {crm: ["tag:trial"]}}
"""


@pytest.fixture
def company():
    return Company(clock=Fixed(BEGIN))


async def until(company, at):
    """From due moment to due moment, as time goes."""
    while (due := await company.store.next_due(company.clock.business)) is not None and due <= at:
        await company.settle(until=due)
    await company.settle(until=at)


def access(company, name):
    """Open or not, and what is held."""
    state, grants = company.account(name)
    return state in ("active", "invited"), grants


def local(text, zone="Asia/Shanghai"):
    return instant(text, zone)


async def test_after_a_midnight_over_which_the_service_was_down_everything_of_it_is_done(company):
    for number in range(1, 4):
        await company.hire(
            f"h{number}", f"W{number}", mobile=f"+861380000000{number}", given=f"伟{'一二三'[number - 1]}"
        )
    await company.say("left", "l1", worker_id="W1", effective_at="2026-04-01")
    await company.say("transferred", "t2", worker_id="W2", effective_at="2026-04-01",
                      assignment={"job_function": "administration"})  # fmt: skip
    await company.hire("h4", "W4", mobile="+8613800000004", given="四", effective_at="2026-04-01")
    await until(company, local("2026-03-31T23:59"))
    assert access(company, "wangwy") == (True, ["tag:sales"])
    assert company.account("wangs") is None
    await company.settle(until=local("2026-04-03T10:00"))  # nobody looked for two days
    assert access(company, "wangwy") == (False, [])
    assert access(company, "wangwe") == (True, ["tag:office"])
    assert access(company, "wangws") == (True, ["tag:sales"])
    assert access(company, "wangs") == (True, ["tag:sales"])
    assert (await company.books()).keys() == {"confirmed"}


async def test_who_came_and_went_while_the_service_was_down_never_had_an_account(company):
    await company.hire("h1", effective_at="2026-04-01")
    await company.say("left", "l1", worker_id="W1", effective_at="2026-04-02")
    await company.settle(until=local("2026-04-03T10:00"))
    assert not company.crm.accounts


async def test_a_year_of_facts_told_in_one_go_each_takes_effect_on_its_day(company):
    await company.hire("h")
    months = [f"2026-{month:02}-01" for month in range(3, 13)]
    for number, day in reversed(list(enumerate(months))):
        function = ("administration", "sales")[number % 2]
        await company.say("transferred", f"t{number}", worker_id="W1", effective_at=day,
                          assignment={"job_function": function, "title": f"since {day}"})  # fmt: skip
    await company.say("left", "l", worker_id="W1", effective_at="2027-01-01")
    for number, day in enumerate(months):
        await until(company, local(day) - timedelta(seconds=1))
        before = access(company, "wangw")
        await until(company, local(day))
        after = (True, [("tag:office", "tag:sales")[number % 2]])
        assert (before == after, access(company, "wangw")) == (False, after), day
        assert company.crm.accounts["wangw"].attributes["title"] == f"since {day}"
    await until(company, local("2026-12-31T23:59:59"))
    assert access(company, "wangw")[0]
    await until(company, local("2027-01-01"))
    assert access(company, "wangw") == (False, [])


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Europe/Paris", "Pacific/Kiritimati"])
async def test_a_rule_about_today_ends_at_the_midnight_of_whom_it_is_about(zone):
    company = Company(policy_text=TRIAL, clock=Fixed(BEGIN))
    await company.hire("h", zone=zone, effective_at="2026-02-01", employment={"probation_ends_at": "2026-03-29"})
    midnight = local("2026-03-29", zone)
    await until(company, midnight - timedelta(seconds=1))
    assert access(company, "w1") == (True, ["tag:trial"])
    await until(company, midnight)
    assert access(company, "w1") == (True, [])


async def test_the_same_name_is_numbered_in_the_order_of_arrival_and_never_given_to_another(company):
    await company.hire("h1", "W1")
    await company.settle(until=local("2026-02-01"))
    await company.hire("h2", "W2", mobile="+8613800000002")
    await company.say("left", "l1", worker_id="W1", effective_at="2026-03-01")
    await until(company, local("2026-04-01"))
    await company.hire("h3", "W3", mobile="+8613800000003", effective_at="2026-04-01")
    await until(company, local("2026-04-02"))
    assert set(company.crm.accounts) == {"wangw", "wangw2", "wangw3"}
    await company.hire("h4", "W1", effective_at="2026-05-01")
    await until(company, local("2026-05-02"))
    assert access(company, "wangw") == (True, ["tag:sales"])
    assert set(company.crm.accounts) == {"wangw", "wangw2", "wangw3"}
    decided = [each["decision"] for each in await company.told("tenure.decision.made.v1")]
    assert [each["username"] for each in decided if each["kind"] == "username_given"] == ["wangw", "wangw2", "wangw3"]

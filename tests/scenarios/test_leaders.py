"""Who leads a department is a number of the HR system that says so, and not everybody's who has that number."""

import pytest
from company import Company
from edge_cases import POLICY
from platforms import InDingTalk, InMemory, InWeCom

from sandbox.serve import running

OTHER = "urn:hr:other"
SHARED = 'sources: {branch: {type: webhook, source: "urn:hr:other", id_space: "urn:hr:acme", secrets: ["x"]}, '


@pytest.fixture(scope="module")
def sandbox():
    with running({"wecom": {"quota_scale": 1000.0}, "dingtalk": {"scale": 1000.0}}) as url:
        yield url


@pytest.fixture(params=["memory", "wecom", "dingtalk"])
async def platform(request, sandbox):
    opened = {"memory": lambda _url: InMemory(), "wecom": InWeCom, "dingtalk": InDingTalk}[request.param](sandbox)
    yield opened
    await opened.close()


async def firm(platform, policy=POLICY):
    """W1 of acme and W1 of another company, both in D1; it is the other company that says "W1 leads D1"."""
    text = policy.replace("SETTINGS", platform.settings).replace("TITLE", platform.title)
    firm = Company(policy_text=text.replace("RIGHT", platform.right))
    firm.intake.id_space_of = firm.policy.space_of
    platform.open(firm)
    await firm.hire("e1", department="D1", source="urn:hr:acme")
    await firm.hire("e2", family="李", given="丽", mobile="+8613800000002", department="D1", source=OTHER)
    told = {"department_id": "D1", "name": "North", "leader_ids": ["W1"]}
    await firm.say("department.changed", "d1", source=OTHER, **told)
    await firm.settle()
    return firm


async def leaders(platform, name="North"):
    """By native id, wherever the platform keeps it."""
    everybody = await platform.everybody()
    [number] = [number for number, found in (await platform.departments()).items() if found.name == name]
    with_accounts = {account.native_id for account in everybody if number in (account.leads or ())}
    return with_accounts | {*(await platform.departments())[number].leaders}


async def test_a_leader_is_a_number_of_the_system_that_names_them(platform):
    await firm(platform)
    assert await leaders(platform) == {"lil"}


async def test_systems_of_one_id_space_name_the_same_people(platform):
    """Both numbers W1 are one worker there: the later hire is another message about her."""
    await firm(platform, POLICY.replace("sources: {", SHARED))
    assert await leaders(platform) == {"wangw"}

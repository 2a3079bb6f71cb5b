"""What a leaver worked on goes, with the removal, to whom policy names: on DingTalk's stand-in with Smart HR."""

from typing import ClassVar

import httpx
import pytest
from company import Company
from platforms import InDingTalk

from sandbox.serve import running
from services.platforms.errors import NeedsPersonError
from services.provisioner.policy.load import PolicyError

SMART_HR = {"edition": "professional", "operator_userid": "hrbot", "leave_reason": "v3"}
POLICY = """
sources: {acme: {type: webhook, source: "urn:hr:acme", secrets: ["x"], zone: Asia/Shanghai}}
targets:
  crm: {type: dingtalk, app_key: a, app_secret: "x", agent_id: 1, mode: enforce, SMART_HR}
  wiki: {type: memory, mode: %s}
accounts:
  crm:
    username: "{family.pinyin}{given.initials}"
    attributes: {name: person.display_name, mobile: {value: person.mobile, write: on_create}}
  wiki: {}
"""
HAND_OVER = "leavers: {hand_over: {to: [successor, manager], what: [%s]}}\n"
WORK = {"aflowHandOverUserId", "docNoteHandoverUserId", "dingPanHandoverUserId", "permissionHandoverUserId",
        "directSubordinatesHandoverUserId"}  # fmt: skip


class Professional(InDingTalk):
    config: ClassVar = InDingTalk.config | SMART_HR

    def handed(self):
        """Who left → to whom each kind of thing went."""
        return {one["userid"]: one["receivers"] for one in self.state()["handovers"]}

    def state(self):
        return httpx.get(f"{self.url}/_sandbox/state").json()


@pytest.fixture(scope="module")
def sandbox():
    with running({"dingtalk": {"scale": 1000.0, "edition": "professional"}}) as url:
        yield url


@pytest.fixture
async def platform(sandbox):
    platform = Professional(sandbox)
    await platform.exists("hrbot", "HR", "+8613900000000")
    yield platform
    await platform.close()


async def firm(platform, what="work", smart_hr=True):
    """Wei (W1) works for Li (W2); Zhao (W3) is a colleague. On DingTalk itself Wei's manager is hrbot."""
    settings = ", ".join(f"{name}: {value}" for name, value in SMART_HR.items()) if smart_hr else "edition: standard"
    firm = Company(policy_text=POLICY.replace("SMART_HR", settings), more=HAND_OVER % what if what else "")
    platform.open(firm)
    await firm.hire("e1")
    await firm.say("transferred", "e1m", worker_id="W1", assignment={"manager_id": "W2"})
    await firm.hire("e2", "W2", family="李", given="丽", mobile="+8613800000002")
    await firm.hire("e3", "W3", family="赵", given="云", mobile="+8613800000003")
    await firm.settle()
    platform.console("update", userid="wangw", manager_userid="hrbot")
    platform.order("activate", {"all": True})
    return firm


async def leave(firm, **more):
    await firm.say("left", "e9", worker_id="W1", effective_at="2026-03-01", **more)
    await firm.settle()
    return next(s for s in await firm.told("tenure.event.settled.v1") if s["event"]["id"] == "e9")


def residue(settled):
    return next(target["residue"] for target in settled["targets"] if target["target"] == "crm")


async def test_the_manager_of_hr_takes_over_and_not_the_one_whom_dingtalk_shows(platform):
    at_work = await firm(platform)
    settled = await leave(at_work)
    assert platform.handed() == {"wangw": dict.fromkeys(WORK, "lil")}
    assert (settled["state"], residue(settled)) == ("confirmed", [])
    taken = [(s["verb"], s["to"], s["fields"]) for s in await at_work.told("tenure.step.taken.v1")]
    assert taken[-1] == ("remove", "lil", ["work"]), "the audit says to whom"


async def test_a_named_successor_takes_the_work_over(platform):
    await leave(await firm(platform), successor_id="W3")
    assert platform.handed() == {"wangw": dict.fromkeys(WORK, "zhaoy")}


async def test_where_nobody_can_take_the_work_over_access_ends_and_the_confirmation_says_so(platform):
    at_work = await firm(platform)
    await at_work.say("left", "e8", worker_id="W2", effective_at="2026-02-20")
    await at_work.settle()
    settled = await leave(at_work)
    assert platform.handed()["wangw"] == {}
    assert "wangw" not in platform.state()["users"]
    assert (settled["state"], residue(settled)) == ("confirmed", ["not_handed_over:work"])


async def test_an_heir_who_is_gone_from_dingtalk_is_passed_over_and_access_ends(platform):
    at_work = await firm(platform)
    await platform.deletes("zhaoy")
    settled = await leave(at_work, successor_id="W3")
    assert platform.handed() == {"wangw": dict.fromkeys(WORK, "lil")}, "the next one that policy names"
    assert residue(settled) == []


async def test_where_every_heir_is_gone_access_ends_all_the_same(platform):
    at_work = await firm(platform)
    for native_id in ("zhaoy", "lil"):
        await platform.deletes(native_id)
    settled = await leave(at_work, successor_id="W3")
    assert platform.handed() == {"wangw": {}}
    assert residue(settled) == ["not_handed_over:work"]


async def test_an_account_that_somebody_else_removed_gave_its_work_to_nobody(platform):
    at_work = await firm(platform)
    await platform.deletes("wangw")
    settled = await leave(at_work)
    assert (settled["state"], residue(settled)) == ("confirmed", ["not_handed_over:work"])


async def test_the_answer_is_lost_and_the_work_went_all_the_same(platform):
    at_work = await firm(platform)
    platform.order("faults", [{"path": "v1.0/hrm/processes/terminateAndHandOver", "kind": "timeout_after"}])
    await at_work.say("left", "e9", worker_id="W1", effective_at="2026-03-01")
    await at_work.settle()
    await at_work.settle(until=at_work.clock.business.replace(hour=1))
    [settled] = [s for s in await at_work.told("tenure.event.settled.v1") if s["event"]["id"] == "e9"]
    assert platform.handed() == {"wangw": dict.fromkeys(WORK, "lil")}
    assert residue(settled) == []


async def test_where_policy_says_nothing_of_it_the_manager_whom_dingtalk_shows_takes_over(platform):
    assert residue(await leave(await firm(platform, what=""))) == []
    assert platform.handed() == {"wangw": dict.fromkeys(WORK, "hrbot")}


async def test_without_smart_hr_the_work_is_residue(platform):
    settled = await leave(await firm(platform, smart_hr=False))
    assert residue(settled) == ["not_handed_over:work"]


async def test_who_is_to_take_over_and_is_not_there_is_a_persons_matter(platform):
    await platform.exists("x1", "Mei", "+8613900000007")
    with pytest.raises(NeedsPersonError, match="hand_over_refused"):
        await platform.connector.remove_for("x1", "nobody")


def test_a_target_without_smart_hr_is_refused_the_work():
    text = POLICY.replace("SMART_HR", "hand_over: [work]")
    with pytest.raises(PolicyError, match="dingtalk has no way to do that"):
        Company(policy_text=text, more=HAND_OVER % "work")

"""A policy is put in force while Tenure runs: counted whole before its first step, then everybody is looked at."""

import pytest
from guarded import GUARDS, POLICY, Firm

from services.kit.errors import ReopenError
from services.provisioner.act.governance import Governance
from services.provisioner.act.trees import Trees
from services.provisioner.operators.effective import BehindError, Effective, FaultyPolicyError
from services.provisioner.operators.holds import Which
from services.provisioner.operators.jobs import Jobs
from services.provisioner.operators.operations import Operations
from services.provisioner.store.port import PolicyInForce

SALES, NOBODY = 'job_function == "sales"', 'job_function == "nobody"'


async def nobody_asks(*_):
    raise AssertionError("no platform and no broker is asked")


class Running:
    """A firm and what its process does about policies."""

    def __init__(self, firm):
        self.firm = firm

    async def begin(self, count):
        await self.firm.store.first_policy(PolicyInForce(self.firm.policy.version, self.firm.text, looked=True))
        await self.firm.take_in(self.firm.hires(range(count)))
        await self.firm.settle()
        await self.firm.later(days=2)
        return self

    def effective(self, env=()):
        firm = self.firm
        facts = {name: {"type": "memory", "mode": target.mode} for name, target in firm.targets.items()}
        operations = Operations(firm.store, firm.clock, firm.pauses, facts, nobody_asks, nobody_asks)
        return Effective(operations, firm.policy, Trees(firm.store), dict(env), Jobs())

    async def apply(self, text, **more):
        return await self.effective().apply(text, "operator:li", "new rules", **more)

    async def follow(self):
        """The process notices, opens again, and has everybody looked at; then whatever is due."""
        with pytest.raises(ReopenError):
            await self.governance().turn()
        self.firm.run_under((await self.firm.store.policy_in_force()).text)
        await self.governance().turn()
        await self.firm.settle()

    def governance(self):
        firm = self.firm
        return Governance(firm.store, firm.clock, firm.policy.version, list(firm.targets), lambda: None)

    def tags(self):
        return {name: len(members) for name, members in self.firm.crm.lists.items()}


@pytest.fixture
async def running():
    return await Running(Firm()).begin(100)


async def test_a_policy_in_force_changes_what_people_have_and_is_a_decision():
    running = await Running(Firm(more="")).begin(3)
    said = await running.apply(running.firm.text.replace("tag:sales", "tag:vip"))
    await running.follow()
    assert running.tags() == {"tag:sales": 0, "tag:vip": 3}
    assert (said["people"], said["changed"], said["changes"]) == (3, 3, {"revoke": 3})
    decisions = [told["decision"] for told in await running.firm.told("tenure.decision.made.v1")]
    applied = [one for one in decisions if one["kind"] == "policy_applied"]
    assert [(one["version"], one["by"], one["reason"]) for one in applied] == [
        (running.firm.policy.version, "operator:li", "new rules")
    ]


async def test_a_mass_change_by_policy_is_held_before_its_first_step(running):
    said = await running.apply(running.firm.text.replace(SALES, NOBODY))
    assert (said["changes"], said["held"]) == ({"revoke": 100}, {"revoke": 100})
    await running.follow()
    assert running.tags()["tag:sales"] == 100  # not a single one went before the guard had seen them all
    cause = f"policy:{running.firm.policy.version}"
    held = [await running.firm.rows(running.firm.person(n)) for n in range(100)]
    assert {rows["crm"] for rows in held} == {("held", f"guard:revoke:{cause}")}


async def test_what_a_guard_held_goes_on_once_it_is_released(running):
    await running.apply(running.firm.text.replace(SALES, NOBODY))
    await running.follow()
    which = Which(cause=f"policy:{running.firm.policy.version}", kind="revoke")
    await running.firm.holds.release(which, "operator:li", "as meant")
    await running.firm.settle()
    assert running.tags()["tag:sales"] == 0


async def test_everything_else_goes_on_while_a_policy_is_held(running):
    await running.apply(running.firm.text.replace(SALES, NOBODY))
    await running.follow()
    await running.firm.take_in(running.firm.leaves([7]))
    await running.firm.settle()
    assert running.firm.active() == 99


async def test_few_changes_are_not_held(running):
    await running.firm.take_in(running.firm.transfers(range(3), "administration"))
    await running.firm.settle()
    said = await running.apply(running.firm.text.replace("tag:office", "tag:desk"))
    assert (said["changes"], said["held"]) == ({"revoke": 3}, {})
    await running.follow()
    assert running.tags() == {"tag:sales": 97, "tag:office": 0, "tag:desk": 3}


async def test_guards_that_a_policy_brings_count_who_is_there_already():
    running = await Running(Firm(more="")).begin(100)
    said = await running.apply((POLICY % "observe").replace(SALES, NOBODY) + GUARDS)
    assert said["held"] == {"revoke": 100}
    await running.follow()
    assert running.tags()["tag:sales"] == 100
    await running.firm.take_in(running.firm.leaves(range(2)))
    await running.firm.settle()
    assert running.firm.active() == 98  # two of a hundred are no mass change, two of nobody would be


async def test_a_preview_changes_nothing(running):
    before = await running.firm.store.policy_in_force()
    said = await running.apply(running.firm.text.replace(SALES, NOBODY), preview=True)
    assert (said["changed"], said["in_force"]) == (100, before.version)
    assert await running.firm.store.policy_in_force() == before
    announced = await running.firm.store.announced(running.firm.person(1), "crm", running.firm.now)
    assert not [change for change in announced[1] if change.cause.startswith("policy:")]


async def test_the_same_policy_again_has_everybody_looked_at_again(running):
    said = await running.apply(running.firm.text)
    assert (said["people"], said["changed"], said["restart"]) == (100, 0, [])
    before = await running.firm.store.depth()
    await running.governance().turn()
    assert sum(one.due for one in await running.firm.store.depth()) - sum(one.due for one in before) == 200
    await running.governance().turn()  # and once is enough
    await running.firm.settle()
    await running.governance().turn()
    assert not any(one.due for one in await running.firm.store.depth())


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [("type: memory", "type: abacus", "abacus"), ("type: memory", 'type: memory, latency: "${NOT_SET}"', "NOT_SET")],
)
async def test_a_faulty_policy_is_refused_with_what_is_wrong(running, old, new, word):
    before = await running.firm.store.policy_in_force()
    with pytest.raises(FaultyPolicyError) as raised:
        await running.apply(running.firm.text.replace(old, new))
    assert any(word in problem["text"] for problem in raised.value.more["problems"])
    assert await running.firm.store.policy_in_force() == before


async def test_who_compared_with_a_policy_that_is_not_in_force_any_more_is_told_so(running):
    first, second = running.effective(), running.effective()
    await first.apply(running.firm.text.replace("tag:sales", "tag:vip"), "operator:li", "vips")
    with pytest.raises(BehindError):
        await second.apply(running.firm.text, "operator:wu", "as it was")
    with pytest.raises(BehindError):
        await second.apply(running.firm.text, "operator:wu", "as it was", preview=True)


async def test_what_the_other_services_read_is_named(running):
    text = running.firm.text.replace('secrets: ["x"]', 'secrets: ["x", "y"]')
    assert (await running.apply(text, preview=True))["restart"] == ["ingest", "notifier"]

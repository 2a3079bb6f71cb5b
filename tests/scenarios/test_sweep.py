"""Sweeps on the small company: what administrators do on the platform, and what becomes of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from company import START, Company

from services.platforms.errors import TryLaterError
from services.provisioner.act.sweep import Sweep, owned_on
from services.provisioner.act.sweeper import Sweeper
from services.provisioner.act.trees import Trees
from services.provisioner.model import Account, AccountState
from services.provisioner.operators.holds import Holds, Which
from services.provisioner.store.port import Mark

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Firm(Company):
    """A company whose targets are swept. `lists`: the platform shows grants only list by list, as WeCom does."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.found = []

    def sweep(self, *, lists=False):
        target, guarded = self.targets["crm"], bool(self.policy.guards)
        target.connector.shows_grants = not lists
        owned = owned_on(self.policy, target)
        return Sweep(self.store, target, owned, Trees(self.store), guarded, self.found.append)

    async def swept(self, *, repair=True, lists=False):
        report = await self.sweep(lists=lists).run(self.clock.business, repair=repair)
        return [(line.kind, line.native_id, line.fields) for line in report.lines]

    def change(self, native_id, **changes):
        """An administrator's hand."""
        self.crm.put(replace(self.crm.accounts[native_id], **changes))

    def sweeper(self, every=timedelta(hours=6), holder="one"):
        return Sweeper(self.store, self.clock, {"crm": self.sweep()}, every, holder)


@pytest.fixture
async def firm():
    firm = Firm()
    await firm.say("department.changed", "d1", department_id="D1", name="Sales")
    await firm.hire("e1", department="D1", title="Buyer")
    await firm.settle()
    firm.crm.activate("wangw")
    firm.crm.calls.clear()
    return firm


async def test_where_nothing_differs_nobody_is_looked_at_again(firm):
    assert await firm.swept() == []
    await firm.settle()
    assert firm.crm.calls == {"accounts": 1, "departments": 1}
    assert (await firm.store.accounts_of("urn:hr:acme/W1"))["crm"].observed.state is AccountState.ACTIVE


async def test_a_field_of_ours_is_written_back(firm):
    firm.change("wangw", attributes={**firm.crm.accounts["wangw"].attributes, "title": "Boss", "telephone": "1"})
    assert await firm.swept() == [("drift", "wangw", ("title",))]
    await firm.settle()
    assert firm.crm.accounts["wangw"].attributes["title"] == "Buyer"
    assert firm.crm.accounts["wangw"].attributes["telephone"] == "1"
    assert await firm.swept() == []


async def title_after(firm, at, said):
    """Somebody writes the title before a sweep; what stands there after it."""
    firm.clock.machine = firm.clock.business = at
    firm.change("wangw", attributes={**firm.crm.accounts["wangw"].attributes, "title": said})
    await firm.swept()
    await firm.settle()
    return firm.crm.accounts["wangw"].attributes["title"]


async def test_a_field_that_is_changed_back_twice_in_a_day_is_left_alone(firm):
    assert await title_after(firm, START + 6 * HOUR, "Boss") == "Buyer"
    assert await title_after(firm, START + 12 * HOUR, "Boss") == "Boss"
    assert (await firm.rows())["crm"] == ("held", "another_system_writes_this:title")
    assert await firm.swept() == [("drift", "wangw", ("title",))], "said every time"


async def test_what_is_changed_back_every_other_day_is_repaired(firm):
    for days in (1, 3, 5):
        assert await title_after(firm, START + days * DAY, "Boss") == "Buyer"


async def test_news_of_hr_is_written_also_where_somebody_else_writes(firm):
    for hours in (6, 12):
        await title_after(firm, START + hours * HOUR, "Boss")
    await firm.say("transferred", "e2", worker_id="W1", effective_at="2026-02-20", assignment={"title": "Chief"})
    await firm.settle()
    assert firm.crm.accounts["wangw"].attributes["title"] == "Chief"


@pytest.mark.parametrize("lists", [False, True])
async def test_a_list_of_ours_is_given_again_and_others_stay(firm, lists):
    firm.crm.lists = {"tag:sales": set(), "tag:book-club": {"wangw"}}
    assert await firm.swept(lists=lists) == [("drift", "wangw", ("-tag:sales",))]
    await firm.settle()
    assert firm.account("wangw") == ("active", ["tag:book-club", "tag:sales"])
    assert await firm.swept(lists=lists) == []


async def test_a_list_that_only_policy_gives_is_taken_back():
    firm = Firm(more='entitlements: {"crm:tag:office": exclusive}\n')
    await firm.hire("e1")
    await firm.settle()
    firm.crm.lists["tag:office"] = {"wangw"}
    assert await firm.swept() == [("drift", "wangw", ("+tag:office",))]
    await firm.settle()
    assert firm.account("wangw") == ("invited", ["tag:sales"])


async def test_what_an_administrator_closed_is_held_and_said_every_time(firm):
    firm.change("wangw", state=AccountState.SUSPENDED)
    assert await firm.swept() == [("closed_by_others", "wangw", ("state",))]
    await firm.settle()
    assert firm.account("wangw") == ("suspended", ["tag:sales"])
    assert (await firm.rows())["crm"] == ("held", "closed_by_others")
    calls = firm.crm.calls["read"]
    assert await firm.swept() == [("closed_by_others", "wangw", ())]
    await firm.settle()
    assert firm.crm.calls["read"] == calls, "known already: nobody looks again"
    assert firm.found == ["closed_by_others"], "told once"


async def test_what_an_administrator_closed_opens_when_an_operator_releases_it(firm):
    firm.change("wangw", state=AccountState.SUSPENDED)
    await firm.swept()
    await firm.settle()
    assert (await firm.rows())["crm"] == ("held", "closed_by_others")
    firm.clock.machine = firm.clock.business = START + HOUR
    released = await Holds(firm.store, firm.clock).release(Which(kind="resume"), "operator:li", "a mistake")
    assert released == {"people": 1, "differences": 1}
    await firm.settle()
    assert firm.account("wangw") == ("active", ["tag:sales"])
    assert (await firm.rows())["crm"] == ("settled", None)


async def looked_at_again(firm):
    """As after a message of the platform that it changed."""
    async with firm.store.intake() as tx:
        await tx.mark([Mark("urn:hr:acme/W1", 1, firm.clock.business)], ["crm"])
        await tx.forget_checks("urn:hr:acme/W1")
    await firm.settle()


async def closed_by_an_administrator(firm):
    firm.change("wangw", state=AccountState.SUSPENDED)
    await firm.swept()
    await firm.settle()
    stored = (await firm.store.accounts_of("urn:hr:acme/W1"))["crm"]
    assert stored.shown_closed_at == firm.clock.business


def at(firm, moment):
    firm.clock.machine = firm.clock.business = moment


async def test_a_release_counts_though_the_account_was_read_again_before_it_was_acted_on(firm):
    await closed_by_an_administrator(firm)
    at(firm, START + HOUR)
    firm.pauses.paused["crm"] = ("operator:li", "maintenance")
    await Holds(firm.store, firm.clock).release(Which(kind="resume"), "operator:li", "a mistake")
    at(firm, START + 2 * HOUR)
    del firm.pauses.paused["crm"]
    await looked_at_again(firm)
    assert firm.account("wangw")[0] == "active"
    assert (await firm.store.accounts_of("urn:hr:acme/W1"))["crm"].shown_closed_at is None


@pytest.mark.parametrize(("told_after", "state"), [(HOUR, "active"), (-HOUR, "suspended")], ids=["after", "before"])
async def test_a_rehire_counts_if_it_was_told_after_the_first_reading_that_saw_it_closed(firm, told_after, state):
    at(firm, START + HOUR)
    await firm.say("left", "e2", worker_id="W1", effective_at="2026-03-05")
    await firm.settle()

    async def told():
        await firm.hire("e3", effective_at="2026-03-10")
        await firm.settle()

    if told_after < timedelta():
        await told()
        at(firm, START + 2 * HOUR)
        await closed_by_an_administrator(firm)
    else:
        await closed_by_an_administrator(firm)
        at(firm, START + 2 * HOUR)
        await told()
    for day in (3, 6, 8):
        at(firm, START + day * DAY)
        await looked_at_again(firm)
    await firm.settle(until=START + 12 * DAY)
    assert firm.account("wangw")[0] == state


async def test_an_account_that_others_close_again_after_a_release_is_held_again(firm):
    await closed_by_an_administrator(firm)
    at(firm, START + HOUR)
    await Holds(firm.store, firm.clock).release(Which(kind="resume"), "operator:li", "a mistake")
    await firm.settle()
    at(firm, START + 2 * HOUR)
    await closed_by_an_administrator(firm)
    at(firm, START + 3 * HOUR)
    await looked_at_again(firm)
    assert (await firm.rows())["crm"] == ("held", "closed_by_others")


@pytest.mark.parametrize("protected", [["urn:hr:acme/W1"], []])
async def test_the_short_look_sees_protected_people_too(firm, protected):
    firm.change("wangw", state=AccountState.SUSPENDED)
    look = replace(firm.sweep(), protected=protected)
    assert await look.glance(firm.clock.business) == len(protected)
    await firm.settle()
    held = ("held", "closed_by_others") if protected else ("settled", None)
    assert (await firm.rows())["crm"] == held


async def test_a_removed_account_is_missing_then_held(firm):
    firm.crm.drop("wangw")
    assert await firm.swept() == [("missing", "wangw", ("state",))]
    await firm.settle()
    assert firm.account("wangw") is None
    assert (await firm.rows())["crm"] == ("held", "closed_by_others")
    assert await firm.swept() == [("closed_by_others", "wangw", ("state",))]
    assert firm.found == ["missing"]


async def test_a_leavers_account_that_was_opened_is_closed_at_once(firm):
    await firm.say("left", "e2", worker_id="W1", effective_at="2026-02-25")
    await firm.settle()
    firm.change("wangw", state=AccountState.ACTIVE)
    assert await firm.swept() == [("reopened_by_others", "wangw", ("state",))]
    [claim] = await firm.store.claim(await firm.store.join("t", DAY), "crm", 0, 9)
    assert claim.person_id == "urn:hr:acme/W1", "in the lane of leaves"
    await firm.store.reap()


async def test_after_the_pass_the_opened_account_is_closed(firm):
    await firm.say("left", "e2", worker_id="W1", effective_at="2026-02-25")
    await firm.settle()
    firm.change("wangw", state=AccountState.ACTIVE)
    await firm.swept()
    await firm.settle()
    assert firm.account("wangw") == ("suspended", [])
    assert await firm.swept() == []


async def test_an_account_of_nobody_is_named_and_left(firm):
    firm.crm.put(Account("stranger", AccountState.ACTIVE, {"name": "Li"}, ("1",)))
    assert await firm.swept() == [("orphan", "stranger", ())]
    await firm.settle()
    assert firm.account("stranger") == ("active", [])


async def test_a_department_that_was_renamed_is_named_as_hr_says(firm):
    [native] = [d for d in firm.crm.tree.values() if d.name == "Sales"]
    firm.crm.tree[native.native_id] = replace(native, name="Selling")
    assert await firm.swept() == [("department", native.native_id, ("D1", "name"))]
    await firm.settle()
    assert firm.crm.tree[native.native_id].name == "Sales"
    assert await firm.swept() == []


async def test_a_report_changes_nothing(firm):
    firm.change("wangw", attributes={**firm.crm.accounts["wangw"].attributes, "title": "Boss"})
    before = await firm.store.accounts_of("urn:hr:acme/W1")
    assert await firm.swept(repair=False) == [("drift", "wangw", ("title",))]
    await firm.settle()
    assert firm.found == []
    assert await firm.store.accounts_of("urn:hr:acme/W1") == before
    assert firm.crm.accounts["wangw"].attributes["title"] == "Boss"


async def test_who_is_due_anyway_is_not_called_drift(firm):
    await firm.say(
        "transferred", "e2", worker_id="W1", effective_at="2026-02-20", assignment={"job_function": "administration"}
    )
    firm.change("wangw", attributes={"title": "Boss"})
    assert await firm.swept() == []


async def test_a_mass_of_drift_is_a_cause_of_its_own_for_guards():
    firm = Firm(more="guards: [{steps: [rename], within: 1h, more_than: 5%, and_at_least: 3}]\n")
    for n in range(4):
        await firm.hire(f"e{n}", f"W{n}", mobile=f"+861380000000{n}", title="Buyer")
    await firm.settle()
    for native_id in list(firm.crm.accounts):
        firm.change(native_id, attributes={**firm.crm.accounts[native_id].attributes, "title": "Boss"})
    assert len(await firm.swept()) == 4
    await firm.settle()
    assert {group.reason for group in await firm.store.held_groups()} == {"guard:rename:sweep:crm"}


# ---------------------------------------------------------------- in its time


async def test_a_target_is_swept_every_six_hours_of_business_time(firm):
    sweeper = firm.sweeper()
    assert not await sweeper.turn("crm"), "everything was checked a moment ago"
    firm.clock.business = START + timedelta(hours=6)
    assert await sweeper.turn("crm")
    assert (await firm.store.last_sweep("crm")).at == firm.clock.business
    assert not await sweeper.turn("crm")


async def test_where_nothing_is_remembered_nothing_is_swept():
    firm = Firm()
    assert not await firm.sweeper(every=timedelta(seconds=1)).turn("crm")
    assert not firm.crm.calls


async def test_one_process_sweeps_a_target(firm):
    firm.clock.business = START + DAY
    await firm.store.lead("sweep:crm", "another", DAY)
    assert not await firm.sweeper().turn("crm")
    assert not firm.crm.calls


async def test_a_listing_that_breaks_off_touches_nobody_and_is_tried_later(firm):
    firm.clock.business = START + DAY
    firm.crm.drop("wangw")
    firm.crm.fail("accounts", TryLaterError("busy", "accounts"))
    sweeper = firm.sweeper()
    assert not await sweeper.turn("crm")
    await firm.settle()
    assert (await firm.rows())["crm"][0] == "settled"
    assert not await sweeper.turn("crm"), "not at once again"
    assert firm.crm.calls["accounts"] == 1


async def test_what_we_locked_is_looked_at_every_ten_minutes(firm):
    await firm.hire("e8", "W2", given="雷", mobile="+8613800000002")
    await firm.say("left", "e2", worker_id="W1", effective_at="2026-02-25")
    await firm.settle()
    sweeper = firm.sweeper()
    assert not await sweeper.turn("crm")
    firm.change("wangw", state=AccountState.ACTIVE)
    firm.crm.calls.clear()
    firm.clock.machine = firm.clock.business = START + timedelta(minutes=10)
    assert await sweeper.turn("crm")
    assert firm.crm.calls == {"read": 1}, "of the leaver alone"
    await firm.settle()
    assert firm.account("wangw") == ("suspended", [])
    assert firm.found == ["reopened_by_others"]
    assert not await sweeper.turn("crm")

"""What waits for a person: everything that can, provoked, each with the command that helps."""

from dataclasses import replace
from datetime import timedelta

import pytest
from company import START, Company

from contracts.decisions import AccessStopped
from services.cli.__main__ import MODULES
from services.cli.books import todo_words
from services.platforms.errors import NeedsPersonError, TryLaterError
from services.provisioner.act.sweep import Sweep
from services.provisioner.act.trees import Trees
from services.provisioner.model import Account, AccountState
from services.provisioner.operators.errors import OperatorError
from services.provisioner.operators.holds import Holds, Which
from services.provisioner.operators.operations import Operations
from services.provisioner.operators.todo import Todo
from services.provisioner.plan.decided import stamped
from services.provisioner.plan.drift import Owned
from services.provisioner.store.port import Mark

GUARDS = """
guards:
  - {steps: [close], within: 24h, more_than: 1%, and_at_least: 3}
"""
DRIFT = "\ndrift: {reopened_by_others: hold}\n"
P1, P2 = "urn:hr:acme/W1", "urn:hr:acme/W2"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Paused:
    """The limiter's pauses."""

    def __init__(self):
        self.rows = []

    async def pauses(self):
        return self.rows


async def nobody():
    raise AssertionError("todo asks neither broker nor platform")


class Desk(Company):
    """A company and what its operators see."""

    def __post_init__(self):
        super().__post_init__()
        self.paused = Paused()
        facts = {name: {} for name in self.targets}
        self.do = Operations(self.store, self.clock, self.paused, facts, nobody, nobody)
        self.todo = Todo(self.store, self.clock, self.paused, self.targets)

    async def later(self, by):
        """So much later, without a pass."""
        self.clock.machine = self.clock.business = self.clock.business + by

    async def items(self):
        return [(i["kind"], i["reason"], i["next"]) for i in await self.todo.listed()]


# ------------------------------------------------------------ how each comes about


async def a_guard_holds_many(desk):
    for n in range(60):
        await desk.hire(f"e{n}", f"W{n}", given=f"伟{n}", mobile=f"+86138000001{n:02}")
    await desk.settle()
    lot = [desk.event("left", f"l{n}", worker_id=f"W{n}", time=START.isoformat()) for n in range(30)]
    await desk.intake.take_in(lot)
    await desk.settle()


async def others_closed_an_account(desk):
    await desk.hire("e1")
    await desk.settle()
    desk.crm.put(replace(desk.crm.accounts["wangw"], state=AccountState.SUSPENDED))
    await desk.do.retry("W1")
    await desk.settle()


async def others_opened_a_leavers_account(desk):
    await desk.hire("e1")
    await desk.settle()
    await desk.say("left", "e2", worker_id="W1", effective_at="2026-02-20")
    await desk.settle()
    desk.crm.put(replace(desk.crm.accounts["wangw"], state=AccountState.ACTIVE))
    await desk.do.retry("W1")
    await desk.settle()


async def a_mobile_is_taken(desk):
    await desk.hire("e1")
    await desk.settle()
    await desk.hire("e2", "W2", family="李", given="梅")
    await desk.settle()


async def a_platform_refuses_a_value(desk):
    desk.crm.fail("create", NeedsPersonError("60112", "create", "bad_name"))
    await desk.hire("e1")
    await desk.settle()


async def a_department_closes_around_its_people(desk):
    await desk.say("department.changed", "d1", department_id="D1", name="一部")
    await desk.hire("e1", department="D1")
    await desk.settle()
    await desk.say("department.closed", "d2", department_id="D1")
    await desk.settle()


async def departments_stand_under_each_other(desk):
    for eid, department, parent in (("d1", "D1", "D2"), ("d2", "D2", "D1")):
        await desk.say("department.changed", eid, department_id=department, parent_id=parent, name=department)
    await desk.settle()


async def two_messages_have_one_id(desk):
    await desk.hire("e1")
    await desk.settle()
    await desk.hire("e1", function="administration")
    await desk.settle()


async def a_number_may_be_somebody_else(desk):
    marks = {"display_name": "王伟", "mobile": "+8613800000001", "personal_email": "wei@example.net"}
    for eid, worker, name in (("e1", "W1", "王伟"), ("e2", "W2", "王维")):
        await desk.say("hired", eid, worker_id=worker, person=marks | {"display_name": name},
                       assignment={"job_function": "sales"})  # fmt: skip
        await desk.settle()


async def a_number_had_somebody_before(desk):
    await desk.hire("e1")
    await desk.say("left", "e2", worker_id="W1", effective_at="2026-02-10")
    await desk.hire("e3", family="赵", given="云", mobile="+8613800000009", effective_at="2026-02-20")
    await desk.settle()


async def a_leave_came_without_its_hire(desk):
    await desk.say("left", "e2", worker_id="W2")
    await desk.settle()
    await desk.later(2 * DAY)


async def a_withdrawal_names_nothing_known(desk):
    await desk.hire("e1")
    await desk.say("withdrawn", "e2", event_id="never-sent", worker_id="W1")
    await desk.settle()
    await desk.later(2 * DAY)


async def a_message_is_unreadable(desk):
    await desk.raw(b"{not json", [("ce_id", b"x")])


async def an_operator_paused_a_target(desk):
    desk.paused.rows = [("crm", "operator:li", "maintenance", START)]


async def an_operator_paused_everything(desk):
    desk.paused.rows = [("*", "operator:li", "an incident", START)]


async def a_secret_was_refused(desk):
    desk.paused.rows = [("crm", "tenure", "gettoken:40001", START)]


async def a_platform_is_gone_for_hours(desk):
    desk.crm.fail("create", TryLaterError("unreachable", "create"))
    await desk.hire("e1")
    await desk.settle()
    await desk.later(2 * HOUR)


async def a_stop_is_not_done_in_time(desk):
    await desk.hire("e1")
    await desk.settle()
    at = desk.clock.business
    async with desk.store.intake() as tx:
        await tx.decide(AccessStopped(**stamped(P1, "operator:li", "lost", at)))
        await tx.mark([Mark(P1, 0, at)], ["crm"])
    await desk.later(6 * MINUTE)


MORE = {a_guard_holds_many: GUARDS, others_opened_a_leavers_account: DRIFT}
RELEASE = "tenure holds release --cause {} --kind {} --target crm --reason R"
RETRY = f"tenure inbox retry {P1}"
CASES = [
    (a_guard_holds_many, "held", "guard", RELEASE.format("urn:hr:acme", "close")),
    (others_closed_an_account, "held", "closed_by_others", RELEASE.format("closed_by_others", "resume")),
    (others_opened_a_leavers_account, "held", "reopened_by_others", RETRY),
    (a_mobile_is_taken, "inbox", "mobile_taken:wangw", f"tenure inbox retry {P2}"),
    (a_platform_refuses_a_value, "inbox", "bad_name:60112", RETRY),
    (a_department_closes_around_its_people, "inbox", f"closed_not_empty:D1:{P1}", "tenure inbox retry '#departments'"),
    (departments_stand_under_each_other, "inbox", "parent_cycle", "tenure inbox retry '#departments'"),
    (two_messages_have_one_id, "inbox", "conflict", "tenure inbox dismiss 2 --reason TEXT"),
    (a_number_may_be_somebody_else, "inbox", f"identity_like:{P1}",
     f"tenure identify {P2} --as {P1} --reason TEXT"),
    (a_number_had_somebody_before, "inbox", "identity_unclear", f"tenure identify {P1} --as {P1} --reason TEXT"),
    (a_leave_came_without_its_hire, "waiting", "no_hire_known", f"tenure person {P2}"),
    (a_withdrawal_names_nothing_known, "waiting", "fact_unknown", f"tenure person {P1}"),
    (a_message_is_unreadable, "quarantine", None, "tenure quarantine show 1"),
    (an_operator_paused_a_target, "paused", "operator:li: maintenance", "tenure continue crm"),
    (an_operator_paused_everything, "paused", "operator:li: an incident", "tenure continue"),
    (a_secret_was_refused, "paused", "tenure: gettoken:40001", "tenure continue crm"),
    (a_platform_is_gone_for_hours, "retrying", "create:unreachable", "tenure doctor"),
    (a_stop_is_not_done_in_time, "late", "access_is_not_read_back_closed", "tenure doctor"),
]  # fmt: skip


@pytest.mark.parametrize(("comes", "kind", "reason", "command"), CASES, ids=[case[0].__name__ for case in CASES])
async def test_what_waits_is_named_with_the_command_that_helps(comes, kind, reason, command):
    desk = Desk(more=MORE.get(comes, ""))
    assert await desk.items() == []
    await comes(desk)
    found = [item for item in await desk.todo.listed() if item["kind"] == kind]
    assert [item["next"] for item in found][:1] == [command]
    assert reason in (None, "guard", *(item["reason"] for item in found))
    assert command.split()[1] in MODULES
    assert all(command in todo_words(item) for item in found[:1])


@pytest.mark.parametrize("comes", [case[0] for case in CASES if case[1] in ("inbox", "waiting", "retrying", "late")])
async def test_it_is_named_once_and_is_overdue_after_a_day_a_late_leaver_at_once(comes):
    desk = Desk()
    await comes(desk)
    before = await desk.todo.listed()
    assert len({(item.get("person_id"), item.get("event")) for item in before}) == len(before)
    assert [item["overdue"] for item in before if item["kind"] == "late"] == [True] * (
        comes is a_stop_is_not_done_in_time
    )
    await desk.later(DAY + MINUTE)
    assert all(item["overdue"] for item in await desk.todo.listed())


@pytest.mark.parametrize(
    "comes", [a_leave_came_without_its_hire, a_platform_is_gone_for_hours, a_stop_is_not_done_in_time]
)
async def test_what_may_still_end_by_itself_is_not_named_yet(comes):
    class Hurried(Desk):
        async def later(self, by):
            """No time goes by."""

    desk = Hurried()
    await comes(desk)
    assert await desk.items() == []


async def test_a_hire_that_comes_after_its_leave_is_named_no_more():
    desk = Desk()
    await a_leave_came_without_its_hire(desk)
    await desk.hire("e1", "W2")
    await desk.settle()
    assert await desk.items() == []


async def test_a_conflict_is_let_go_once_and_the_first_stands():
    desk = Desk()
    await two_messages_have_one_id(desk)
    assert (await desk.do.dismiss(2, "operator:li", "a test"))["reason"] == "dismissed by operator:li: a test"
    assert await desk.items() == []
    assert (await desk.books()) == {"confirmed": 1, "superseded": 1}
    for number in (1, 2, 3, 2**63):
        with pytest.raises(OperatorError):
            await desk.do.dismiss(number, "operator:li", "again")


@pytest.mark.parametrize(("held_on", "said"), [((), []), (("crm",), [("held", "unknown_account", "tenure sweep crm")])])
async def test_an_account_of_nobody_waits_where_policy_holds_it(held_on, said):
    desk = Desk()
    desk.todo = replace(desk.todo, unknown_wait=held_on)
    assert await desk.items() == []
    desk.crm.put(Account("somebody", AccountState.ACTIVE))
    report = await Sweep(desk.store, desk.targets["crm"], Owned(), Trees(desk.store)).run(START, repair=True)
    assert [line.kind for line in report.lines] == ["orphan"]
    assert await desk.items() == said
    assert desk.crm.accounts["somebody"].state is AccountState.ACTIVE, "nobody touches it"
    desk.crm.drop("somebody")
    await Sweep(desk.store, desk.targets["crm"], Owned(), Trees(desk.store)).run(START, repair=True)
    assert await desk.items() == []


async def test_who_is_in_the_way_of_nobody_is_not_named():
    desk = Desk()
    await desk.hire("e1")
    await desk.hire("e2", "W2", mobile=None)  # waits for a mobile, which HR says with the next event
    desk.crm.put(Account("stranger", AccountState.ACTIVE, {"name": "Li"}, ("1",)))
    await desk.settle()
    await desk.later(10 * DAY)
    assert await desk.items() == []


async def test_what_others_closed_is_opened_by_the_command_that_is_named():
    desk = Desk()
    await others_closed_an_account(desk)
    await desk.later(MINUTE)
    await Holds(desk.store, desk.clock).release(
        Which(cause="closed_by_others", target="crm"), "operator:li", "a mistake"
    )
    await desk.settle()
    assert desk.account("wangw")[0] == "active"
    assert await desk.items() == []

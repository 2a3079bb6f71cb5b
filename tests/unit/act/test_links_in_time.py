"""A link counts from its date on: what that makes of accounts, and that a replay says the same of every moment."""

from datetime import UTC, datetime

import pytest
from company import Company

from services.provisioner.facts.history import history
from services.provisioner.preview.targets import Planned
from services.provisioner.preview.trees import Trees
from services.provisioner.replay import Replay

ACME = "urn:hr:acme"
W1, W2 = f"{ACME}/W1", f"{ACME}/W2"
BEFORE, AFTER = datetime(2026, 3, 31, 15, 59, tzinfo=UTC), datetime(2026, 3, 31, 16, tzinfo=UTC)
"""A minute before 1 April in Shanghai, and its midnight."""


@pytest.fixture
async def acme():
    """Two who work here, as far as anybody knows."""
    company = Company()
    await company.hire("e1", "W1")
    await company.hire("e2", "W2", family="李", given="娜", mobile="+8613800000002")
    await company.settle()
    return company


async def _link(company, eid="l1", effective_at="2026-04-01", **more):
    said = {"worker_id": "W2", "person_id": W1, "effective_at": effective_at, "zone": "Asia/Shanghai"}
    await company.say("linked", eid, **(said | more))
    await company.settle()


async def _until(company, at):
    while (due := await company.store.next_due(company.clock.business)) is not None and due <= at:
        await company.settle(until=due)
    await company.settle(until=at)


def _open(company):
    return sorted(account.attributes["name"] for account in company.crm.accounts.values() if account.state.open)


def _replayed(company, facts, at):
    planned = Planned(company.policy)
    rows = Replay([planned], [BEFORE, at], Trees(history(facts).departments)).family(facts).rows
    return {(index, person): accounts["crm"]["status"] for index, person, _, (accounts,) in rows}


async def _facts(company):
    files = [await company.store.facts_of(person) for person in await company.store.persons()]
    return [fact for facts, _ in files for fact in facts]


async def test_an_announced_link_leaves_both_as_they_are_until_its_date(acme):
    await _link(acme)
    await _until(acme, BEFORE)
    assert _open(acme) == ["李娜", "王伟"]
    assert (await acme.events(W2))["l1"] == ("waiting", f"until:{AFTER.isoformat()}")
    await _until(acme, AFTER)
    assert len(_open(acme)) == 1
    assert (await acme.events(W1))["l1"] == ("confirmed", None)
    assert (await acme.rows(W2))["crm"] == ("inbox", "linked_elsewhere:hand_over:lin")


async def test_a_replay_joins_them_from_the_date_on(acme):
    await _link(acme)
    facts = await _facts(acme)
    assert _replayed(acme, facts, AFTER) == {(0, W1): "active", (0, W2): "active", (1, W1): "active"}


async def test_a_link_withdrawn_before_its_date_never_counts(acme):
    await _link(acme)
    await acme.say("withdrawn", "w1", event_id="l1", time="2026-03-20T09:00:00+08:00")
    await _until(acme, AFTER)
    assert _open(acme) == ["李娜", "王伟"]
    assert (await acme.events(W2))["l1"] == ("superseded", "withdrawn_by:w1")


async def test_a_link_back_dated_counts_at_once(acme):
    await _link(acme, effective_at="2026-02-15")
    assert len(_open(acme)) == 1


async def test_a_link_moved_to_another_date_counts_on_that_one(acme):
    await _link(acme)
    await _link(acme, effective_at="2026-05-01", revision=2)
    await _until(acme, AFTER)
    assert _open(acme) == ["李娜", "王伟"]
    await _until(acme, datetime(2026, 4, 30, 16, tzinfo=UTC))
    assert len(_open(acme)) == 1


async def test_whoever_begins_with_the_link_never_has_an_account_of_their_own(acme):
    await _link(acme, worker_id="W3")
    await acme.hire("e3", "W3", effective_at="2026-04-01", title="lead")
    await _until(acme, AFTER)
    assert _open(acme) == ["李娜", "王伟"]
    assert len(acme.crm.accounts) == 2


async def test_a_move_announced_that_says_what_is_so_already_is_confirmed_at_its_date(acme):
    await acme.say("transferred", "m1", worker_id="W1", effective_at="2026-04-01", assignment={"job_function": "sales"})
    await _until(acme, BEFORE)
    assert (await acme.events(W1))["m1"] == ("waiting", f"until:{AFTER.isoformat()}")
    await _until(acme, AFTER)
    assert (await acme.events(W1))["m1"] == ("confirmed", None)

"""What was known at a moment, and what we had done by then: `person --at --known-at`, with why."""

from datetime import timedelta

import pytest
from company import START, Company

from services.provisioner.operators.people import People

W1 = "urn:hr:acme/W1"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
async def told():
    """Hired to sales on the first day; a day later a leave is recorded, effective a day before that."""
    company = Company()
    await company.hire("e1")
    await company.settle()
    before = company.clock.business + HOUR
    await company.settle(until=before + DAY)
    left = (START - HOUR).date().isoformat()
    await company.say("left", "e2", worker_id="W1", effective_at=left, time=company.clock.business.isoformat())
    await company.settle()
    return company, before


def people(company):
    return People(company.store, company.policy, company.clock)


async def test_what_was_recorded_later_was_not_known(told):
    company, before = told
    now = await people(company).card(W1)
    assert (now["active"], now["accounts"]["crm"]["status"]) == (False, "suspended")
    then = await people(company).card(W1, known_at=before)
    assert (then["active"], then["at"], then["known_at"]) == (True, before.isoformat(), before.isoformat())
    assert then["accounts"]["crm"]["status"] == "active"
    assert list(then["accounts"]["crm"]["grants"]) == ["tag:sales"]
    assert [fact["id"] for fact in then["timeline"]] == ["e1"]
    assert [event["id"] for event in then["events"]] == ["e1"]


async def test_at_and_known_at_are_two_questions(told):
    company, before = told
    seen_today = await people(company).card(W1, at=before)
    assert seen_today["active"] is False, "as we know today, the leave had taken effect by then"
    assert (await people(company).card(W1, at=before, known_at=before))["active"] is True
    assert (await people(company).card(W1, at=before, known_at=START - DAY))["timeline"] == []


async def test_each_account_and_grant_has_its_rule_facts_and_step(told):
    company, before = told
    crm = (await people(company).card(W1, known_at=before))["accounts"]["crm"]
    assert crm["step"]["verb"] == "create"
    why = crm["grants"]["tag:sales"]
    assert (why["rule"], why["facts"], why["step"]["verb"]) == ("birthright.sales", ["urn:hr:acme/e1/1"], "grant")
    assert crm["wanted"] == {"access": "open", "grants": ["tag:sales"]}
    closed = (await people(company).card(W1))["accounts"]["crm"]
    assert (closed["step"]["verb"], closed["wanted"]) == ("suspend", {"access": "closed", "grants": []})

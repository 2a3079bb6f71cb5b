"""A withdrawal that names nothing known and no worker waits, visibly, until what it is about comes."""

import pytest
from company import Company


@pytest.fixture
def company():
    return Company()


async def test_it_waits_and_is_in_nobodys_way(company):
    await company.say("withdrawn", "w1", event_id="e1")
    await company.settle()
    assert await company.books() == {"waiting": 1}
    (event,) = await company.store.undecided({"fact_unknown"})
    assert (event.key.id, event.person_id, event.reason) == ("w1", None, "fact_unknown")


async def test_it_takes_effect_when_its_fact_comes(company):
    await company.say("withdrawn", "w1", event_id="e1")
    await company.hire("e1")
    await company.settle()
    assert company.account("wangw") is None
    assert await company.books() == {"confirmed": 1, "superseded": 1}


async def test_it_is_taken_back_before_its_fact_came(company):
    await company.say("withdrawn", "w1", event_id="e1")
    await company.say("withdrawn", "w2", event_id="w1")
    await company.hire("e1")
    await company.settle()
    assert company.account("wangw") is not None
    assert "in_progress" not in await company.books()

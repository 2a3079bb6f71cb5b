"""Events that the books had closed and that stand after all, in both stores."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

import pytest
from store_fixtures import (  # noqa: F401 - fixtures
    EPOCH,
    LEASE,
    MEI_ID,
    NOW,
    Settles,
    accepted,
    claim_one,
    hired,
    server,
    store,
    subject,
    take_in,
    template,
    wake,
    withdrawn,
)

from services.provisioner.model import FactKey
from services.provisioner.store.port import End, EventChange, NewEvent, Settlement

E1 = FactKey("urn:hr:acme", "e1", 1)


@pytest.fixture
async def process(store):
    return await store.join("one", LEASE)


async def end(store, process, settle, standing=(), meanwhile=None):
    await wake(store, MEI_ID)
    claim = await claim_one(store, process)
    if meanwhile:
        await meanwhile()
    return await store.finish(claim, process, End("settled", reached_at=NOW, standing=frozenset(standing)), settle)


async def closed(store, process, state, reason):
    """An event that the books closed."""
    await take_in(store, hired("e1"))
    (event,) = await store.events_of(MEI_ID)
    await end(store, process, Settles(Settlement((EventChange(event.event_no, state, reason),))))
    return event.event_no


@pytest.mark.parametrize(("state", "reason"), [("superseded", "withdrawn_by:e2"), ("duplicate", "already_withdrawn")])
async def test_what_stands_after_all_is_open_when_it_is_settled(store, process, state, reason):
    number = await closed(store, process, state, reason)
    again = Settles(Settlement((EventChange(number, "confirmed"),)))
    assert await end(store, process, again, [E1]) == "done"
    assert [(e.event_no, e.state, e.reason) for e in again.events] == [(number, "in_progress", None)]
    assert [(e.state, e.reason) for e in await store.events_of(MEI_ID)] == [("confirmed", None)]


async def test_what_does_not_stand_or_was_confirmed_stays_closed(store, process):
    await closed(store, process, "superseded", "revised")
    await end(store, process, Settles(), [FactKey("urn:hr:acme", "e1", 2)])
    assert [e.state for e in await store.events_of(MEI_ID)] == ["superseded"]


async def test_what_was_confirmed_is_not_opened(store, process):
    await closed(store, process, "confirmed", None)
    looked = Settles()
    await end(store, process, looked, [E1])
    assert looked.events == ()


async def test_a_pass_that_was_marked_meanwhile_opens_nothing(store, process):
    await closed(store, process, "superseded", "withdrawn_by:e2")
    looked = Settles()
    assert await end(store, process, looked, [E1], meanwhile=lambda: wake(store, MEI_ID)) == "again"
    assert looked.events == ()
    assert [e.state for e in await store.events_of(MEI_ID)] == ["superseded"]


async def test_of_messages_under_one_key_only_the_fact_is_opened(store, process):
    await closed(store, process, "superseded", "withdrawn_by:e2")
    conflict = accepted(None, "inbox")
    async with store.intake() as tx:
        await tx.add(EPOCH, [NewEvent(conflict.topic, 0, conflict.offset, "inbox", NOW, "conflict", key=E1),
                             accepted(withdrawn("e2", "e1"))])  # fmt: skip
    dismissed = max(e.event_no for e in await store.events_of(MEI_ID) if e.key == E1)
    assert await store.close_conflict(dismissed, "dismissed by operator:li: typing error")
    await end(store, process, Settles(), [E1])
    states = {e.event_no: e.state for e in await store.events_of(MEI_ID) if e.key == E1}
    assert (states.pop(dismissed), *states.values()) == ("superseded", "in_progress")

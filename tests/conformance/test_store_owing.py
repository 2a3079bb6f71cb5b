"""Confirmed events that owe something later, and accounts that are as if they never were, in both stores."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

import pytest
from store_fixtures import (  # noqa: F401 - fixtures
    LEASE,
    MEI_ID,
    NOW,
    WECOM,
    WEI_ID,
    Settles,
    claim_one,
    hired,
    server,
    settle_nothing,
    store,
    subject,
    take_in,
    template,
    wake,
)

from services.provisioner.model import Account, AccountState
from services.provisioner.store.port import DUE_LATER, End, EventChange, Settlement, StoredAccount

OWES = f"{DUE_LATER}{WECOM}:2026-04-01T00:00:00+00:00"


@pytest.fixture
async def process(store):
    return await store.join("one", LEASE)


async def ended(store, process, settle, **end):
    await wake(store, MEI_ID)
    claim = await claim_one(store, process)
    shown = await store.load(claim)
    await store.finish(claim, process, End("settled", reached_at=NOW, **end), settle)
    return shown


async def test_a_confirmed_event_is_shown_until_it_owes_nothing_and_is_final_then(store, process):
    await take_in(store, hired("h1"))
    (event,) = await store.events_of(MEI_ID)
    for reason in (OWES, OWES.replace("04", "05"), None):
        await ended(store, process, Settles(Settlement((EventChange(event.event_no, "confirmed", reason),))))
        assert [(e.state, e.reason) for e in await store.events_of(MEI_ID)] == [("confirmed", reason)]
        assert (await store.books()).owing == (reason is not None)
    late = Settles(Settlement((EventChange(event.event_no, "inbox"),)))
    shown = await ended(store, process, late)
    assert (shown.events, late.events) == ((), ())
    assert [e.state for e in await store.events_of(MEI_ID)] == ["confirmed"]
    assert (await store.books()).by_state["confirmed"] == 1


async def test_what_is_forgotten_is_free_for_others(store, process):
    assert await store.reserve(WECOM, MEI_ID, ["mei"]) == "mei"
    account = StoredAccount(Account("mei", AccountState.SUSPENDED), NOW)
    await ended(store, process, settle_nothing, account=account)
    assert await store.reserve(WECOM, WEI_ID, ["mei", "wei"]) == "wei"
    await ended(store, process, settle_nothing, forget=True)
    assert await store.accounts_of(MEI_ID) == {}
    assert await store.linked(WECOM, "mei") is None
    assert await store.reserve(WECOM, "third", ["mei"]) == "mei"

"""What sweeps and first contact ask of both stores."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

from dataclasses import replace
from datetime import timedelta

from store_fixtures import (  # noqa: F401 - fixtures
    DINGTALK,
    LEASE,
    MEI_ID,
    NOW,
    WECOM,
    WEI_ID,
    server,
    store,
    subject,
    template,
    wake,
)

from services.provisioner.model import Account, AccountState
from services.provisioner.store.port import Kept, Seen, StoredAccount, Swept

MEI = StoredAccount(Account("mei", AccountState.ACTIVE, {"name": "Mei"}), NOW, ours=False)


async def link(store, person_id, account, target=WECOM):
    async with store.intake() as tx:
        return await tx.link(target, person_id, account)


async def see(store, *seen):
    async with store.intake() as tx:
        await tx.see(WECOM, seen)


async def test_an_account_is_linked_to_one_person_only(store):
    assert await link(store, MEI_ID, MEI)
    assert not await link(store, WEI_ID, replace(MEI, observed=Account("MEI", AccountState.ACTIVE)))
    assert not await link(store, MEI_ID, replace(MEI, observed=Account("mei2", AccountState.ACTIVE)))
    assert await link(store, WEI_ID, MEI, DINGTALK)
    assert await store.linked(WECOM, "mei") == MEI_ID


async def test_where_we_looked_and_found_none_an_account_can_be_linked(store):
    assert await link(store, MEI_ID, StoredAccount(Account("m", AccountState.NONE), NOW))
    assert await link(store, MEI_ID, MEI)
    assert await store.linked(WECOM, "mei") == MEI_ID


async def test_the_accounts_of_a_target_come_in_pages(store):
    for number in range(3):
        assert await link(store, f"p{number}", replace(MEI, observed=Account(f"n{number}", AccountState.ACTIVE)))
    first = await store.accounts_on(WECOM, "", 2)
    rest = await store.accounts_on(WECOM, first[-1].person_id, 2)
    assert [(kept.person_id, kept.at_rest) for kept in (*first, *rest)] == [(f"p{n}", True) for n in range(3)]
    assert await store.accounts_on(DINGTALK, "", 2) == []


async def test_what_we_locked_is_found_by_itself(store):
    suspended = Account("a", AccountState.SUSPENDED)
    for person, account in {
        "ours": StoredAccount(suspended, NOW, closed_by_us=True),
        "others": StoredAccount(replace(suspended, native_id="b"), NOW),
        "gone": StoredAccount(Account("c", AccountState.REMOVED), NOW, closed_by_us=True),
        "open": replace(MEI, observed=Account("d", AccountState.ACTIVE)),
    }.items():
        assert await link(store, person, account)
    assert [kept.person_id for kept in await store.locked_on(WECOM)] == ["ours"]
    assert await store.locked_on(DINGTALK) == []


async def test_who_is_due_is_not_at_rest(store):
    await link(store, MEI_ID, MEI)
    await wake(store, MEI_ID, at=NOW + timedelta(days=1))
    assert await store.accounts_on(WECOM, "", 9) == [Kept(MEI_ID, MEI, at_rest=True)]
    await wake(store, MEI_ID)
    assert await store.accounts_on(WECOM, "", 9) == [Kept(MEI_ID, MEI, at_rest=False)]


async def test_what_was_checked_meanwhile_is_not_overwritten(store):
    await link(store, MEI_ID, MEI)
    shown = replace(MEI, checked_at=None, observed=replace(MEI.observed, state=AccountState.SUSPENDED))
    await see(store, Seen(MEI_ID, NOW - timedelta(hours=1), shown), Seen(WEI_ID, NOW, shown))
    assert (await store.accounts_of(MEI_ID))[WECOM] == MEI
    await see(store, Seen(MEI_ID, NOW, shown))
    assert (await store.accounts_of(MEI_ID))[WECOM] == shown
    await see(store, Seen(MEI_ID, None, MEI))
    assert (await store.accounts_of(MEI_ID))[WECOM] == MEI
    assert await store.accounts_of(WEI_ID) == {}


async def test_before_the_first_sweep_the_oldest_check_counts(store):
    assert await store.last_sweep(WECOM) is None
    await link(store, MEI_ID, MEI)
    assert await store.last_sweep(WECOM) == Swept(NOW, {})
    for hour in (1, 2):
        await store.swept(WECOM, Swept(NOW + timedelta(hours=hour), {"drift": hour}))
    assert await store.last_sweep(WECOM) == Swept(NOW + timedelta(hours=2), {"drift": 2})
    assert await store.last_sweep(DINGTALK) is None

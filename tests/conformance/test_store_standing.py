"""What metrics ask of both stores: who waits for what, and what holds the database back."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

import asyncpg
import pytest
from store_fixtures import (  # noqa: F401 - fixtures
    DINGTALK,
    LEASE,
    MEI_ID,
    WECOM,
    WEI_ID,
    claim_one,
    database,
    server,
    settle_nothing,
    store,
    subject,
    template,
    wake,
)

from services.provisioner.store.port import End
from services.provisioner.store.postgres import PostgresStore


async def test_persons_are_counted_by_target_and_what_stands_in_their_way(store):
    process = await store.join("here", LEASE)
    for person, target, verdict in (
        (MEI_ID, WECOM, "held"), (WEI_ID, WECOM, "held"), (MEI_ID, DINGTALK, "inbox"), (WEI_ID, DINGTALK, "settled")
    ):  # fmt: skip
        await wake(store, person, targets=(target,))
        await store.finish(await claim_one(store, process, target), process, End(verdict, "why"), settle_nothing)
    assert dict(await store.standing()) == {(WECOM, "held"): 2, (DINGTALK, "inbox"): 1}


async def test_who_is_settled_again_is_counted_no_more(store):
    process = await store.join("here", LEASE)
    for verdict in ("retry", "settled"):
        await wake(store, MEI_ID)
        await store.finish(await claim_one(store, process), process, End(verdict), settle_nothing)
    assert dict(await store.standing()) == {}


async def test_a_transaction_that_somebody_forgot_has_an_age(database):
    store, forgotten = PostgresStore(database), await asyncpg.connect(database)
    try:
        await store.books()
        async with forgotten.transaction(isolation="repeatable_read"):
            await forgotten.fetchval("SELECT count(*) FROM provisioner.due")
            assert await store.snapshot_age() > 0
        assert await store.snapshot_age() == pytest.approx(0.0)
    finally:
        await forgotten.close()
        await store.close()

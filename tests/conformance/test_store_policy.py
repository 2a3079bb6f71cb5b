"""One policy is in force in both stores, and nobody works under another one."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

import pytest
from store_fixtures import (  # noqa: F401 - fixtures
    LEASE,
    MEI_ID,
    WECOM,
    database,
    server,
    store,
    subject,
    template,
    wake,
)

from services.provisioner.store.port import PolicyInForce

pytestmark = pytest.mark.usefixtures("subject")
OLD, NEW = PolicyInForce("one", "targets: {}", looked=True), PolicyInForce("two", "targets: {}  # anew")


async def test_the_first_policy_is_in_force_until_another_is_put_in_force(store):
    assert await store.policy_in_force() is None
    assert await store.first_policy(OLD) == OLD
    assert await store.first_policy(NEW) == OLD
    async with store.intake() as tx:
        await tx.enforce(NEW)
    assert await store.policy_in_force() == NEW


async def test_a_policy_comes_into_force_with_its_transaction_or_not_at_all(store):
    await store.first_policy(OLD)

    async def broken():
        async with store.intake() as tx:
            await tx.enforce(NEW)
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await broken()
    assert await store.policy_in_force() == OLD


async def test_that_everybody_was_looked_at_is_kept_for_the_policy_in_force_alone(store):
    await store.first_policy(NEW)
    await store.looked("one")
    assert await store.policy_in_force() == NEW
    await store.looked("two")
    assert await store.policy_in_force() == NEW._replace(looked=True)


async def test_who_runs_another_policy_claims_nothing(subject):
    store = subject.store
    await store.first_policy(OLD)
    old, new = await store.join("old", LEASE, "one"), await store.join("new", LEASE, "two")
    unbound = await subject.other.join("unbound", LEASE)
    await wake(store, MEI_ID)
    assert not await store.claim(new, WECOM, 1, 10)
    async with store.intake() as tx:
        await tx.enforce(NEW)
    assert not await store.claim(old, WECOM, 1, 10)
    assert [claim.person_id for claim in await store.claim(new, WECOM, 1, 10)] == [MEI_ID]
    await wake(store, "urn:hr:acme/W9")
    assert len(await subject.other.claim(unbound, WECOM, 1, 10)) == 1

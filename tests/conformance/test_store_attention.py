"""What was told and what was heard, in both stores."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

from datetime import timedelta

import pytest
from store_fixtures import NOW, SOURCE, server, store, subject, template  # noqa: F401 - fixtures

from services.provisioner.store.port import Message

TOLD = Message("provisioning.outcomes", "#attention", b"{}", ())


async def test_a_matter_is_told_until_it_is_over(store):
    assert await store.attended() == frozenset()
    await store.attend({"a", "b"}, set(), [TOLD])
    await store.attend({"b"}, {"a"}, [])
    assert await store.attended() == {"b"}
    assert [message for _, message in await store.outbox(10)] == [TOLD]


async def test_of_a_source_the_latest_word_counts(store):
    assert await store.heard() == {}
    for at in (NOW, NOW + timedelta(hours=1), NOW - timedelta(hours=1)):
        async with store.intake() as tx:
            await tx.hear({SOURCE: at})
    assert await store.heard() == {SOURCE: NOW + timedelta(hours=1)}


async def test_what_a_transaction_heard_is_forgotten_with_it(store):
    async def breaks():
        async with store.intake() as tx:
            await tx.hear({SOURCE: NOW})
            assert 1 / 0

    with pytest.raises(ZeroDivisionError):
        await breaks()
    assert await store.heard() == {}

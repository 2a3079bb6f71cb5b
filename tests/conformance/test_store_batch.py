"""The events of an import, as both stores know them."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

from store_fixtures import SOURCE, WEI, hired, server, store, subject, take_in, template, withdrawn  # noqa: F401


async def test_an_import_is_what_names_it_and_still_stands(store):
    await take_in(store, hired("e1", batch="b1"), hired("e2", worker=WEI, batch="b1"), hired("e3", batch="b2"))
    found = await store.batch("b1")
    assert [(one.source, one.id, one.worker_id) for one in found] == [(SOURCE, "e1", "W1"), (SOURCE, "e2", "W2")]
    assert await store.batch("b1", after=found[0].number) == found[1:]
    assert await store.batch("b1", limit=1) == found[:1]
    await take_in(store, withdrawn("e4", "e1"))
    assert [one.id for one in await store.batch("b1")] == ["e2"]


async def test_an_event_of_an_import_that_is_reinstated_says_how_often(store):
    await take_in(store, hired("e1", batch="b1"), withdrawn("e2", "e1"), withdrawn("e3", "e2"))
    assert [(one.id, one.reinstated) for one in await store.batch("b1")] == [("e1", 1)]
    await take_in(store, withdrawn("e4", "e1"))
    assert await store.batch("b1") == []
    await take_in(store, withdrawn("e5", "e4"))
    assert [(one.id, one.reinstated) for one in await store.batch("b1")] == [("e1", 2)]


async def test_a_revision_of_another_import_is_of_that_one(store):
    await take_in(store, hired("e1", batch="b1"), hired("e1", revision=2, batch="b2"))
    assert [one.id for one in await store.batch("b1")] == []
    assert [one.id for one in await store.batch("b2")] == ["e1"]

"""What guards count: announced changes in both stores."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

from datetime import timedelta

import pytest
from store_fixtures import (  # noqa: F401 - fixtures
    LEASE,
    MEI_ID,
    NOW,
    SOURCE,
    WECOM,
    WEI_ID,
    claim_one,
    server,
    settle_nothing,
    store,
    subject,
    template,
    wake,
)

from services.provisioner.store.guard_values import Change, News
from services.provisioner.store.port import End

POLICY = "policy:p1"


def change(kind, person=MEI_ID, hours=0, cause=SOURCE, *, immediate=False):
    return Change(cause, kind, person, NOW + timedelta(hours=hours), immediate)


async def announce(store, *changes, persons=(), lapsed=()):
    async with store.intake() as tx:
        await tx.announce(News(tuple(persons), NOW, tuple(changes), tuple(lapsed)))


async def kinds(store, person=MEI_ID, hours=0):
    _, found = await store.announced(person, WECOM, NOW + timedelta(hours=hours))
    return sorted(each.kind for each in found)


async def finished(store, verdict, reason=None, person=MEI_ID):
    await wake(store, person)
    process = await store.join("p", LEASE)
    claim = await claim_one(store, process)
    await store.finish(claim, process, End(verdict, reason, reached_at=NOW), settle_nothing)


async def test_changes_are_known_from_the_date_on_which_they_are_due(store):
    await announce(store, change("begin"), change("create"), change("close", hours=5))
    assert await kinds(store) == ["create"]
    assert await kinds(store, hours=5) == ["close", "create"]
    assert await kinds(store, WEI_ID) == []


async def test_what_lay_ahead_is_replaced_and_what_lapsed_is_gone(store):
    await announce(store, change("create"), change("close", hours=5))
    await announce(store, change("move", hours=6), persons=[MEI_ID])
    assert await kinds(store, hours=9) == ["create", "move"]
    await announce(store, persons=[MEI_ID], lapsed=[(MEI_ID, "create")])
    assert await kinds(store, hours=9) == []


async def test_a_change_seen_settled_explains_nothing_later(store):
    await announce(store, change("create", hours=-2))
    await finished(store, "held", "guard:create:x")
    assert await kinds(store) == ["create"]
    async with store.intake() as tx:
        await tx.announce(News((), NOW - timedelta(hours=2), (change("move", hours=-2),)))
    await finished(store, "settled")
    assert await kinds(store) == ["create"]  # announced at the moment of that look, so it may not have been seen
    await announce(store, change("rename", hours=1))
    assert await kinds(store, hours=1) == ["create", "rename"]


async def test_a_stretch_has_the_changes_of_its_cause_and_who_was_active(store):
    await announce(
        store,
        change("begin", hours=-9), change("begin", WEI_ID, hours=-9), change("begin", "x", hours=-9, cause="urn:o"),
        change("end", hours=1), change("close", hours=1, immediate=True), change("close", WEI_ID, hours=2),
        change("close", "x", hours=1, cause="urn:o"), change("close", WEI_ID, hours=30),
    )  # fmt: skip
    found = await store.stretch(SOURCE, "close", NOW, NOW + timedelta(hours=24))
    assert [(row.person_id, row.immediate) for row in found.changes] == [(MEI_ID, True), (WEI_ID, False)]
    assert (found.active, [(turn.due_at, turn.delta) for turn in found.turns]) == (2, [(NOW + timedelta(hours=1), -1)])
    everybody = await store.stretch(POLICY, "close", NOW, NOW + timedelta(hours=24))
    assert (everybody.changes, everybody.active) == ((), 3)


async def test_every_write_has_a_new_version_and_what_is_noted_stays_where_it_is(store):
    await announce(store, change("create"))
    before, _ = await store.announced(MEI_ID, WECOM, NOW)
    noted = await store.note(change("revoke", cause=POLICY))
    after, found = await store.announced(MEI_ID, WECOM, NOW)
    assert after > before
    assert noted in found
    assert (noted.cause, noted.kind, noted.due_at) == (POLICY, "revoke", NOW)


async def test_what_comes_at_once_is_one_wave(store):
    await announce(store, change("create"))
    await announce(store, change("create", WEI_ID))
    waves = {one.wave for person in (MEI_ID, WEI_ID) for one in (await store.announced(person, WECOM, NOW))[1]}
    assert len(waves) == 1


async def test_an_intake_that_fails_announces_nothing(store):
    async def fails():
        async with store.intake() as tx:
            await tx.announce(News((), NOW, (change("create"),)))
            raise LookupError

    with pytest.raises(LookupError):
        await fails()
    assert await kinds(store) == []


async def test_held_people_by_target_and_reason(store):
    await finished(store, "held", "guard:close:a")
    await finished(store, "held", "guard:close:a", WEI_ID)
    await finished(store, "inbox", "mobile_taken", "x")
    (group,) = await store.held_groups()
    assert (group.target, group.reason, group.people) == (WECOM, "guard:close:a", 2)
    assert [row.person_id for row in await store.held_rows(WECOM, "guard:close:a")] == [MEI_ID, WEI_ID]
    assert await store.held_rows(WECOM, "guard:close:b") == []


async def test_histories_hold_what_was_just_added_and_leave_nobody_out(store):
    async with store.intake() as tx:
        known = await tx.histories([MEI_ID, WEI_ID])
    assert {person: (one.facts, one.decisions, dict(one.accounts)) for person, one in known.items()} == {
        MEI_ID: ((), (), {}),
        WEI_ID: ((), (), {}),
    }

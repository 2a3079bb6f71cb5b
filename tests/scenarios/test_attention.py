"""What waits for a person is told to the IT team: each matter once, what is found together in one message."""

import json
from dataclasses import replace
from datetime import timedelta

from test_todo import DAY, GUARDS, Desk, a_guard_holds_many, a_leave_came_without_its_hire, a_message_is_unreadable

from contracts.provisioning import AttentionRaised
from services.provisioner.operators.attention import NAMED, Attention

HOUR = timedelta(hours=1)


def attention(desk, holder="one"):
    return Attention(desk.store, desk.clock, desk.todo.listed, holder)


async def told(desk):
    """What was told so far, in order."""
    found = [message for _, message in await desk.store.outbox(10_000)]
    kinds = [(dict(message.headers).get("ce_type"), message.value) for message in found]
    return [AttentionRaised.model_validate_json(v) for kind, v in kinds if kind == b"tenure.attention.raised.v1"]


async def test_a_held_mass_change_is_one_message_with_the_command_that_releases_it():
    desk = Desk(more=GUARDS)
    await a_guard_holds_many(desk)
    watch = attention(desk)
    assert await watch.turn() == 1
    (one,) = await told(desk)
    assert (one.kind, one.count, one.matters[0].people) == ("held", 1, 30)
    assert one.matters[0].next.startswith("tenure holds release ")
    assert await watch.turn() == 0, "told once"


async def test_many_of_one_kind_are_one_message_that_names_the_first():
    desk = Desk()
    for n in range(NAMED + 3):
        await desk.raw(b"{not json", [("ce_id", f"x{n}".encode())])
    await attention(desk).turn()
    (one,) = await told(desk)
    assert (one.kind, one.count, len(one.matters)) == ("quarantine", NAMED + 3, NAMED)


async def test_kinds_are_told_apart_and_nobody_is_named_but_by_id():
    desk = Desk()
    await a_leave_came_without_its_hire(desk)
    await desk.later(DAY + HOUR)
    await a_message_is_unreadable(desk)
    await attention(desk).turn()
    found = await told(desk)
    assert sorted(one.kind for one in found) == ["quarantine", "waiting"]
    assert "mobile" not in json.dumps([one.model_dump(mode="json") for one in found])


async def test_what_is_over_and_comes_back_is_told_again():
    desk = Desk()
    watch = attention(desk)
    desk.paused.rows = [("crm", "operator:li", "maintenance", desk.clock.business)]
    assert await watch.turn() == 1
    desk.paused.rows = []
    assert await watch.turn() == 0
    desk.paused.rows = [("crm", "operator:li", "maintenance", desk.clock.business)]
    assert await watch.turn() == 1
    ids = [dict(message.headers)["ce_id"] for _, message in await desk.store.outbox(10_000)]
    assert len(set(ids)) == 2, "readers drop records with an id they know"


async def test_one_of_several_provisioners_tells():
    desk = Desk()
    desk.paused.rows = [("crm", "operator:li", "maintenance", desk.clock.business)]
    first, second = attention(desk), attention(desk, "two")
    assert (await first.turn(), await second.turn()) == (1, 0)


async def test_a_source_that_is_silent_longer_than_expected_is_named_and_nobody_is_touched():
    desk = Desk()
    desk.todo = replace(desk.todo, expected={"urn:hr:acme": DAY, "urn:hr:never": DAY})
    await desk.hire("e1")
    await desk.settle()
    before = dict(desk.crm.accounts)
    await desk.later(DAY - HOUR)
    assert await desk.items() == []
    await desk.later(2 * HOUR)
    assert await desk.items() == [("silent", "silent:urn:hr:acme", "tenure doctor")]
    await desk.settle()
    assert dict(desk.crm.accounts) == before
    await desk.hire("e2", "W2", mobile="+8613800000002")
    await desk.settle()
    assert await desk.items() == []

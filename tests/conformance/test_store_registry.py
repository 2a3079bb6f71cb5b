"""Names, links, outbox, duties and clock of both stores."""
# ruff: noqa: F811 - fixtures are imported and then asked for by name

import asyncio
from datetime import timedelta

import pytest
from store_fixtures import (  # noqa: F401 - fixtures
    DINGTALK,
    LEASE,
    MEI_ID,
    NOW,
    WECOM,
    WEI_ID,
    claim_one,
    eventually,
    server,
    settle_nothing,
    store,
    subject,
    template,
    wake,
)

from services.provisioner.store.port import End, Message


async def test_a_name_is_given_once_case_folded_and_for_ever(store):
    assert await store.reserve(WECOM, MEI_ID, ["Mei", "mei2"]) == "Mei"
    assert await store.reserve(WECOM, WEI_ID, ["mEI", "MEI2"]) == "MEI2"
    assert await store.reserve(WECOM, MEI_ID, ["other"]) == "Mei"
    assert await store.reserve(WECOM, "third", ["mei", "mei2"]) is None
    assert await store.reserve(DINGTALK, WEI_ID, ["mei"]) == "mei"


async def test_a_refused_name_is_never_offered_again(store):
    assert await store.reserve(WECOM, MEI_ID, ["mei"]) == "mei"
    await store.refuse_name(WECOM, MEI_ID, "mei")
    await store.refuse_name(WECOM, MEI_ID, "never-reserved")
    assert await store.reserve(WECOM, MEI_ID, ["Mei", "Never-Reserved", "mei3"]) == "mei3"
    await store.refuse_name(WECOM, WEI_ID, "mei3")
    assert await store.reserve(WECOM, MEI_ID, ["x"]) == "mei3", "only its owner can lose a name"


async def test_two_who_want_a_name_at_once_get_two(subject):
    given = await asyncio.gather(
        *(
            place.reserve(WECOM, f"p{number}", ["wei", "wei2", "wei3", "wei4"])
            for number, place in enumerate((subject.store, subject.other) * 2)
        )
    )
    assert sorted(given) == ["wei", "wei2", "wei3", "wei4"]


async def test_whoever_has_the_name_of_thousands_gets_the_next(store):
    names = [f"wei{number}" for number in range(1500)]
    assert await store.reserve(WECOM, MEI_ID, names) == "wei0"
    given = await asyncio.gather(*(store.reserve(WECOM, f"p{number}", names) for number in range(3)))
    assert sorted(given) == ["wei1", "wei2", "wei3"]
    assert await store.reserve(WECOM, "p0", ["other"]) == given[0]


async def test_department_links(store):
    await store.link_department(WECOM, "D1", "7")
    await store.link_department(WECOM, "D1", "8")
    await store.link_department(WECOM, "D2", "9")
    await store.link_department(WECOM, "D2", None)
    assert await store.department_links(WECOM) == {"D1": "8"}
    assert await store.department_links(DINGTALK) == {}


async def publish(store, *values):
    async with store.intake() as tx:
        await tx.publish([Message("t", "k", value, (("h", value),)) for value in values])


async def values(store):
    return [message.value for _, message in await store.outbox(100)]


async def test_exactly_what_was_sent_leaves_the_outbox(store):
    await publish(store, b"1", b"2", b"3")
    (first, message), _, (third, _) = await store.outbox(3)
    assert message == Message("t", "k", b"1", (("h", b"1"),))
    assert len(await store.outbox(2)) == 2
    await store.sent([first, third])
    assert await values(store) == [b"2"]


async def test_a_new_broker_gets_it_all_again_once_and_in_order(store):
    assert await store.refill("e1") == 0
    await publish(store, b"1", b"2")
    await store.sent([number for number, _ in await store.outbox(9)])
    await publish(store, b"3")
    assert await store.refill("e1") == 0
    assert await store.refill("e2") == 2
    assert await values(store) == [b"1", b"2", b"3"]
    assert await store.refill("e2") == 0
    await store.sent([number for number, _ in await store.outbox(9)])
    assert await store.refill("e3") == 3


async def test_what_was_sent_long_ago_is_forgotten(store):
    await publish(store, b"1")
    await store.sent([number for number, _ in await store.outbox(9)])
    assert await store.purge(timedelta(days=3)) == 0
    assert await store.purge(timedelta(seconds=-1)) == 1
    assert await store.refill("e2") == 0


async def test_one_leads_until_its_lease_is_over(store):
    assert await store.lead("relay", "one", LEASE) == 1
    assert await store.lead("relay", "other", LEASE) is None
    assert await store.lead("reaper", "other", LEASE) == 1
    assert await store.lead("relay", "one", timedelta(0)) == 1

    async def taken_over():
        return await store.lead("relay", "other", LEASE)

    assert await eventually(taken_over) == 2
    assert await store.lead("relay", "one", LEASE) is None


@pytest.mark.parametrize("speed", [0.0, 86400.0])
async def test_business_time_follows_the_row(store, speed):
    process = await store.join("one", LEASE)
    await store.set_clock(NOW, speed)
    row = await store.clock_row()
    assert (row.business_at, row.speed, row.real_at.tzinfo is not None) == (NOW, speed, True)
    await wake(store, MEI_ID, at=NOW + timedelta(hours=1))

    async def due():
        return await store.claim(process, WECOM, 1, 1)

    if speed:
        await eventually(due)
    else:
        assert not await due()
        assert await store.next_due(NOW) == NOW + timedelta(hours=1)
        assert await store.next_due(NOW + timedelta(hours=1)) is None


async def test_idle_is_nothing_due_held_or_unsent(store):
    process = await store.join("one", LEASE)
    assert await store.idle()
    await wake(store, MEI_ID, at=NOW + timedelta(days=1))
    assert await store.idle()
    await wake(store, MEI_ID)
    assert not await store.idle()
    claim = await claim_one(store, process)
    assert not await store.idle()
    await store.finish(claim, process, End("settled"), settle_nothing)
    assert await store.idle()
    await publish(store, b"1")
    assert not await store.idle()

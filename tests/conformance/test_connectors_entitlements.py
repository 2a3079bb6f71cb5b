"""What `HoldsEntitlements` promises: lists are made when missing, shared by many, and taken from without fuss."""

import pytest

from services.platforms.errors import NotThereError
from services.provisioner.connectors.base import ALREADY_SO


async def test_a_list_is_made_when_missing_and_many_share_it(subject, connector):
    mei, wei, li = [await subject.made() for _ in range(3)]
    for entitlement in subject.lists:
        assert await connector.members(entitlement) == frozenset()
        outcomes = await connector.grant(entitlement, [mei, wei])
        assert set(outcomes) == {mei, wei}
        await connector.grant(entitlement, [wei, li])
        assert await connector.members(entitlement) == {mei, wei, li}


async def test_giving_again_changes_nothing(subject, connector):
    mei = await subject.made()
    for _ in range(2):
        await connector.grant(subject.lists[0], [mei])
    assert await connector.members(subject.lists[0]) == {mei}


async def test_taking_from_one_leaves_the_others(subject, connector):
    mei, wei = [await subject.made() for _ in range(2)]
    for entitlement in subject.lists:
        await connector.grant(entitlement, [mei, wei])
    assert (await connector.revoke(subject.lists[0], [mei])).keys() == {mei}
    await connector.revoke(subject.lists[0], [mei])
    assert await connector.members(subject.lists[0]) == {wei}
    assert await connector.members(subject.lists[1]) == {mei, wei}


async def test_an_account_shows_its_grants_where_the_platform_tells(subject, connector):
    mei = await subject.made()
    await connector.grant(subject.lists[0], [mei])
    account = await connector.read(mei)
    assert account.grants == (frozenset(subject.lists[:1]) if connector.shows_grants else frozenset())


async def test_taking_from_a_list_nobody_made_is_already_so(subject, connector):
    mei = await subject.made()
    assert await connector.revoke(subject.lists[0], [mei]) == {mei: ALREADY_SO}
    assert await connector.members(subject.lists[0]) == frozenset()


async def test_taking_from_who_is_gone_is_already_so(subject, connector):
    mei, wei = [await subject.made() for _ in range(2)]
    await connector.grant(subject.lists[0], [mei, wei])
    await connector.remove(mei)
    assert (await connector.revoke(subject.lists[0], [mei]))[mei] == ALREADY_SO
    outcomes = await connector.revoke(subject.lists[0], [mei, wei])
    assert outcomes[mei] == ALREADY_SO
    assert await connector.members(subject.lists[0]) == frozenset()


async def test_who_is_gone_holds_nothing(subject, connector):
    mei = await subject.made()
    await connector.grant(subject.lists[0], [mei])
    await connector.remove(mei)
    assert await connector.members(subject.lists[0]) == frozenset()


async def test_nobody_can_be_given_anything(subject, connector):
    mei = await subject.made()
    await connector.grant(subject.lists[0], [mei])
    for native_ids in (["nobody"], [mei, "nobody"]):
        with pytest.raises(NotThereError) as caught:
            await connector.grant(subject.lists[0], native_ids)
        assert caught.value.what == "account"
    assert await connector.members(subject.lists[0]) == {mei}


async def test_giving_to_no_one_is_nothing(subject, connector):
    assert await connector.grant(subject.lists[0], []) == {}
    assert await connector.revoke(subject.lists[0], []) == {}


async def test_stripping_takes_every_grant_of_ours(subject, connector):
    if "strip" not in connector.closing["stop"] and not hasattr(subject, "platform"):
        with pytest.raises(NotImplementedError):
            await connector.strip("Mei")
        return
    mei = await subject.made()
    await connector.grant(subject.lists[0], [mei])
    await connector.strip(mei)
    assert await connector.members(subject.lists[0]) == frozenset()


async def test_a_full_call_is_taken(subject, connector):
    people = [await subject.made() for _ in range(min(connector.per_call, 30))]
    await connector.grant(subject.lists[0], people)
    assert await connector.members(subject.lists[0]) == set(people)
    await connector.revoke(subject.lists[0], people)
    assert await connector.members(subject.lists[0]) == frozenset()


async def test_what_cannot_be_given_is_refused_without_a_call(subject, connector):
    before = dict(subject.gate.calls)
    assert [connector.refusal(entitlement) for entitlement in subject.lists] == [None, None]
    if subject.nonsense:
        assert connector.refusal(subject.nonsense)
    assert subject.gate.calls == before

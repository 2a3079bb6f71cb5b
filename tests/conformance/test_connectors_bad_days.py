"""Lost answers, busy platforms, refused secrets: what a caller then knows, and what the platform then holds."""

import pytest
from subjects import BUSY, LOST, LOST_BEFORE

from services.platforms.errors import CredentialError, OutcomeUnknownError, TakenError, TryLaterError
from services.provisioner.connectors.base import Change


async def test_a_create_whose_answer_is_lost_is_found_by_a_read(subject, connector):
    person = subject.person()
    subject.fault("create", LOST)
    with pytest.raises(OutcomeUnknownError):
        await connector.create(person)
    assert (await connector.read(person.native_id)).attributes["name"] == person.attributes["name"]
    with pytest.raises(TakenError) as caught:
        await connector.create(person)
    assert caught.value.holder == person.native_id


async def test_a_create_that_never_arrived_is_known_by_a_read(subject, connector):
    person = subject.person()
    subject.fault("create", LOST_BEFORE)
    with pytest.raises(OutcomeUnknownError):
        await connector.create(person)
    assert await connector.read(person.native_id) is None
    assert await connector.create(person) == person.native_id


async def test_a_change_whose_answer_is_lost_is_found_by_a_read(subject, connector):
    native_id = await subject.made()
    subject.fault("update", LOST)
    with pytest.raises(OutcomeUnknownError):
        await connector.update(native_id, Change({"name": "Wei"}))
    assert (await connector.read(native_id)).attributes["name"] == "Wei"


async def test_a_grant_whose_answer_is_lost_is_found_in_the_list(subject, connector):
    native_id = await subject.made()
    subject.fault("grant", LOST)
    with pytest.raises(OutcomeUnknownError):
        await connector.grant(subject.lists[0], [native_id])
    assert await connector.members(subject.lists[0]) == {native_id}
    await connector.grant(subject.lists[0], [native_id])


async def test_a_department_whose_answer_is_lost_is_not_made_twice(subject, connector):
    subject.fault("create_department", LOST)
    with pytest.raises(OutcomeUnknownError):
        await subject.department("Sales")
    sales = await subject.department("Sales")
    assert [d.native_id for d in await connector.departments()] == [connector.root, sales]


async def test_a_lost_read_says_so(subject, connector):
    native_id = await subject.made()
    subject.fault("read", LOST)
    with pytest.raises(OutcomeUnknownError):
        await connector.read(native_id)
    assert (await connector.read(native_id)).native_id == native_id


@pytest.mark.parametrize("verb", ["create", "read"])
async def test_a_busy_platform_did_nothing(subject, connector, verb):
    person = subject.person()
    subject.fault(verb, BUSY)
    with pytest.raises(TryLaterError):
        await (connector.create(person) if verb == "create" else connector.read(person.native_id))
    assert await connector.read(person.native_id) is None


async def test_a_probe_proves_secret_and_permission(connector):
    await connector.probe()


async def test_a_refused_secret_is_named_and_refused_again(subject):
    connector = subject.with_wrong_secret()
    for _ in range(2):
        with pytest.raises(CredentialError):
            await connector.probe()


async def test_every_call_passes_the_gate(subject, connector):
    native_id = await subject.made()
    steps = [
        lambda: connector.read(native_id),
        lambda: connector.update(native_id, Change({"name": "Wei"})),
        lambda: connector.grant(subject.lists[0], [native_id]),
        lambda: connector.members(subject.lists[0]),
        lambda: connector.revoke(subject.lists[0], [native_id]),
        connector.departments,
        lambda: connector.remove(native_id),
        connector.probe,
    ]
    for step in steps:
        before = sum(subject.gate.calls.values())
        await step()
        assert sum(subject.gate.calls.values()) > before

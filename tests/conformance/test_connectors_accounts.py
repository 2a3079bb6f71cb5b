"""What `ManagesAccounts` promises, whatever the platform."""

import pytest

from services.platforms.errors import NotThereError, TakenError
from services.provisioner.connectors.base import ALREADY_SO, Change
from services.provisioner.model import AccountState

CLOSED = {AccountState.SUSPENDED, AccountState.STRIPPED, AccountState.REMOVED, None}


async def state_of(connector, native_id):
    account = await connector.read(native_id)
    return account.state if account else None


async def test_a_new_account_is_open_and_shows_what_it_was_made_with(subject, connector):
    sales = await subject.department("Sales")
    native_id = await subject.made(native_id="Mei.Li", departments=(sales,))
    account = await connector.read(native_id)
    assert account.native_id == native_id == "Mei.Li"
    assert account.state.open
    assert account.departments == (sales,)
    assert account.attributes["name"] == "Mei 1"
    assert account.attributes[subject.mark_of_title] == "Clerk"
    assert account.attributes.get("mobile", "+8613900000001") == "+8613900000001"
    assert account.grants == frozenset()


async def test_an_account_nobody_has_is_none(connector):
    assert await connector.read("nobody") is None


async def test_a_prepared_account_is_closed_until_it_is_resumed(subject, connector):
    if not connector.can_prepare:
        with pytest.raises(NotImplementedError):
            await subject.made(suspended=True)
        return
    native_id = await subject.made(suspended=True)
    assert await state_of(connector, native_id) is AccountState.SUSPENDED
    await connector.resume(native_id)
    assert (await state_of(connector, native_id)).open


async def test_what_may_be_written_is_written_and_reads_back(subject, connector):
    native_id = await subject.made()
    change = Change({"name": "Mei Wang", subject.mark_of_title: 'Head of "Sales"\n{{x}} 主管'})
    await connector.update(native_id, change)
    await connector.update(native_id, change)
    account = await connector.read(native_id)
    assert account.attributes | change.attributes == account.attributes


async def test_what_can_be_cleared_reads_back_as_nothing(subject, connector):
    native_id = await subject.made()
    clearable = connector.fields[subject.mark_of_title].clearable
    if not clearable:
        pytest.skip("the title cannot be cleared here")
    await connector.update(native_id, Change({subject.mark_of_title: None}))
    assert not (await connector.read(native_id)).attributes.get(subject.mark_of_title)


async def test_departments_are_replaced_whole(subject, connector):
    sales, office = await subject.department("Sales"), await subject.department("Office")
    native_id = await subject.made(departments=(sales, connector.root))
    await connector.update(native_id, Change(departments=(office, sales)))
    assert set((await connector.read(native_id)).departments) == {office, sales}
    await connector.update(native_id, Change(departments=(office,)))
    await connector.update(native_id, Change(departments=(office,)))
    assert (await connector.read(native_id)).departments == (office,)


async def test_attributes_change_without_a_move(subject, connector):
    sales = await subject.department("Sales")
    native_id = await subject.made(departments=(sales,))
    await connector.update(native_id, Change({"name": "Wei"}))
    assert (await connector.read(native_id)).departments == (sales,)


async def test_who_leads_shows_with_the_account_or_the_department(subject, connector):
    sales, office = await subject.department("Sales"), await subject.department("Office")
    native_id = await subject.made(departments=(sales, office), leads=frozenset({sales}))
    if not subject.leaders_with_account:
        await connector.update_department(sales, leaders=(native_id,))
    leaders = {department.native_id: department.leaders for department in await connector.departments()}
    assert (leaders[sales], leaders[office]) == ((native_id,), ())
    if subject.leaders_with_account:
        assert (await connector.read(native_id)).leads == {sales}
        await connector.update(native_id, Change(departments=(sales, office), leads=frozenset({office})))
        assert (await connector.read(native_id)).leads == {office}


async def test_a_taken_id_names_its_holder_and_changes_nothing(subject, connector):
    native_id = await subject.made(native_id="Mei.Li")
    with pytest.raises(TakenError) as caught:
        await subject.made(native_id="Mei.Li")
    assert (caught.value.field, caught.value.holder) == ("native_id", native_id)
    assert (await connector.read(native_id)).attributes["name"] == "Mei 1"


@pytest.mark.parametrize("name", ["mobile", "email"])
async def test_a_taken_mark_names_its_holder(subject, connector, name):
    if name not in subject.unique:
        pytest.skip("two people may have the same here")
    first = subject.person()
    await connector.create(first)
    with pytest.raises(TakenError) as caught:
        await subject.made(native_id="Wei", attributes={name: first.attributes[name]})
    assert (caught.value.field, caught.value.holder) == (name, first.native_id)
    assert await connector.read("Wei") is None


@pytest.mark.parametrize("joined", [False, True], ids=["invited", "joined"])
@pytest.mark.parametrize("case", ["leave", "stop", "absence"])
async def test_closing_leaves_no_way_in_and_may_be_repeated(subject, connector, case, joined):
    native_id = await subject.made()
    if joined:
        subject.activate(native_id)
        assert await state_of(connector, native_id) is AccountState.ACTIVE
    for verb in connector.closing[case]:
        await getattr(connector, verb)(native_id)
        await getattr(connector, verb)(native_id)
    assert await state_of(connector, native_id) in CLOSED


async def test_what_was_stopped_can_be_opened_again(subject, connector):
    sales = await subject.department("Sales")
    native_id = await subject.made(departments=(sales,))
    subject.activate(native_id)
    for verb in connector.closing["stop"]:
        await getattr(connector, verb)(native_id)
    await connector.resume(native_id)
    await connector.update(native_id, Change(departments=(sales,)))
    await connector.resume(native_id)
    account = await connector.read(native_id)
    assert (account.state, account.departments) == (AccountState.ACTIVE, (sales,))


@pytest.mark.parametrize("verb", ["remove", "delete"])
async def test_gone_is_gone_and_gone_again_is_already_so(subject, connector, verb):
    native_id = await subject.made()
    await getattr(connector, verb)(native_id)
    assert await state_of(connector, native_id) in (None, AccountState.REMOVED)
    assert await getattr(connector, verb)(native_id) == ALREADY_SO


async def test_what_is_gone_leaves_its_marks_free(subject, connector):
    first = subject.person()
    await connector.create(first)
    await connector.remove(first.native_id)
    await subject.made(native_id="Wei", attributes={name: first.attributes[name] for name in subject.unique})
    assert (await state_of(connector, "Wei")).open


@pytest.mark.parametrize("verb", ["remove", "delete"])
async def test_removing_nobody_is_already_so(connector, verb):
    assert await getattr(connector, verb)("nobody") == ALREADY_SO


async def test_changing_nobody_is_an_error(connector):
    with pytest.raises(NotThereError) as caught:
        await connector.update("nobody", Change({"name": "Wei"}))
    assert caught.value.what == "account"


async def test_a_department_nobody_made_is_an_error(subject, connector):
    native_id = await subject.made()
    with pytest.raises(NotThereError) as caught:
        await connector.update(native_id, Change(departments=("777",)))
    assert caught.value.what == "department"


async def test_an_invitation_may_be_repeated(subject, connector):
    native_id = await subject.made()
    await connector.invite(native_id)
    await connector.invite(native_id)
    assert (await state_of(connector, native_id)).open


async def test_every_account_is_listed_once_and_as_it_reads(subject, connector):
    sales, office = await subject.department("Sales"), await subject.department("Office")
    made = [await subject.made(departments=(sales, office)), await subject.made(departments=(office,))]
    made += [await subject.made() for _ in range(120)]
    await connector.grant(subject.lists[0], made[:2])
    listed = [account async for account in connector.accounts()]
    assert sorted(account.native_id for account in listed) == sorted(made)
    for account in listed:
        if account.native_id in made[:3]:
            assert account == await connector.read(account.native_id)


async def test_nobody_is_listed_where_nobody_is(connector):
    assert [account async for account in connector.accounts()] == []


async def test_its_declarations_hold_together(connector):
    assert set(connector.closing) == set(connector.residue) == {"leave", "stop", "absence"}
    assert connector.fields["mobile"].writable in ("before_activation", "never")
    assert connector.reads_first >= {"remove"}

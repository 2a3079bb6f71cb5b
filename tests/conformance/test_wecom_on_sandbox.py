"""What only WeCom does, against its stand-in: two secrets, a scope set in the console, a mobile its member owns."""

import pytest
from subjects import of_wecom

from sandbox.serve import running
from services.platforms.errors import CredentialError, NeedsPersonError, TryLaterError
from services.provisioner.connectors.base import Change, HandedOver
from services.provisioner.model import AccountState


@pytest.fixture(scope="module")
def address():
    with running({"wecom": {"quota_scale": 1000.0, "app_sees_private_fields": True}}) as url:
        yield url


@pytest.fixture(scope="module")
def narrow_address():
    """A company whose application sees nobody but one department."""
    with running({"wecom": {"quota_scale": 1000.0, "app_scope": {"departments": [2]}}}) as url:
        yield url


@pytest.fixture
async def wecom(address):
    subject = of_wecom(address, "2026")
    yield subject
    await subject.connector.close()
    await subject.wrong.close()


@pytest.fixture
async def narrow(narrow_address):
    subject = of_wecom(narrow_address, "2026")
    yield subject
    await subject.connector.close()
    await subject.wrong.close()


async def test_customer_contact_is_residue_until_the_console_knows_the_tag(wecom):
    connector = wecom.connector
    mei = await wecom.made()
    wecom.activate(mei)
    await connector.grant("customer-contact", [mei])
    assert await connector.residue_of("customer-contact", [mei]) == {mei: "customer_contact_not_in_scope"}
    wecom.order("console", {"op": "customer_contact_scope", "tags": ["customer-contact"]})
    assert await connector.residue_of("customer-contact", [mei]) == {}
    assert await connector.members("customer-contact") == {mei}


async def test_who_has_joined_keeps_the_mobile(wecom):
    connector = wecom.connector
    mei = await wecom.made()
    await connector.update(mei, Change({"mobile": "+8613911111111"}))
    assert (await connector.read(mei)).attributes["mobile"] == "+8613911111111"
    wecom.activate(mei)
    await connector.update(mei, Change({"mobile": "+8613922222222"}))
    assert (await connector.read(mei)).attributes["mobile"] == "+8613911111111"


async def test_an_id_is_the_same_whatever_its_case(wecom):
    await wecom.made(native_id="Mei.Li")
    assert (await wecom.connector.read("mei.li")).native_id == "Mei.Li"


async def test_who_left_on_their_own_is_removed(wecom):
    mei = await wecom.made()
    wecom.order("console", {"op": "leave", "id": mei})
    account = await wecom.connector.read(mei)
    assert account is None or account.state is AccountState.REMOVED


@pytest.mark.parametrize("kind", ["expire_token", "errcode_string", "errcode_missing"])
async def test_a_call_goes_through_all_the_same(wecom, kind):
    mei = await wecom.made()
    wecom.order("faults", [{"path": "user/update", "kind": kind}])
    await wecom.connector.update(mei, Change({"name": "Wei"}))
    assert (await wecom.connector.read(mei)).attributes["name"] == "Wei"


async def test_a_changed_secret_is_refused_once_and_asked_with_once(wecom):
    mei = await wecom.made()
    wecom.order("console", {"op": "app", "kind": "contact", "secret": "another"})
    for _ in range(3):
        with pytest.raises(CredentialError) as caught:
            await wecom.connector.update(mei, Change({"name": "Wei"}))
        assert caught.value.hint == "wrong_secret"
    assert wecom.gate.calls["wecom", "gettoken"] == 2
    wecom.order("console", {"op": "app", "kind": "contact", "secret": "sandbox-contact-secret"})
    await wecom.connector.probe()
    await wecom.connector.update(mei, Change({"name": "Wei"}))


async def test_an_address_that_is_not_trusted_is_named(wecom):
    wecom.order("console", {"op": "trusted_ips", "ips": ["198.51.100.7"]})
    with pytest.raises(CredentialError) as caught:
        await wecom.connector.probe()
    assert caught.value.hint == "address_not_trusted 127.0.0.1"


@pytest.mark.parametrize(("kind", "after"), [("throttle", 60.0), ("busy", None)])
async def test_a_limit_says_how_long(wecom, kind, after):
    wecom.order("faults", [{"path": "user/create", "kind": kind}])
    with pytest.raises(TryLaterError) as caught:
        await wecom.made()
    assert caught.value.after == after


async def test_a_full_company_needs_a_person(wecom):
    wecom.order("console", {"op": "account_cap", "cap": 0})
    with pytest.raises(NeedsPersonError) as caught:
        await wecom.made()
    assert caught.value.hint == "limit_reached"


async def test_an_application_that_sees_a_part_is_found_out(narrow):
    await narrow.department("Sales")
    await narrow.made(departments=("1",))
    with pytest.raises(CredentialError):
        await narrow.connector.probe()
    with pytest.raises(NeedsPersonError) as caught:
        [account async for account in narrow.connector.accounts()]
    assert caught.value.hint == "app_scope_too_narrow"
    with pytest.raises(NeedsPersonError):
        await narrow.connector.departments()


@pytest.fixture
async def leaver_and_heir(wecom):
    pair = [await wecom.made() for _ in range(2)]
    for native_id in pair:
        wecom.activate(native_id)
    return pair


@pytest.mark.parametrize("what", ["customers", "customer_groups"])
async def test_what_a_deleted_member_owned_goes_over_by_the_calls_for_leavers(wecom, leaver_and_heir, what):
    leaver, heir = leaver_and_heir
    wecom.own(leaver, what, "x1")
    await wecom.connector.delete(leaver)
    await wecom.connector.hand_over(leaver, heir, what)
    wecom.a_day_passes()
    assert await wecom.connector.hand_over(leaver, heir, what) == HandedOver()
    with pytest.raises(NeedsPersonError, match="nobody_to_take_over"):
        await wecom.connector.hand_over(heir, None, what)


async def test_a_customer_who_declines_stays_and_is_not_asked_again(wecom, leaver_and_heir):
    leaver, heir = leaver_and_heir
    wecom.order("console", {"op": "customer", "id": leaver, "customer": "x1", "declines": True})
    await wecom.connector.hand_over(leaver, heir, "customers")
    for _ in range(3):
        assert await wecom.connector.hand_over(leaver, heir, "customers") == HandedOver(refused=1)


async def test_a_customer_given_away_too_often_needs_a_person_and_the_others_go(wecom, leaver_and_heir):
    leaver, heir = leaver_and_heir
    wecom.own(leaver, "customers", "x1")
    for _ in range(2):
        await wecom.connector.hand_over(leaver, heir, "customers")
        wecom.a_day_passes()
        leaver, heir = heir, leaver
    wecom.own(leaver, "customers", "x2")
    with pytest.raises(NeedsPersonError, match="hand_over_refused") as caught:
        await wecom.connector.hand_over(leaver, heir, "customers")
    assert caught.value.code == "40128"
    wecom.a_day_passes()
    shown = wecom.state()["customers"]
    assert {external: one["status"] for external, one in shown.items()} == {"x1": 1, "x2": 2}


async def test_an_application_without_customer_contact_needs_a_person_and_stops_nothing_else(wecom, leaver_and_heir):
    wecom.order("faults", [{"path": "externalcontact/list", "kind": "errcode", "code": 48002}])
    with pytest.raises(NeedsPersonError, match="customer_contact_not_allowed"):
        await wecom.connector.hand_over(*leaver_and_heir, "customers")

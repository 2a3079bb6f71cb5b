"""What a sweep makes of every platform's listing: no drift where nothing changed, and all of it where something did."""

from datetime import UTC, datetime

import pytest

from services.provisioner.act.readback import look
from services.provisioner.act.sweep import whole
from services.provisioner.act.target import Target
from services.provisioner.connectors.base import Change
from services.provisioner.model import Account, AccountState
from services.provisioner.plan.drift import Owned, compare
from services.provisioner.store.port import StoredAccount

AT = datetime(2026, 3, 1, tzinfo=UTC)


class Swept:
    """One account of ours, remembered as a pass left it."""

    def __init__(self, subject):
        self.subject, self.connector = subject, subject.connector
        self.target = Target("t", "kind", subject.connector)
        self.owned = Owned(frozenset({"name", subject.mark_of_title}), frozenset(subject.lists[:1]))

    async def remember(self, native_id):
        tag = self.subject.lists[0]
        await self.connector.grant(tag, [native_id])
        before = StoredAccount(Account(native_id, AccountState.ACTIVE), None, granted=frozenset({tag}))
        self.stored = await look(native_id, self.connector, self.target.lists, before=before, asked=[tag], at=AT)

    async def sweep(self):
        shown, _ = await whole(self.target, self.owned.lists)
        seen = shown.get(self.stored.observed.native_id.casefold())
        line = compare("p1", self.stored, seen, self.owned, AT).line
        return line.kind, line.fields


@pytest.fixture
async def mei(subject):
    swept = Swept(subject)
    native_id = await subject.made()
    subject.activate(native_id)
    await swept.remember(native_id)
    return swept


async def test_what_a_listing_shows_agrees_with_what_a_read_shows(mei):
    assert await mei.sweep() == ("agrees", ())


async def test_a_changed_title_another_department_and_a_lost_list_are_drift(mei, subject):
    native_id = mei.stored.observed.native_id
    elsewhere = await subject.department("Sweeps")
    await subject.connector.update(native_id, Change({subject.mark_of_title: "Boss"}, (elsewhere,)))
    await subject.connector.revoke(subject.lists[0], [native_id])
    assert await mei.sweep() == ("drift", (subject.mark_of_title, "departments", f"-{subject.lists[0]}"))


async def test_who_is_gone_is_missing(mei, subject):
    await subject.connector.delete(mei.stored.observed.native_id)
    assert await mei.sweep() == ("missing", ("state",))


async def test_an_account_that_an_administrator_locked_was_closed_by_others(mei, subject):
    if "suspend" not in subject.connector.closing["leave"]:
        pytest.skip("this platform locks nobody")
    await subject.connector.suspend(mei.stored.observed.native_id)
    assert await mei.sweep() == ("closed_by_others", ("state",))

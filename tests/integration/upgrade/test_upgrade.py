"""An upgrade loses nothing: whatever revision the tables had, what stood in them stands there, and work goes on.

A company lives on tables of each earlier revision until the upgrade: people are employed, about to come and about to
leave, a step is cut off by a kill, something waits, something is in quarantine. Afterwards it goes on as a company does
that was never upgraded.
"""

import asyncio
import copy
import tempfile
from datetime import timedelta
from pathlib import Path

import older
import pytest
from company import START, Company

from contracts.provisioning import EventRef, StepTaken
from services.kit.clock import Fixed
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.migrate import migrate, revisions
from services.notifier.audit.ocsf import entry
from services.notifier.messages import Intent
from services.notifier.read import Told
from services.notifier.records import Record
from services.notifier.store.port import Taken
from services.notifier.store.postgres import PostgresStore as NotifierStore
from services.provisioner.store.port import PolicyInForce
from services.provisioner.store.postgres import PostgresStore

EARLIER = revisions("provisioner")[:-1]
PEOPLE = [f"urn:hr:acme/W{number}" for number in range(1, 8)]
NEVER_WRITTEN = {"epoch", "leader", "change", "sweep", "attended"}
"""Tables of duties that this company does not have: of the relay, of guards, of sweeps, of telling."""

UNTOLD = {"by_tenure"}
"""Columns that came later and whose value for older rows nobody wrote down."""


class KilledError(Exception):
    """Ends everything at a call, as a kill -9 does."""


async def on(dsn, crm=None, at=START):
    store = PostgresStore(dsn)
    await store.set_clock(at, 0.0)
    company = Company(wiki="enforce", clock=Fixed(at), kept=store)
    if crm:
        company.crm.__dict__.update(copy.deepcopy(crm.__dict__))
    return company


async def first_life(company):
    """Until the moment of the upgrade."""
    await company.store.first_policy(PolicyInForce(company.policy.version, company.text, looked=True))
    await company.say("department.changed", "d1", department_id="D1", name="销售部")
    people = [("W1", "王", "伟", "sales"), ("W2", "李", "梅", "administration"), ("W3", "张", "静", "sales"),
              ("W5", "陈", "洋", "sales")]  # fmt: skip
    for number, (worker, family, given, function) in enumerate(people, start=1):
        await company.hire(f"hire-{worker}", worker, family=family, given=given, function=function,
                           mobile=f"+861380000000{number}", department="D1")  # fmt: skip
    await company.settle()
    await company.say("left", "leave-W5", worker_id="W5", effective_at="2026-02-20")
    await company.say("left", "leave-W3", worker_id="W3", effective_at="2026-04-10")
    await company.hire("hire-W4", "W4", family="刘", given="敏", mobile="+8613800000014", effective_at="2026-04-01")
    await company.say("left", "leave-W6", worker_id="W6", effective_at="2026-02-20")
    await company.hire("hire-W1", "W1", mobile="+8613800000001", department="D1")
    await company.raw(b'{"worker_id": ', [("ce_id", b"broken")])
    await company.settle()
    ids = [number for number, _ in await company.store.outbox(5)]
    await company.store.sent(ids)
    await company.hire("hire-W7", "W7", family="赵", given="磊", mobile="+8613800000017")
    company.crm.fail("create", KilledError(), after_commit=True)
    with pytest.raises(KilledError):
        await company.settle()


async def second_life(company):
    """From the upgrade on; what came of it all."""
    await company.store.reap()
    await company.say("transferred", "move-W1", worker_id="W1", effective_at="2026-02-25",
                      assignment={"job_function": "administration"})  # fmt: skip
    await company.say("left", "leave-W2", worker_id="W2", effective_at="2026-02-26")
    await company.say("left", "leave-W5", worker_id="W5", effective_at="2026-02-20")
    await company.settle()
    later = START + timedelta(days=60)
    await company.store.set_clock(later, 0.0)
    await company.settle(later)
    return {
        "accounts": {name: company.account(name) for name in sorted(company.crm.accounts)},
        "created": company.crm.calls["create"],
        "books": await company.books(),
        "events": {person: await company.events(person) for person in PEOPLE},
        "rows": {person: await company.rows(person) for person in PEOPLE},
    }


@pytest.fixture(scope="module")
def upgraded_server():
    with tempfile.TemporaryDirectory(prefix="tenure-test-") as folder, EmbeddedPostgres(Path(folder)) as running:
        yield running.dsn.get_secret_value()


@pytest.fixture(scope="module")
def lived(upgraded_server):
    """The database and the platform of a company at the moment of its upgrade, and its end without one."""

    async def live():
        dsn = await older.database(upgraded_server)
        company = await on(dsn)
        await first_life(company)
        await company.store.close()
        await older.run(dsn, "UPDATE provisioner.process SET lease_until = now()")  # the killed one is missed
        never = await on(await older.copied(upgraded_server, dsn, "provisioner", "head"), company.crm)
        never.numbers = copy.copy(company.numbers)
        end = await second_life(never)
        await never.store.close()
        return dsn, company, end

    return asyncio.run(live())


def test_the_company_had_something_to_lose(lived):
    dsn, _, end = lived
    found, _ = asyncio.run(older.rows(dsn, "provisioner"))
    assert {table for table, rows in found.items() if not rows} <= NEVER_WRITTEN
    assert end["accounts"] == {
        "cheny": ("suspended", []), "lim": ("suspended", []), "lium": ("invited", ["tag:sales"]),
        "wangw": ("invited", ["tag:office"]), "zhangj": ("suspended", []), "zhaol": ("invited", ["tag:sales"]),
    }  # fmt: skip
    assert end["created"] == len(end["accounts"])
    assert end["books"] == {"confirmed": 11, "duplicate": 2, "quarantined": 1, "waiting": 1}


@pytest.mark.parametrize("revision", EARLIER)
async def test_a_company_on_older_tables_is_upgraded_and_goes_on(upgraded_server, lived, revision):
    dsn, company, end = lived
    old = await older.copied(upgraded_server, dsn, "provisioner", revision)
    before, shape = await older.rows(old, "provisioner")
    await migrate(old, "provisioner")
    assert (await older.rows(old, "provisioner", shape))[0] == before
    _, whole = await older.rows(dsn, "provisioner")
    today = {table: {name: kind for name, kind in whole[table].items() if name not in UNTOLD} for table in shape}
    assert await older.rows(old, "provisioner", today) == await older.rows(dsn, "provisioner", today)
    later = await on(old, company.crm)
    later.numbers = copy.copy(company.numbers)
    try:
        assert await second_life(later) == end
    finally:
        await later.store.close()


def outcome(number):
    """A step that the provisioner tells of."""
    step = StepTaken(plan_id="7", number=number, person_id="urn:hr:acme/W1", target="crm", platform="memory",
                     verb="create", native_id="wangw", result="done", at=START)  # fmt: skip
    return Told("urn:tenure:provisioner", f"step/7/{number}", step.person_id, START, step)


@pytest.fixture(scope="module")
def owing(upgraded_server):
    """The notifier's database: a message whose sender was killed, two that wait, records told and untold."""

    async def live():
        dsn = await older.database(upgraded_server)
        store = NotifierStore(dsn)
        ref = EventRef(source="urn:hr:acme", id="evt-1", revision=1, type="hr.worker.hired.v1")
        for number in range(3):
            told = outcome(number)
            message = Intent(f"m{number}", ref, told.key, "it", "webhook", None, (), f"text {number}")
            record = Record("lifecycle.confirmations", told.key, b"{}", (("ce_id", b"c"),))
            await store.take_in([Taken(told.source, told.id, entry(told), (record,), (message,))])
        await store.claim("killed", timedelta(0), 1)
        await store.sent([number for number, _ in await store.outbox(2)])
        untold = await store.outbox(99)
        await store.close()
        return dsn, untold

    return asyncio.run(live())


@pytest.mark.parametrize("revision", revisions("notifier")[:-1])
async def test_the_notifier_on_older_tables_is_upgraded_and_sends_what_it_owed(upgraded_server, owing, revision):
    dsn, untold = owing
    old = await older.copied(upgraded_server, dsn, "notifier", revision)
    before, shape = await older.rows(old, "notifier")
    assert {table for table, rows in before.items() if not rows} <= NEVER_WRITTEN
    await migrate(old, "notifier")
    assert (await older.rows(old, "notifier", shape))[0] == before
    store, lease = NotifierStore(old), timedelta(minutes=1)
    try:
        assert [one.message_id for one in await store.abandoned("next", lease, 9)] == ["m0"]
        assert [one.message_id for one in await store.claim("next", lease, 9)] == ["m1", "m2"]
        assert await store.outbox(99) == untold
        again = [Taken(told.source, told.id, entry(told)) for told in map(outcome, range(3))]
        assert await store.take_in(again) == []
        assert (await store.counts()).audit_records == len(again)
        assert await store.refill("another broker") == 2
    finally:
        await store.close()

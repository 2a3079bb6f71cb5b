"""A message is sent once: through crashes, time-outs and a database that goes away."""

from datetime import UTC, datetime, timedelta

import pytest
from notifier_values import MEI, Recorder, SetClock, ref, settled

from services.notifier.audit.ocsf import entry
from services.notifier.errors import StoreGoneError
from services.notifier.messages import Intent
from services.notifier.read import Told
from services.notifier.sender import Sender
from services.notifier.store.port import Taken
from services.platforms.errors import CredentialError, NeedsPersonError, OutcomeUnknownError, TryLaterError
from services.platforms.gate import GateClosedError


async def intend(store, ident="msg_1", channel="wecom", target="wecom"):
    told = Told("urn:tenure:provisioner", f"settled/{ident}", MEI, datetime.now(UTC), settled())
    intent = Intent(ident, ref(), MEI, "manager", channel, target, ("wei",), "梅 Mei")
    await store.take_in([Taken(told.source, told.id, entry(told), (), (intent,))])


def sender(store, channel, holder="one", now=None, **more):
    return Sender(store, {"wecom": channel}, holder, now or SetClock(), **more)


@pytest.fixture
def row(ask):
    async def row(ident="msg_1"):
        (found,) = await ask(f"SELECT * FROM notifier.message WHERE message_id = '{ident}'")
        return found

    return row


@pytest.fixture
def ripen(ask):
    """Let back-off and leases run out."""

    async def ripen():
        await ask("UPDATE notifier.message SET not_before = '-infinity', lease_until = '-infinity'")

    return ripen


async def test_sent_once_audited_and_forgotten(store, row):
    await intend(store)
    channel, counted = Recorder(), []
    sending = sender(store, channel, counted=lambda *how: counted.append(how))
    assert await sending.turn() == 1
    assert await sending.turn() == 0
    found = await row()
    assert channel.ids == ["msg_1"]
    assert (found["state"], found["text"], found["holder"]) == ("sent", "", None)
    assert counted == [("wecom", "sent")]
    assert (await store.counts()).audit_records == 2


async def test_it_is_marked_before_the_call(store, row):
    await intend(store)
    seen = []

    class Looks(Recorder):
        async def send(self, message):
            seen.append((await row())["state"])
            return await super().send(message)

    await sender(store, Looks()).turn()
    assert seen == ["sending"]


async def test_a_crash_between_sending_and_sent_repeats_within_what_the_platform_drops(store, row, ripen):
    await intend(store)
    first = await store.claim("died", timedelta(seconds=90), 8)
    assert [one.message_id for one in first] == ["msg_1"]
    channel = Recorder()
    alive = sender(store, channel, "alive")
    assert await alive.turn() == 0  # its lease still runs: it may be alive
    await ripen()
    await alive.turn()
    assert channel.ids == []  # first back to waiting, with the doubt remembered
    assert (await row())["doubt_since"] is not None
    await ripen()
    await alive.turn()
    assert channel.ids == ["msg_1"]
    assert (await row())["state"] == "sent"


async def test_a_crash_found_too_late_is_perhaps_sent_and_not_repeated(store, row, ripen):
    await intend(store)
    await store.claim("died", timedelta(seconds=90), 8)
    await ripen()
    channel = Recorder()
    late = SetClock(datetime.now(UTC) + timedelta(hours=5))
    await sender(store, channel, "alive", late).turn()
    assert channel.ids == []
    assert ((await row())["state"], (await row())["code"]) == ("perhaps_sent", "sender_died")


async def test_who_lost_its_lease_changes_nothing(store, row, ripen):
    await intend(store)
    channel = Recorder()

    class Slow(Recorder):
        async def send(self, message):
            await ripen()
            await sender(store, channel, "other").turn()
            return await super().send(message)

    await sender(store, Slow(), "slow").turn()
    assert (await row())["state"] == "waiting"


async def test_an_end_that_could_not_be_recorded_is_a_doubt(store, row, ripen):
    class Forgets:
        def __init__(self):
            self.claim, self.abandoned = store.claim, store.abandoned

        async def end(self, *_):
            raise StoreGoneError("gone")

    await intend(store)
    await sender(Forgets(), Recorder(), "one").turn()
    assert (await row())["state"] == "sending"
    await ripen()
    await sender(store, Recorder(), "two").turn()
    assert (await row())["doubt_since"] is not None


@pytest.mark.parametrize(
    ("answer", "state", "doubted"),
    [
        (TryLaterError("45009", "message/send", after=60.0), "waiting", False),
        (GateClosedError("paused"), "waiting", False),
        (CredentialError("40001", "gettoken", "wrong_secret"), "waiting", False),
        (OutcomeUnknownError("no_answer", "message/send"), "waiting", True),
        (TimeoutError(), "waiting", True),
        (NeedsPersonError("44004", "message/send"), "failed", False),
    ],
    ids=["throttled", "paused", "wrong secret", "time-out", "hanging", "refused"],
)
async def test_what_becomes_of_a_message_after(store, row, answer, state, doubted):
    await intend(store)
    await sender(store, Recorder(answer)).turn()
    found = await row()
    assert (found["state"], found["doubt_since"] is not None) == (state, doubted)
    assert (found["not_before"] > found["tried_at"]) is (state == "waiting")
    assert (await store.counts()).audit_records == (2 if state == "failed" else 1)


async def test_a_channel_that_is_no_more_ends_its_messages(store, row):
    await intend(store, target="gone")
    await sender(store, Recorder()).turn()
    assert ((await row())["state"], (await row())["code"]) == ("failed", "channel_gone")


async def test_two_replicas_share_the_messages(store, row):
    for n in range(12):
        await intend(store, f"msg_{n:02}")
    one, two = Recorder(), Recorder()
    await sender(store, one, "one").turn()
    await sender(store, two, "two").turn()
    assert sorted(one.ids + two.ids) == [f"msg_{n:02}" for n in range(12)]
    assert len(one.ids) == 8
    assert (await row("msg_11"))["state"] == "sent"

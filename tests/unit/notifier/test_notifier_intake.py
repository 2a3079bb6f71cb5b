"""From records to what is durable: once each, in order, without a gap, whatever is in between."""

import asyncio
import json
from functools import partial

import pytest
from notifier_values import MEI, NOW, FromKafka, checked, recorded, sent_as, settled, step
from prometheus_client import CollectorRegistry

from contracts.audit import AuditRecord
from contracts.lifecycle import Confirmation
from services.kit.errors import PublishError
from services.kit.relay import Relay
from services.notifier.errors import StoreGoneError
from services.notifier.handlers import Intake
from services.notifier.messages import intents
from services.notifier.metrics import Metrics
from services.notifier.notices import ManagerNotice, Notices
from services.notifier.render import Renderer
from services.notifier.store.postgres import PostgresStore

NOTICES = Notices(manager=ManagerNotice())


async def no_tidying():
    pass


def intake(store, notices=NOTICES):
    consequences = partial(intents, notices=notices, kinds={"wecom": "wecom"}, render=Renderer())
    return Intake(store, consequences, Metrics(CollectorRegistry()), retry_after=0.0)


class Broker:
    """Keeps what was published; refuses as often as told."""

    def __init__(self, refusals=0):
        self.records, self.refusals = [], refusals

    async def __call__(self, records):
        if self.refusals:
            self.refusals -= 1
            raise PublishError("not acknowledged")
        self.records += records

    def of(self, topic, model):
        return [model.model_validate_json(one.value) for one in self.records if one.topic == topic]

    @property
    def numbers(self):
        return [one.metadata["sequence"] for one in self.of("audit.events", AuditRecord)]


async def drained(store, broker, epoch="e1", holder="one"):
    relay = Relay(store, broker, holder, epoch, no_tidying)
    while await relay.turn():
        pass
    return broker


STORY = (
    sent_as(recorded(), "recorded/1"),
    sent_as(step(1), "step/7/1"),
    sent_as(step(2, "grant", entitlement="tag:sales"), "step/7/2"),
    sent_as(checked(), "checked/7"),
    sent_as(settled(), "settled/1"),
)


async def test_a_story_becomes_one_confirmation_one_message_and_an_audit_record_each(store):
    await intake(store).take_in(STORY)
    broker = await drained(store, Broker())
    (confirmation,) = broker.of("lifecycle.confirmations", Confirmation)
    counts = await store.counts()
    assert (confirmation.state, confirmation.person_id) == ("confirmed", MEI)
    assert broker.numbers == [0, 1, 2, 3, 4]
    assert counts.messages == {"waiting": 1}
    assert (counts.audit_records, counts.outbox) == (5, 0)


async def test_a_repeat_changes_nothing_within_a_batch_and_across_batches(store):
    taking = intake(store)
    await taking.take_in([*STORY, *STORY])
    await taking.take_in(STORY)
    broker = await drained(store, Broker())
    assert broker.numbers == [0, 1, 2, 3, 4]
    assert len(broker.of("lifecycle.confirmations", Confirmation)) == 1
    assert (await store.counts()).messages == {"waiting": 1}


async def test_what_nobody_can_read_is_counted_and_blocks_nothing(store):
    taking = intake(store)
    good = STORY[0]
    await taking.take_in(
        [
            FromKafka(b"{", good.headers),
            FromKafka(good.value, ()),
            FromKafka(b"\xff", (("ce_id", b"\xff"),)),
            FromKafka(good.value, tuple((n, b"tenure.unknown.v1" if n == "ce_type" else v) for n, v in good.headers)),
            good,
        ]
    )
    assert (await drained(store, Broker())).numbers == [0]
    count = taking.metrics.unreadable
    assert [count.labels(reason)._value.get() for reason in ("bad_data", "no_cloudevent", "unknown_type")] == [1, 2, 1]


async def test_numbers_have_no_gap_while_several_replicas_write_and_some_fail(database):
    stores = [PostgresStore(database) for _ in range(4)]
    batches = [[sent_as(step(n, plan_id=f"{b}"), f"step/{b}/{n}") for n in range(1, 8)] for b in range(12)]
    await asyncio.gather(*(intake(stores[i % 4]).take_in(batch) for i, batch in enumerate(batches)))
    # A second delivery of everything, as after a rebalance in which no offset was committed.
    await asyncio.gather(*(intake(stores[(i + 1) % 4]).take_in(batch) for i, batch in enumerate(batches)))
    broker = await drained(stores[0], Broker())
    assert broker.numbers == list(range(12 * 7))
    records = broker.of("audit.events", AuditRecord)
    for plan in range(12):
        own = [one.unmapped["tenure"]["number"] for one in records if one.unmapped["tenure"]["plan"] == str(plan)]
        assert own == sorted(own)
    for one in stores:
        await one.close()


async def test_a_rolled_back_batch_gives_its_numbers_back(store, ask):
    await ask("ALTER TABLE notifier.outbox ADD CONSTRAINT no_wei CHECK (key <> 'wei')")
    taking = intake(store)
    with pytest.raises(Exception, match="no_wei"):
        await taking.take_in([sent_as(step(1), "step/1"), sent_as(step(2), "step/2", key="wei")])
    await taking.take_in([sent_as(step(3), "step/3")])
    assert (await drained(store, Broker())).numbers == [0]


async def test_a_store_that_is_gone_is_waited_for(store):
    class ComesBack:
        tries = 0

        async def take_in(self, batch):
            self.tries += 1
            if self.tries < 3:
                raise StoreGoneError("gone")
            return await store.take_in(batch)

    gone = ComesBack()
    await intake(gone).take_in(STORY)
    assert gone.tries == 3
    assert (await store.counts()).audit_records == 5


async def test_what_the_broker_did_not_acknowledge_stays_and_goes_out_in_order(store):
    await intake(store).take_in(STORY)
    broker = Broker(refusals=1)
    relay = Relay(store, broker, "one", "e1", no_tidying)
    with pytest.raises(PublishError):
        await relay.turn()
    assert (await store.counts()).outbox == 6
    assert (await drained(store, broker)).numbers == [0, 1, 2, 3, 4]


async def test_a_new_broker_is_filled_again_before_anything_new(store):
    taking = intake(store)
    await taking.take_in(STORY)
    await drained(store, Broker(), "e1")
    await taking.take_in([sent_as(step(9), "step/7/9")])
    again = await drained(store, Broker(), "e2")
    assert again.numbers == [0, 1, 2, 3, 4, 5]
    assert (await drained(store, Broker(), "e2")).records == []


async def test_only_one_replica_publishes(store):
    await intake(store).take_in(STORY)
    assert await Relay(store, Broker(), "one", "e1", no_tidying).turn() == 6
    assert await Relay(store, Broker(), "two", "e1", no_tidying).turn() is None


async def test_a_replica_that_stops_lets_another_publish_at_once(store):
    turned = asyncio.Event()
    one = asyncio.create_task(Relay(store, Broker(), "one", "e1", no_tidying, turned=turned.set).run())
    await turned.wait()
    assert await Relay(store, Broker(), "two", "e1", no_tidying).turn() is None
    one.cancel()
    await asyncio.wait([one])
    assert await Relay(store, Broker(), "two", "e1", no_tidying).turn() == 0


async def test_no_notify_section_means_no_message_and_everything_else(store):
    await intake(store, Notices()).take_in(STORY)
    broker = await drained(store, Broker())
    assert (await store.counts()).messages == {}
    assert len(broker.of("lifecycle.confirmations", Confirmation)) == 1
    assert broker.numbers == [0, 1, 2, 3, 4]


async def test_no_name_reaches_what_is_published(store):
    await intake(store).take_in([sent_as(settled(display_name="Sekret 梅"), "settled/1")])
    broker = await drained(store, Broker())
    assert len(broker.records) == 2
    for one in broker.records:
        text = one.value.decode() + json.dumps([value.decode() for _, value in one.headers])
        assert "Sekret" not in text
        assert "wei" not in text  # the recipients' accounts stay behind too
    assert NOW.isoformat() in dict(broker.records[0].headers)["ce_time"].decode()

"""Mei, Wei and what the provisioner tells of them; records as Kafka brings them; a clock that is set."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from contracts.envelope import Attributes, to_headers
from contracts.provisioning import (
    SOURCE,
    TYPE_OF,
    AccountChecked,
    AttentionRaised,
    Done,
    DueLater,
    EventRef,
    EventSettled,
    FactRecorded,
    Matter,
    Reason,
    Recipient,
    StepTaken,
    TargetResult,
)
from services.notifier.messages import Message
from services.platforms.errors import PlatformError

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MEI, WEI = "urn:hr:acme/W1", "urn:hr:acme/W2"
HIRED = "hr.worker.hired.v1"


def ref(ident="evt-1", revision=1, type_=HIRED):
    return EventRef(source="urn:hr:acme", id=ident, revision=revision, type=type_)


def target(**changes):
    known = {"target": "wecom", "platform": "wecom", "mode": "enforce", "native_id": "mei", "state": "active",
             "done": (Done(verb="create"), Done(verb="grant", entitlement="tag:sales")),
             "residue": ("not_activated",)}  # fmt: skip
    return TargetResult.model_validate({**known, **changes})


def settled(ident="evt-1", **changes):
    known = {
        "event": ref(ident), "state": "confirmed", "person_id": MEI, "worker_id": "W1", "display_name": "梅 Mei",
        "change": "joiner", "effective_at": NOW, "accepted_at": NOW - timedelta(hours=1), "settled_at": NOW,
        "targets": (target(),),
        "due_later": (DueLater(target="wecom", verb="delete", due_at=NOW + timedelta(days=30)),),
        "recipients": (
            Recipient(audience="it"), Recipient(audience="manager", person_id=WEI, accounts={"wecom": "wei"}),
        ),
    }  # fmt: skip
    return EventSettled.model_validate({**known, **changes})


def raised(**changes):
    command = "tenure holds release --cause batch:b1 --kind close --target wecom --reason R"
    matter = Matter(since=NOW, next=command, target="wecom", reason="guard:close:batch:b1", people=612)
    known = {"kind": "held", "count": 1, "matters": (matter,), "raised_at": NOW}
    return AttentionRaised.model_validate({**known, **changes})


def step(number=1, verb="create", result="done", **changes):
    known = {
        "plan_id": "7", "number": number, "person_id": MEI, "target": "wecom", "platform": "wecom", "verb": verb,
        "native_id": "mei", "fields": ("name", "mobile"), "result": result, "at": NOW,
        "reason": Reason(facts=("urn:hr:acme/evt-1/1",), rule="sales", policy="p1"),
    }  # fmt: skip
    return StepTaken.model_validate({**known, **changes})


def recorded(outcome="applied", **changes):
    return FactRecorded(event=ref(), person_id=MEI, worker_id="W1", outcome=outcome, recorded_at=NOW, **changes)


def checked(*, agrees=True):
    return AccountChecked(
        person_id=MEI, target="wecom", platform="wecom", native_id="mei", state="active", grants=("tag:sales",),
        agrees=agrees, differences=() if agrees else ("name",), at=NOW,
    )  # fmt: skip


@dataclass
class FromKafka:
    """The part of aiokafka's ConsumerRecord that is read."""

    value: bytes
    headers: tuple
    key: bytes = MEI.encode()
    topic: str = "provisioning.outcomes"
    partition: int = 0
    offset: int = 0


def sent_as(body, ident, key=MEI):
    attributes = Attributes(specversion="1.0", id=ident, source=SOURCE, type=TYPE_OF[type(body)], time=NOW)
    return FromKafka(body.model_dump_json().encode(), tuple(to_headers(attributes)), key.encode())


@dataclass
class SetClock:
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self):
        return self.at


class Recorder:
    """A channel that keeps what it was asked to send; `answers` are raised or returned, one a call."""

    def __init__(self, *answers, remembers=timedelta(hours=4)):
        self.answers, self.remembers, self.texts, self.ids = list(answers), remembers, [], []

    async def send(self, message):
        self.ids.append(message.message_id)
        self.texts.append(message.text)
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, PlatformError | Exception):
            raise answer
        return answer

    def dropped_until(self, tried_at):
        return tried_at + self.remembers

    async def close(self):
        return


def waiting_message(**changes):
    known = {
        "message_id": "msg_1", "event": ref(), "person_id": MEI, "audience": "manager", "channel": "wecom",
        "target": "wecom", "to": ("wei",), "text": "Mei", "created_at": NOW, "attempts": 1, "tried_at": NOW,
        "doubt_since": None,
    }  # fmt: skip
    return Message(**{**known, **changes})

"""Which messages an outcome calls for: whom, on which channel, in which words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal, Protocol

from contracts.provisioning import SOURCE, TYPE_OF, AttentionRaised, EventRef, EventSettled, Recipient
from services.notifier.notices import ChannelName, Notices
from services.notifier.read import Told

Audience = Literal["manager", "it"]
State = Literal["waiting", "sending", "sent", "perhaps_sent", "failed"]
FINAL: frozenset[State] = frozenset({"sent", "perhaps_sent", "failed"})


@dataclass(frozen=True, slots=True)
class Intent:
    """A message to be sent once. `to` holds native ids on `target`; both are empty for a webhook."""

    message_id: str
    event: EventRef
    person_id: str | None
    audience: Audience
    channel: ChannelName
    target: str | None
    to: tuple[str, ...]
    text: str
    traceparent: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Message(Intent):
    """An intent as the store keeps it. `tried_at`: when the call began; `doubt_since`: the first unknown outcome."""

    created_at: datetime
    attempts: int
    tried_at: datetime
    doubt_since: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is told."""

    channel: ChannelName
    target: str | None
    to: tuple[str, ...]


class Render(Protocol):
    """Texts for a channel; `locale` is the reader's (None: the installation's)."""

    def __call__(self, told: EventSettled, audience: Audience, channel: ChannelName, locale: str | None) -> str: ...

    def alert(self, told: AttentionRaised, reference: str, channel: ChannelName) -> str: ...


def intents(told: Told, notices: Notices, kinds: Mapping[str, str], render: Render) -> tuple[Intent, ...]:
    """The messages that an outcome calls for. `kinds`: the type of each target."""
    match told.body:
        case EventSettled():
            return _confirmed(told.body, notices, kinds, render)
        case AttentionRaised():
            return _alerted(told.id, told.body, notices, kinds, render)
    return ()


def _confirmed(told: EventSettled, notices: Notices, kinds: Mapping[str, str], render: Render) -> tuple[Intent, ...]:
    """One message an event, audience and channel.

    Nobody is told of what changed nothing (superseded, nothing enforced) or concerns nobody's access (`change` None).
    """
    if told.state != "confirmed" or told.change is None or told.nothing_enforced:
        return ()
    found: dict[str, Intent] = {}
    for recipient in told.recipients:
        place = _place(recipient, notices, kinds)
        if place is None:
            continue
        message_id = _message_id(told.event, recipient.audience, place.channel)
        text = render(told, recipient.audience, place.channel, recipient.locale)
        found.setdefault(message_id, Intent(message_id, told.event, told.person_id, recipient.audience, place.channel,
                                            place.target, place.to, text))  # fmt: skip
    return tuple(found.values())


def _alerted(
    told_id: str, told: AttentionRaised, notices: Notices, kinds: Mapping[str, str], render: Render
) -> tuple[Intent, ...]:
    """To the IT team, of what waits for a person."""
    place = _place(Recipient(audience="it"), notices, kinds)
    if place is None:
        return ()
    ref = EventRef(source=SOURCE, id=told_id, revision=1, type=TYPE_OF[AttentionRaised])
    text = render.alert(told, told_id, place.channel)
    message_id = _message_id(ref, "it", place.channel)
    return (Intent(message_id, ref, None, "it", place.channel, place.target, place.to, text),)


def _place(recipient: Recipient, notices: Notices, kinds: Mapping[str, str]) -> Place | None:
    if recipient.audience == "it":
        it = notices.it
        return Place(it.channel, _first(it.channel, kinds), it.to) if it else None
    for channel in notices.manager.channels if notices.manager else ():
        for target, native_id in recipient.accounts.items():
            if kinds.get(target) == channel:
                return Place(channel, target, (native_id,))
    return None


def _first(kind: str, kinds: Mapping[str, str]) -> str | None:
    return next((target for target, its in kinds.items() if its == kind), None)


def _message_id(ref: EventRef, audience: Audience, channel: ChannelName) -> str:
    told = "\n".join((ref.source, ref.id, str(ref.revision), audience, channel))
    return f"msg_{sha256(told.encode()).hexdigest()[:32]}"

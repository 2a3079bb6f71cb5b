"""What becomes of a message after a call, or after its sender died. Pure.

A message is repeated after an unknown outcome only while its platform surely drops the repeat; afterwards it is
`perhaps_sent`. What was surely not sent is tried again until it is too old to help anybody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.audit.ocsf import message_entry
from services.notifier.messages import FINAL, Message, State
from services.notifier.store.port import Ending
from services.platforms.errors import CredentialError, OutcomeUnknownError, PlatformError, TryLaterError
from services.platforms.gate import GateClosedError

CREDENTIAL_WAIT = timedelta(minutes=10)
"""A refused secret is somebody's to put right, and is not asked with often: that can get us banned."""
PAUSED_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)
MAX_DOUBLINGS = 9


@dataclass(frozen=True, slots=True)
class Rules:
    """`dropped_until`: of this message's first call in doubt. `give_up`: age at which a waiting message ends."""

    dropped_until: datetime
    give_up: timedelta


def doubt_begins(message: Message) -> datetime:
    """The first call that may have sent it, if the one under way does."""
    return message.doubt_since or message.tried_at


def sent(message: Message, code: str, now: datetime) -> Ending:
    return _final(message, "sent", code, now)


def refused(message: Message, error: PlatformError | GateClosedError, rules: Rules, now: datetime) -> Ending:
    """After a call that raised."""
    if isinstance(error, OutcomeUnknownError):
        return in_doubt(message, error.code, rules, now)
    if isinstance(error, GateClosedError):
        return _again(message, "gate_closed", PAUSED_WAIT, rules, now)
    if isinstance(error, TryLaterError):
        wait = timedelta(seconds=error.after) if error.after else _back_off(message)
        return _again(message, error.code, wait, rules, now)
    if isinstance(error, CredentialError):
        return _again(message, error.code, CREDENTIAL_WAIT, rules, now)
    return _final(message, "perhaps_sent" if message.doubt_since else "failed", error.code, now)


def in_doubt(message: Message, code: str, rules: Rules, now: datetime) -> Ending:
    """After a time-out, an unreadable answer or the death of the sender."""
    retry_at = now + _back_off(message)
    if retry_at >= rules.dropped_until:
        return _final(message, "perhaps_sent", code, now)
    return Ending("waiting", code, retry_at, doubt_begins(message))


def overdue(message: Message, rules: Rules, now: datetime) -> Ending | None:
    """The end of a claimed message that may not be tried any more, before its call; None if it may."""
    if message.doubt_since and now >= rules.dropped_until:
        return _final(message, "perhaps_sent", "too_late_to_repeat", now)
    return None


def without_channel(message: Message, now: datetime) -> Ending:
    """The policy has changed since: there is nowhere to send it any more."""
    return _final(message, "perhaps_sent" if message.doubt_since else "failed", "channel_gone", now)


def _again(message: Message, code: str, wait: timedelta, rules: Rules, now: datetime) -> Ending:
    if now - message.created_at >= rules.give_up:
        return _final(message, "perhaps_sent" if message.doubt_since else "failed", f"gave_up:{code}", now)
    return Ending("waiting", code, now + wait, message.doubt_since)


def _back_off(message: Message) -> timedelta:
    return min(timedelta(seconds=2.0 ** min(message.attempts - 1, MAX_DOUBLINGS)), LONGEST_WAIT)


def _final(message: Message, state: State, code: str, now: datetime) -> Ending:
    if state not in FINAL:
        raise ValueError(state)
    return Ending(state, code, doubt_since=message.doubt_since, entry=message_entry(message, state, code, now))

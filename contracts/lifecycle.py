"""Confirmations, on `lifecycle.confirmations`: one statement an HR event, of type `tenure.lifecycle.confirmed.v1`."""

from contracts.base import Frozen
from contracts.provisioning import Statement

SOURCE = "urn:tenure:notifier"
CONFIRMED = "tenure.lifecycle.confirmed.v1"


class Confirmation(Statement):
    """What was due at the event's effective instant is in place everywhere, or the reason why nothing was to be done.

    The CloudEvent's id is `{event source}/{event id}/{revision}` where it is confirmed; where it was superseded, the
    reason follows: `{event source}/{event id}/{revision}/{reason}`. What was superseded is confirmed after all when
    what undid it is itself undone; what is confirmed stays so.
    """


CONFIRMATIONS: dict[str, type[Frozen]] = {CONFIRMED: Confirmation}

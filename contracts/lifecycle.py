"""Confirmations, on `lifecycle.confirmations`: one statement an HR event, of type `tenure.lifecycle.confirmed.v1`."""

from pydantic import AwareDatetime

from contracts.base import Frozen
from contracts.provisioning import Change, DueLater, EventRef, EventState, TargetResult

SOURCE = "urn:tenure:notifier"
CONFIRMED = "tenure.lifecycle.confirmed.v1"


class Confirmation(Frozen):
    """What was due at the event's effective instant is in place everywhere, or the reason why nothing was to be done.

    `due_later` lists what follows with its dates; `residue` of a target names what the platform gives no way to end
    or read. The CloudEvent's id is `{event source}/{event id}/{revision}`.
    """

    event: EventRef
    state: EventState
    reason: str | None = None
    person_id: str | None = None
    worker_id: str | None = None
    department_id: str | None = None
    change: Change | None = None
    effective_at: AwareDatetime | None = None
    accepted_at: AwareDatetime
    settled_at: AwareDatetime
    targets: tuple[TargetResult, ...] = ()
    nothing_enforced: bool = False
    due_later: tuple[DueLater, ...] = ()


CONFIRMATIONS: dict[str, type[Frozen]] = {CONFIRMED: Confirmation}

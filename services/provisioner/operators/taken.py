"""Which step brought an account and each of its grants about, and what our steps had made of them by a moment. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.provisioning import StepTaken
from services.provisioner.model import LEAVES, AccountState

_EMPTY = frozenset({AccountState.STRIPPED, AccountState.REMOVED, AccountState.DELETED})


@dataclass(slots=True)
class Taken:
    """Of one target: the last step that changed the account's state, and the one that gave each grant it has left."""

    state: AccountState = AccountState.NONE
    native_id: str | None = None
    step: StepTaken | None = None
    grants: dict[str, StepTaken] = field(default_factory=dict)

    def follow(self, step: StepTaken) -> None:
        self.native_id = step.native_id or self.native_id
        if step.verb in LEAVES:
            self.state, self.step = LEAVES[step.verb], step
            if self.state in _EMPTY:
                self.grants.clear()
        elif step.verb == "grant" and step.entitlement:
            self.grants[step.entitlement] = step
        elif step.verb == "revoke" and step.entitlement:
            self.grants.pop(step.entitlement, None)


def taken(steps: Sequence[StepTaken]) -> dict[str, Taken]:
    """By target, from steps in their order; those that did nothing count for nothing."""
    found: dict[str, Taken] = {}
    for step in steps:
        if step.result in ("done", "already_so"):
            found.setdefault(step.target, Taken()).follow(step)
    return found


def shown(step: StepTaken | None) -> dict[str, Any] | None:
    """A step as part of a why."""
    if step is None:
        return None
    return {"plan": step.plan_id, "number": step.number, "verb": step.verb, "at": step.at.isoformat()}

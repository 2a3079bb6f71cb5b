"""Carries out the steps of one plan on one target, once for all platforms: what became of each, by who acts next.

It decides nothing but whether to go on: after a refusal the rest is not tried, since steps are in the order they need.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from contracts.provisioning import Result
from services.platforms.errors import (
    AwaitsAcceptanceError,
    CredentialError,
    NeedsPersonError,
    NotThereError,
    OutcomeUnknownError,
    PlatformError,
    TakenError,
    TryLaterError,
)
from services.provisioner.act.lists import Lists
from services.provisioner.connectors.base import (
    DONE,
    Change,
    Connector,
    HandedOver,
    HandsOver,
    HandsOverInRemoval,
    NewAccount,
    Outcome,
)
from services.provisioner.model import Step


@dataclass(frozen=True, slots=True)
class Taken:
    """A step and what became of it; `native_id` is the platform's answer to a create, `handed` to a hand-over."""

    step: Step
    result: Result
    native_id: str
    error: PlatformError | None = None
    handed: HandedOver | None = None


async def take(step: Step, connector: Connector, lists: Lists) -> Taken:
    """Take one step. Platform errors become results; GateClosedError and bugs escape."""
    native_id, handed = step.native_id, None
    try:
        if step.verb == "create":
            native_id, outcome = await connector.create(_new(step)), DONE
        elif step.verb == "hand_over":
            handed, outcome = await _hand_over(step, connector), DONE
        else:
            outcome = await _do(step, connector, lists)
    except PlatformError as exc:
        return Taken(step, result_of(exc), native_id, exc)
    return Taken(step, outcome, native_id, handed=handed)


async def _hand_over(step: Step, connector: Connector) -> HandedOver:
    if not isinstance(connector, HandsOver) or step.what is None:
        raise ValueError(step.verb)
    return await connector.hand_over(step.native_id, step.to, step.what)


def _new(step: Step) -> NewAccount:
    return NewAccount(
        step.native_id,
        step.attributes,
        step.departments or (),
        step.leads,
        step.manager,
        suspended=step.suspended,
        invite=step.invite,
    )


async def _do(step: Step, connector: Connector, lists: Lists) -> Outcome:  # noqa: C901, PLR0911 - one line a verb
    who = step.native_id
    match step.verb:
        case "grant":
            return await lists.grant(step.entitlement or "", who)
        case "revoke":
            return await lists.revoke(step.entitlement or "", who)
        case "update" | "move":
            return await connector.update(who, Change(step.attributes, step.departments, step.leads, step.manager))
        case "suspend":
            return await connector.suspend(who)
        case "resume":
            return await connector.resume(who)
        case "strip":
            return await connector.strip(who)
        case "remove" if step.what and isinstance(connector, HandsOverInRemoval):
            return await connector.remove_for(who, step.to)
        case "remove":
            return await connector.remove(who)
        case "delete":
            return await connector.delete(who)
        case "invite":
            return await connector.invite(who)
        case "create" | "hand_over" | "create_department" | "update_department" | "delete_department":
            raise ValueError(step.verb)
        case _ as never:
            assert_never(never)


def result_of(error: PlatformError) -> Result:
    """The result a refusal gives its step."""
    match error:
        case TryLaterError() | CredentialError() | NotThereError() | AwaitsAcceptanceError():
            return "try_later"
        case OutcomeUnknownError():
            return "unknown"
        case NeedsPersonError():
            return "needs_person"
        case _:
            return "needs_person"


def failed(taken: Sequence[Taken]) -> Taken | None:
    """The step at which the plan stopped, if it did."""
    return taken[-1] if taken and taken[-1].error else None


__all__ = ["Taken", "TakenError", "failed", "result_of", "take"]

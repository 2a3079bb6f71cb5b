"""Reading back: what the target shows after the steps, for confirmation and for the next plan (P10)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from services.provisioner.act.lists import Lists
from services.provisioner.connectors.base import Connector
from services.provisioner.model import Account, AccountState, Step
from services.provisioner.plan import handing_over, numbers
from services.provisioner.plan.planner import PREPARED, REPAIRED
from services.provisioner.store.port import StoredAccount


async def look(
    native_id: str,
    connector: Connector,
    lists: Lists,
    *,
    before: StoredAccount | None,
    asked: Collection[str],
    at: datetime,
) -> StoredAccount:
    """Read the account, and every list in `asked` where the account itself does not show its entitlements.

    What is remembered of other lists stays. An account that is not there is state NONE. Raises PlatformError.
    """
    shown = await connector.read(native_id)
    memory = before or StoredAccount(Account(native_id, AccountState.NONE), None)
    if shown is None:
        existed = memory.observed.state is not AccountState.NONE
        state = AccountState.REMOVED if existed else AccountState.NONE
        gone = replace(memory, observed=Account(native_id, state), checked_at=at, granted=frozenset())
        return gone.read(state, at)
    grants = shown.grants
    if not connector.shows_grants:
        held = {entitlement for entitlement in sorted(asked) if await lists.holds(entitlement, native_id)}
        grants = frozenset((memory.observed.grants - frozenset(asked)) | held)
    seen = replace(memory, observed=replace(shown, grants=grants), checked_at=at, granted=memory.granted & grants)
    return seen.read(shown.state, at)


def remember(  # noqa: PLR0911 - one way out a verb
    stored: StoredAccount | None, step: Step, native_id: str, at: datetime
) -> StoredAccount:
    """What a step that succeeded adds to memory, before the read-back."""
    memory = stored or StoredAccount(Account(native_id, AccountState.NONE), at)
    match step.verb:
        case "create":
            return replace(
                memory,
                observed=replace(memory.observed, native_id=native_id),
                ours=True,
                closed_by_us=step.suspended,
                shown_closed_at=None,
                written={**step.attributes, **({PREPARED: "1"} if step.suspended else {})},
                granted=frozenset(),
            )
        case "update" | "move":
            again = [name for name, value in step.attributes.items() if (name, value) in memory.written.items()]
            marks = {REPAIRED + name: at.isoformat() for name in again}
            return replace(memory, written={**memory.written, **step.attributes, **marks})
        case "grant":
            return replace(
                memory,
                granted=memory.granted | {step.entitlement or ""},
                observed=replace(memory.observed, grants=memory.observed.grants | {step.entitlement or ""}),
            )
        case "revoke":
            return replace(memory, granted=memory.granted - {step.entitlement or ""})
        case "remove" | "delete":
            return handing_over.given(replace(memory, closed_by_us=True), step)
        case "suspend" | "strip" | "resume":
            after = replace(memory.without(PREPARED), closed_by_us=step.verb != "resume")
            if step.verb != "resume":
                return after
            return replace(numbers.forgotten(handing_over.forgotten(after)), shown_closed_at=None)
        case _:
            return memory

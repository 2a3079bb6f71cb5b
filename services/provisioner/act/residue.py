"""What a pass leaves behind: access that a platform gives us no way to end, and what is there without effect."""

from collections.abc import Iterable

from services.platforms.errors import PlatformError
from services.platforms.gate import GateClosedError
from services.provisioner.connectors.base import Connector, NamesResidue
from services.provisioner.model import AccountState, Desired
from services.provisioner.plan import handing_over
from services.provisioner.plan.planner import AWAITING, GONE
from services.provisioner.store.port import StoredAccount


async def left_behind(
    connector: Connector, desired: Desired, stored: StoredAccount | None, reports: Iterable[str], *, moved: bool
) -> tuple[str, ...]:
    """Words for it. `reports` are differences that policy leaves as they are; `moved`: the pass made or moved it."""
    if stored is None:
        return ()
    account = stored.observed
    if desired.access == "closed":
        invited = ("invitation_open",) if AWAITING in stored.written else ()
        kept = (*handing_over.refused(stored), *invited)
        return (
            (*connector.residue[desired.case], *desired.residue, *reports, *kept) if account.state not in GONE else kept
        )
    found = ["not_activated"] if account.state is AccountState.INVITED else []
    if isinstance(connector, NamesResidue) and moved:
        found += await _without_effect(connector, account.native_id, sorted(account.grants & connector.may_leave))
    return tuple(dict.fromkeys((*found, *reports)))


async def _without_effect(connector: NamesResidue, native_id: str, grants: Iterable[str]) -> list[str]:
    found = list[str]()
    try:
        for entitlement in grants:
            found += (await connector.residue_of(entitlement, [native_id])).values()
    except (PlatformError, GateClosedError):
        found.append("not_read")
    return found

"""What a pass leaves behind: access that a platform gives us no way to end, and what is there without effect."""

from collections.abc import Iterable

from services.platforms.errors import PlatformError
from services.platforms.gate import GateClosedError
from services.provisioner.connectors.base import Connector, NamesResidue, given_in_removal
from services.provisioner.model import AccountState, Desired
from services.provisioner.plan import handing_over
from services.provisioner.plan.planner import AWAITING, GONE
from services.provisioner.policy.desired import NOT_HANDED_OVER
from services.provisioner.store.port import StoredAccount


async def left_behind(
    connector: Connector, desired: Desired, stored: StoredAccount | None, reports: Iterable[str], *, moved: bool
) -> tuple[str, ...]:
    """Words for it. `reports` are differences that policy leaves as they are; `moved`: the pass made or moved it."""
    if stored is None:
        return ()
    account = stored.observed
    if desired.access == "closed":
        refused = handing_over.refused(stored)
        if account.state in GONE:
            return (*_of_the_gone(connector, desired, stored), *refused)
        return (*connector.residue[desired.case], *desired.residue, *reports, *refused)
    found = ["not_activated"] if account.state is AccountState.INVITED else []
    if isinstance(connector, NamesResidue) and moved:
        found += await _without_effect(connector, account.native_id, sorted(account.grants & connector.may_leave))
    return tuple(dict.fromkeys((*found, *reports)))


def _of_the_gone(connector: Connector, desired: Desired, stored: StoredAccount) -> tuple[str, ...]:
    """Nothing gets in any more; what the account owned may be nobody's."""
    if AWAITING in stored.written:
        return ("invitation_open",)
    if stored.observed.state is AccountState.NONE:
        return ()
    given = given_in_removal(connector) & set(desired.hand_over)
    kept = (word for word in desired.residue if word.startswith(NOT_HANDED_OVER))
    return (*handing_over.missed(stored, given), *kept)


async def _without_effect(connector: NamesResidue, native_id: str, grants: Iterable[str]) -> list[str]:
    found = list[str]()
    try:
        for entitlement in grants:
            found += (await connector.residue_of(entitlement, [native_id])).values()
    except (PlatformError, GateClosedError):
        found.append("not_read")
    return found

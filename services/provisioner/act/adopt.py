"""Matching comes after the try: who holds the id, mobile or e-mail that our new account was refused for?

It never takes an account that is linked to someone or that we closed; a mobile or an e-mail alone only proposes.
And the other way: whether what a look finds under the id of a create without an answer is what we sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.platforms.errors import TakenError
from services.provisioner.connectors.base import ManagesAccounts
from services.provisioner.model import Account
from services.provisioner.plan.wish import Wish
from services.provisioner.store.port import Registry, StoredAccount

MARKS = ("mobile", "email")
_MARK_OF = {"mobile": "mobile_and_name", "email": "email_and_name"}


@dataclass(frozen=True, slots=True)
class Clash:
    """What becomes of it: `adopted` the account is the person's; `rename` try the next name; else the inbox.

    `unseen`: the id is taken, and a read shows nobody under it.
    """

    adopted: StoredAccount | None = None
    rename: bool = False
    unseen: bool = False
    reason: str = ""
    owner: str | None = None
    """Whose account holds it, where that is somebody else's."""


async def resolve(
    taken: TakenError,
    wish: Wish,
    person_id: str,
    match: Sequence[str],
    connector: ManagesAccounts,
    registry: Registry,
    at: datetime,
) -> Clash:
    """Read the holder and judge. Raises PlatformError when it cannot be read now."""
    holder_id = taken.holder or (wish.native_id if taken.field == "native_id" else None)
    if holder_id is None:
        return Clash(reason=f"{taken.field}_taken")
    owner = await registry.linked(wish.target, holder_id)
    if owner not in (None, person_id):
        return Clash(rename=taken.field == "native_id", reason=f"{taken.field}_taken:{holder_id}", owner=owner)
    holder = await connector.read(holder_id)
    if holder is not None and _same_human(taken, wish, holder, match):
        return Clash(adopted=StoredAccount(holder, at, ours=False).read(holder.state, at))
    if taken.field == "native_id":
        return Clash(rename=True, unseen=holder is None)
    return Clash(reason=f"{taken.field}_taken:{holder_id}")


def can_be_ours(found: Account, sent: Mapping[str, str | None], match: Sequence[str]) -> bool:
    """Whether an account under the id that we tried can be the one that was `sent`.

    A mobile or an e-mail that it shows decides, else its name; where it shows neither nothing speaks against it.
    """
    if "native_id" in match:
        return True
    for mark in (*MARKS, "name"):
        shown, ours = found.attributes.get(mark), sent.get(mark)
        if shown and ours:
            return _same(shown, ours)
    return True


def _same_human(taken: TakenError, wish: Wish, holder: Account, match: Sequence[str]) -> bool:
    if taken.field == "native_id" and "native_id" in match:
        return True
    if not _same(holder.attributes.get("name"), wish.attributes.get("name")):
        return False
    ways = [_MARK_OF[taken.field]] if taken.field in _MARK_OF else list(_MARK_OF.values())
    if taken.field in _MARK_OF:
        return ways[0] in match  # the platform itself says that the mark agrees
    return any(
        way in match and _same(holder.attributes.get(mark), wish.attributes.get(mark)) for mark, way in _MARK_OF.items()
    )


def _same(one: str | None, other: str | None) -> bool:
    return bool(one) and bool(other) and (one or "").casefold() == (other or "").casefold()

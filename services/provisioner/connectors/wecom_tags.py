"""WeCom's tags as entitlements: `tag:NAME`, and `customer-contact`, which is a tag that the console gives a meaning.

Written with the contact-sync secret, which manages what it made and what the super-administrators made (code 81011).
Success hides partial failures: `invalidlist` names them in one text (WeCom doc 90214, 90215).
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from services.platforms.errors import NeedsPersonError, NotThereError
from services.platforms.wecom import WeCom
from services.provisioner.connectors.base import ALREADY_SO, DONE, Outcome

CUSTOMER_CONTACT = "customer-contact"
PER_CALL = 1000
NAME_LENGTH = 32
TAG_NAME_TAKEN = "40071"
NO_SUCH_NAME = "no_such_name"
REMEMBERED = 600.0
"""Seconds for which a name stands for the same number: an administrator may rename a tag."""

_PREFIX = "tag:"


def refusal(entitlement: str) -> str | None:
    """Why WeCom cannot give this, or None."""
    name = entitlement.removeprefix(_PREFIX)
    if entitlement == CUSTOMER_CONTACT or (name != entitlement and 1 <= len(name) <= NAME_LENGTH):
        return None
    return f"WeCom gives tag:NAME (a name of at most {NAME_LENGTH} characters) and {CUSTOMER_CONTACT}"


class Tags:
    """The tags of one company, found by name and made when missing. `now` counts seconds."""

    def __init__(self, client: WeCom, customer_contact_tag: str, now: Callable[[], float] = time.monotonic) -> None:
        self._client, self._customer_contact_tag, self._now = client, customer_contact_tag, now
        self._numbers: dict[str, int] = {}
        self._until = 0.0

    async def grant(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        if not native_ids:
            return {}
        unknown = await self._on_tag(entitlement, self._make, lambda number: self._change("add", number, native_ids))
        if unknown:
            raise NotThereError("invalidlist", "tag/addtagusers", "account")
        return dict.fromkeys(native_ids, DONE)

    async def revoke(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        if not native_ids:
            return {}
        try:
            gone = await self._on_tag(entitlement, None, lambda number: self._change("del", number, native_ids))
        except NotThereError:
            return dict.fromkeys(native_ids, ALREADY_SO)
        return {native_id: ALREADY_SO if native_id.casefold() in gone else DONE for native_id in native_ids}

    async def members(self, entitlement: str) -> frozenset[str]:
        try:
            return await self._on_tag(entitlement, None, self._read)
        except NotThereError as exc:
            if exc.what != "list":
                raise
            return frozenset()

    async def _on_tag(
        self,
        entitlement: str,
        make: Callable[[str], Awaitable[int]] | None,
        act: Callable[[int], Awaitable[frozenset[str]]],
    ) -> frozenset[str]:
        """Act on the tag; where its number turns out to be of the past, look once more."""
        name = self._name(entitlement)
        try:
            return await act(await self._number(name, make))
        except NotThereError as exc:
            if exc.what != "list" or exc.code == NO_SUCH_NAME:
                raise
        self._numbers.clear()
        return await act(await self._number(name, make))

    async def _number(self, name: str, make: Callable[[str], Awaitable[int]] | None) -> int:
        if self._now() >= self._until:
            self._numbers.clear()
        if name not in self._numbers:
            self._numbers = await self._listed()
            self._until = self._now() + REMEMBERED
        if name not in self._numbers:
            if make is None:
                raise NotThereError(NO_SUCH_NAME, "tag/list", "list")
            self._numbers[name] = await make(name)
        return self._numbers[name]

    async def _listed(self) -> dict[str, int]:
        answer = await self._client.call("tag/list")
        return {str(row["tagname"]): int(row["tagid"]) for row in answer.get("taglist") or ()}

    async def _make(self, name: str) -> int:
        try:
            return int((await self._client.call("tag/create", body={"tagname": name}, subject=name))["tagid"])
        except NeedsPersonError as exc:
            # Somebody was quicker.
            if exc.code != TAG_NAME_TAKEN or name not in (numbers := await self._listed()):
                raise
            return numbers[name]

    async def _change(self, verb: str, number: int, native_ids: Sequence[str]) -> frozenset[str]:
        """Who is unknown among them, with folded case."""
        answer = await self._client.call(f"tag/{verb}tagusers", body={"tagid": number, "userlist": list(native_ids)})
        return frozenset(str(answer.get("invalidlist") or "").casefold().split("|")) - {""}

    async def _read(self, number: int) -> frozenset[str]:
        answer = await self._client.call("tag/get", query={"tagid": str(number)})
        return frozenset(str(row["userid"]) for row in answer.get("userlist") or ())

    def _name(self, entitlement: str) -> str:
        if entitlement == CUSTOMER_CONTACT:
            return self._customer_contact_tag
        return entitlement.removeprefix(_PREFIX)

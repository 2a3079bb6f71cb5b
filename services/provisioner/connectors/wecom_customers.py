"""Who WeCom's customers and customer groups belong to, handed over (客户联系: 在职继承, 离职继承).

Whoever still has an account, even a disabled one, counts as on the job; after its deletion the same goes by other
calls, for a year (WeCom doc 96325, 96333). A customer goes over after 24 hours unless they decline, so an answer of 0
is only a beginning; a group goes at once.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from services.platforms.errors import CredentialError, NeedsPersonError, NotThereError
from services.platforms.wecom import APP, WeCom
from services.provisioner.connectors.base import HandedOver, batches

CUSTOMERS, GROUPS = "customers", "customer_groups"
HANDS_OVER = frozenset({CUSTOMERS, GROUPS})
TOP = "externalcontact"
PER_CALL, PAGE = 100, 1000
WAITING, REFUSED = 2, 3
HAS_NOBODY = "84061"
MAY_NOT_CALL = "48002"
UNDER_WAY = frozenset({40100, 40129})
NOT_THEIRS = frozenset({40096, 40131, 84061, 90501, 90502, 90504, 90507, 90508})
"""Somebody was quicker, or has handed it over already."""
NOT_ALLOWED = "customer_contact_not_allowed"
NOBODY = "nobody_to_take_over"
NOT_TAKEN = "hand_over_refused"


class Customers:
    def __init__(self, client: WeCom) -> None:
        self._client = client

    async def hand_over(self, native_id: str, to: str | None, what: str) -> HandedOver:
        try:
            if what == CUSTOMERS:
                return await self._customers(native_id, to)
            return await self._groups(native_id, to)
        except CredentialError as exc:
            if exc.code != MAY_NOT_CALL:
                raise
            # Customer contact is closed to this application, which is no reason to stop everything else.
            raise NeedsPersonError(exc.code, exc.api, NOT_ALLOWED) from exc

    async def _customers(self, native_id: str, to: str | None) -> HandedOver:
        owned, there = await self._owned(native_id)
        if not owned:
            return HandedOver()
        if to is None:
            raise NeedsPersonError("nobody", f"{TOP}/list", NOBODY)
        path = TOP if there else f"{TOP}/resigned"
        pair = {"handover_userid": native_id, "takeover_userid": to}
        results = self._pages(f"{path}/transfer_result", pair, "customer")
        shown = {row["external_userid"]: row["status"] async for row in results}
        waiting = {external for external in owned if shown.get(external) == WAITING}
        refused = {external for external in owned if shown.get(external) == REFUSED}
        failed = 0
        for some in batches([one for one in owned if one not in waiting | refused], PER_CALL):
            body = {**pair, "external_userid": some}
            answer = await self._call(f"{path}/transfer_customer", body)
            codes = {str(row["external_userid"]): int(row["errcode"]) for row in answer.get("customer") or ()}
            waiting |= {external for external, code in codes.items() if code == 0 or code in UNDER_WAY}
            failed = failed or _failure(codes.values())
        if failed:
            raise NeedsPersonError(str(failed), f"{path}/transfer_customer", NOT_TAKEN)
        return HandedOver(len(waiting), len(refused))

    async def _owned(self, native_id: str) -> tuple[list[str], bool]:
        """The customers, and whether the member still has an account."""
        try:
            answer = await self._client.call(f"{TOP}/list", query={"userid": native_id}, token=APP, subject=native_id)
        except NeedsPersonError as exc:
            if exc.code != HAS_NOBODY:
                raise
            return [], True
        except NotThereError:
            return [one async for one in self._unassigned(native_id)], False
        return [str(external) for external in answer.get("external_userid") or ()], True

    async def _unassigned(self, native_id: str) -> AsyncIterator[str]:
        async for row in self._pages(f"{TOP}/get_unassigned_list", {"page_size": PAGE}, "info"):
            if str(row["handover_userid"]).casefold() == native_id.casefold():
                yield str(row["external_userid"])

    async def _groups(self, native_id: str, to: str | None) -> HandedOver:
        owned = await self._chats(native_id)
        if not owned:
            return HandedOver()
        if to is None:
            raise NeedsPersonError("nobody", f"{TOP}/groupchat/list", NOBODY)
        there = await self._is_there(native_id)
        api = f"{TOP}/groupchat/{'onjob_transfer' if there else 'transfer'}"
        failed = 0
        for some in batches(owned, PER_CALL):
            answer = await self._call(api, {"chat_id_list": some, "new_owner": to})
            failed = failed or _failure(int(row["errcode"]) for row in answer.get("failed_chat_list") or ())
        if failed:
            raise NeedsPersonError(str(failed), api, NOT_TAKEN)
        return HandedOver(len(await self._chats(native_id)))

    async def _chats(self, native_id: str) -> list[str]:
        body = {"status_filter": 0, "owner_filter": {"userid_list": [native_id]}, "limit": PAGE}
        return [str(row["chat_id"]) async for row in self._pages(f"{TOP}/groupchat/list", body, "group_chat_list")]

    async def _is_there(self, native_id: str) -> bool:
        try:
            await self._client.call("user/get", query={"userid": native_id}, token=APP, subject=native_id)
        except NotThereError:
            return False
        return True

    def _pages(self, api: str, body: Mapping[str, Any], rows: str) -> AsyncIterator[Mapping[str, Any]]:
        return self._client.pages(api, rows, body, token=APP)

    async def _call(self, api: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._client.call(api, body=body, token=APP)


def _failure(codes: Iterable[int]) -> int:
    """The first that a person must know of, or 0."""
    return next((code for code in codes if code and code not in UNDER_WAY | NOT_THEIRS), 0)

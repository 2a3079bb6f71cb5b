"""DingTalk's roles by name: `role:NAME` is a role in our group, `role:GROUP/NAME` one in another.

The calls take ids, spelt `roleIds`, `role_id` and `roleId` in turn. Ids are kept; an id that DingTalk no longer knows
(33011) is looked up once more by its name. Grants take 20 accounts a call, revokes 100, and one unknown account
(33012) makes either do nothing at all ("Add role information to employees in batches").
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from services.platforms.dingtalk import DingTalk, needed
from services.platforms.errors import NeedsPersonError, NotThereError
from services.provisioner.connectors.base import ALREADY_SO, DONE, Outcome, batches
from services.provisioner.connectors.dingtalk_fields import DEFAULT_GROUPS, entitlement_of, is_true, role_of

ROLE = "/topapi/role"
LISTS, MEMBERS = f"{ROLE}/list", f"{ROLE}/simplelist"
GRANT, REVOKE = f"{ROLE}/addrolesforemps", f"{ROLE}/removerolesforemps"
ADD_GROUP, ADD_ROLE = "/role/add_role_group", "/role/add_role"
ROLES_PAGE, MEMBERS_PAGE = 200, 100
ROLES_A_CALL, GRANTS_A_CALL, REVOKES_A_CALL = 20, 20, 100
NAME_TAKEN = "list_name_taken"

Found = TypeVar("Found")
Name = tuple[str, str]
"""(group, role)"""


class Roles:
    """`own_group` is the group in which roles of ours are made."""

    def __init__(self, client: DingTalk, own_group: str) -> None:
        self._client, self._own = client, own_group
        self._making, self._loading = asyncio.Lock(), asyncio.Lock()
        self._ids: dict[Name, str] = {}
        self._groups: dict[str, str] = {}

    async def grant(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        async def give(role: str) -> None:
            for some in batches(native_ids, GRANTS_A_CALL):
                await self._client.call(GRANT, {"roleIds": role, "userIds": ",".join(some)})

        await self._with_id(self._name(entitlement), self._made, give)
        return dict.fromkeys(native_ids, DONE)

    async def revoke(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        """Where one account is unknown, those are named who hold the role."""

        async def take(role: str) -> Sequence[str]:
            try:
                await self._take(role, native_ids)
            except NotThereError as exc:
                if exc.what != "account":
                    raise
                members = await self._members(role)
                holders = [native_id for native_id in native_ids if native_id in members]
                await self._take(role, holders)
                return holders
            return native_ids

        taken = await self._with_id(self._name(entitlement), self._known, take) or ()
        return {native_id: DONE if native_id in taken else ALREADY_SO for native_id in native_ids}

    async def take_ours(self, native_id: str, held: Sequence[Mapping[str, Any]]) -> bool:
        """Take those roles of our group away that a read of the account shows; whether there were any."""
        ours = [str(role["id"]) for role in held if role.get("group_name") == self._own]
        for some in batches(ours, ROLES_A_CALL):
            await self._client.call(REVOKE, {"roleIds": ",".join(some), "userIds": native_id})
        return bool(ours)

    async def members(self, entitlement: str) -> frozenset[str]:
        return await self._with_id(self._name(entitlement), self._known, self._members) or frozenset()

    def shown(self, held: Sequence[Mapping[str, Any]]) -> frozenset[str]:
        """Entitlements of the `role_list` of a read, DingTalk's own roles aside."""
        return frozenset(
            entitlement_of(str(role["group_name"]), str(role["name"]), self._own)
            for role in held
            if role.get("group_name") not in DEFAULT_GROUPS
        )

    async def by_account(self) -> Mapping[str, frozenset[str]]:
        """Who holds what, a call or more for each role."""
        await self._load()
        found: dict[str, set[str]] = {}
        for (group, name), role in list(self._ids.items()):
            for native_id in await self._members(role) if group not in DEFAULT_GROUPS else ():
                found.setdefault(native_id, set()).add(entitlement_of(group, name, self._own))
        return {native_id: frozenset(names) for native_id, names in found.items()}

    async def _take(self, role: str, native_ids: Sequence[str]) -> None:
        for some in batches(native_ids, REVOKES_A_CALL):
            await self._client.call(REVOKE, {"roleIds": role, "userIds": ",".join(some)})

    async def _members(self, role: str) -> frozenset[str]:
        return frozenset([str(user["userid"]) async for user in self._pages(MEMBERS, MEMBERS_PAGE, role_id=int(role))])

    async def _pages(self, api: str, size: int, **body: int) -> AsyncIterator[Mapping[str, Any]]:
        """`size` and `offset` count only together ("Obtain a list of roles")."""
        offset, more = 0, True
        while more:
            page = needed(await self._client.call(api, {**body, "size": size, "offset": offset}), "result", api)
            for entry in page.get("list") or ():
                yield entry
            offset, more = offset + size, is_true(page.get("hasMore"))

    async def _with_id(
        self, name: Name, find: Callable[[Name], Awaitable[str | None]], use: Callable[[str], Awaitable[Found]]
    ) -> Found | None:
        """What `use` finds with the role's id; None when there is no such role."""
        try:
            role = await find(name)
            return None if role is None else await use(role)
        except NotThereError as exc:
            if exc.what != "list":
                raise
        self._forget()
        role = await find(name)
        return None if role is None else await use(role)

    async def _known(self, name: Name) -> str | None:
        async with self._loading:
            if name not in self._ids:
                await self._load()
            return self._ids.get(name)

    async def _made(self, name: Name) -> str:
        group, role = name
        async with self._making:
            known = await self._known(name)
            if known is not None:
                return known
            if group not in self._groups:
                self._groups[group] = await self._make(
                    ADD_GROUP, {"name": group}, "groupId", lambda: self._groups.get(group)
                )
            body = {"roleName": role, "groupId": int(self._groups[group])}
            self._ids[name] = await self._make(ADD_ROLE, body, "roleId", lambda: self._ids.get(name))
            return self._ids[name]

    async def _make(self, api: str, body: Mapping[str, object], answer: str, there: Callable[[], str | None]) -> str:
        """The new id, or the one that is there since somebody else just made it."""
        try:
            return str(needed(await self._client.call(api, body), answer, api))
        except NeedsPersonError as exc:
            if exc.hint != NAME_TAKEN:
                raise
            await self._load()
            found = there()
            if found is None:
                raise
            return found

    async def _load(self) -> None:
        ids: dict[Name, str] = {}
        groups: dict[str, str] = {}
        async for group in self._pages(LISTS, ROLES_PAGE):
            name = str(group["name"])
            groups[name] = str(group["groupId"])
            ids |= {(name, str(role["name"])): str(role["id"]) for role in group.get("roles") or ()}
        self._ids, self._groups = ids, groups

    def _forget(self) -> None:
        self._ids, self._groups = {}, {}

    def _name(self, entitlement: str) -> Name:
        name = role_of(entitlement, self._own)
        if name is None:
            raise ValueError(f"{entitlement} is no role: policy was loaded without refusal()")
        return name

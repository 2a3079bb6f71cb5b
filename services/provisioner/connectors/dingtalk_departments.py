"""DingTalk's departments, and the one hidden among them in which stripped accounts stand.

`listsub` shows one level and neither order, leaders nor our mark: those take a `get` each. `source_identifier` keeps
our mark. Small `order` sorts first here; leaders must be members ("Create a department", "Update a department").
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from services.platforms.dingtalk import DingTalk, needed
from services.platforms.errors import NeedsPersonError, NotThereError
from services.provisioner.connectors.base import ALREADY_SO, DONE, NativeDepartment, Outcome

ROOT = "1"
DEPARTMENT = "/topapi/v2/department"
CREATE, UPDATE, DELETE = f"{DEPARTMENT}/create", f"{DEPARTMENT}/update", f"{DEPARTMENT}/delete"
GET, CHILDREN = f"{DEPARTMENT}/get", f"{DEPARTMENT}/listsub"
NAME_TAKEN = "60021"
LOCKED_MARK = "tenure:locked"
"""Marks the locked department, so that no department of the company is taken for it by name."""


class Departments:
    """`locked` is the name of the hidden department under the root."""

    def __init__(self, client: DingTalk, locked: str) -> None:
        self._client, self._locked_name = client, locked
        self._making = asyncio.Lock()
        self._marks: dict[str, str | None] = {}
        self._locked: str | None = None
        self._others = {ROOT}
        """Departments known not to be the locked one: asked for once, not at every read."""

    async def tree(self) -> Sequence[NativeDepartment]:
        """Parents first, without the locked one."""
        entries = [entry for entry in await self._below(ROOT, deep=True) if not self._is_lock(entry)]
        return [await self.get(dept_id) for dept_id in (ROOT, *map(_id, entries))]

    async def ids(self) -> list[str]:
        """All of them, the locked one too."""
        return [ROOT, *map(_id, await self._below(ROOT, deep=True))]

    async def get(self, dept_id: str) -> NativeDepartment:
        entry = needed(await self._client.call(GET, {"dept_id": int(dept_id)}), "result", GET)
        mark = self._marks[dept_id] = str(entry.get("source_identifier") or "") or None
        parent = None if dept_id == ROOT else str(entry["parent_id"])
        order = None if entry.get("order") is None else int(entry["order"])
        leaders = tuple(str(userid) for userid in entry.get("dept_manager_userid_list") or ())
        return NativeDepartment(dept_id, str(entry["name"]), parent, order, leaders, mark)

    async def create(self, name: str, parent: str, order: int | None, mark: str) -> str:
        """Make it, or take the sibling that has our mark, or has the name and nobody's mark."""
        siblings = {_id(entry): str(entry["name"]) for entry in await self._below(parent)}
        marks = {dept_id: await self._mark(dept_id) for dept_id in siblings}
        for dept_id, theirs in marks.items():
            if theirs == mark:
                return dept_id
        same = next((dept_id for dept_id, theirs in siblings.items() if theirs == name), None)
        if same and marks[same]:
            raise NeedsPersonError(NAME_TAKEN, CREATE, "department_name_taken")
        if same:
            await self._client.call(UPDATE, {"dept_id": int(same), "source_identifier": mark})
            self._marks[same] = mark
            return same
        body = {"name": name, "parent_id": int(parent), "source_identifier": mark}
        made = await self._make(body if order is None else body | {"order": order})
        self._others.add(made)
        return made

    async def update(
        self, native_id: str, name: str | None, parent: str | None, order: int | None, leaders: tuple[str, ...] | None
    ) -> Outcome:
        body: dict[str, object] = {}
        if name is not None:
            body["name"] = name
        if parent is not None:
            body["parent_id"] = int(parent)
        if order is not None:
            body["order"] = order
        if leaders is not None:
            body["dept_manager_userid_list"] = ",".join(leaders)
        if leaders == ():
            body["force_update_fields"] = "dept_manager_userid_list"
        if not body:
            return ALREADY_SO
        await self._client.call(UPDATE, {"dept_id": int(native_id), **body})
        return DONE

    async def delete(self, native_id: str) -> Outcome:
        try:
            await self._client.call(DELETE, {"dept_id": int(native_id)})
        except NotThereError:
            return ALREADY_SO
        return DONE

    async def is_locked(self, departments: Sequence[str]) -> bool:
        """Whether somebody in these departments stands in the locked one alone."""
        if len(departments) != 1:
            return False
        only = departments[0]
        async with self._making:
            if only not in self._others and only != self._locked:
                await self._find_locked()
                if only != self._locked:
                    # Deeper than the one level just read.
                    self._others.add(only)
        return only == self._locked

    async def locked(self) -> str:
        """The locked department, made when it is missing."""
        async with self._making:
            if self._locked is None:
                await self._find_locked()
            if self._locked is None:
                body = {"name": self._locked_name, "parent_id": int(ROOT), "hide_dept": True}
                self._locked = await self._make(body | {"source_identifier": LOCKED_MARK})
            return self._locked

    def forget_locked(self) -> None:
        """Somebody deleted it."""
        self._locked = None

    async def _find_locked(self) -> None:
        self._locked = None
        await self._below(ROOT)

    def _learn(self, entries: Sequence[Mapping[str, Any]]) -> None:
        for entry in entries:
            if self._is_lock(entry):
                self._locked = _id(entry)
            else:
                self._others.add(_id(entry))

    def _is_lock(self, entry: Mapping[str, Any]) -> bool:
        return str(entry["parent_id"]) == ROOT and entry["name"] == self._locked_name

    async def _below(self, parent: str, *, deep: bool = False) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        parents = [parent]
        for above in parents:
            entries = needed(await self._client.call(CHILDREN, {"dept_id": int(above)}), "result", CHILDREN)
            found += entries
            self._learn(entries)
            parents += map(_id, entries) if deep else ()
        return found

    async def _mark(self, dept_id: str) -> str | None:
        return self._marks[dept_id] if dept_id in self._marks else (await self.get(dept_id)).mark

    async def _make(self, body: Mapping[str, object]) -> str:
        made = _id(needed(await self._client.call(CREATE, body), "result", CREATE))
        self._marks[made] = str(body["source_identifier"])
        return made


def _id(entry: Mapping[str, Any]) -> str:
    return str(entry["dept_id"])

"""One call as the operations see it, and the questions that many of them ask first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.dingtalk.errors import RefusedError
from sandbox.dingtalk.model import ROOT, Department, Directory, User

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.dingtalk.params import Params
    from sandbox.dingtalk.switches import App, Switches

Payload = dict[str, object]


@dataclass(frozen=True)
class Call:
    """The organisation, who asks, what for, and business time. ``app`` is None for the administrator's console."""

    directory: Directory
    switches: Switches
    app: App | None
    params: Params
    now: datetime

    def user(self, userid: str, *, missing: int = 33012) -> User:
        """Return the member, or refuse: the code for an unknown one differs by call unless a switch says otherwise."""
        user = self.directory.users.get(userid)
        if user is None:
            raise RefusedError(self.switches.unknown_user or missing)
        if not self._sees(user.departments):
            raise RefusedError(50002)
        return user

    def department(self, dept_id: int, *, missing: int = 60003, unlimited: bool = False) -> Department:
        department = self.directory.departments.get(dept_id)
        if department is None:
            raise RefusedError(missing)
        if not unlimited and not self._sees([dept_id]):
            raise RefusedError(50004)
        return department

    def _sees(self, dept_ids: list[int]) -> bool:
        if self.app is None or ROOT in self.app.scope:
            return True
        visible: set[int] = set()
        for top in self.app.scope:
            visible |= self.directory.subtree(top)
        return not visible.isdisjoint(dept_ids)

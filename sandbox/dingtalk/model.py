"""Everything one organisation holds. Plain data; the rules stand in the modules beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

ROOT = 1
UNIQUE = ("telephone", "email")


@dataclass
class User:
    """A member. ``attributes`` are the plain fields of the create call; ``orders`` and ``entered`` go by department."""

    userid: str
    unionid: str
    mobile: str
    state_code: str
    attributes: dict[str, object]
    departments: list[int]
    orders: dict[int, int] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)
    entered: dict[int, int] = field(default_factory=dict)
    extension: dict[str, object] = field(default_factory=dict)
    manager_userid: str = ""
    active: bool = False
    modified: int = 0

    @property
    def name(self) -> str:
        return str(self.attributes["name"])


@dataclass
class Department:
    """A department; ``options`` are the further fields of the create and update calls, as sent."""

    dept_id: int
    name: str
    parent_id: int
    order: int
    managers: list[str] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)


@dataclass
class RoleGroup:
    """A group of roles; the default one belongs to DingTalk."""

    group_id: int
    name: str
    default: bool = False


@dataclass
class Role:
    """A role and its members in the order in which they were added."""

    role_id: int
    name: str
    group_id: int
    members: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LeaveRecord:
    """Somebody left; ``at`` is business time, ``reason`` one of oapi, delete, leave, cancel, unknown."""

    userid: str
    name: str
    state_code: str
    mobile: str
    at: datetime
    reason: str


@dataclass
class Notice:
    """One work notice: who read it, who did not, who never got it and by which rule (143105, 143106)."""

    task_id: int
    agent_id: int
    at: datetime
    message: dict[str, object]
    delivered: list[str]
    forbidden: dict[str, int]
    unknown_users: list[str]
    unknown_departments: list[int]
    read: list[str] = field(default_factory=list)
    recalled: bool = False


@dataclass(frozen=True)
class HandOver:
    """What ``terminateAndHandOver`` gave to whom, by the name of the parameter."""

    userid: str
    operator: str
    receivers: dict[str, str]


def _default_groups() -> dict[int, RoleGroup]:
    return {1: RoleGroup(1, "默认", default=True)}


def _default_roles() -> dict[int, Role]:
    names = ("负责人", "主管", "主管理员", "子管理员")
    return {number: Role(number, name, group_id=1) for number, name in enumerate(names, start=1)}


@dataclass
class Directory:
    """The organisation. ``invitations`` are create calls whose person must agree first, by mobile.

    ``by_mobile``, ``inside`` (userids by department) and ``holders`` (of telephones and e-mail addresses) are indexes:
    members are put in, changed, moved and taken out by the methods alone.
    """

    users: dict[str, User] = field(default_factory=dict)
    departments: dict[int, Department] = field(default_factory=lambda: {ROOT: Department(ROOT, "公司", 0, 0)})
    role_groups: dict[int, RoleGroup] = field(default_factory=_default_groups)
    roles: dict[int, Role] = field(default_factory=_default_roles)
    notices: dict[int, Notice] = field(default_factory=dict)
    leave_records: list[LeaveRecord] = field(default_factory=list)
    handovers: list[HandOver] = field(default_factory=list)
    invitations: dict[str, dict[str, object]] = field(default_factory=dict)
    unionids: dict[str, str] = field(default_factory=dict)
    by_mobile: dict[str, str] = field(default_factory=dict)
    inside: dict[int, dict[str, None]] = field(default_factory=dict)
    holders: dict[tuple[str, str], str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(70001))
    ticks: Iterator[int] = field(default_factory=lambda: count(1))

    def put_in(self, user: User) -> None:
        self.users[user.userid] = user
        self.by_mobile[user.mobile] = user.userid
        self.place(user, user.departments)
        self.write(user, user.attributes)

    def place(self, user: User, departments: list[int]) -> None:
        """Let the member be in these departments and in no other."""
        for dept_id in user.departments:
            self.inside.get(dept_id, {}).pop(user.userid, None)
        user.departments = departments
        for dept_id in departments:
            self.inside.setdefault(dept_id, {})[user.userid] = None

    def write(self, user: User, attributes: dict[str, object]) -> None:
        """Change these plain fields and no other."""
        for name in UNIQUE:
            if name in attributes:
                self.holders.pop(_key(name, user.attributes.get(name)), None)
                self.holders[_key(name, attributes[name])] = user.userid
        user.attributes |= attributes

    def holder(self, name: str, value: object) -> str | None:
        """Return who has this telephone or e-mail address; an empty one is nobody's."""
        return self.holders.get(_key(name, value)) if value else None

    def renumber(self, user: User, mobile: str, state_code: str) -> None:
        del self.by_mobile[user.mobile]
        user.mobile, user.state_code = mobile, state_code
        self.by_mobile[mobile] = user.userid

    def take_out(self, user: User) -> None:
        self.place(user, [])
        for name in UNIQUE:
            self.holders.pop(_key(name, user.attributes.get(name)), None)
        del self.users[user.userid]
        del self.by_mobile[user.mobile]

    def children(self, dept_id: int) -> list[Department]:
        """Return the departments right below, small ``order`` first."""
        below = [department for department in self.departments.values() if department.parent_id == dept_id]
        return sorted(below, key=lambda department: (department.order, department.dept_id))

    def subtree(self, dept_id: int) -> set[int]:
        """Return the department and everything below it."""
        found = {dept_id}
        for child in self.children(dept_id):
            found |= self.subtree(child.dept_id)
        return found

    def head_count(self, dept_id: int) -> int:
        return len(self.inside.get(dept_id, ()))

    def members(self, dept_id: int) -> list[User]:
        """Return the members of the department itself, without those below it."""
        return [self.users[userid] for userid in self.inside.get(dept_id, ())]

    def roles_of(self, userid: str) -> list[Role]:
        return [role for role in self.roles.values() if userid in role.members]


def _key(name: str, value: object) -> tuple[str, str]:
    return name, str(value or "").lower()

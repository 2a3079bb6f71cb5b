"""The company: its applications, departments, members, tags and messages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.clock import Clock
from sandbox.wecom.config import Scope, WeComConfig

ROOT = 1
UNSET_NAME = "其他（待设置部门）"
FIRST_ORDER = 100_000_000
ACTIVATED, DISABLED, NOT_ACTIVATED, LEFT = 1, 2, 4, 5


@dataclass
class App:
    """A secret and what hangs on it; the contact-sync secret has agent 0 and sees everybody."""

    kind: Literal["contact", "agent"]
    agent_id: int
    secret: str
    scope: Scope
    enabled: bool = True

    @property
    def owner(self) -> str:
        return "contact" if self.kind == "contact" else f"agent:{self.agent_id}"


@dataclass
class Department:
    id: int
    name: str
    parentid: int
    order: int
    name_en: str = ""
    usable_at: float = 0.0


@dataclass
class Member:
    """``fields`` holds what is kept as it came: name, mobile, position and so on."""

    userid: str
    seq: int
    created_at: float
    fields: dict[str, Any] = field(default_factory=dict)
    department: list[int] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    is_leader_in_dept: list[int] = field(default_factory=list)
    main_department: int = ROOT
    direct_leader: list[str] = field(default_factory=list)
    enabled: bool = True
    activated_at: float | None = None
    left_at: float | None = None
    generated: bool = False
    """The system made the userid, which may be changed once."""
    invitations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.userid.lower()

    @property
    def status(self) -> int:
        if self.left_at is not None:
            return LEFT
        if not self.enabled:
            return DISABLED
        return NOT_ACTIVATED if self.activated_at is None else ACTIVATED


@dataclass
class Tag:
    id: int
    name: str
    owner: str
    users: set[str] = field(default_factory=set)
    """Folded userids."""
    parties: set[int] = field(default_factory=set)


@dataclass
class Message:
    """Userids by what became of the message; ``sent_at`` and ``recalled_at`` are business time."""

    msgid: str
    agent_id: int
    msgtype: str
    content: dict[str, Any]
    sent_at: float
    delivered: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    not_activated: list[str] = field(default_factory=list)
    duplicate_of: str | None = None
    recalled_at: float | None = None


class Corp:
    def __init__(self, config: WeComConfig, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        everybody = Scope(departments=[ROOT])
        self.apps = [
            App("contact", 0, config.contact_secret.get_secret_value(), everybody),
            App("agent", config.agent_id, config.app_secret.get_secret_value(), config.app_scope),
        ]
        self.account_cap = config.account_cap
        self.customer_contact_scope = config.customer_contact_scope
        self.departments = {ROOT: Department(ROOT, "公司", 0, FIRST_ORDER)}
        self.members: dict[str, Member] = {}
        self.tags: dict[int, Tag] = {}
        self.messages: list[Message] = []
        self.resigned: list[dict[str, Any]] = []
        self.last_seq = 0

    def member(self, userid: object) -> Member | None:
        """Look a member up; case does not count."""
        return self.members.get(userid.lower()) if isinstance(userid, str) else None

    def children(self, parent: int) -> Iterator[Department]:
        return (department for department in self.departments.values() if department.parentid == parent)

    def subtree(self, top: int) -> set[int]:
        below: dict[int, list[int]] = {}
        for department in self.departments.values():
            below.setdefault(department.parentid, []).append(department.id)
        found: set[int] = set()
        waiting = [top]
        while waiting:
            found.add(department_id := waiting.pop())
            waiting += below.get(department_id, [])
        return found

    def tag(self, name_or_id: str | int) -> Tag | None:
        if isinstance(name_or_id, int):
            return self.tags.get(name_or_id)
        return next((tag for tag in self.tags.values() if tag.name == name_or_id), None)

    def departments_of(self, scope: Scope) -> set[int]:
        parties = set(scope.departments)
        for tag in filter(None, map(self.tag, scope.tags)):
            parties |= tag.parties
        return set[int]().union(*(self.subtree(party) for party in parties if party in self.departments))

    def members_of(self, scope: Scope) -> dict[str, Member]:
        """Members in a scope by folded userid; nobody who left."""
        if ROOT in scope.departments:
            return {key: member for key, member in self.members.items() if member.left_at is None}
        keys = {userid.lower() for userid in scope.users}
        for tag in filter(None, map(self.tag, scope.tags)):
            keys |= tag.users
        departments = self.departments_of(scope)
        return {
            key: member
            for key, member in self.members.items()
            if member.left_at is None and (key in keys or departments.intersection(member.department))
        }

    def visible(self, app: App, userid: object) -> Member | None:
        """The member if the application may see him or her; who left stays visible to contact-sync."""
        member = self.member(userid)
        if member is None or ROOT in app.scope.departments:
            return member
        return member if member.key in self.members_of(app.scope) else None

"""The platforms on which cases are played, each with an administrator's hands behind it and eyes of its own.

`does` words of a case are the methods below: what administrators, members and the network do there. Departments and
accounts are native ids here; the player translates. A word that a platform has no way to play is left out of it.
"""

from dataclasses import replace
from typing import Any, ClassVar

import httpx
from company import Company

from services.platforms.errors import NeedsPersonError, OutcomeUnknownError, TryLaterError
from services.platforms.gate import OpenGate
from services.provisioner.act.target import Target
from services.provisioner.connectors.base import NativeDepartment
from services.provisioner.connectors.memory import ROOT, MemoryPlatform
from services.provisioner.connectors.registry import KINDS
from services.provisioner.model import Account, AccountState

LATE, LOST, BUSY, FULL = "late", "lost", "busy", "full"
"""How a call fails: done without an answer, not done without an answer, not now, never (a limit is reached)."""


class InMemory:
    """See `services.provisioner.connectors.memory`."""

    name = "memory"
    settings = "type: memory"
    title, right = "title", "tag"

    def __init__(self) -> None:
        self.platform = MemoryPlatform()

    def open(self, company: Company) -> None:
        company.crm = self.platform
        company.targets["crm"] = company._target("crm", self.platform, departments="full")

    async def shown(self, native_id: str) -> Account | None:
        key = native_id.casefold()
        account = self.platform.accounts.get(key)
        held = frozenset(name for name, holders in self.platform.lists.items() if key in holders)
        return replace(account, grants=held) if account else None

    async def everybody(self) -> list[Account]:
        return list(self.platform.accounts.values())

    async def departments(self) -> dict[str, NativeDepartment]:
        return self.platform.tree

    async def close(self) -> None:
        """Nothing to close."""

    # ------------------------------------------------------------ hands

    async def exists(self, native_id, name, mobile=None, *, closed=False):
        state = AccountState.SUSPENDED if closed else AccountState.ACTIVE
        self.platform.put(Account(native_id, state, {"name": name, "mobile": mobile}, (ROOT,)))

    async def deletes(self, native_id):
        self.platform.drop(native_id)

    async def locks(self, native_id):
        self._change(native_id, state=AccountState.SUSPENDED)

    async def unlocks(self, native_id):
        self._change(native_id, state=AccountState.ACTIVE)

    async def writes(self, native_id, title):
        before = self.platform.accounts[native_id.casefold()].attributes
        self._change(native_id, attributes={**before, "title": title})

    async def moves(self, native_id, to):
        self._change(native_id, departments=(to,))

    async def gives(self, native_id, right):
        self.platform.lists.setdefault(f"tag:{right}", set()).add(native_id.casefold())

    async def takes(self, native_id, right):
        self.platform.lists[f"tag:{right}"].discard(native_id.casefold())

    async def renames_list(self, right):
        self.platform.lists[f"tag:{right} (old)"] = self.platform.lists.pop(f"tag:{right}")

    async def makes_department(self, name):
        number = str(max(map(int, self.platform.tree)) + 1)
        self.platform.tree[number] = NativeDepartment(number, name, ROOT)

    async def deletes_department(self, number):
        del self.platform.tree[number]

    async def renames_department(self, number, name):
        self.platform.tree[number] = replace(self.platform.tree[number], name=name)

    async def moves_department(self, number, under):
        self.platform.tree[number] = replace(self.platform.tree[number], parent=under)

    async def hides(self, native_id, reads=None):
        """It is out of the range that our application sees, or not shown before so many `reads`."""
        self.platform.hidden[native_id.casefold()] = reads

    async def shows(self, native_id):
        del self.platform.hidden[native_id.casefold()]

    async def fails(self, verb, how, times=1):
        for _ in range(times):
            self.platform.fail(verb, _errors(verb)[how], after_commit=how == LATE)

    def _change(self, native_id, **changes):
        self.platform.put(replace(self.platform.accounts[native_id.casefold()], **changes))


def _errors(verb):
    unknown = OutcomeUnknownError("no_answer", verb)
    return {LATE: unknown, LOST: unknown, BUSY: TryLaterError("busy", verb),
            FULL: NeedsPersonError("full", verb, "limit_reached")}  # fmt: skip


class InSandbox:
    """A platform of the sandbox, over a real socket; its eyes are a second connector."""

    name: str
    config: ClassVar[dict[str, Any]]
    paths: ClassVar[dict[str, str]]
    full: int
    right: str

    def __init__(self, url: str) -> None:
        self.url = f"{url}/{self.name}"
        kind, gate = KINDS[self.name], OpenGate()
        config = kind.config.model_validate(self.config | {"base_url": self.url})
        self.connector, self.eyes = (kind.open(self.name, config, gate) for _ in range(2))
        self.order("reset", {})

    def order(self, route: str, body: object) -> None:
        answer = httpx.post(f"{self.url}/_sandbox/{route}", json=body)
        assert answer.is_success, answer.text

    def console(self, op: str, **fields: object) -> None:
        self.order("console", {"op": op, **fields})

    def open(self, company: Company) -> None:
        rule = company.policy.accounts["crm"]
        company.targets["crm"] = Target(
            "crm", self.name, self.connector, "enforce", match=rule.match, username=rule.username, departments="full",
            space_of=company.policy.space_of,
        )  # fmt: skip

    async def shown(self, native_id: str) -> Account | None:
        account = await self.eyes.read(native_id)
        if account is None or self.eyes.shows_grants:
            return account
        rights = [f"{self.right}:{name}" for name in ("customer_contact", "sales_data", "office", "internal_notice")]
        held = [right for right in rights if native_id in await self.eyes.members(right)]
        return replace(account, grants=frozenset(held))

    async def everybody(self) -> list[Account]:
        return [account async for account in self.eyes.accounts()]

    async def departments(self) -> dict[str, NativeDepartment]:
        return {department.native_id: department for department in await self.eyes.departments()}

    async def close(self) -> None:
        await self.connector.close()
        await self.eyes.close()

    # ------------------------------------------------------------ hands

    async def fails(self, verb, how, times=1):
        fault = {LATE: {"kind": "timeout_after"}, LOST: {"kind": "timeout_before"}, BUSY: {"kind": "busy"},
                 FULL: {"kind": "errcode", "code": self.full}}[how]  # fmt: skip
        self.order("faults", [{"path": self.paths[verb], "times": times, **fault}])

    async def breaks(self, verb, kind, times=1):
        """An answer that is no answer, in one of the stand-in's ways (`sandbox.faults`)."""
        self.order("faults", [{"path": self.paths[verb], "times": times, "kind": kind}])


class InWeCom(InSandbox):
    name = "wecom"
    settings = 'type: wecom, corp_id: ww1, contact_secret: "x", app: {agent_id: 1, secret: "x"}'
    title, right, full = "position", "tag", 45024
    config: ClassVar = {
        "corp_id": "wwsandbox00000001",
        "contact_secret": "sandbox-contact-secret",
        "app": {"agent_id": 1000002, "secret": "sandbox-app-secret"},
    }
    paths: ClassVar = {
        "create": "user/create",
        "update": "user/update",
        "suspend": "user/update",
        "grant": "tag/addtagusers",
        "read": "user/get",
        "create_department": "department/create",
    }

    async def exists(self, native_id, name, mobile=None, *, closed=False):
        mark = {"mobile": mobile} if mobile else {"email": f"{native_id}@example.com"}
        self.console("create", id=native_id, name=name, department=[1], enable=int(not closed), **mark)

    async def deletes(self, native_id):
        self.console("delete", id=native_id)

    async def walks_out(self, native_id):
        self.console("leave", id=native_id)

    async def locks(self, native_id):
        self.console("update", id=native_id, enable=0)

    async def unlocks(self, native_id):
        self.console("update", id=native_id, enable=1)

    async def writes(self, native_id, title):
        self.console("update", id=native_id, position=title)

    async def moves(self, native_id, to):
        self.console("update", id=native_id, department=[int(to)])

    async def gives(self, native_id, right):
        self.console("tag", id=native_id, tag=right)

    async def takes(self, native_id, right):
        self.console("untag", id=native_id, tag=right)

    async def makes_department(self, name):
        self.console("department", action="create", name=name)

    async def deletes_department(self, number):
        self.console("department", action="delete", id=int(number))

    async def renames_department(self, number, name):
        self.console("department", action="update", id=int(number), name=name)

    async def moves_department(self, number, under):
        self.console("department", action="update", id=int(number), parentid=int(under))

    async def accepts(self, native_id):
        self.order("activate", {"id": native_id})


class InDingTalk(InSandbox):
    name = "dingtalk"
    settings = 'type: dingtalk, app_key: a, app_secret: "x", agent_id: 1'
    title, right, full = "title", "role", 40019
    config: ClassVar = {"app_key": "ding-sandbox-app", "app_secret": "ding-sandbox-secret", "agent_id": 1001}
    paths: ClassVar = {
        "create": "topapi/v2/user/create",
        "update": "topapi/v2/user/update",
        "grant": "topapi/role/addrolesforemps",
        "read": "topapi/v2/user/get",
        "create_department": "topapi/v2/department/create",
    }

    async def exists(self, native_id, name, mobile=None):
        number = mobile.removeprefix("+86") if mobile else f"188{len(native_id):08}"
        self.console("create", userid=native_id, name=name, mobile=number, dept_id_list=ROOT)

    async def deletes(self, native_id):
        self.console("delete", userid=native_id)

    async def walks_out(self, native_id):
        self.console("leave", userid=native_id)

    async def writes(self, native_id, title):
        self.console("update", userid=native_id, title=title)

    async def moves(self, native_id, to):
        self.console("update", userid=native_id, dept_id_list=to)

    async def renames_list(self, right):
        self.console("role_rename", roleId=self._role(right), roleName=f"{right} (old)")

    async def gives(self, native_id, right):
        self.console("grant", roleIds=self._role(right), userIds=native_id)

    async def takes(self, native_id, right):
        self.console("revoke", roleIds=self._role(right), userIds=native_id)

    async def makes_department(self, name):
        self.console("department_create", name=name, parent_id=1)

    async def deletes_department(self, number):
        self.console("department_delete", dept_id=int(number))

    async def renames_department(self, number, name):
        self.console("department", dept_id=int(number), name=name)

    async def moves_department(self, number, under):
        self.console("department", dept_id=int(number), parent_id=int(under))

    async def protects(self, mobile):
        self.console("switch", protected_mobiles=[mobile])

    async def agrees(self, mobile):
        self.console("accept", mobile=mobile)

    async def accepts(self, native_id):
        self.order("activate", {"id": native_id})

    def _role(self, name):
        roles = httpx.get(f"{self.url}/_sandbox/state").json()["roles"].values()
        return next(role["role_id"] for role in roles if role["name"] == name)


ALL = ("memory", "wecom", "dingtalk")

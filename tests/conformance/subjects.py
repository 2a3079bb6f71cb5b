"""The connectors under test, each with the hands that reach behind it: the member's, the network's, the clock's."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from services.platforms.errors import CredentialError, OutcomeUnknownError, TryLaterError
from services.platforms.gate import OpenGate
from services.provisioner.connectors.base import NewAccount
from services.provisioner.connectors.memory import Memory, MemoryConfig, MemoryPlatform
from services.provisioner.connectors.registry import KINDS, OpenConnector

LOST, LOST_BEFORE, BUSY = "timeout_after", "timeout_before", "busy"


@dataclass
class Subject:
    """`lists` are two entitlements of the platform's kind; `nonsense` is one it cannot give."""

    connector: OpenConnector
    gate: OpenGate
    lists: tuple[str, str]
    nonsense: str | None = None
    unique: tuple[str, ...] = ("mobile", "email")
    mark_of_title: str = "position"
    leaders_with_account: bool = True
    short_names: bool = False
    _count: int = field(default=0, init=False)

    def person(self, **changes: Any) -> NewAccount:
        """Somebody new, with marks nobody else has."""
        self._count += 1
        native_id = changes.pop("native_id", f"Mei.{self._count}")
        attributes = {
            "name": f"Mei {self._count}",
            "mobile": f"+861390000{self._count:04}",
            "email": f"mei{self._count}@example.com",
            self.mark_of_title: "Clerk",
        } | changes.pop("attributes", {})
        return NewAccount(native_id, attributes, changes.pop("departments", (self.connector.root,)), **changes)

    async def made(self, **changes: Any) -> str:
        return await self.connector.create(self.person(**changes))

    async def department(self, name: str, parent: str | None = None) -> str:
        return await self.connector.create_department(name, parent or self.connector.root, None, f"D-{name}")

    def activate(self, native_id: str) -> None:
        raise NotImplementedError

    def own(self, native_id: str, what: str, thing: str) -> None:
        """Let the account own a customer or a customer group."""
        raise NotImplementedError

    def a_day_passes(self) -> None:
        """In business time: a hand-over takes effect."""
        raise NotImplementedError

    def fault(self, verb: str, kind: str) -> None:
        """Let the next call of `verb` (create, update, grant, read, create_department) fail in that way."""
        raise NotImplementedError

    def with_wrong_secret(self) -> OpenConnector:
        raise NotImplementedError


class OfMemory(Subject):
    platform: MemoryPlatform

    @classmethod
    def opened(cls) -> "OfMemory":
        gate = OpenGate()
        connector = KINDS["memory"].open("memory", MemoryConfig(), gate)
        assert isinstance(connector, Memory)
        subject = cls(connector, gate, ("tag:sales", "tag:office"))
        subject.platform = connector.platform
        return subject

    def activate(self, native_id):
        self.platform.activate(native_id)

    def own(self, native_id, what, thing):
        self.platform.owned[what, thing] = native_id.casefold()

    def a_day_passes(self):
        self.platform.hand_over()

    def fault(self, verb, kind):
        error = TryLaterError("busy", verb) if kind == BUSY else OutcomeUnknownError("no_answer", verb)
        self.platform.fail(verb, error, after_commit=kind == LOST)

    def with_wrong_secret(self):
        self.platform.fail("*", CredentialError("wrong_secret", "probe"))
        self.platform.fail("*", CredentialError("wrong_secret", "probe"))
        return self.connector


class OfSandbox(Subject):
    """A platform of the sandbox, over a real socket."""

    paths: dict[str, str]
    url: str
    wrong: OpenConnector

    @classmethod
    def opened(cls, kind: str, url: str, config: dict[str, Any], wrong: dict[str, Any], **about: Any) -> "OfSandbox":
        gate = OpenGate()
        model = KINDS[kind].config
        connector = KINDS[kind].open(kind, model.model_validate(config), gate)
        paths = about.pop("paths")
        subject = cls(connector, gate, **about)
        subject.paths, subject.url = paths, url
        subject.wrong = KINDS[kind].open(kind, model.model_validate(config | wrong), OpenGate())
        subject.order("reset", {})
        subject.order("clock", {})
        return subject

    def order(self, route: str, body: object) -> None:
        httpx.post(f"{self.url}/_sandbox/{route}", json=body).raise_for_status()

    def state(self) -> dict[str, Any]:
        shown: dict[str, Any] = httpx.get(f"{self.url}/_sandbox/state").raise_for_status().json()
        return shown

    def activate(self, native_id):
        self.order("activate", {"id": native_id})

    def own(self, native_id, what, thing):
        op = {"customers": "customer", "customer_groups": "chat"}[what]
        self.order("console", {"op": op, "id": native_id, op: thing})

    def a_day_passes(self):
        now = httpx.get(f"{self.url}/_sandbox/clock").json()["business_now"]
        self.order("clock", {"business_at": now + 86_401})

    def fault(self, verb, kind):
        self.order("faults", [{"path": self.paths[verb], "kind": kind}])

    def with_wrong_secret(self):
        return self.wrong


WECOM_PATHS = {
    "create": "user/create",
    "update": "user/update",
    "grant": "tag/addtagusers",
    "read": "user/get",
    "create_department": "department/create",
}
DINGTALK_PATHS = {
    "create": "topapi/v2/user/create",
    "update": "topapi/v2/user/update",
    "grant": "topapi/role/addrolesforemps",
    "read": "topapi/v2/user/get",
    "create_department": "topapi/v2/department/create",
}


def of_wecom(url: str, profile: str) -> Subject:
    config = {
        "corp_id": "wwsandbox00000001",
        "contact_secret": "sandbox-contact-secret",
        "app": {"agent_id": 1000002, "secret": "sandbox-app-secret"},
        "base_url": f"{url}/wecom",
    }
    return OfSandbox.opened(
        "wecom",
        f"{url}/wecom",
        config,
        {"contact_secret": "wrong"},
        lists=("tag:sales", "customer-contact"),
        nonsense="role:sales",
        short_names=profile == "2021",
        paths=WECOM_PATHS,
    )


def of_dingtalk(url: str) -> Subject:
    config = {
        "app_key": "ding-sandbox-app",
        "app_secret": "ding-sandbox-secret",
        "agent_id": 1001,
        "base_url": f"{url}/dingtalk",
    }
    return OfSandbox.opened(
        "dingtalk",
        f"{url}/dingtalk",
        config,
        {"app_secret": "wrong"},
        lists=("role:sales", "role:office"),
        nonsense="customer-contact",
        unique=("mobile",),
        mark_of_title="title",
        leaders_with_account=False,
        paths=DINGTALK_PATHS,
    )

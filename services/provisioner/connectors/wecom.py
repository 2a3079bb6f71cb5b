"""WeCom (企业微信): members, tags and departments over its server API.

What surprises: the contact-sync secret writes and lists ids, but only an application reads details; deleting is a GET;
the application sees only its visible range; success may hide partial failures in a list of the answer. Codes and
sources: docs/connectors/wecom.md.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr

from services.platforms.errors import CredentialError, NeedsPersonError, NotThereError, OutcomeUnknownError
from services.platforms.gate import Gate
from services.platforms.http import Http
from services.platforms.wecom import APP, BASE_URL, Secrets, WeCom
from services.provisioner.connectors import wecom_fields as translate
from services.provisioner.connectors.base import (
    ALREADY_SO,
    DONE,
    Change,
    HandedOver,
    NativeDepartment,
    NewAccount,
    Outcome,
)
from services.provisioner.connectors.base import Field as FieldRule
from services.provisioner.connectors.wecom_customers import HANDS_OVER, Customers
from services.provisioner.connectors.wecom_tags import CUSTOMER_CONTACT, PER_CALL, Tags, refusal
from services.provisioner.model import Account, Case, Verb

PAGE = 10_000
"""Rows of user/list_id (WeCom doc 96067)."""

NAME_TAKEN = "60008"
TOO_LARGE = "45029"
MAY_NOT_CALL = "48002"
SCOPE_TOO_NARROW = "app_scope_too_narrow"
NOT_IN_SCOPE = "customer_contact_not_in_scope"
NOT_READABLE = "customer_contact_not_readable"

FIELDS: Mapping[str, FieldRule] = translate.FIELDS
CLOSING: Mapping[Case, tuple[Verb, ...]] = {"leave": ("suspend",), "stop": ("suspend",), "absence": ("suspend",)}
RESIDUE: Mapping[Case, tuple[str, ...]] = dict.fromkeys(("leave", "stop", "absence"), ("sessions",))
"""No call signs a member out, and what `enable` 0 does to an open session is not documented."""


class WeComApp(BaseModel):
    """An application of the company's own, with the whole company in its visible range."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent_id: int
    secret: SecretStr


class WeComConfig(BaseModel):
    """How a target of kind `wecom` is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    corp_id: Annotated[str, Field(min_length=1)]
    contact_secret: SecretStr
    """Secret of the contact-sync assistant (通讯录同步)."""
    app: WeComApp
    base_url: HttpUrl = HttpUrl(BASE_URL)
    customer_contact_tag: Annotated[str, Field(min_length=1, max_length=32)] = "customer-contact"
    """Tag that the administrator has set as the scope of customer contact (客户联系)."""
    time_out: Annotated[float, Field(gt=0, le=10)] = 10.0
    """Seconds a whole call may take."""

    def secrets(self) -> Secrets:
        return Secrets(self.corp_id, self.contact_secret, self.app.agent_id, self.app.secret)

    def client(self, target: str, gate: Gate) -> WeCom:
        """The caller closes it."""
        return WeCom(Http(target, gate, time_out=self.time_out), self.secrets(), str(self.base_url))


def open_wecom(target: str, config: WeComConfig, gate: Gate) -> "WeComConnector":
    return WeComConnector(config.client(target, gate), config.customer_contact_tag)


class WeComConnector:
    """A company on WeCom. Native ids are userids and department numbers as text."""

    fields = FIELDS
    closing = CLOSING
    residue = RESIDUE
    shows_grants = False
    can_prepare = True
    reads_first: frozenset[Verb] = frozenset({"move", "remove", "delete"})
    per_call = PER_CALL
    root = translate.ROOT
    leaders_with_departments = False
    may_leave = frozenset({CUSTOMER_CONTACT})
    hands_over = HANDS_OVER
    needed_to_hand_over = frozenset({CUSTOMER_CONTACT})

    def __init__(self, client: WeCom, customer_contact_tag: str) -> None:
        self._client = client
        self._tags = Tags(client, customer_contact_tag)
        self._customers = Customers(client)

    async def create(self, account: NewAccount) -> str:
        answer = await self._client.call("user/create", body=translate.member(account), subject=account.native_id)
        if answer.get("created_department_list"):
            # Done, but in departments that WeCom made up for numbers it does not know.
            raise OutcomeUnknownError("created_department_list", "user/create")
        return account.native_id

    async def read(self, native_id: str) -> Account | None:
        try:
            row = await self._client.call("user/get", query={"userid": native_id}, token=APP, subject=native_id)
        except NotThereError:
            return None
        return translate.account(row, "user/get")

    async def update(self, native_id: str, change: Change) -> Outcome:
        return await self._update(native_id, translate.changes(native_id, change))

    async def suspend(self, native_id: str) -> Outcome:
        return await self._update(native_id, {"userid": native_id, "enable": 0})

    async def resume(self, native_id: str) -> Outcome:
        return await self._update(native_id, {"userid": native_id, "enable": 1})

    async def strip(self, native_id: str) -> Outcome:
        """Never needed: a suspended member keeps the departments."""
        raise NotImplementedError(native_id)

    async def remove(self, native_id: str) -> Outcome:
        """Delete the member, and the mailbox bound to it. WeCom knows nothing between suspended and gone."""
        return await _unless_gone(
            self._client.call("user/delete", query={"userid": native_id}, subject=native_id), "account"
        )

    async def delete(self, native_id: str) -> Outcome:
        return await self.remove(native_id)

    async def invite(self, native_id: str) -> Outcome:
        """Accepted is not delivered: WeCom looks at its own limits later, and reminds for three days at most."""
        answer = await self._client.call("batch/invite", body={"user": [native_id]}, subject=native_id)
        if answer.get("invaliduser"):
            raise NotThereError("invaliduser", "batch/invite", "account")
        return DONE

    async def accounts(self) -> AsyncIterator[Account]:
        """All ids first, then a call per department; who is in several comes once.

        Raises NeedsPersonError (`app_scope_too_narrow`) when an account is listed that the application may not read:
        a listing with holes must not look like people who are gone.
        """
        unseen: dict[str, str] = {}
        inside: dict[int, set[str]] = {}
        async for userid, number in self._listed():
            unseen[userid.casefold()] = userid
            inside.setdefault(number, set()).add(userid.casefold())
        for number in sorted(inside):
            if inside[number].isdisjoint(unseen):
                continue
            for account in await self._in_department(number):
                if unseen.pop(account.native_id.casefold(), None):
                    yield account
        lost = set()
        for key, userid in unseen.items():
            if found := await self.read(userid):
                yield found
            else:
                lost.add(key)
        if lost and any([userid.casefold() in lost async for userid, _ in self._listed()]):
            raise NeedsPersonError("60111", "user/get", SCOPE_TOO_NARROW)

    def refusal(self, entitlement: str) -> str | None:
        return refusal(entitlement)

    async def grant(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        return await self._tags.grant(entitlement, native_ids)

    async def revoke(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        return await self._tags.revoke(entitlement, native_ids)

    async def members(self, entitlement: str) -> frozenset[str]:
        return await self._tags.members(entitlement)

    async def residue_of(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, str]:
        """Who holds the entitlement and does not have what it stands for, with the word for why.

        Only `customer-contact` has any: the tag is ours, its scope is set by the administrator in the console, and
        shown only to applications listed there.
        """
        if entitlement != CUSTOMER_CONTACT or not native_ids:
            return {}
        try:
            answer = await self._client.call("externalcontact/get_follow_user_list", token=APP)
        except CredentialError as exc:
            if exc.code != MAY_NOT_CALL:
                raise
            return dict.fromkeys(native_ids, NOT_READABLE)
        shown = {str(userid).casefold() for userid in answer.get("follow_user") or ()}
        return {native_id: NOT_IN_SCOPE for native_id in native_ids if native_id.casefold() not in shown}

    async def hand_over(self, native_id: str, to: str | None, what: str) -> HandedOver:
        return await self._customers.hand_over(native_id, to, what)

    async def departments(self) -> Sequence[NativeDepartment]:
        """Names come from the application; the contact-sync list of numbers shows whether it sees them all."""
        named = await self._client.call("department/list", token=APP)
        every = await self._client.call("department/simplelist")
        tree = translate.parents_first([translate.department(row) for row in named.get("department") or ()])
        if {str(row["id"]) for row in every.get("department_id") or ()} - {d.native_id for d in tree}:
            raise NeedsPersonError("department_missing", "department/list", SCOPE_TOO_NARROW)
        return tree

    async def create_department(self, name: str, parent: str, order: int | None, mark: str) -> str:  # noqa: ARG002 - WeCom keeps no mark
        body = {"name": name, "parentid": int(parent), **({"order": order} if order is not None else {})}
        try:
            answer = await self._client.call("department/create", body=body, subject=parent)
        except NeedsPersonError as exc:
            if exc.code != NAME_TAKEN or (sibling := await self._child(parent, name)) is None:
                raise
            return sibling
        return str(answer["id"])

    async def update_department(
        self,
        native_id: str,
        *,
        name: str | None = None,
        parent: str | None = None,
        order: int | None = None,
        leaders: tuple[str, ...] | None = None,  # noqa: ARG002 - who leads is written with the account
    ) -> Outcome:
        body: dict[str, Any] = {"name": name, "parentid": int(parent) if parent else None, "order": order}
        body = {key: value for key, value in body.items() if value is not None}
        if not body:
            return ALREADY_SO
        await self._client.call("department/update", body={"id": int(native_id), **body}, subject=native_id)
        return DONE

    async def delete_department(self, native_id: str) -> Outcome:
        return await _unless_gone(
            self._client.call("department/delete", query={"id": native_id}, subject=native_id), "department"
        )

    def fitting(self, name: str) -> str:
        return translate.fitting(name)

    async def probe(self) -> None:
        """One read with each secret. A secret refused before is tried once more."""
        self._client.ask_again()
        await self._client.call("user/list_id", body={"cursor": "", "limit": 1})
        try:
            await self._client.call("department/get", query={"id": translate.ROOT}, token=APP)
        except (NotThereError, NeedsPersonError) as exc:
            if isinstance(exc, CredentialError):
                raise
            raise CredentialError(exc.code, "department/get", SCOPE_TOO_NARROW, refused="permission") from exc

    async def close(self) -> None:
        await self._client.close()

    async def _update(self, native_id: str, body: Mapping[str, Any]) -> Outcome:
        await self._client.call("user/update", body=body, subject=native_id)
        return DONE

    async def _listed(self) -> AsyncIterator[tuple[str, int]]:
        """Every (userid, department)."""
        async for row in self._client.pages("user/list_id", "dept_user", {"limit": PAGE}):
            yield str(row["userid"]), int(row["department"])

    async def _in_department(self, number: int) -> list[Account]:
        """Its direct members; empty where it is too large for an answer, and they are read one by one."""
        try:
            answer = await self._client.call("user/list", query={"department_id": str(number)}, token=APP)
        except NotThereError:
            return []
        except NeedsPersonError as exc:
            if exc.code != TOO_LARGE:
                raise
            return []
        return [translate.account(row, "user/list") for row in answer.get("userlist") or ()]

    async def _child(self, parent: str, name: str) -> str | None:
        answer = await self._client.call("department/list", query={"id": parent}, token=APP)
        rows = [translate.department(row) for row in answer.get("department") or ()]
        return next((row.native_id for row in rows if row.parent == parent and row.name == name), None)


async def _unless_gone(call: Awaitable[object], what: str) -> Outcome:
    try:
        await call
    except NotThereError as exc:
        if exc.what != what:
            raise
        return ALREADY_SO
    return DONE

"""DingTalk, ordinary accounts, contacts API v2 (`/topapi/v2`).

Three things surprise. Nothing locks an account: a stop or an absence strips it, which here means that its only
department is a hidden one (`locked`) and no role of ours is left; the log-in stays and is named as residue. Deleting
is final: who comes back gets a new account, and the mobile can never be changed. There is no list of everybody:
departments are walked one by one. Limits and codes: docs/connectors/dingtalk.md.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from services.platforms.dingtalk import API, OAPI, DingTalk, needed
from services.platforms.errors import NeedsPersonError, NotThereError, OutcomeUnknownError, TakenError
from services.platforms.gate import Gate
from services.platforms.http import Http
from services.provisioner.connectors import base
from services.provisioner.connectors import dingtalk_fields as fields
from services.provisioner.connectors.base import ALREADY_SO, DONE, Change, NativeDepartment, NewAccount, Outcome
from services.provisioner.connectors.dingtalk_departments import ROOT, Departments
from services.provisioner.connectors.dingtalk_roles import GRANTS_A_CALL, Roles
from services.provisioner.model import Account, AccountState, Case, Verb

USER = "/topapi/v2/user"
CREATE, UPDATE, DELETE = f"{USER}/create", f"{USER}/update", f"{USER}/delete"
GET, LIST, BY_MOBILE = f"{USER}/get", f"{USER}/list", f"{USER}/getbymobile"
LEAVE = "/v1.0/hrm/processes/terminateAndHandOver"
USERS_PAGE = 100
APPEND = 1
"""`ext_attrs_update_mode`: the default, 0, throws away every custom field that is not named."""
RECEIVERS = (
    "aflowHandOverUserId",
    "docNoteHandoverUserId",
    "dingPanHandoverUserId",
    "permissionHandoverUserId",
    "directSubordinatesHandoverUserId",
)
"""Approvals, team documents, drive, permissions, reports: together they are `work`."""
WORK = "work"
Heir = Callable[[Mapping[str, Any]], Any]
"""Who takes over, of a read of the leaver."""

CLOSING: Mapping[Case, tuple[Verb, ...]] = {"leave": ("remove",), "stop": ("strip",), "absence": ("strip",)}
RESIDUE: Mapping[Case, tuple[str, ...]] = {
    "leave": (),
    "stop": ("log_in_remains",),
    "absence": ("log_in_remains",),
}


Url = Annotated[str, Field(pattern=r"^https?://\S+$")]


class DingTalkConfig(BaseModel):
    """One organisation's internal application, as a target of the policy names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    app_key: str = Field(min_length=1)
    """AppKey (Client ID) of the application."""
    app_secret: SecretStr = Field(min_length=1)
    """Its AppSecret (Client secret)."""
    agent_id: int
    """Its AgentId, which work notices need."""
    oapi_base_url: Url = OAPI
    api_base_url: Url = API
    base_url: Url | None = None
    """One address in place of both, such as a sandbox's."""
    edition: Literal["standard", "professional"] = "standard"
    """`professional` has Smart HR's leave with hand-over (`work`); it is used when `operator_userid` is set."""
    operator_userid: str | None = None
    """The employee in whose name Smart HR records a leave; never the one who leaves."""
    leave_reason: str | None = None
    """Id of the voluntary reason recorded with a leave (`GET /v1.0/hrm/dismission/reasons` lists them)."""
    role_group: str = Field(default="Tenure", min_length=1)
    """The group in which roles of ours are made; `role:NAME` means a role in it."""
    locked_department: str = Field(default="locked", min_length=1, max_length=fields.NAME_LIMIT)
    """The hidden department under the root where stripped accounts stand."""
    custom_fields: tuple[str, ...] = ()
    """Custom fields made in the console, which policy may write as `extension.NAME`."""

    time_out: float = Field(default=10.0, gt=0, le=10)
    """Seconds that a whole call may take."""

    @model_validator(mode="after")
    def _hand_over_is_complete(self) -> Self:
        if self.operator_userid and self.edition != "professional":
            raise ValueError("operator_userid: only the professional edition records leaves")
        if self.operator_userid and not self.leave_reason:
            raise ValueError("leave_reason: DingTalk records no leave without a reason")
        return self

    def client(self, http: Http) -> DingTalk:
        oapi, api = self.base_url or self.oapi_base_url, self.base_url or self.api_base_url
        return DingTalk(http, self.app_key, self.app_secret, oapi_base_url=oapi, api_base_url=api)


def open_dingtalk(target: str, config: DingTalkConfig, gate: Gate) -> "DingTalkConnector":
    return DingTalkConnector(config.client(Http(target, gate, time_out=config.time_out)), config)


class DingTalkConnector:
    """See `base.Connector`. `now` tells epoch seconds: the last day of work that a recorded leave names."""

    closing = CLOSING
    residue = RESIDUE
    reads_first: frozenset[Verb] = frozenset({"update", "move", "remove", "delete"})
    """`dept_id_list` is replaced whole, and a removal cannot be taken back."""
    shows_grants = True
    can_prepare = False
    per_call = GRANTS_A_CALL
    root = ROOT
    leaders_with_departments = True

    def __init__(self, client: DingTalk, config: DingTalkConfig, now: Callable[[], float] = time.time) -> None:
        self._client, self._config, self._now = client, config, now
        self.fields: Mapping[str, base.Field] = fields.fields_with(config.custom_fields)
        self._departments = Departments(client, config.locked_department)
        self._roles = Roles(client, config.role_group)

    # Accounts

    async def create(self, account: NewAccount) -> str:
        """Make it; DingTalk invites the person itself. Raises NotImplementedError for one without access."""
        if account.suspended:
            raise NotImplementedError("DingTalk has no account without access")
        body = fields.body_of({name: value for name, value in account.attributes.items() if value}) | {
            "userid": account.native_id,
            "dept_id_list": ",".join(account.departments or (ROOT,)),
        }
        if account.manager:
            body["manager_userid"] = account.manager
        try:
            made = await self._client.call(CREATE, body)
        except TakenError as exc:
            raise await self._with_holder(exc, account.native_id, body) from exc
        return str(needed(made, "result", CREATE).get("userid", account.native_id))

    async def _with_holder(self, error: TakenError, native_id: str, body: Mapping[str, Any]) -> TakenError:
        """The same error with the holder in it: 60104 names it in some answers only, else one look-up tells."""
        holder = error.holder
        if error.field == "native_id":
            holder = native_id
        elif error.field == "mobile" and holder is None:
            try:
                found = await self._client.call(BY_MOBILE, {"mobile": body["mobile"]})
                holder = str(needed(found, "result", BY_MOBILE)["userid"])
            except NotThereError:
                holder = None
        return TakenError(error.code, error.api, error.field, holder)

    async def read(self, native_id: str) -> Account | None:
        user = await self._user(native_id)
        return None if user is None else await self._account(user, self._roles.shown(user.get("role_list") or ()))

    async def update(self, native_id: str, change: Change) -> Outcome:
        """One call. Whoever was stripped leaves `locked` by it. `leads` is not written here: departments have leaders.

        `manager` "" takes the manager away, None leaves him.
        """
        body = fields.body_of(change.attributes)
        if "mobile" in body:
            raise NeedsPersonError("40022", UPDATE, "mobile_unchangeable")
        if "extension" in body:
            body["ext_attrs_update_mode"] = APPEND
        if change.departments is not None:
            body["dept_id_list"] = ",".join(change.departments or (ROOT,))
        if change.manager:
            body["manager_userid"] = change.manager
        elif change.manager is not None:
            body["force_update_fields"] = "manager_userid"
        if not body:
            return ALREADY_SO
        await self._client.call(UPDATE, {"userid": native_id, **body})
        return DONE

    async def suspend(self, native_id: str) -> Outcome:
        raise NotImplementedError("DingTalk cannot suspend an ordinary account")

    async def resume(self, native_id: str) -> Outcome:
        """Out of `locked` into the root; the update that follows a resume writes the departments that are due."""
        user = await self._existing(native_id)
        if not await self._departments.is_locked(fields.ids_of(user.get("dept_id_list"))):
            return ALREADY_SO
        await self._move(native_id, ROOT)
        return DONE

    async def strip(self, native_id: str) -> Outcome:
        """Roles of ours first: an account that stands in `locked` alone has been stripped whole."""
        user = await self._user(native_id)
        if user is None:
            return ALREADY_SO
        held = await self._roles.take_ours(native_id, user.get("role_list") or ())
        locked = await self._departments.locked()
        if fields.ids_of(user.get("dept_id_list")) == (locked,):
            return DONE if held else ALREADY_SO
        try:
            await self._move(native_id, locked)
        except NotThereError:
            self._departments.forget_locked()
            raise
        return DONE

    @property
    def given_in_removal(self) -> frozenset[str]:
        """`work`: what `RECEIVERS` names, where Smart HR records leaves."""
        return frozenset({WORK}) if self._config.operator_userid else frozenset()

    async def remove(self, native_id: str) -> Outcome:
        """What Smart HR hands over goes to the manager whom DingTalk shows."""
        return await self._remove(native_id, lambda user: user.get("manager_userid"))

    async def remove_for(self, native_id: str, to: str | None) -> Outcome:
        return await self._remove(native_id, lambda _user: to)

    async def _remove(self, native_id: str, heir: Heir) -> Outcome:
        try:
            if self._config.operator_userid:
                await self._record_leave(native_id, self._config.operator_userid, heir)
            else:
                await self._client.call(DELETE, {"userid": native_id})
        except NotThereError as exc:
            if exc.what != "account":
                raise
            return ALREADY_SO
        return DONE

    async def delete(self, native_id: str) -> Outcome:
        """Removing destroys already."""
        return await self.remove(native_id)

    async def invite(self, native_id: str) -> Outcome:  # noqa: ARG002 - the port's signature
        """DingTalk invited the person when the account was made, and has no call to do it again."""
        return ALREADY_SO

    async def accounts(self) -> AsyncIterator[Account]:
        """Everybody, department by department; a list of members shows no roles, so those are read role by role."""
        grants = await self._roles.by_account()
        seen: set[str] = set()
        for department in await self._departments.ids():
            async for user in self._users_in(department):
                userid = str(user["userid"])
                if userid not in seen:
                    seen.add(userid)
                    yield await self._account(user, grants.get(userid, frozenset()))

    async def _users_in(self, department: str) -> AsyncIterator[Mapping[str, Any]]:
        cursor = 0
        while True:
            body = {"dept_id": int(department), "cursor": cursor, "size": USERS_PAGE, "contain_access_limit": True}
            page = needed(await self._client.call(LIST, body), "result", LIST)
            for user in page.get("list") or ():
                yield user
            if not fields.is_true(page.get("has_more")):
                return
            cursor = int(page["next_cursor"])

    async def _user(self, native_id: str) -> dict[str, Any] | None:
        try:
            return await self._existing(native_id)
        except NotThereError:
            return None

    async def _existing(self, native_id: str) -> dict[str, Any]:
        user: dict[str, Any] = needed(await self._client.call(GET, {"userid": native_id}), "result", GET)
        return user

    async def _account(self, user: Mapping[str, Any], grants: frozenset[str]) -> Account:
        departments = fields.ids_of(user.get("dept_id_list"))
        state = AccountState.ACTIVE if fields.is_true(user.get("active")) else AccountState.INVITED
        if await self._departments.is_locked(departments):
            state = AccountState.STRIPPED
        return Account(str(user["userid"]), state, fields.attributes_of(user), departments, grants)

    async def _move(self, native_id: str, department: str) -> None:
        await self._client.call(UPDATE, {"userid": native_id, "dept_id_list": department})

    async def _record_leave(self, native_id: str, operator: str, heir: Heir) -> None:
        """Smart HR's leave: takes effect at once and gives what the person owned to the heir, if there is one."""
        if operator == native_id:
            raise NeedsPersonError("optUserId", LEAVE, "operator_leaves")
        to = heir(await self._existing(native_id))
        receivers = dict.fromkeys(RECEIVERS, str(to)) if to and to != native_id else {}
        body = {
            "userId": native_id,
            "optUserId": operator,
            "lastWorkDate": int(self._now() * 1000),
            "dismissionMemo": "Tenure",
            "terminationReasonVoluntary": [self._config.leave_reason],
        }
        try:
            answer = await self._client.api("POST", LEAVE, body | receivers)
        except NotThereError as exc:
            # The account is there, as just read: it is the operator or who takes over who is not.
            raise NeedsPersonError(exc.code, LEAVE, "hand_over_refused") from exc
        if not fields.is_true(answer.get("result")):
            raise OutcomeUnknownError("no_result", LEAVE)

    # Departments

    async def departments(self) -> Sequence[NativeDepartment]:
        return await self._departments.tree()

    async def create_department(self, name: str, parent: str, order: int | None, mark: str) -> str:
        return await self._departments.create(name, parent, order, mark)

    async def update_department(
        self,
        native_id: str,
        *,
        name: str | None = None,
        parent: str | None = None,
        order: int | None = None,
        leaders: tuple[str, ...] | None = None,
    ) -> Outcome:
        return await self._departments.update(native_id, name, parent, order, leaders)

    async def delete_department(self, native_id: str) -> Outcome:
        return await self._departments.delete(native_id)

    def fitting(self, name: str) -> str:
        return fields.fitting(name)

    async def probe(self) -> None:
        """Read the root: the locked department and the first ones of the company stand right below it."""
        self._client.tokens.ask_again()
        await self._departments.get(ROOT)

    # Roles

    def refusal(self, entitlement: str) -> str | None:
        return fields.refusal(entitlement, self._config.role_group)

    async def grant(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        return await self._roles.grant(entitlement, native_ids)

    async def revoke(self, entitlement: str, native_ids: Sequence[str]) -> Mapping[str, Outcome]:
        return await self._roles.revoke(entitlement, native_ids)

    async def members(self, entitlement: str) -> frozenset[str]:
        return await self._roles.members(entitlement)

    async def close(self) -> None:
        await self._client.close()

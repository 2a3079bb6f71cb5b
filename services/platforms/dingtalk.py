"""DingTalk's two hosts: the old one (`oapi`, `/topapi/…`) and the new one (`api`, `/v1.0/…`), with one token for both.

The old host answers HTTP 200 to everything and puts the reason into `errcode`; a refusal of its gateway is `errcode`
88 with the real code in `sub_code`, or only in the text as `subcode=…`. The new host uses HTTP statuses and a word in
`code`. An address that called too often gets an HTML page from both for five minutes. Codes: DingTalk "server API
error codes", as read on 2026-08-22; the table with our words is docs/connectors/dingtalk.md.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import SecretStr

from services.platforms.errors import (
    AwaitsAcceptanceError,
    CredentialError,
    NeedsPersonError,
    NotThereError,
    OutcomeUnknownError,
    PlatformError,
    Refused,
    TakenError,
    TryLaterError,
)
from services.platforms.http import Http, Reply
from services.platforms.quotas import Quota, Window
from services.platforms.token import Token, TokenCache

OAPI, API = "https://oapi.dingtalk.com", "https://api.dingtalk.com"
GET_TOKEN = "/gettoken"  # noqa: S105 - a path
TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
LIFETIME = 7200
CLIENT_FAULT, SERVER_FAULT = 400, 500

QUOTA = Quota(default=(Window(20, 1.0), Window(10_000, 20.0)))
"""20 calls a second per app and API (standard edition), and 10 000 in 20 s per source address ("API call limits")."""

OK = "0"
GATEWAY = "88"
BANNED = "1111"
UNKNOWN = "unknown_code"
SECOND, MINUTE, BAN_SECONDS = 1.0, 60.0, 300.0

TOKEN_CODES = frozenset({
    "40014", "40001", "42001", "41001", "InvalidAuthentication", "AuthenticationFailed.MissingParameter",
})  # fmt: skip
"""The token is bad, expired or missing: worth one new token."""

BUSY_CODES = frozenset({
    "-1", "400001", "1002", "500", "503", "system.busy", "systemBusy", "systemError.busy", "system.error",
    "systemError", "server.error",
})  # fmt: skip

THROTTLED_CODES = frozenset({
    "90018", *(str(code) for code in range(90001, 90015)), "90017", "QpsLimitForAppkeyAndApi",
    "QpmLimitForAppkeyAndApi", "QpsLimitForApi", "QpmLimitForApi", "invokeFrequentyly",
})  # fmt: skip

NOTICE_RATE_CODES = frozenset({"143103", "143104"})

ADDRESS_CODES = frozenset({"60020", "IpNotInWhiteList"})
PERMISSION_CODES = frozenset({
    "60011", "43007", "50002", "50004", "AccessTokenPermissionDenied", "noPermission", "suiteCallInvalid",
})  # fmt: skip
CREDENTIAL_CODES = frozenset({
    *TOKEN_CODES, "40096", "40089", "invalidClientIdOrSecret", "invalid.client", "unauthorized.client",
    "unsupported.grant.type", *PERMISSION_CODES, *ADDRESS_CODES,
})  # fmt: skip

NO_ACCOUNT_CODES = frozenset({"33012", "60121", "60111", "40003", "user.not.exist", "empNotExists"})
NO_DEPARTMENT_CODES = frozenset({"60003", "60004", "40009"})
NO_LIST_CODES = frozenset({"33011", "34020"})
MOBILE_TAKEN_CODES = frozenset({"60104", "60107"})
EMAIL_TAKEN_CODES = frozenset({"60106", "40101"})

NEEDS_PERSON: Mapping[str, str] = {
    code: hint
    for hint, codes in {
        "monthly_quota": ("90020", "ApiCountLimitForOrg"),
        "unknown_api": ("22", "404"),
        "gateway": (GATEWAY,),
        "telephone_taken": ("40100",),
        "limit_reached": ("40019", "40020", "40023", "40024"),
        "mobile_unchangeable": ("40021", "40022"),
        "mobile_invalid": ("40104", "60103"),
        "email_invalid": ("60105",),
        "name_invalid": ("60112",),
        "no_mobile": ("60113",),
        "custom_field_invalid": ("60122",),
        "job_number_invalid": ("60123",),
        "manager_unknown": ("60128",),
        "bad_input": (
            "400002", "40035", "40031", "40068", "40069", "40093", "40011", "400043", "60019", "60510", "12012",
            "34018", "46004", "invalid.param", "invalidParameter", "invalidParameter.param.invalid", "invalidRequest",
            "parameter.error",
        ),
        "account_disabled": ("60120",),
        "department_not_empty": ("60005", "60006"),
        "department_is_root": ("60007", "60018"),
        "department_cycle": ("60010",),
        "department_name_taken": ("60021",),
        "department_name_invalid": ("60001", "60009", "60022"),
        "department_too_deep": ("60002",),
        "department_id_taken": ("60016",),
        "departments_too_many": ("60110",),
        "department_visibility": ("60109", "600109"),
        "leader_not_member": ("60068",),
        "list_name_taken": ("34021",),
        "list_not_empty": ("23004",),
        "list_protected": ("660000",),
        "list_scope": ("60301",),
        "not_enterprise_account": ("exclusive.account.only",),
        "leave_refused": ("businessError",),
        "notice_limit": ("143105",),
        "notice_duplicate": ("143106",),
        "no_receiver": ("1430000",),
        "notice_forbidden": ("1430002",),
        "receiver_protected": ("1430004",),
    }.items()
    for code in codes
}  # fmt: skip

SUBCODE = re.compile(r"subcode=([\w.\-]+)", re.ASCII)
SCOPES = re.compile(r"requiredScopes=\[([\w.,\s\-]*)\]", re.ASCII)
GATEWAY_WORDS = "Forbidden.AccessDenied."


def reply_code(body: Mapping[str, Any]) -> str | None:
    """The code that decides, as text: `errcode`, or behind 88 the gateway's own; None where there is none."""
    code = body.get("errcode", body.get("code"))
    if code is None:
        return BANNED if str(body.get("status")) == BANNED else None
    if str(code) != GATEWAY:
        return str(code).removeprefix(GATEWAY_WORDS)
    behind = body.get("sub_code") or body.get("subcode")
    if behind is None and (found := SUBCODE.search(str(body.get("errmsg", "")))):
        behind = found[1]
    return str(behind).removeprefix(GATEWAY_WORDS) if behind else GATEWAY


def required_scopes(body: Mapping[str, Any]) -> str:
    """The permission points that a refusal asks for; empty where it names none."""
    for name in ("errmsg", "sub_msg", "message"):
        if found := SCOPES.search(str(body.get(name, ""))):
            return found[1].replace(" ", "")
    return ""


def classify(code: str, api: str, *, holder: str | None = None, scopes: str = "") -> PlatformError:
    """What a refusal means. `holder` is the userid that the answer to 60104 may carry; `scopes` are missing ones."""
    if code in CREDENTIAL_CODES:
        return CredentialError(code, api, scopes, refused=_refused(code))
    if code == "40103":
        # An invitation was sent to somebody who protects the account; nothing was created.
        return AwaitsAcceptanceError(code, api)
    found = _later(code, api) or _missing(code, api) or _taken(code, api, holder)
    return found or NeedsPersonError(code, api, NEEDS_PERSON.get(code, UNKNOWN))


def _refused(code: str) -> Refused:
    if code in ADDRESS_CODES:
        return "address"
    return "permission" if code in PERMISSION_CODES else "secret"


def _later(code: str, api: str) -> TryLaterError | None:
    if code in BUSY_CODES:
        return TryLaterError(code, api, hint="busy")
    waits = {BANNED: BAN_SECONDS} | dict.fromkeys(THROTTLED_CODES, SECOND) | dict.fromkeys(NOTICE_RATE_CODES, MINUTE)
    return TryLaterError(code, api, after=waits[code], hint="throttled") if code in waits else None


def _missing(code: str, api: str) -> NotThereError | None:
    if code in NO_ACCOUNT_CODES:
        return NotThereError(code, api, "account")
    if code in NO_DEPARTMENT_CODES:
        return NotThereError(code, api, "department")
    return NotThereError(code, api, "list") if code in NO_LIST_CODES else None


def _taken(code: str, api: str, holder: str | None) -> TakenError | None:
    if code == "60102":
        return TakenError(code, api, "native_id")
    if code in MOBILE_TAKEN_CODES:
        return TakenError(code, api, "mobile", holder)
    return TakenError(code, api, "email") if code in EMAIL_TAKEN_CODES else None


def known(code: str) -> bool:
    """Whether the code stands in one of the tables above."""
    error = classify(code, "")
    return not (isinstance(error, NeedsPersonError) and error.hint == UNKNOWN)


def read(reply: Reply, *, old_host: bool) -> dict[str, Any]:
    """The body of an answer that says "done"; raises what any other answer means."""
    if reply.content.lstrip().startswith(b"<"):
        if reply.status >= SERVER_FAULT:
            raise OutcomeUnknownError(f"HTTP {reply.status}", reply.api, "no_json")
        raise classify(BANNED, reply.api)
    body = reply.object()
    code = reply_code(body) if old_host or reply.status >= CLIENT_FAULT or "errcode" in body else OK
    if code == OK:
        return body
    if code is None or (reply.status >= SERVER_FAULT and not known(code)):
        raise OutcomeUnknownError(code or f"HTTP {reply.status}", reply.api, "no_code")
    holder = body.get("userid")
    raise classify(code, reply.api, holder=str(holder) if holder else None, scopes=required_scopes(body))


def needed(body: Mapping[str, Any], name: str, api: str) -> Any:  # noqa: ANN401 - JSON
    """A field that an answer which says "done" must have; raises OutcomeUnknownError for one cut short."""
    if body.get(name) is None:
        raise OutcomeUnknownError("no_" + name, api)
    return body[name]


class DingTalk:
    """One organisation's application. Both calls ask for a new token once, when the one they have is refused.

    Raises the errors of `services.platforms.errors` for everything but "done".
    """

    def __init__(
        self, http: Http, app_key: str, app_secret: SecretStr, *, oapi_base_url: str = OAPI, api_base_url: str = API
    ) -> None:
        self._http = http
        self._app_key, self._app_secret = app_key, app_secret
        self._oapi, self._api = oapi_base_url.rstrip("/"), api_base_url.rstrip("/")
        self.tokens = TokenCache(self._fetch)

    async def call(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """POST to the old host, such as `/topapi/v2/user/get`; the token stands in the query."""

        async def send(token: str) -> dict[str, Any]:
            query = {"access_token": token}
            reply = await self._http.send("POST", self._oapi + path, api=path, query=query, body=dict(body or {}))
            return read(reply, old_host=True)

        return await self._with_token(send)

    async def api(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """A call of the new host, such as `/v1.0/hrm/…`; the token stands in a header, the query is refused there."""

        async def send(token: str) -> dict[str, Any]:
            headers = {TOKEN_HEADER: token}
            reply = await self._http.send(method, self._api + path, api=path, headers=headers, body=body)
            return read(reply, old_host=False)

        return await self._with_token(send)

    async def _with_token(self, send: Callable[[str], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        token = await self.tokens.get()
        try:
            return await send(token)
        except CredentialError as exc:
            if exc.code not in TOKEN_CODES:
                raise
        self.tokens.refused(token)
        return await send(await self.tokens.get())

    async def _fetch(self) -> Token:
        # Within its 7200 s DingTalk gives the same token again and renews it ("Obtain the access_token").
        query = {"appkey": self._app_key, "appsecret": self._app_secret.get_secret_value()}
        reply = await self._http.send("GET", self._oapi + GET_TOKEN, api=GET_TOKEN, query=query)
        body = read(reply, old_host=True)
        if not body.get("access_token"):
            raise TryLaterError("no_token", GET_TOKEN)
        return Token(str(body["access_token"]), float(body.get("expires_in", LIFETIME)))

    async def close(self) -> None:
        await self._http.close()

"""DingTalk on the sandbox's kernel: tokens, permissions, limits, and one operation per path.

Both hosts live under one name: paths that begin with ``v1.0/`` behave like api.dingtalk.com, the others like
oapi.dingtalk.com.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sandbox.dingtalk import answers, console
from sandbox.dingtalk.call import Call
from sandbox.dingtalk.errors import ApiRefusedError, GatewayError, RefusedError
from sandbox.dingtalk.limits import Gate
from sandbox.dingtalk.model import Directory
from sandbox.dingtalk.operations import OPERATIONS, Operation
from sandbox.dingtalk.params import Params
from sandbox.dingtalk.snapshot import snapshot
from sandbox.dingtalk.switches import App, Config, Switches
from sandbox.dingtalk.tokens import LIFETIME, Tokens
from sandbox.kernel import Handler, Kernel, Platform, make_kernel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.clock import Clock
    from sandbox.exchange import Answer, Request
    from sandbox.faults import Fault
    from sandbox.quotas import Limit

GET_TOKEN, NEW_TOKEN, CORP_TOKEN = "gettoken", "v1.0/oauth2/accessToken", "v1.0/oauth2/{corp_id}/token"
SECRET_NAMES = ("appsecret", "appSecret", "client_secret", "access_token")
TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
PERSON_FIELDS = ("userid", "userId", "userIds", "userid_list")
CHINA_OFFSET = timedelta(hours=8)


class DingTalk(Platform):
    name: ClassVar[str] = "dingtalk"

    def __init__(self, kernel: Kernel, config: Config) -> None:
        """Make an organisation with nobody in it."""
        super().__init__(kernel)
        self.latency = config.latency
        self._config = config
        self.reset()

    @classmethod
    def open(cls, config: dict[str, Any], clock: Clock) -> Self:
        """Raise pydantic's ValidationError for a configuration with a fault in it."""
        checked = Config.model_validate(config)
        kernel = make_kernel(clock, limits=checked.limits, scale=checked.scale, secret_names=SECRET_NAMES)
        return cls(kernel, checked)

    def reset(self) -> None:
        self.switches: Switches = self._config
        self.directory = Directory()
        self.gate = Gate(self.kernel)
        self._tokens = Tokens(self.kernel.clock, self._config.apps())

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        tokens: dict[tuple[str, str], Handler] = {
            ("GET", GET_TOKEN): self._get_token,
            ("POST", NEW_TOKEN): self._new_token,
            ("POST", CORP_TOKEN): self._corp_token,
        }
        return tokens | {(op.method, path): self._handler(op) for path, op in OPERATIONS.items()}

    def _handler(self, operation: Operation) -> Handler:
        def handle(request: Request) -> Answer:
            call = self.call(_params(request), self._tokens.owner(_token(request)))
            try:
                return answers.done(request, operation.run(call), self.switches)
            except (RefusedError, ApiRefusedError) as error:
                return answers.refused(request, error, self.switches)

        return handle

    def call(self, params: Params, app: App | None) -> Call:
        now = datetime.fromtimestamp(self.kernel.clock.business(), UTC)
        return Call(self.directory, self.switches, app, params, now)

    def _get_token(self, request: Request) -> Answer:
        key, secret = request.query.get("appkey"), request.query.get("appsecret")
        if not key or not secret:
            return self._refuse(request, RefusedError(40035))
        token = self._tokens.grant(key, secret)
        if token is None:
            return self._refuse(request, RefusedError(40096))
        return answers.done(request, {"access_token": token, "expires_in": LIFETIME}, self.switches)

    def _new_token(self, request: Request) -> Answer:
        token = self._tokens.grant(*_pair(request, "appKey", "appSecret"))
        if token is None:
            return self._refuse(
                request, ApiRefusedError(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
            )
        return answers.done(request, {"accessToken": token, "expireIn": LIFETIME}, self.switches)

    def _corp_token(self, request: Request) -> Answer:
        if _params(request).text("grant_type") != "client_credentials":
            return self._refuse(request, ApiRefusedError(400, "unsupported.grant.type"))
        token = self._tokens.grant(*_pair(request, "client_id", "client_secret"))
        if token is None:
            return self._refuse(request, ApiRefusedError(400, "invalid.client"))
        if request.params["corp_id"] != self._config.corp_id:
            return self._refuse(request, ApiRefusedError(401, "unauthorized.client"))
        return answers.done(request, {"access_token": token, "expires_in": LIFETIME}, self.switches)

    def unknown_path(self, request: Request) -> Answer:
        if answers.on_new_host(request):
            return self._refuse(request, ApiRefusedError(404, "InvalidAction.NotFound"))
        return self._refuse(request, RefusedError(22))

    def wrong_method(self, request: Request) -> Answer:
        if answers.on_new_host(request):
            return self.unknown_path(request)
        return self._refuse(request, RefusedError(43002 if request.method == "GET" else 43001))

    def admit(self, request: Request) -> Answer | None:
        """Order: banned address, body, token, permission, platform-wide limit, month."""
        if self.gate.banned(request.ip):
            return answers.ban_page()
        try:
            self._check(request)
        except (RefusedError, ApiRefusedError) as error:
            return self._refuse(request, error)
        return None

    def _check(self, request: Request) -> None:
        if request.malformed or not isinstance(request.body, dict):
            raise RefusedError(40035)
        operation = OPERATIONS.get(request.path)
        if operation is None:
            return
        app = self._tokens.owner(_token(request))
        if app is None:
            raise _bad_token(request)
        if operation.permission not in app.permissions:
            raise _no_permission(request, operation.permission)
        if self.switches.platform_busy:
            raise self._platform_busy(request)
        limited = operation.counted and self.switches.edition == "standard"
        if limited and self.gate.month_spent(self.switches.month_calls):
            raise _month_spent(request)

    def throttled(self, request: Request, limit: Limit | None) -> Answer:  # noqa: ARG002 - one answer for all
        if answers.on_new_host(request):
            return self._refuse(request, ApiRefusedError(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"))
        return self._refuse(request, GatewayError(90018, "qps limit"))

    def crowded(self, request: Request) -> Answer:
        return self.throttled(request, None)

    def busy(self, request: Request) -> Answer:
        if answers.on_new_host(request):
            return self._refuse(request, ApiRefusedError(503, "system.busy"))
        return self._refuse(request, RefusedError(-1))

    def failed(self, request: Request, fault: Fault) -> Answer:
        return answers.by_code(request, fault.code, self.switches)

    def expire_token(self, request: Request) -> None:
        self._tokens.expire(_token(request))

    def persons(self, request: Request) -> list[str]:
        body = request.body if isinstance(request.body, dict) else {}
        return [part for name in PERSON_FIELDS for part in str(body.get(name) or "").split(",") if part]

    def errcode(self, answer: Answer) -> int | str | None:
        """The reason inside 88 tells more than 88."""
        code = super().errcode(answer)
        return answer.body["sub_code"] if isinstance(answer.body, dict) and "sub_code" in answer.body else code

    def state(self) -> dict[str, Any]:
        return snapshot(self.directory)

    def activate(self, order: dict[str, Any]) -> dict[str, Any]:
        return console.activate(self, order)

    def console(self, order: dict[str, Any]) -> dict[str, Any]:
        return console.carry_out(self, order)

    def _refuse(self, request: Request, error: RefusedError | ApiRefusedError) -> Answer:
        return answers.refused(request, error, self.switches)

    def _platform_busy(self, request: Request) -> RefusedError | ApiRefusedError:
        if answers.on_new_host(request):
            return ApiRefusedError(403, "Forbidden.AccessDenied.QpsLimitForApi")
        ends = datetime.fromtimestamp(self.kernel.clock.real(), UTC) + CHINA_OFFSET + timedelta(seconds=1)
        return GatewayError(90002, f"apiPath=/{request.path}，限制将在 {ends:%Y-%m-%d %H:%M:%S} 结束")


def _params(request: Request) -> Params:
    """A parameter may stand in the query or in the body; the body counts where both have it."""
    return Params({**request.query, **request.body})


def _token(request: Request) -> str | None:
    """Old host: query or form; new host: only the header."""
    if answers.on_new_host(request):
        return request.headers.get(TOKEN_HEADER)
    value = request.query.get("access_token") or request.body.get("access_token")
    return value if isinstance(value, str) else None


def _pair(request: Request, key: str, secret: str) -> tuple[str, str]:
    params = _params(request)
    return params.text(key) or "", params.text(secret) or ""


def _bad_token(request: Request) -> RefusedError | ApiRefusedError:
    missing = not _token(request)
    if answers.on_new_host(request):
        return ApiRefusedError(400, "AuthenticationFailed.MissingParameter" if missing else "InvalidAuthentication")
    return GatewayError(41001 if missing else 40014)


def _no_permission(request: Request, permission: str) -> RefusedError | ApiRefusedError:
    scopes = f"requiredScopes=[{permission}]"
    if answers.on_new_host(request):
        return ApiRefusedError(
            403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", f"应用尚未开通所需的权限：{scopes}"
        )
    return GatewayError(60011, f"应用尚未开通所需的权限：{{{scopes}}}")


def _month_spent(request: Request) -> RefusedError | ApiRefusedError:
    if answers.on_new_host(request):
        return ApiRefusedError(403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    return GatewayError(90020, "本月API调用量已达上限")

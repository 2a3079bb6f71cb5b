"""WeCom's server API as a platform of the sandbox: the gates before a handler and its endpoints."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from sandbox.clock import Clock
from sandbox.exchange import Answer, Request
from sandbox.faults import Fault
from sandbox.kernel import Handler, Kernel, Platform, make_kernel
from sandbox.quotas import Limit
from sandbox.wecom.asks import Ask
from sandbox.wecom.config import WeComConfig
from sandbox.wecom.console import Console
from sandbox.wecom.departments import Departments
from sandbox.wecom.errors import WeComError, error_answer, warning
from sandbox.wecom.handovers import HandOvers
from sandbox.wecom.invites import Invites
from sandbox.wecom.members import Members
from sandbox.wecom.messages import Messages
from sandbox.wecom.model import Corp
from sandbox.wecom.permissions import TrustedIps, check_permission
from sandbox.wecom.placement import Placing
from sandbox.wecom.reads import Reads
from sandbox.wecom.tags import Tags
from sandbox.wecom.tokens import Tokens

GET_TOKEN = "gettoken"  # noqa: S105 - a path
LIMITS = [
    Limit(path="*", calls=10_000, seconds=60),
    Limit(path="*", calls=150_000, seconds=3600),
    Limit(path="message/send", calls=0, seconds=60),
]
"""Per company and API (page 90454, 2023-08-28); messages do not count."""

ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
SECRET_NAMES = {"access_token", "corpsecret"}

Answering = Callable[[Ask], dict[str, Any]]


class WeCom(Platform):
    name: ClassVar[str] = "wecom"
    root: ClassVar[str] = "cgi-bin/"

    def __init__(self, config: WeComConfig, kernel: Kernel) -> None:
        super().__init__(kernel)
        self._config = config
        self.concurrency = config.concurrency
        self.latency = config.latency_seconds
        self.reset()

    @classmethod
    def open(cls, config: dict[str, Any], clock: Clock) -> Self:
        checked = WeComConfig.model_validate(config)
        return cls(checked, make_kernel(clock, limits=LIMITS, scale=checked.quota_scale, secret_names=SECRET_NAMES))

    def reset(self) -> None:
        corp = Corp(self._config, self.kernel.clock)
        self._tokens = Tokens(corp)
        self._trusted = TrustedIps(self._config.trusted_ips, self.kernel.clock)
        departments, tags = Departments(corp), Tags(corp)
        members, hand_overs = Members(corp, Placing(corp, departments)), HandOvers(corp)
        self._console = Console(
            corp,
            members=members,
            departments=departments,
            tags=tags,
            tokens=self._tokens,
            trusted=self._trusted,
            hand_overs=hand_overs,
        )
        self._endpoints = _endpoints(
            departments,
            members=members,
            reads=Reads(corp),
            tags=tags,
            invites=Invites(corp, members),
            messages=Messages(corp),
        ) | _hand_overs(hand_overs)

    def routes(self) -> Mapping[tuple[str, str], Handler]:
        verbs = dict.fromkeys(self._endpoints, self._call)
        return {("GET", GET_TOKEN): self._get_token, **verbs}

    def admit(self, request: Request) -> Answer | None:
        if request.path == GET_TOKEN:
            return None
        try:
            self._tokens.app(request)
            self._trusted.check(request.ip)
        except WeComError as exc:
            return self._refusal(exc, request)
        return None

    def unknown_path(self, _request: Request) -> Answer:
        """Observed: 404 with nothing in it, no errcode."""
        return Answer("", 404)

    def wrong_method(self, request: Request) -> Answer:
        """Code 40003 is also what a POST-only call gets when it comes by GET."""
        return self._refusal(WeComError(40003), request)

    def throttled(self, request: Request, _limit: Limit | None) -> Answer:
        return self._refusal(WeComError(45009), request)

    def crowded(self, request: Request) -> Answer:
        return self._refusal(WeComError(45033), request)

    def busy(self, request: Request) -> Answer:
        return self._refusal(WeComError(-1), request)

    def failed(self, request: Request, fault: Fault) -> Answer:
        return self._refusal(WeComError(int(fault.code)), request)

    def expire_token(self, request: Request) -> None:
        self._tokens.revoke(request.query.get("access_token", ""))

    def persons(self, request: Request) -> list[str]:
        body = request.body if isinstance(request.body, dict) else {}
        named = [request.query.get("userid"), body.get("userid"), *str(body.get("touser", "")).split("|")]
        for name in ("useridlist", "userlist", "user"):
            if isinstance(body.get(name), list):
                named += body[name]
        return [userid for userid in named if userid and isinstance(userid, str)]

    def state(self) -> dict[str, Any]:
        return self._console.state()

    def activate(self, order: dict[str, Any]) -> dict[str, Any]:
        return self._console.activate(order)

    def console(self, order: dict[str, Any]) -> dict[str, Any]:
        return self._console.carry_out(order)

    def _get_token(self, request: Request) -> Answer:
        try:
            return Answer(self._tokens.get_token(request))
        except WeComError as exc:
            return self._refusal(exc, request)

    def _call(self, request: Request) -> Answer:
        try:
            app = self._tokens.app(request)
            check_permission(app, request.path, contact_from_new_ip=self._config.contact_from_new_ip)
            _check_escapes(request)
            body = self._endpoints[request.method, request.path](Ask(request, app))
        except WeComError as exc:
            return self._refusal(exc, request)
        return Answer({**body, "errmsg": body["errmsg"] + warning(request)})

    def _refusal(self, error: WeComError, request: Request) -> Answer:
        return error_answer(error, request, self.kernel.clock.real())


def _check_escapes(request: Request) -> None:
    """Bodies must be raw UTF-8."""
    if ESCAPE.search(request.raw):
        raise WeComError(40033)


def _endpoints(
    departments: Departments, *, members: Members, reads: Reads, tags: Tags, invites: Invites, messages: Messages
) -> dict[tuple[str, str], Answering]:
    """Deletions are GET, as there."""
    return {
        ("POST", "department/create"): departments.create,
        ("POST", "department/update"): departments.update,
        ("GET", "department/delete"): departments.delete,
        ("GET", "department/simplelist"): departments.simple_list,
        ("GET", "department/list"): departments.details,
        ("GET", "department/get"): departments.get,
        ("POST", "user/create"): members.create,
        ("POST", "user/update"): members.update,
        ("GET", "user/delete"): members.delete,
        ("POST", "user/batchdelete"): members.batch_delete,
        ("GET", "user/get"): reads.get,
        ("GET", "user/simplelist"): reads.simple_list,
        ("GET", "user/list"): reads.details,
        ("POST", "user/list_id"): reads.list_id,
        ("POST", "user/getuserid"): reads.by_mobile,
        ("POST", "user/get_userid_by_email"): reads.by_email,
        ("POST", "batch/invite"): invites.invite,
        ("POST", "tag/create"): tags.create,
        ("POST", "tag/update"): tags.update,
        ("GET", "tag/delete"): tags.delete,
        ("GET", "tag/get"): tags.get,
        ("POST", "tag/addtagusers"): tags.add_users,
        ("POST", "tag/deltagusers"): tags.remove_users,
        ("GET", "tag/list"): tags.list_all,
        ("GET", "externalcontact/get_follow_user_list"): reads.follow_users,
        ("POST", "message/send"): messages.send,
        ("POST", "message/recall"): messages.recall,
    }


def _hand_overs(hand_overs: HandOvers) -> dict[tuple[str, str], Answering]:
    """Those under `resigned/` and `transfer` are for owners who left."""
    top = "externalcontact"
    return {
        ("GET", f"{top}/list"): hand_overs.owned,
        ("POST", f"{top}/get_unassigned_list"): hand_overs.unassigned,
        ("POST", f"{top}/transfer_customer"): hand_overs.transfer,
        ("POST", f"{top}/transfer_result"): hand_overs.result,
        ("POST", f"{top}/resigned/transfer_customer"): hand_overs.transfer_of_resigned,
        ("POST", f"{top}/resigned/transfer_result"): hand_overs.result,
        ("POST", f"{top}/groupchat/list"): hand_overs.chats_of,
        ("POST", f"{top}/groupchat/onjob_transfer"): hand_overs.pass_chats,
        ("POST", f"{top}/groupchat/transfer"): hand_overs.pass_chats_of_resigned,
    }

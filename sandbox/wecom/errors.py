"""WeCom's error answers: texts as captured from the live service where they were, else the sandbox's own words."""

from random import Random
from typing import Any

from sandbox.exchange import Answer, Request

_HELP = "https://open.work.weixin.qq.com/devtool/query?e="
_HINT_DIGITS = 15
_BARE = {40014, 40070, 60104}
"""Codes whose text was seen without hint and address."""
_digits = Random(1)  # noqa: S311 - a hint is no secret

TEXTS = {
    -1: "system busy",
    6000: "data version conflict",
    40001: "invalid credential",
    40003: "invalid userid",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40031: "invalid userid list",
    40032: "invalid userid list length",
    40033: "invalid charset",
    40035: "invalid args size",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40066: "invalid department list",
    40068: "invalid tagid",
    40070: "all list invalid ",
    40071: "invalid tag name, existed",
    40072: "invalid tag name length",
    40096: "invalid external userid",
    40097: "member has not left",
    40098: "member is not verified",
    40128: "customer handed over too often",
    40129: "customer is being handed over",
    40130: "handover and takeover are the same",
    40131: "not the follower",
    40205: "member has not logged in for a year",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "corpsecret missing",
    41009: "userid missing",
    41011: "missing agentid",
    41017: "missing tagid",
    41018: "missing tagname",
    41019: "missing department",
    41033: "missing description",
    41035: "missing external userid",
    42001: "access_token expired",
    42052: "msgid expired",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "api freq out of limit",
    45024: "user count out of limit",
    45029: "data is too large",
    45033: "api concurrent out of limit",
    46004: "user not exist",
    48002: "api forbidden",
    48009: "api forbidden for new ip",
    50003: "app disabled",
    60001: "department invalid length",
    60003: "department not found",
    60004: "parent department not found",
    60005: "department contains user",
    60006: "department contains child department",
    60007: "can not delete root department",
    60008: "department existed",
    60009: "department name include invalid char",
    60010: "invalid parent id: is itself or below it",
    60011: "no privilege to access/modify contact/party/agent",
    60020: "not allow to access from your ip",
    60102: "userid existed",
    60103: "invalid mobile",
    60104: "mobile existed",
    60105: "invalid email",
    60106: "email existed",
    60110: "too many departments",
    60111: "userid not found",
    60112: "invalid name",
    60123: "invalid party id",
    60124: "invalid parent party id",
    60129: "missing mobile or email",
    60132: "is_leader_in_dept and department size not equal",
    60143: "invalid biz_mail",
    60145: "biz_mail existed",
    60257: "too many direct leaders",
    81001: "too many departments in the company",
    81002: "department tree too deep",
    81003: "tag holds too many members",
    81011: "no priviledge to access/modify tag",
    81013: "user & party & tag all invalid",
    81014: "too many entries in one call",
    81015: "mail domain differs",
    82001: "no recipient",
    82002: "too many parties",
    82003: "too many tags",
    84061: "not external contact",
    90500: "the owner of this chat is not resigned",
    90501: "not a customer group",
    90502: "the owner of this chat is resigned",
    90504: "owner of this chat is the same",
    301002: "not allow operate another agent with this accesstoken",
    301005: "creator can not be deleted",
    301012: "invalid position",
    301013: "invalid telephone",
    301036: "userid can not be changed",
}


class WeComError(Exception):
    """``extra`` are fields that the answer carries beside the code."""

    def __init__(self, code: int, text: str | None = None, *, bare: bool = False, **extra: Any) -> None:  # noqa: ANN401 - JSON
        self.code = code
        self.text = text or TEXTS.get(code, "error")
        self.bare = bare or code in _BARE
        self.extra = extra
        super().__init__(f"{code} {self.text}")


def bad_field(name: str) -> WeComError:
    return WeComError(40058, f"invalid param '{name}'")


def error_answer(error: WeComError, request: Request, now: float) -> Answer:
    """Status 200, the endpoint's empty lists, and the error once more in two headers."""
    text = error.text
    if not error.bare:
        hint = f"{int(now)}{_digits.randrange(10**_HINT_DIGITS):0{_HINT_DIGITS}}"
        text = f"{text}, hint: [{hint}], from ip: {request.ip}, more info at {_HELP}{error.code}"
    text += warning(request)
    body = {"errcode": error.code, "errmsg": text, **_empty_lists(request.path), **error.extra}
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return Answer(body, headers={"Error-Code": str(error.code), "Error-Msg": printable.strip()})


def warning(request: Request) -> str:
    """A body that is no JSON counts as empty, and the answer says so."""
    return ". Warning: wrong json format. " if request.malformed else ""


_EMPTY_LISTS = {
    "user/get": ["department", "order", "is_leader_in_dept", "direct_leader"],
    "user/simplelist": ["userlist"],
    "user/list": ["userlist"],
    "user/list_id": ["dept_user"],
    "department/simplelist": ["department_id"],
    "department/list": ["department"],
    "tag/get": ["userlist", "partylist"],
    "tag/list": ["taglist"],
    "externalcontact/get_follow_user_list": ["follow_user"],
    "externalcontact/list": ["external_userid"],
}


def _empty_lists(path: str) -> dict[str, list[Any]]:
    return {name: [] for name in _EMPTY_LISTS.get(path, ())}

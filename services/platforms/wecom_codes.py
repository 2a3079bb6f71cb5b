"""WeCom's error codes and what each means to us (WeCom doc 90313, "global error codes", as of 2024-04-08).

The text beside a code may change; only two codes need it: who holds a mobile (60104) and an e-mail (60106), and which
of our addresses is not trusted (60020). The table with the vendor's words is docs/connectors/wecom.md.
"""

import re
from collections.abc import Callable, Mapping
from typing import Literal

from services.platforms.errors import (
    CredentialError,
    NeedsPersonError,
    NotThereError,
    PlatformError,
    Refused,
    TakenError,
    TryLaterError,
)

TOKEN_REFUSED = frozenset({40014, 42001})
"""Token invalid or over: worth one new token. Never 40001: a repeated wrong secret shuts our address out."""

MINUTE = 60.0
"""How long the shortest window of WeCom blocks (WeCom doc 90312); the answer does not tell which one was crossed."""

FIELDS = (
    "userid", "name", "alias", "mobile", "email", "biz_mail", "department", "order", "is_leader_in_dept",
    "direct_leader", "main_department", "position", "gender", "telephone", "address", "external_position", "enable",
    "extattr", "parentid", "tagname", "touser", "agentid", "msgid", "content", "title", "description", "url", "cursor",
    "limit",
)  # fmt: skip
"""Names that a refusal of a parameter (40058) may carry into our errors; a value never does."""

_FIELD = re.compile(rf"\b({'|'.join(FIELDS)})\b")
_HOLDER = re.compile(r"existed: ?([A-Za-z0-9][A-Za-z0-9_\-@.]{0,63})")
_ADDRESS = re.compile(r"from ip: ([0-9A-Fa-f.:]+)")

Meaning = Callable[[str, str, str, str | None], PlatformError]
"""Makes our error of code, api, WeCom's text, and the id that the call was about."""


def _later(after: float | None = None) -> Meaning:
    return lambda code, api, _text, _subject: TryLaterError(code, api, after=after)


def _missing(what: Literal["account", "department", "list"]) -> Meaning:
    return lambda code, api, _text, _subject: NotThereError(code, api, what)


def _refused(word: str, what: Refused = "secret") -> Meaning:
    return lambda code, api, _text, _subject: CredentialError(code, api, word, refused=what)


def _person(word: str) -> Meaning:
    return lambda code, api, _text, _subject: NeedsPersonError(code, api, word)


def _held(field: Literal["mobile", "email"]) -> Meaning:
    return lambda code, api, text, _subject: TakenError(code, api, field, _found(_HOLDER, text))


def _id_taken(code: str, api: str, _text: str, subject: str | None) -> PlatformError:
    return TakenError(code, api, "native_id", subject)


def _untrusted(code: str, api: str, text: str, _subject: str | None) -> PlatformError:
    hint = " ".join(filter(None, ("address_not_trusted", _found(_ADDRESS, text))))
    return CredentialError(code, api, hint, refused="address")


def _bad_parameter(code: str, api: str, text: str, _subject: str | None) -> PlatformError:
    return NeedsPersonError(
        code, api, ":".join(filter(None, ("bad_value", _found(_FIELD, text.partition(", hint")[0]))))
    )


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[1] if match else None


_NEEDS_PERSON = {
    "bad_request": (40007, 40008, 40032, 40033, 40035, 40056, 41009, 41011, 41017, 41018, 41019, 41033, 60127, 60132,
                    81014, 82001, 82002, 82003, 42052, 60140, *range(42027, 42052)),
    "bad_value:userid": (40003, 301036),
    "bad_value": (40063,),
    "bad_value:name": (60112,),
    "bad_value:mobile": (60103,),
    "bad_value:email": (60105, 60141, 60142, 81015),
    "bad_value:biz_mail": (60143, 60144, 60148),
    "bad_value:position": (301012,),
    "bad_value:telephone": (301013,),
    "bad_value:avatar": (301015,),
    "mobile_or_email_needed": (60129,),
    "too_many_leaders": (60257,),
    "department_name_refused": (60001, 60009, 60125),
    "department_name_taken": (60008,),
    "department_cycle": (60010,),
    "department_not_empty": (60005, 60006),
    "department_is_root": (60007,),
    "tag_name_taken": (40071,),
    "tag_name_refused": (40072,),
    "not_ours": (60011, 81011),
    "account_is_creator": (301005,),
    "too_many_deletions": (45026,),
    "limit_reached": (45024, 45029, 60110, 81001, 81002, 81003),
    "sign_in_code_refused": (40029, *range(40207, 40211)),
    "mailbox_refused": tuple(range(680043, 680047)),
    "message_refused": (44001, 44004, 45002),
    "hand_over_refused": (40096, 40097, 40098, 40099, 40100, 40128, 40129, 40130, 40131, 40143, 40205, 41035, 81017,
                          84061, *range(90500, 90505), 90507, 90508),
    "webhook_refused": (93000, 93004, 93008),
}  # fmt: skip

CODES: Mapping[int, Meaning] = {
    **{code: _person(word) for word, codes in _NEEDS_PERSON.items() for code in codes},
    **dict.fromkeys((-1, 6000, 302005, *TOKEN_REFUSED), _later()),
    **dict.fromkeys((45009, 130101), _later(MINUTE)),
    45033: _later(1.0),
    **dict.fromkeys((60111, 40031, 40070, 46004, 81013), _missing("account")),
    **dict.fromkeys((40066, 60003, 60004, 60123, 60124), _missing("department")),
    40068: _missing("list"),
    60102: _id_taken,
    60104: _held("mobile"),
    **dict.fromkeys((60106, 60145), _held("email")),
    40058: _bad_parameter,
    60020: _untrusted,
    **dict.fromkeys((40001, 40091), _refused("wrong_secret")),
    **dict.fromkeys((40013, 41002), _refused("wrong_corp_id")),
    41001: _refused("no_token"),
    41004: _refused("no_secret"),
    48002: _refused("secret_may_not_call", "permission"),
    48009: _refused("address_too_new", "address"),
    50003: _refused("app_disabled", "permission"),
    **dict.fromkeys((301002, 301007), _refused("wrong_app")),
}


def classify(code: int, api: str, text: str = "", subject: str | None = None) -> PlatformError:
    """What a refusal means. `text` is WeCom's errmsg, `subject` the id of the account or list the call was about."""
    meaning = CODES.get(code, _person("unknown_code"))
    return meaning(str(code), api, text, subject)

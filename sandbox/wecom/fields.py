"""A member's fields: what create and update let through (pages 90195 and 90197), in the order they complain."""

import re
from collections.abc import Callable, Collection
from typing import Any

from sandbox.wecom.config import WeComConfig
from sandbox.wecom.errors import WeComError, bad_field

_USERID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-@.]*")
_MOBILE = re.compile(r"\+?[0-9][0-9\-]{4,31}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+")
_TELEPHONE = re.compile(r"[0-9\-+,]{0,32}")
_MAX_ID, _MAX_MOBILE, _MIN_MAIL, _MAX_MAIL, _MAX_NAME = 64, 32, 6, 64, 64
_MAX_POSITION, _MAX_ADDRESS, _MAX_EXTERNAL, _MAX_ATTR, _MAX_TITLE = 128, 128, 12, 64, 12
_BAD_PARAMETER = 40058


def check_identity(body: dict[str, Any]) -> str:
    """Return the userid of a create; an absent name is complained of before an absent userid."""
    for name in ("userid", "name"):
        if body.get(name) == "":
            raise bad_field(name)
    if body.get("name") is None:
        raise WeComError(60112)
    userid = body.get("userid")
    if userid is None:
        raise WeComError(41009)
    return check_userid(userid)


def check_userid(userid: object) -> str:
    if not isinstance(userid, str) or len(userid) > _MAX_ID:
        raise bad_field("userid")
    if not _USERID.fullmatch(userid):
        raise WeComError(40003)
    return userid


def check_contact(body: dict[str, Any]) -> None:
    """Formats of mobile and personal e-mail; an empty string stands for none."""
    for name in ("mobile", "email"):
        if body.get(name) is not None:
            _check(name, body[name])


def plain_fields(body: dict[str, Any], config: WeComConfig) -> dict[str, Any]:
    """The fields that are kept as they come, checked; absent ones stay absent."""
    kept: dict[str, Any] = {}
    for name in _CHECKS:
        value = _text_of(name, body.get(name))
        if value is None or (name == "biz_mail" and config.mail_domain is None):
            continue
        _check(name, value)
        kept[name] = value
    if kept.get("biz_mail") and not kept["biz_mail"].endswith(f"@{config.mail_domain}"):
        raise WeComError(81015)
    if "extattr" in body:
        kept["extattr"] = {"attrs": _attributes(body["extattr"], config.extattr_names)}
    if "external_profile" in body:
        kept["external_profile"] = body["external_profile"]
    return kept


def check_enable(body: dict[str, Any]) -> bool | None:
    enable = body.get("enable")
    if enable not in (None, 0, 1) or isinstance(enable, float):
        raise bad_field("enable")
    return None if enable is None else bool(enable)


def mobile_key(mobile: str) -> str:
    """Numbers are the same with and without +86 and dashes."""
    return mobile.replace("-", "").removeprefix("+86")


def _text_of(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    """Clients in use send the gender as a number, and 0 for none."""
    return str(value) if name == "gender" and isinstance(value, int) else value


def _check(name: str, value: object) -> None:
    fits, code = _CHECKS[name]
    if not isinstance(value, str):
        raise bad_field(name)
    if not fits(value):
        raise bad_field(name) if code == _BAD_PARAMETER else WeComError(code)


def _is_mobile(value: str) -> bool:
    return not value or (len(value) <= _MAX_MOBILE and _MOBILE.fullmatch(value) is not None)


def _is_mail(value: str) -> bool:
    return not value or (_MIN_MAIL <= len(value.encode()) <= _MAX_MAIL and _EMAIL.fullmatch(value) is not None)


def _up_to(limit: int) -> Callable[[str], bool]:
    return lambda value: len(value) <= limit


_CHECKS: dict[str, tuple[Callable[[str], bool], int]] = {
    "mobile": (_is_mobile, 60103),
    "email": (_is_mail, 60105),
    "name": (lambda value: 1 <= len(value) <= _MAX_NAME, 60112),
    "alias": (_up_to(_MAX_NAME), _BAD_PARAMETER),
    "position": (_up_to(_MAX_POSITION), 301012),
    "telephone": (lambda value: _TELEPHONE.fullmatch(value) is not None, 301013),
    "gender": (lambda value: value in ("0", "1", "2"), _BAD_PARAMETER),
    "address": (_up_to(_MAX_ADDRESS), _BAD_PARAMETER),
    "external_position": (_up_to(_MAX_EXTERNAL), _BAD_PARAMETER),
    "nickname": (_up_to(_MAX_NAME), _BAD_PARAMETER),
    "biz_mail": (_is_mail, 60143),
    # Media cannot be uploaded here, so no id is known.
    "avatar_mediaid": (lambda value: not value, 40007),
}


def _attributes(extattr: Any, defined: Collection[str]) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Attributes whose names the console knows; the others vanish without a word."""
    attrs = extattr.get("attrs") if isinstance(extattr, dict) else None
    if not isinstance(attrs, list) or not all(isinstance(attr, dict) for attr in attrs):
        raise bad_field("extattr")
    for attr in attrs:
        text, web = attr.get("text") or {}, attr.get("web") or {}
        if not isinstance(text, dict) or not isinstance(web, dict):
            raise bad_field("extattr")
        if len(str(text.get("value", ""))) > _MAX_ATTR or len(str(web.get("title", ""))) > _MAX_TITLE:
            raise bad_field("extattr")
    return [attr for attr in attrs if attr.get("name") in defined and not _cleared(attr)]


def _cleared(attr: dict[str, Any]) -> bool:
    web = attr.get("web")
    return attr.get("type") == 1 and (not web or not (web.get("url") or web.get("title")))

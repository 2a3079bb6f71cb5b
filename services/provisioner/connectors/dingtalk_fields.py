"""DingTalk's field formats and ours, both ways. Pure.

Ours: attributes are text or None, mobiles E.164, dates ISO, department ids text. DingTalk's: mobiles without prefix on
the mainland and `+852-…` elsewhere, dates as milliseconds, several ids as one comma-separated string, and answers
whose numbers and booleans may be text ("Create a user", "Query user details", "Create a department").
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

from services.provisioner.connectors.base import Field

MAINLAND = 86
CHINA = ZoneInfo("Asia/Shanghai")
NAME_LIMIT = 64
ILLEGAL = re.compile(r"[-,，\x00-\x1f\x7f]")
CUSTOM = "extension."
"""What an attribute of ours that means one of DingTalk's custom fields begins with."""
DEFAULT_GROUPS = frozenset({"默认", "Default"})
"""DingTalk's own group of roles (主管, 主管理员 …): no call grants or changes those."""

# What an app may not read is silently absent from the answer; only a field permission brings it back. That an empty
# text clears a field is documented for none of them.
_OPEN, _GUARDED = Field(clearable=False), Field(readable="with_consent", clearable=False)
FIELDS: Mapping[str, Field] = {
    "name": _OPEN,
    "mobile": Field(writable="never", readable="with_consent", clearable=False),
    "title": _OPEN,
    "job_number": _OPEN,
    "email": _GUARDED,
    "org_email": _GUARDED,
    "telephone": _GUARDED,
    "work_place": _GUARDED,
    "remark": _GUARDED,
    "hired_date": _GUARDED,
}


def fields_with(custom: Iterable[str]) -> Mapping[str, Field]:
    """Every attribute that policy may name, with the custom fields that the console was given."""
    return {**FIELDS, **{CUSTOM + name: _OPEN for name in custom}}


def body_of(attributes: Mapping[str, str | None]) -> dict[str, Any]:
    """The attributes as a body of user/create or user/update."""
    known = {name: value or "" for name, value in attributes.items()}
    custom = {name.removeprefix(CUSTOM): value for name, value in known.items() if name.startswith(CUSTOM)}
    body: dict[str, Any] = {name: value for name, value in known.items() if not name.startswith(CUSTOM)}
    if body.get("mobile"):
        body["mobile"] = to_mobile(body["mobile"])
    if body.get("hired_date"):
        body["hired_date"] = to_millis(date.fromisoformat(body["hired_date"]))
    if custom:
        body["extension"] = json.dumps(custom, ensure_ascii=False)
    return body


def attributes_of(user: Mapping[str, Any]) -> dict[str, str | None]:
    """The attributes that an answer of user/get or user/list shows."""
    found: dict[str, str | None] = {name: str(user[name]) for name in FIELDS if user.get(name) not in (None, "")}
    if mobile := found.get("mobile"):
        found["mobile"] = from_mobile(mobile, str(user.get("state_code") or MAINLAND))
    if hired := found.get("hired_date"):
        found["hired_date"] = datetime.fromtimestamp(int(hired) / 1000, CHINA).date().isoformat()
    return found | {CUSTOM + name: str(value) for name, value in _custom_fields(user.get("extension")).items()}


def _custom_fields(extension: object) -> Mapping[str, Any]:
    """An object, or one as text; whatever else stands there holds no field of ours."""
    try:
        custom = json.loads(extension) if isinstance(extension, str) else extension
    except ValueError:
        return {}
    return custom if isinstance(custom, dict) else {}


def to_mobile(number: str) -> str:
    """`+8613900000001` → `13900000001`, `+85251234567` → `852-…` with its plus; what is no E.164 goes as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    national = str(phonenumbers.national_significant_number(parsed))
    return national if parsed.country_code == MAINLAND else f"+{parsed.country_code}-{national}"


def from_mobile(number: str, country: str) -> str:
    """What DingTalk shows, with its `state_code`, as E.164."""
    return number.replace("-", "") if number.startswith("+") else f"+{country.lstrip('+')}{number}"


def to_millis(day: date) -> int:
    """Midnight UTC is that same date in China, whichever of the two a reader takes."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def is_true(value: object) -> bool:
    """A boolean of an answer, which may be text."""
    return str(value).lower() in ("true", "1")


def ids_of(value: object) -> tuple[str, ...]:
    """Ids of an answer as text, sorted as text: a list, or that list as text."""
    return tuple(sorted(set(re.findall(r"\d+", str(value)))))


def fitting(name: str) -> str:
    """A department's name as DingTalk takes it: no dash, comma or control character, 1 to 64 characters."""
    return ILLEGAL.sub("_", name.strip())[:NAME_LIMIT].strip() or "_"


def role_of(entitlement: str, own_group: str) -> tuple[str, str] | None:
    """(group, role) of `role:NAME` in our group or `role:GROUP/NAME` in another; None if it is no such thing."""
    kind, _, text = entitlement.partition(":")
    group, slash, name = text.partition("/")
    found = (group.strip(), name.strip()) if slash else (own_group, text.strip())
    return found if kind == "role" and all(found) else None


def entitlement_of(group: str, name: str, own_group: str) -> str:
    """The other way: how a role is called here."""
    return f"role:{name}" if group == own_group and "/" not in name else f"role:{group}/{name}"


def refusal(entitlement: str, own_group: str) -> str | None:
    """Why DingTalk cannot give it, or None."""
    if entitlement == "customer-contact":
        return "DingTalk has no right to talk to customers: customer-contact is WeCom's"
    role = role_of(entitlement, own_group)
    if role is None:
        return f"DingTalk gives roles only: {entitlement} should be role:NAME or role:GROUP/NAME"
    if role[0] in DEFAULT_GROUPS:
        return f"the roles of group {role[0]} are DingTalk's own: no call grants them"
    return None

"""The body of user/create and user/update: limits, formats and uniqueness, field by field."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sandbox.dingtalk.errors import RefusedError
from sandbox.dingtalk.params import as_number

if TYPE_CHECKING:
    from sandbox.dingtalk.call import Call
    from sandbox.dingtalk.params import Params

TEXTS = {
    "name": (80, 60112),
    "telephone": (50, 40063),
    "job_number": (50, 60123),
    "title": (200, 60119),
    "email": (50, 60105),
    "org_email": (100, 60105),
    "org_email_type": (20, 60105),
    "work_place": (100, 40064),
    "remark": (2000, 40065),
    "login_email": (100, 60105),
    "nickname": (80, 60112),
    "language": (10, 40035),
}
UNIQUE = {"telephone": 40100, "email": 40101}
FLAGS = ("hide_mobile", "senior_mode")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MAINLAND = re.compile(r"(?:\+86-)?(1\d{10})")
ABROAD = re.compile(r"\+(\d{1,4})-(\d{4,15})")
EXTENSION_LIMIT, DEPARTMENTS_LIMIT = 2000, 100


def mobile_number(value: str) -> tuple[str, str] | None:
    """Return (number as DingTalk keeps it, country code); ``+86-`` and no prefix are the same number."""
    if mainland := MAINLAND.fullmatch(value):
        return mainland[1], "86"
    abroad = ABROAD.fullmatch(value)
    return (value, abroad[1]) if abroad and abroad[1] != "86" else None


def read_attributes(call: Call, *, itself: str | None) -> dict[str, object]:
    """Return the plain fields that were sent. Refuses what is too long, malformed or taken by another member."""
    params = call.params
    found: dict[str, object] = {}
    for name, (limit, code) in TEXTS.items():
        if (text := params.text(name, limit=limit, refuse=code)) is not None:
            found[name] = text
    if "name" in found and not str(found["name"]).strip():
        raise RefusedError(60112)
    for name in FLAGS:
        if (flag := params.flag(name)) is not None:
            found[name] = flag
    if (hired := params.number("hired_date")) is not None:
        found["hired_date"] = hired
    for name in ("email", "org_email"):
        if found.get(name) and not EMAIL.fullmatch(str(found[name])):
            raise RefusedError(60105)
    if not call.switches.corp_mail:
        found.pop("org_email", None)
    _refuse_taken(call, found, itself)
    return found


def _refuse_taken(call: Call, found: dict[str, object], itself: str | None) -> None:
    for name, code in UNIQUE.items():
        if call.directory.holder(name, found.get(name)) not in (None, itself):
            raise RefusedError(code)


def read_departments(call: Call) -> list[int] | None:
    """Return the departments of ``dept_id_list``, one comma-separated string; everybody is in at least one."""
    departments = call.params.csv_numbers("dept_id_list", limit=DEPARTMENTS_LIMIT, refuse=40066)
    if departments is None:
        return None
    if not departments:
        raise RefusedError(40066)
    for dept_id in departments:
        call.department(dept_id)
    return departments


def read_by_department(params: Params, name: str, value: str) -> dict[int, object]:
    """Return ``dept_order_list`` or ``dept_title_list`` as a mapping of department to its value."""
    entries = params.structure(name)
    if entries is None:
        return {}
    if not isinstance(entries, list):
        raise RefusedError(40035)
    found: dict[int, object] = {}
    for entry in entries:
        if not isinstance(entry, dict) or value not in entry:
            raise RefusedError(40035)
        found[as_number(entry.get("dept_id"))] = entry[value]
    return found


def read_extension(call: Call) -> dict[str, object] | None:
    """Return the custom fields; a field that nobody set up in the console is refused."""
    extension = call.params.structure("extension", refuse=60122)
    if extension is None:
        return None
    if not isinstance(extension, dict) or len(json.dumps(extension, ensure_ascii=False)) > EXTENSION_LIMIT:
        raise RefusedError(60122)
    known = call.switches.extension_fields
    if known is not None and not known.issuperset(extension):
        raise RefusedError(60122)
    return extension


def read_manager(call: Call) -> str | None:
    manager = call.params.text("manager_userid")
    if manager and manager not in call.directory.users:
        raise RefusedError(60128)
    return manager

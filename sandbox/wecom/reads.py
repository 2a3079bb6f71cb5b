"""Reading members: one, those of a department, ids only, by mobile or e-mail, and customer contact."""

import re
from typing import Any

from sandbox.wecom.asks import Ask
from sandbox.wecom.errors import WeComError, bad_field
from sandbox.wecom.fields import mobile_key
from sandbox.wecom.members import not_found
from sandbox.wecom.model import ACTIVATED, App, Corp, Member

PRIVATE = {"avatar", "gender", "mobile", "email", "biz_mail", "qr_code", "address", "thumb_avatar"}
"""What an application made after 2022-06-20 does not get without the member's consent (page 96255)."""

MAX_PAGE, MAX_LIST, MAX_MOBILE, DAY = 10_000, 10_000, 32, 86_400
MIN_MOBILE = 5
PERSONAL_MAIL = 2


class Reads:
    def __init__(self, corp: Corp) -> None:
        self._corp = corp
        self._failed_lookups: tuple[int, int] = (0, 0)

    def get(self, ask: Ask) -> dict[str, Any]:
        userid = ask.query("userid")
        if not userid:
            raise WeComError(41009)
        member = self._corp.visible(ask.app, userid)
        if member is None:
            raise not_found(userid)
        return {"errcode": 0, "errmsg": "ok", **self._shown(member, ask.app)}

    def simple_list(self, ask: Ask) -> dict[str, Any]:
        rows = [
            {"userid": m.userid, "name": m.fields["name"], "department": m.department, "open_userid": ""}
            for m in self._members_asked_for(ask)
        ]
        return {"errcode": 0, "errmsg": "ok", "userlist": rows}

    def details(self, ask: Ask) -> dict[str, Any]:
        members = self._members_asked_for(ask)
        if len(members) > MAX_LIST:
            raise WeComError(45029)
        return {"errcode": 0, "errmsg": "ok", "userlist": [self._shown(member, ask.app) for member in members]}

    def list_id(self, ask: Ask) -> dict[str, Any]:
        """One row per member and department; the cursor names the last row given, so nothing is skipped."""
        limit = ask.integer("limit")
        limit = MAX_PAGE if limit is None else limit
        if not 1 <= limit <= MAX_PAGE:
            raise bad_field("limit")
        after = _read_cursor(ask.body.get("cursor"))
        listed_before = self._corp.clock.real() - self._corp.config.visibility_delay_seconds
        rows = [
            ((member.seq, place), {"userid": member.userid, "department": department})
            for member in sorted(self._corp.members.values(), key=lambda member: member.seq)
            if member.left_at is None and member.created_at <= listed_before
            for place, department in enumerate(member.department)
            if (member.seq, place) > after
        ]
        more = len(rows) > limit
        rows = rows[:limit]
        cursor = "c{}.{}".format(*rows[-1][0]) if more else ""
        return {"errcode": 0, "errmsg": "ok", "next_cursor": cursor, "dept_user": [row for _, row in rows]}

    def by_mobile(self, ask: Ask) -> dict[str, Any]:
        """Too many failures in a day shut the call: a fifth of the headcount."""
        mobile = ask.body.get("mobile")
        if not isinstance(mobile, str) or not MIN_MOBILE <= len(mobile.encode()) <= MAX_MOBILE:
            raise WeComError(60103)
        day = int(self._corp.clock.real() // DAY)
        failed = self._failed_lookups[1] if self._failed_lookups[0] == day else 0
        if failed >= max(self._corp.config.lookup_failures, len(self._corp.members) // 5):
            raise WeComError(45009)
        wanted = mobile_key(mobile)
        for member in self._corp.members_of(ask.app.scope).values():
            if mobile_key(member.fields.get("mobile", "")) == wanted:
                return {"errcode": 0, "errmsg": "ok", "userid": member.userid}
        self._failed_lookups = (day, failed + 1)
        raise WeComError(46004)

    def by_email(self, ask: Ask) -> dict[str, Any]:
        """E-mail type 1 is the company's mailbox (the default), 2 the personal address."""
        email = ask.body.get("email")
        if not email or not isinstance(email, str):
            raise bad_field("email")
        name = "email" if ask.integer("email_type") == PERSONAL_MAIL else "biz_mail"
        for member in self._corp.members_of(ask.app.scope).values():
            if member.fields.get(name, "").lower() == email.lower():
                return {"errcode": 0, "errmsg": "ok", "userid": member.userid}
        raise WeComError(46004)

    def follow_users(self, _ask: Ask) -> dict[str, Any]:
        """Members who have the customer-contact function and have joined."""
        members = self._corp.members_of(self._corp.customer_contact_scope).values()
        return {"errcode": 0, "errmsg": "ok", "follow_user": [m.userid for m in members if m.status == ACTIVATED]}

    def _members_asked_for(self, ask: Ask) -> list[Member]:
        department = ask.number("department_id", 60123)
        if department not in self._corp.departments:
            raise WeComError(60123)
        wanted = {department}
        if self._corp.config.profile == "2021" and ask.query("fetch_child") == "1":
            wanted = self._corp.subtree(department)
        members = self._corp.members_of(ask.app.scope).values()
        return [member for member in members if wanted.intersection(member.department)]

    def _shown(self, member: Member, app: App) -> dict[str, Any]:
        shown = {**show(member), "avatar": "", "thumb_avatar": "", "qr_code": f"https://wework.invalid/qr/{member.seq}"}
        if app.kind == "agent" and not self._corp.config.app_sees_private_fields:
            return {name: value for name, value in shown.items() if name not in PRIVATE}
        return shown


def show(member: Member) -> dict[str, Any]:
    """A member as ``user/get`` words it."""
    empty = dict.fromkeys(("name", "mobile", "email", "biz_mail", "position", "telephone", "alias", "address"), "")
    return {
        "userid": member.userid,
        **empty,
        "gender": "0",
        "extattr": {"attrs": []},
        "external_position": "",
        "external_profile": {},
        **member.fields,
        "department": member.department,
        "order": member.order,
        "is_leader_in_dept": member.is_leader_in_dept,
        "direct_leader": member.direct_leader,
        "main_department": member.main_department,
        "status": member.status,
    }


def _read_cursor(cursor: object) -> tuple[int, int]:
    if cursor in (None, ""):
        return (0, -1)
    match = re.fullmatch(r"c(\d+)\.(\d+)", cursor) if isinstance(cursor, str) else None
    if match is None:
        raise bad_field("cursor")
    return int(match[1]), int(match[2])

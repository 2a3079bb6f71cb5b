"""Writing members: create, update, delete, batch delete (pages 90195, 90197, 90198, 90199)."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sandbox.wecom.asks import Ask
from sandbox.wecom.errors import WeComError
from sandbox.wecom.fields import (
    check_contact,
    check_enable,
    check_identity,
    check_userid,
    mobile_key,
    plain_fields,
)
from sandbox.wecom.model import Corp, Member
from sandbox.wecom.placement import Placing

MAX_BATCH = 200
CREATIONS_PER_ACCOUNT = 3
_UNIQUE = {"mobile": 60104, "email": 60106, "biz_mail": 60145}
"""In the order in which they are checked, after the userid."""


def not_found(userid: object) -> WeComError:
    return WeComError(60111, f"invalid string value `{userid}`. userid not found")


class Members:
    def __init__(self, corp: Corp, placing: Placing) -> None:
        self._corp = corp
        self._placing = placing
        self._holders: dict[str, dict[str, str]] = {name: {} for name in _UNIQUE}
        self._created: Counter[str] = Counter()

    def create(self, ask: Ask) -> dict[str, Any]:
        made, departments = self.add(ask.body)
        if ask.body.get("to_invite", True) and made.enabled:
            self.invite(made, "create")
        extra = {"created_department_list": {"department_info": departments}} if departments else {}
        return {"errcode": 0, "errmsg": "created", **extra}

    def add(self, body: dict[str, Any], *, generated: bool = False) -> tuple[Member, list[dict[str, Any]]]:
        userid = check_identity(body)
        if not body.get("mobile") and not body.get("email"):
            raise WeComError(60129)
        check_contact(body)
        asked, unknown = self._placing.check_departments(body, creating=True)
        fields = plain_fields(body, self._corp.config)
        enabled = check_enable(body)
        placement = self._placing.check(body, asked, unknown, None)
        if self._corp.member(userid):
            raise WeComError(60102)
        if self._corp.config.mail_domain and not fields.get("biz_mail"):
            fields["biz_mail"] = f"{userid.lower()}@{self._corp.config.mail_domain}"
        self._check_free(fields, None)
        self._count_creation()
        self._corp.last_seq += 1
        member = Member(userid, self._corp.last_seq, self._corp.clock.real(), generated=generated)
        member.enabled = enabled is not False
        self._keep(member, fields)
        self._corp.members[member.key] = member
        return member, self._placing.settle(member, placement)

    def update(self, ask: Ask) -> dict[str, Any]:
        userid = ask.body.get("userid")
        if not userid:
            raise WeComError(41009)
        member = self._corp.visible(ask.app, userid)
        if member is None:
            raise not_found(userid)
        self.change(member, ask.body)
        return {"errcode": 0, "errmsg": "updated"}

    def change(self, member: Member, body: dict[str, Any], *, by_console: bool = False) -> None:
        """Only what the body names changes. Who has joined owns the mobile: it is ignored, and so is its error."""
        if member.activated_at is not None and not by_console:
            body = {name: value for name, value in body.items() if name != "mobile"}
        check_contact(body)
        after = {name: body.get(name, member.fields.get(name)) for name in ("mobile", "email")}
        if not any(after.values()):
            raise WeComError(60129)
        asked, unknown = self._placing.check_departments(body, creating=False)
        fields = plain_fields(body, self._corp.config)
        enabled = check_enable(body)
        placement = self._placing.check(body, asked, unknown, member)
        self._check_free(fields, member)
        new_userid = self._renamed(member, body)
        self._keep(member, fields)
        self._placing.settle(member, placement)
        member.enabled = member.enabled if enabled is None else enabled
        if new_userid:
            self._rename(member, new_userid)

    def delete(self, ask: Ask) -> dict[str, Any]:
        userid = ask.query("userid")
        if not userid:
            raise WeComError(41009)
        member = self._corp.visible(ask.app, userid)
        if member is None:
            raise not_found(userid)
        self._check_removable(member)
        self.remove(member)
        return {"errcode": 0, "errmsg": "deleted"}

    def batch_delete(self, ask: Ask) -> dict[str, Any]:
        """One unknown userid fails the whole call."""
        userids = ask.texts("useridlist")
        if len(userids) > MAX_BATCH:
            raise WeComError(40032)
        members = {userid.lower(): self._corp.visible(ask.app, userid) for userid in userids}
        found = [member for member in members.values() if member]
        if not found or len(found) != len(members):
            raise WeComError(40031)
        for member in found:
            self._check_removable(member)
        for member in found:
            self.remove(member)
        return {"errcode": 0, "errmsg": "deleted"}

    def remove(self, member: Member) -> None:
        self.note_leaving(member)
        for name in _UNIQUE:
            self._release(member, name)
        del self._corp.members[member.key]
        for tag in self._corp.tags.values():
            tag.users.discard(member.key)
        for other in self._corp.members.values():
            if member.userid in other.direct_leader:
                other.direct_leader.remove(member.userid)

    def note_leaving(self, member: Member) -> None:
        """The ledger that customers and groups are inherited from knows only who had joined."""
        if member.activated_at is not None and member.left_at is None:
            self._corp.resigned.append({"userid": member.userid, "dimission_time": int(self._corp.clock.business())})

    def invite(self, member: Member, by: str) -> None:
        if member.activated_at is None:
            member.invitations.append({"at": self._corp.clock.real(), "by": by})
            if self._corp.config.joins_on_invite:
                member.activated_at = self._corp.clock.real()

    def _check_removable(self, member: Member) -> None:
        if member.userid == self._corp.config.creator:
            raise WeComError(301005)

    def _check_free(self, fields: dict[str, Any], own: Member | None) -> None:
        for name, code in _UNIQUE.items():
            if value := fields.get(name):
                holder = self._holders[name].get(_key(name, value))
                if holder and (own is None or holder != own.key):
                    # The holder's userid stands in the text of the live service.
                    text = f"{name} existed:{self._corp.members[holder].userid}"
                    raise WeComError(code, text, bare=True)

    def _count_creation(self) -> None:
        month = datetime.fromtimestamp(self._corp.clock.real(), UTC).strftime("%Y-%m")
        cap = self._corp.account_cap
        if len(self._corp.members) >= cap or self._created[month] >= cap * CREATIONS_PER_ACCOUNT:
            raise WeComError(45024)
        self._created[month] += 1

    def _keep(self, member: Member, fields: dict[str, Any]) -> None:
        for name in _UNIQUE:
            if name in fields:
                self._release(member, name)
                if fields[name]:
                    self._holders[name][_key(name, fields[name])] = member.key
        member.fields.update(fields)

    def _release(self, member: Member, name: str) -> None:
        if value := member.fields.get(name):
            self._holders[name].pop(_key(name, value), None)

    def _renamed(self, member: Member, body: dict[str, Any]) -> str | None:
        """A userid may change once, and only where the system made it."""
        asked = body.get("new_userid")
        if asked is None:
            return None
        new_userid = check_userid(asked)
        if not member.generated:
            raise WeComError(301036)
        if self._corp.member(new_userid) not in (None, member):
            raise WeComError(60102)
        return new_userid

    def _rename(self, member: Member, new_userid: str) -> None:
        old, old_key = member.userid, member.key
        member.userid, member.generated = new_userid, False
        self._corp.members[member.key] = self._corp.members.pop(old_key)
        for tag in self._corp.tags.values():
            if old_key in tag.users:
                tag.users = (tag.users - {old_key}) | {member.key}
        for other in self._corp.members.values():
            other.direct_leader = [new_userid if leader == old else leader for leader in other.direct_leader]
        for holders in self._holders.values():
            for value, holder in holders.items():
                if holder == old_key:
                    holders[value] = member.key


def _key(name: str, value: str) -> str:
    return mobile_key(value) if name == "mobile" else value.lower()

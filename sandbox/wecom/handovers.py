"""Customers and customer groups of members, and giving them to others: on the job or after the leave.

A customer goes over by itself after 24 hours unless they decline (pages 96325, 96333); a group at once. Whoever left
is known from the ledger of those who had joined.
"""

from dataclasses import dataclass, field
from typing import Any

from sandbox.wecom.asks import Ask
from sandbox.wecom.errors import WeComError, bad_field
from sandbox.wecom.members import not_found
from sandbox.wecom.model import ACTIVATED, Corp

DAY = 86_400.0
YEAR, NINETY_DAYS, TWICE, MAX_CALL, MAX_PAGE = 365 * DAY, 90 * DAY, 2, 100, 1000
DONE, WAITING, REFUSED = 1, 2, 3
OWNED, LEFT_BEHIND = 0, 1
OK = {"errcode": 0, "errmsg": "ok"}


@dataclass
class Customer:
    """`owner` and `to` are folded userids; `status` and `at` of the last hand-over, in business time."""

    owner: str
    declines: bool = False
    giver: str = ""
    to: str = ""
    status: int = 0
    at: float = 0.0
    given_on_job: list[float] = field(default_factory=list)


class HandOvers:
    def __init__(self, corp: Corp) -> None:
        self._corp = corp
        self.customers: dict[str, Customer] = {}
        self.chats: dict[str, str] = {}
        """Folded userid of the owner, by chat id."""

    def owned(self, ask: Ask) -> dict[str, Any]:
        """`externalcontact/list`: 84061 for who has nobody."""
        key = self._member_key(ask.query("userid"))
        self._pass_on()
        found = [external for external, one in self.customers.items() if one.owner == key]
        if not found:
            raise WeComError(84061)
        return {**OK, "external_userid": found}

    def unassigned(self, _ask: Ask) -> dict[str, Any]:
        self._pass_on()
        info = [
            {"handover_userid": left["userid"], "external_userid": external, "dimission_time": left["dimission_time"]}
            for left in self._corp.resigned
            for external, one in self.customers.items()
            if one.owner == left["userid"].lower() and one.status != WAITING
        ]
        return {**OK, "info": info, "is_last": True, "next_cursor": ""}

    def transfer(self, ask: Ask) -> dict[str, Any]:
        return self._transfer(ask, self._member_key(ask.body.get("handover_userid")), on_job=True)

    def transfer_of_resigned(self, ask: Ask) -> dict[str, Any]:
        return self._transfer(ask, self._left_key(ask.body.get("handover_userid")), on_job=False)

    def result(self, ask: Ask) -> dict[str, Any]:
        """Of a pair, at the job or after; nobody checks here that they are members."""
        self._pass_on()
        giver, to = (str(ask.body.get(name) or "").lower() for name in ("handover_userid", "takeover_userid"))
        rows = [
            {"external_userid": external, "status": one.status, "takeover_time": int(one.at)}
            for external, one in self.customers.items()
            if one.status and (one.giver, one.to) == (giver, to)
        ]
        return {**OK, "customer": rows, "next_cursor": ""}

    def chats_of(self, ask: Ask) -> dict[str, Any]:
        """`status_filter` 1: only of owners who left."""
        asked = ask.body.get("owner_filter") or {}
        owners = {str(userid).lower() for userid in asked.get("userid_list") or ()}
        limit = ask.integer("limit")
        if limit is None or not 1 <= limit <= MAX_PAGE:
            raise bad_field("limit")
        if ask.integer("status_filter") == LEFT_BEHIND:
            owners &= self._left_keys()
        rows = [{"chat_id": chat, "status": OWNED} for chat, owner in self.chats.items() if owner in owners]
        return {**OK, "group_chat_list": rows[:limit]}

    def pass_chats(self, ask: Ask) -> dict[str, Any]:
        return self._pass_chats(ask, on_job=True)

    def pass_chats_of_resigned(self, ask: Ask) -> dict[str, Any]:
        return self._pass_chats(ask, on_job=False)

    def _transfer(self, ask: Ask, giver: str, *, on_job: bool) -> dict[str, Any]:
        self._pass_on()
        externals = ask.texts("external_userid")
        if not externals:
            raise WeComError(41035)
        if len(externals) > MAX_CALL:
            raise WeComError(40035)
        to = self._taker(ask.body.get("takeover_userid"), giver)
        rows = [{"external_userid": e, "errcode": self._start(e, giver, to, on_job=on_job)} for e in externals]
        return {**OK, "customer": rows}

    def _start(self, external: str, giver: str, to: str, *, on_job: bool) -> int:
        """The customer's own errcode; 0 says only that it began."""
        one, now = self.customers.get(external), self._corp.clock.business()
        if one is None:
            return 40096
        if one.owner != giver:
            return 40131
        if one.status == WAITING:
            return 40129
        lately = [at for at in one.given_on_job if now - at < NINETY_DAYS]
        if on_job and len(lately) >= TWICE:
            return 40128
        one.giver, one.to, one.at = giver, to, now + DAY
        one.status = REFUSED if one.declines else WAITING
        one.given_on_job = [*lately, now] if on_job else lately
        return 0

    def _pass_on(self) -> None:
        now = self._corp.clock.business()
        for one in self.customers.values():
            if one.status == WAITING and one.at <= now:
                one.owner, one.status = one.to, DONE

    def _pass_chats(self, ask: Ask, *, on_job: bool) -> dict[str, Any]:
        chats = ask.texts("chat_id_list")
        if not 1 <= len(chats) <= MAX_CALL:
            raise WeComError(40035)
        to, failed = self._taker(ask.body.get("new_owner"), ""), []
        for chat in chats:
            owner = self.chats.get(chat)
            left = owner in self._left_keys()
            code = 90501 if owner is None else 90504 if owner == to else 0
            code = code or (90502 if on_job and left else 90500 if left == on_job else 0)
            if code:
                failed.append({"chat_id": chat, "errcode": code, "errmsg": str(WeComError(code))})
            else:
                self.chats[chat] = to
        return {**OK, "failed_chat_list": failed}

    def _taker(self, userid: object, giver: str) -> str:
        key = self._member_key(userid)
        if key == giver:
            raise WeComError(40130)
        if self._corp.members[key].status != ACTIVATED:
            raise WeComError(40098)
        return key

    def _member_key(self, userid: object) -> str:
        member = self._corp.member(userid)
        if member is None or member.left_at is not None:
            raise not_found(str(userid or ""))
        return member.key

    def _left_key(self, userid: object) -> str:
        """40097 for who is still there, 40205 for who left more than a year ago."""
        key, now = str(userid or "").lower(), self._corp.clock.business()
        left = [row["dimission_time"] for row in self._corp.resigned if row["userid"].lower() == key]
        if not left or key not in self._left_keys():
            raise WeComError(40097)
        if now - max(left) > YEAR:
            raise WeComError(40205)
        return key

    def _left_keys(self) -> set[str]:
        there = {key for key, member in self._corp.members.items() if member.left_at is None}
        return {row["userid"].lower() for row in self._corp.resigned} - there

"""Application messages (page 90236) and their recall (page 94867); errcode 0 is not delivery."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.quotas import Limit, Quotas
from sandbox.wecom.asks import Ask, whole
from sandbox.wecom.config import Scope
from sandbox.wecom.contents import read_content
from sandbox.wecom.errors import WeComError, bad_field
from sandbox.wecom.model import ACTIVATED, NOT_ACTIVATED, App, Corp, Member, Message

MAX_USERS, MAX_OTHERS = 1000, 100
RECALL_WINDOW, DAY = 24 * 3600, 86_400
DUPLICATE_INTERVAL, MAX_DUPLICATE_INTERVAL = 1800, 4 * 3600
DELIVERIES_PER_ACCOUNT = 200
EVERYBODY = "@all"


@dataclass
class _Recipients:
    members: dict[str, Member]
    invaliduser: list[str]
    invalidparty: list[str]
    invalidtag: list[str]

    def invalid(self) -> dict[str, Any]:
        """Pipe-joined strings; userids in lower case."""
        named = {"invaliduser": self.invaliduser, "invalidparty": self.invalidparty, "invalidtag": self.invalidtag}
        return {name: "|".join(values) for name, values in named.items() if values}


class Messages:
    def __init__(self, corp: Corp) -> None:
        self._corp = corp
        minute, hour = corp.config.member_messages
        limits = [Limit(path="*", calls=minute, seconds=60), Limit(path="*", calls=hour, seconds=3600)]
        self._per_member = Quotas(corp.clock, limits, 1.0)
        self._seen: dict[str, tuple[float, str]] = {}
        self._delivered_on: tuple[int, int] = (0, 0)

    def send(self, ask: Ask) -> dict[str, Any]:
        _check_agent(ask)
        msgtype, content = read_content(ask.body)
        recipients = self._recipients(ask)
        if not recipients.members:
            raise WeComError(81013, **recipients.invalid())
        self._count_day(len(recipients.members))
        msgid = f"emu-msg-{len(self._corp.messages) + 1}"
        message = Message(msgid, ask.app.agent_id, msgtype, content, self._corp.clock.business())
        self._corp.messages.append(message)
        message.duplicate_of = self._duplicate_of(ask.body, msgid)
        if message.duplicate_of is None:
            self._deliver(message, recipients.members)
        return {"errcode": 0, "errmsg": "ok", **recipients.invalid(), "msgid": msgid}

    def recall(self, ask: Ask) -> dict[str, Any]:
        """Within 24 hours, by the application that sent it. What a second recall answers is not published."""
        msgid = ask.body.get("msgid")
        message = next((message for message in self._corp.messages if message.msgid == msgid), None)
        if message is None or message.agent_id != ask.app.agent_id:
            raise bad_field("msgid")
        now = self._corp.clock.business()
        if now - message.sent_at > RECALL_WINDOW:
            raise WeComError(42052)
        message.recalled_at = now
        return {"errcode": 0, "errmsg": "ok"}

    def _deliver(self, message: Message, members: dict[str, Member]) -> None:
        for member in members.values():
            if member.status == NOT_ACTIVATED:
                message.not_activated.append(member.userid)
            elif self._per_member.crossed(f"{message.agent_id}/{member.key}"):
                message.dropped.append(member.userid)
            else:
                message.delivered.append(member.userid)

    def _recipients(self, ask: Ask) -> _Recipients:
        users, parties, tags = (_piped(ask.body, name) for name in ("touser", "toparty", "totag"))
        if not (users or parties or tags):
            raise WeComError(82001)
        for asked, limit, code in ((users, MAX_USERS, 40032), (parties, MAX_OTHERS, 82002), (tags, MAX_OTHERS, 82003)):
            if len(asked) > limit:
                raise WeComError(code)
        if users == [EVERYBODY]:
            return _Recipients(self._reachable(ask.app), [], [], [])
        return self._resolve(ask.app, users, parties, tags)

    def _reachable(self, app: App) -> dict[str, Member]:
        return {key: member for key, member in self._corp.members_of(app.scope).items() if _reached(member)}

    def _resolve(self, app: App, users: list[str], parties: list[str], tags: list[str]) -> _Recipients:
        corp = self._corp
        named = {userid.lower(): corp.visible(app, userid) for userid in users}
        found = {key: member for key, member in named.items() if member and _reached(member)}
        visible = corp.departments_of(app.scope) if parties else set()
        good_parties = {party for party in parties if party.isdigit() and int(party) in visible}
        good_tags = {tag for tag in tags if tag.isdigit() and int(tag) in corp.tags}
        invalid_users = [key for key in named if key not in found]
        if good_parties or good_tags:
            scope = Scope(departments=[int(party) for party in good_parties], tags=[int(tag) for tag in good_tags])
            in_scope = corp.members_of(scope)
            found |= {key: member for key, member in self._reachable(app).items() if key in in_scope}
        return _Recipients(
            found,
            invalid_users,
            [party for party in parties if party not in good_parties],
            [tag for tag in tags if tag not in good_tags],
        )

    def _duplicate_of(self, body: dict[str, Any], msgid: str) -> str | None:
        """The earlier message whose request was the same to the letter, if the sender asked to check."""
        if body.get("enable_duplicate_check") != 1:
            return None
        interval = min(body.get("duplicate_check_interval") or DUPLICATE_INTERVAL, MAX_DUPLICATE_INTERVAL)
        now = self._corp.clock.real()
        text = json.dumps(body, sort_keys=True, ensure_ascii=False)
        sent_at, earlier = self._seen.get(text, (0.0, ""))
        if earlier and now - sent_at < interval:
            return earlier
        self._seen[text] = (now, msgid)
        return None

    def _count_day(self, people: int) -> None:
        day = int(self._corp.clock.real() // DAY)
        delivered = self._delivered_on[1] if self._delivered_on[0] == day else 0
        if delivered + people > self._corp.account_cap * DELIVERIES_PER_ACCOUNT:
            raise WeComError(45009)
        self._delivered_on = (day, delivered + people)


def _reached(member: Member) -> bool:
    """Who is suspended or has left is an invalid recipient (the sandbox's reading; the page is silent)."""
    return member.status in (ACTIVATED, NOT_ACTIVATED)


def _check_agent(ask: Ask) -> None:
    agent_id = ask.body.get("agentid")
    if agent_id is None:
        raise WeComError(41011)
    if not isinstance(agent_id, int) or isinstance(agent_id, bool):
        raise WeComError(40056)
    if agent_id != ask.app.agent_id:
        raise WeComError(301002)
    for name in ("safe", "enable_id_trans", "enable_duplicate_check", "duplicate_check_interval"):
        whole(ask.body.get(name, 0), name)


def _piped(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise bad_field(name)
    return [part for part in value.split("|") if part]

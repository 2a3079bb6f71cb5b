"""``batch/invite``: partly invalid is a success that names the invalid ones; accepted is not delivered."""

from typing import Any

from sandbox.wecom.asks import Ask
from sandbox.wecom.config import Scope
from sandbox.wecom.errors import WeComError, bad_field
from sandbox.wecom.members import Members
from sandbox.wecom.model import NOT_ACTIVATED, Corp

MAX_USERS, MAX_OTHERS = 1000, 100


class Invites:
    def __init__(self, corp: Corp, members: Members) -> None:
        self._corp = corp
        self._members = members

    def invite(self, ask: Ask) -> dict[str, Any]:
        users, parties, tags = ask.texts("user"), ask.integers("party"), ask.integers("tag")
        if not (users or parties or tags):
            raise WeComError(40035)
        for name, asked, limit in (
            ("user", users, MAX_USERS),
            ("party", parties, MAX_OTHERS),
            ("tag", tags, MAX_OTHERS),
        ):
            if len(asked) > limit:
                raise bad_field(name)
        self._send(ask, users, parties, tags)
        return {
            "errcode": 0,
            "errmsg": "ok",
            "invaliduser": [userid for userid in users if not self._corp.visible(ask.app, userid)],
            "invalidparty": [party for party in parties if party not in self._corp.departments],
            "invalidtag": [tag for tag in tags if tag not in self._corp.tags],
        }

    def _send(self, ask: Ask, users: list[str], parties: list[int], tags: list[int]) -> None:
        known = [party for party in parties if party in self._corp.departments]
        asked = self._corp.members_of(Scope(users=users, departments=known, tags=[*tags]))
        for key, member in self._corp.members_of(ask.app.scope).items():
            if member.status == NOT_ACTIVATED and key in asked:
                self._members.invite(member, "invite")

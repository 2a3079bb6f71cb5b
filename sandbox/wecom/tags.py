"""Tags (pages 90210-90216): a tag belongs to the secret that made it; a partial failure is a success."""

from typing import Any

from sandbox.wecom.asks import Ask
from sandbox.wecom.errors import WeComError
from sandbox.wecom.model import App, Corp, Tag

MAX_NAME, MAX_USERS, MAX_PARTIES, MAX_HELD = 32, 1000, 100, 30_000
CONSOLE = "console"


class Tags:
    def __init__(self, corp: Corp) -> None:
        self._corp = corp

    def create(self, ask: Ask) -> dict[str, Any]:
        name = self._free_name(ask)
        wanted = ask.integer("tagid")
        if wanted is not None and (wanted < 0 or wanted in self._corp.tags):
            raise WeComError(40068)
        tag = self.add(name, ask.app.owner, wanted)
        return {"errcode": 0, "errmsg": "created", "tagid": tag.id}

    def add(self, name: str, owner: str, wanted: int | None = None) -> Tag:
        tag_id = max(self._corp.tags, default=0) + 1 if wanted is None else wanted
        tag = self._corp.tags[tag_id] = Tag(tag_id, name, owner)
        return tag

    def update(self, ask: Ask) -> dict[str, Any]:
        tag = self._own(ask)
        if ask.body.get("tagname") != tag.name:
            tag.name = self._free_name(ask)
        return {"errcode": 0, "errmsg": "updated"}

    def delete(self, ask: Ask) -> dict[str, Any]:
        if not ask.query("tagid"):
            raise WeComError(41017)
        tag = self._existing(ask.number("tagid", 40068))
        _check_owner(tag, ask.app)
        del self._corp.tags[tag.id]
        return {"errcode": 0, "errmsg": "deleted"}

    def get(self, ask: Ask) -> dict[str, Any]:
        if not ask.query("tagid"):
            raise WeComError(41017)
        tag = self._existing(ask.number("tagid", 40068))
        members = filter(None, (self._corp.visible(ask.app, key) for key in sorted(tag.users)))
        parties = tag.parties & self._corp.departments_of(ask.app.scope)
        rows = [{"userid": member.userid, "name": member.fields["name"]} for member in members]
        return {"errcode": 0, "errmsg": "ok", "tagname": tag.name, "userlist": rows, "partylist": sorted(parties)}

    def list_all(self, _ask: Ask) -> dict[str, Any]:
        rows = [{"tagid": tag.id, "tagname": tag.name} for tag in self._corp.tags.values()]
        return {"errcode": 0, "errmsg": "ok", "taglist": rows}

    def add_users(self, ask: Ask) -> dict[str, Any]:
        tag, users, parties, extra = self._named(ask, 40070)
        if len(tag.users | users) + len(tag.parties | parties) > MAX_HELD:
            raise WeComError(81003)
        tag.users |= users
        tag.parties |= parties
        return {"errcode": 0, "errmsg": "ok", **extra}

    def remove_users(self, ask: Ask) -> dict[str, Any]:
        tag, users, parties, extra = self._named(ask, 40031)
        tag.users -= users
        tag.parties -= parties
        return {"errcode": 0, "errmsg": "deleted", **extra}

    def _named(self, ask: Ask, all_invalid: int) -> tuple[Tag, set[str], set[int], dict[str, Any]]:
        """The tag and whom a call names, by folded userid, and the fields for those who do not exist."""
        tag = self._own(ask)
        userlist, partylist = ask.texts("userlist"), ask.integers("partylist")
        if not userlist and not partylist:
            raise WeComError(40035)
        if len(userlist) > MAX_USERS or len(partylist) > MAX_PARTIES:
            raise WeComError(81014)
        known = {userid.lower() for userid in userlist if self._corp.visible(ask.app, userid)}
        parties = set(partylist) & self._corp.departments_of(ask.app.scope)
        if not known and not parties:
            raise WeComError(all_invalid, "all list invalid ", bare=True)
        unknown = [userid for userid in userlist if userid.lower() not in known]
        extra: dict[str, Any] = {"invalidlist": "|".join(unknown)} if unknown else {}
        if missing := [party for party in partylist if party not in parties]:
            extra["invalidparty"] = missing
        return tag, known, parties, extra

    def _own(self, ask: Ask) -> Tag:
        tag_id = ask.integer("tagid")
        if tag_id is None:
            raise WeComError(41017)
        tag = self._existing(tag_id)
        _check_owner(tag, ask.app)
        return tag

    def _existing(self, tag_id: int) -> Tag:
        if tag_id not in self._corp.tags:
            raise WeComError(40068)
        return self._corp.tags[tag_id]

    def _free_name(self, ask: Ask) -> str:
        name = ask.body.get("tagname")
        if name is None:
            raise WeComError(41018)
        if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME:
            raise WeComError(40072)
        if self._corp.tag(name):
            raise WeComError(40071)
        return name


def _check_owner(tag: Tag, app: App) -> None:
    """Contact-sync also manages what the super-administrators made (code 81011)."""
    if tag.owner != app.owner and not (app.kind == "contact" and tag.owner == CONSOLE):
        raise WeComError(81011)

"""What the platforms' stand-ins hold, read from them and laid side by side, a row a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from services.cli.company import UNKNOWN, rows

OURS = 1000
"""Below stand roles that every DingTalk company has (主管 and the like)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A person on one platform. `state` is open, closed or none."""

    state: str = "none"
    department: str = ""
    title: str = ""
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """A person on both platforms."""

    wecom: Place = Place()
    dingtalk: Place = Place()


class Platforms:
    """Reads the stand-ins' whole state. `said` is `sandbox` of run.json."""

    def __init__(self, said: Mapping[str, Mapping[str, Any]], http: httpx.Client) -> None:
        self._urls, self._http = {name: one["url"] for name, one in said.items()}, http

    def read(self) -> dict[str, Row]:
        """Everybody who was ever there, by the name they have there."""
        wecom, dingtalk = _wecom(self._state("wecom")), _dingtalk(self._state("dingtalk"))
        return {
            name: Row(wecom.get(name, Place()), dingtalk.get(name, Place())) for name in sorted({*wecom, *dingtalk})
        }

    def everybody_joins(self) -> None:
        """Every member who was invited accepts, as people do on their phones."""
        for url in self._urls.values():
            self._http.post(f"{url}/_sandbox/activate", json={"all": True}).raise_for_status()

    def _state(self, name: str) -> dict[str, Any]:
        answer = self._http.get(f"{self._urls[name]}/_sandbox/state").raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def _wecom(state: dict[str, Any]) -> dict[str, Place]:
    departments = {one["id"]: one["name"] for one in state["departments"].values()}
    found = {}
    for userid, member in state["members"].items():
        tags = frozenset(tag["tagname"] for tag in state["tags"].values() if userid in tag["userlist"])
        is_open = member["enabled"] and member["left_at"] is None
        inside = " ".join(departments[one] for one in member["department"])
        found[member["name"]] = Place("open" if is_open else "closed", inside, member["position"], tags)
    return found


def _dingtalk(state: dict[str, Any]) -> dict[str, Place]:
    departments = {one["dept_id"]: one["name"] for one in state["departments"].values()}
    roles = {one["role_id"]: one["name"] for one in state["roles"].values()}
    found = {}
    for user in state["users"].values():
        inside = " ".join(departments[one] for one in user["dept_id_list"])
        held = frozenset(roles[one] for one in user["roles"] if one >= OURS)
        found[user["name"]] = Place("open", inside, user.get("title", ""), held)
    return found


def expected(text: str) -> dict[str, Row]:
    """The table of the end state as rows of the same form."""
    found = {}
    for name, wecom, dingtalk, department, title, tags, roles in rows(text):
        found[name] = Row(_place(wecom, department, title, tags), _place(dingtalk, department, title, roles))
    return found


def _place(state: str, department: str, title: str, held: str) -> Place:
    if state == "none":
        return Place()
    return Place(state, department, title, frozenset() if held == UNKNOWN else frozenset(held.split()))


def differences(wanted: Mapping[str, Row], found: Mapping[str, Row]) -> list[str]:
    """A line for everybody who is not as written down, strangers too."""
    lines = []
    for name in sorted({*wanted, *found}):
        for platform in ("wecom", "dingtalk"):
            should, has = getattr(wanted.get(name, Row()), platform), getattr(found.get(name, Row()), platform)
            if should != has:
                lines.append(f"{name} @{platform}: {words(has)} != {words(should)}")
    return lines


def words(place: Place) -> str:
    """A place as one phrase."""
    if place.state == "none":
        return "-"
    return f"{place.state} {place.department}/{place.title} [{' '.join(sorted(place.held))}]"

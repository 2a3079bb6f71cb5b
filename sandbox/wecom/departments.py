"""Departments (pages 90205-90208): a tree under root 1, sibling names unique."""

import re
from typing import Any

from sandbox.wecom.asks import Ask
from sandbox.wecom.errors import WeComError, bad_field
from sandbox.wecom.model import FIRST_ORDER, ROOT, UNSET_NAME, Corp, Department

ILLEGAL = re.compile(r'[\\:*?"<>|｜]')
MAX_LEVELS, MAX_DEPARTMENTS, MAX_ORDER = 15, 30_000, 2**32


class Departments:
    def __init__(self, corp: Corp) -> None:
        self._corp = corp
        self._name_max = 32 if corp.config.profile == "2021" else 64

    def create(self, ask: Ask) -> dict[str, Any]:
        name = self._name(ask.body.get("name"))
        parent = ask.integer("parentid")
        if parent not in self._corp.departments or parent is None:
            raise WeComError(60004)
        wanted = ask.integer("id")
        self._check_free(name, parent)
        if wanted in self._corp.departments:
            raise WeComError(60008)
        if wanted is not None and wanted < 1:
            raise WeComError(60123)
        self._check_room(parent)
        department = self.add(name, parent, wanted, self._order(ask))
        department.name_en = self._name_en(ask)
        return {"errcode": 0, "errmsg": "created", "id": department.id}

    def update(self, ask: Ask) -> dict[str, Any]:
        department = self._corp.departments.get(ask.integer("id") or 0)
        if department is None:
            raise WeComError(60003)
        name = self._name(ask.body["name"]) if "name" in ask.body else department.name
        parent = ask.integer("parentid")
        moved_to = department.parentid if parent is None else parent
        if moved_to != department.parentid:
            self._check_move(department, moved_to)
        self._check_free(name, moved_to, besides=department.id)
        department.name, department.parentid = name, moved_to
        if "order" in ask.body:
            department.order = self._order(ask)
        department.name_en = self._name_en(ask) or department.name_en
        return {"errcode": 0, "errmsg": "updated"}

    def delete(self, ask: Ask) -> dict[str, Any]:
        self.remove(ask.number("id", 60123))
        return {"errcode": 0, "errmsg": "deleted"}

    def remove(self, department_id: int) -> None:
        if department_id not in self._corp.departments:
            raise WeComError(60123)
        if department_id == ROOT:
            raise WeComError(60007)
        if any(department_id in member.department for member in self._corp.members.values()):
            raise WeComError(60005)
        if any(self._corp.children(department_id)):
            raise WeComError(60006)
        del self._corp.departments[department_id]
        for tag in self._corp.tags.values():
            tag.parties.discard(department_id)

    def simple_list(self, ask: Ask) -> dict[str, Any]:
        rows = [{"id": d.id, "parentid": d.parentid, "order": d.order} for d in self._asked_for(ask)]
        return {"errcode": 0, "errmsg": "ok", "department_id": rows}

    def details(self, ask: Ask) -> dict[str, Any]:
        leaders = self._leaders()
        return {"errcode": 0, "errmsg": "ok", "department": [_shown(d, leaders) for d in self._asked_for(ask)]}

    def get(self, ask: Ask) -> dict[str, Any]:
        department = self._corp.departments.get(ask.number("id", 60123))
        if department is None or department.id not in self._corp.departments_of(ask.app.scope):
            raise WeComError(60123)
        return {"errcode": 0, "errmsg": "ok", "department": _shown(department, self._leaders())}

    def add(self, name: str, parent: int, wanted: int | None = None, order: int = FIRST_ORDER) -> Department:
        corp = self._corp
        department_id = max(corp.departments) + 1 if wanted is None else wanted
        usable_at = corp.clock.real() + corp.config.visibility_delay_seconds
        department = Department(department_id, name, parent, order, usable_at=usable_at)
        corp.departments[department_id] = department
        return department

    def unset(self) -> Department:
        """Where members without a department land, made on first need."""
        found = (d for d in self._corp.children(ROOT) if d.name == UNSET_NAME)
        return next(found, None) or self.add(UNSET_NAME, ROOT)

    def _leaders(self) -> dict[int, list[str]]:
        """Leaders are derived from members' flags; no call writes them."""
        leaders: dict[int, list[str]] = {}
        for member in self._corp.members.values():
            for department_id, leads in zip(member.department, member.is_leader_in_dept, strict=True):
                if leads:
                    leaders.setdefault(department_id, []).append(member.userid)
        return leaders

    def _asked_for(self, ask: Ask) -> list[Department]:
        """The named department and all below it, as they were made: parents need not come first."""
        ids = self._corp.departments_of(ask.app.scope)
        if ask.query("id"):
            top = ask.number("id", 60123)
            if top not in ids:
                raise WeComError(60123)
            ids &= self._corp.subtree(top)
        return [department for department in self._corp.departments.values() if department.id in ids]

    def _name(self, name: object) -> str:
        if name is not None and not isinstance(name, str):
            raise bad_field("name")
        if not name or len(name) > self._name_max:
            raise WeComError(60001)
        if ILLEGAL.search(name):
            raise WeComError(60009)
        return name

    def _name_en(self, ask: Ask) -> str:
        name_en = ask.body.get("name_en", "")
        if not isinstance(name_en, str):
            raise bad_field("name_en")
        return name_en if self._corp.config.multi_language else ""

    def _order(self, ask: Ask) -> int:
        order = ask.integer("order")
        if order is not None and not 0 <= order < MAX_ORDER:
            raise bad_field("order")
        return FIRST_ORDER if order is None else order

    def _check_free(self, name: str, parent: int, besides: int | None = None) -> None:
        if any(d.name == name and d.id != besides for d in self._corp.children(parent)):
            raise WeComError(60008)

    def _check_room(self, parent: int) -> None:
        if len(self._corp.departments) >= MAX_DEPARTMENTS:
            raise WeComError(81001)
        if self._level(parent) >= MAX_LEVELS:
            raise WeComError(81002)

    def _check_move(self, department: Department, parent: int) -> None:
        if parent not in self._corp.departments:
            raise WeComError(60124)
        below = self._corp.subtree(department.id)
        if department.id == ROOT or parent in below:
            raise WeComError(60010)
        height = max(map(self._level, below)) - self._level(department.id) + 1
        if self._level(parent) + height > MAX_LEVELS:
            raise WeComError(81002)

    def _level(self, department_id: int) -> int:
        level = 0
        while department_id in self._corp.departments:
            department_id = self._corp.departments[department_id].parentid
            level += 1
        return level


def _shown(department: Department, leaders: dict[int, list[str]]) -> dict[str, Any]:
    return {
        "id": department.id,
        "name": department.name,
        "name_en": department.name_en,
        "department_leader": leaders.get(department.id, []),
        "parentid": department.parentid,
        "order": department.order,
    }

"""Where a member sits: departments with their order and leader flags, main department, direct leaders."""

from dataclasses import dataclass
from typing import Any

from sandbox.wecom.departments import Departments
from sandbox.wecom.errors import WeComError, bad_field
from sandbox.wecom.model import Corp, Member

MAX_DEPARTMENTS = 100


@dataclass(frozen=True)
class Placement:
    department: list[int]
    order: list[int]
    is_leader_in_dept: list[int]
    main_department: int
    direct_leader: list[str]
    unknown: list[int]
    """Department ids that are to be made (profile 2026)."""


class Placing:
    def __init__(self, corp: Corp, departments: Departments) -> None:
        self._corp = corp
        self._departments = departments

    def check_departments(self, body: dict[str, Any], *, creating: bool) -> tuple[list[int] | None, list[int]]:
        """Return the departments asked for (None: as they are; empty: the node for the unset) and the unknown ones."""
        asked = body.get("department")
        if asked is None or asked == []:
            return self._none_asked(asked, creating=creating), []
        if not isinstance(asked, list) or any(not isinstance(d, int) or isinstance(d, bool) for d in asked):
            raise WeComError(41019)
        if len(asked) > MAX_DEPARTMENTS:
            raise WeComError(60110)
        unknown = [d for d in asked if d not in self._corp.departments]
        now = self._corp.clock.real()
        hidden = any(d in self._corp.departments and self._corp.departments[d].usable_at > now for d in asked)
        if hidden or (unknown and not (creating and self._corp.config.profile == "2026")):
            raise WeComError(60123)
        return list(asked), unknown

    def _none_asked(self, asked: list[int] | None, *, creating: bool) -> list[int] | None:
        if not creating:
            # What an update to no department does is not published.
            if asked == []:
                raise WeComError(40066)
            return None
        match self._corp.config.profile:
            case "2021":
                raise WeComError(40066)
            case "2023":
                raise WeComError(40058, "missing field `department`. invalid Request Parameter")
        return []

    def check(self, body: dict[str, Any], asked: list[int] | None, unknown: list[int], now: Member | None) -> Placement:
        """Check what is aligned with the departments; an order without departments has no effect."""
        standing = now.department if now else []
        department = standing if asked is None else asked
        size = max(1, len(department))
        leads = _flags(body.get("is_leader_in_dept"), size)
        order = _orders(body.get("order"), size) if asked is not None else None
        if leads is None:
            leads = now.is_leader_in_dept if now and asked is None else [0] * size
        if order is None:
            order = now.order if now and asked is None else [0] * size
        return Placement(
            department=department,
            order=order,
            is_leader_in_dept=leads,
            main_department=self._main(body, department, now),
            direct_leader=self._leaders(body, now),
            unknown=unknown,
        )

    def settle(self, member: Member, placement: Placement) -> list[dict[str, Any]]:
        """Put the member there; return the departments that were made for it."""
        made = {d: self._departments.add(str(d), self._departments.unset().id) for d in placement.unknown}
        member.department = [made[d].id if d in made else d for d in placement.department]
        if not member.department:
            member.department = [self._departments.unset().id]
        main = placement.main_department
        member.main_department = made[main].id if main in made else main or member.department[0]
        member.order = list(placement.order)
        member.is_leader_in_dept = list(placement.is_leader_in_dept)
        member.direct_leader = list(placement.direct_leader)
        return [{"name": department.name, "id": department.id} for department in made.values()]

    def _main(self, body: dict[str, Any], department: list[int], now: Member | None) -> int:
        main = body.get("main_department")
        if main is not None and main not in department:
            raise bad_field("main_department")
        if main is None and now and now.main_department in department:
            return now.main_department
        return main or (department[0] if department else 0)

    def _leaders(self, body: dict[str, Any], now: Member | None) -> list[str]:
        asked = body.get("direct_leader")
        if asked is None:
            return now.direct_leader if now else []
        if not isinstance(asked, list):
            raise bad_field("direct_leader")
        if len(asked) > (1 if self._corp.config.profile == "2026" else 5):
            raise WeComError(60257)
        found = [self._corp.member(userid) for userid in asked]
        if None in found:
            raise WeComError(60111, f"invalid string value `{asked[found.index(None)]}`. userid not found")
        return [member.userid for member in found if member]


def _flags(value: Any, size: int) -> list[int] | None:  # noqa: ANN401 - JSON
    if value is None:
        return None
    if not isinstance(value, list) or any(flag not in (0, 1) for flag in value):
        raise bad_field("is_leader_in_dept")
    if len(value) != size:
        raise WeComError(60132)
    return value


def _orders(value: Any, size: int) -> list[int] | None:  # noqa: ANN401 - JSON
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != size or any(not isinstance(o, int) or o < 0 for o in value):
        raise bad_field("order")
    return value

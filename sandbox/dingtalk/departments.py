"""Departments: ``/topapi/v2/department/…``.

Names are unique under a parent and hold no dash or comma; small ``order`` sorts first (for people it is the other
way round). ``code`` and managers can only be set by update.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.dingtalk.errors import RefusedError
from sandbox.dingtalk.model import ROOT, Department

if TYPE_CHECKING:
    from sandbox.dingtalk.call import Call, Payload
    from sandbox.dingtalk.params import Params

FLAGS = (
    "hide_dept",
    "outer_dept",
    "outer_dept_only_self",
    "create_dept_group",
    "auto_approve_apply",
    "auto_add_user",
    "group_contain_sub_dept",
)
LISTS = ("dept_permits", "user_permits", "outer_permit_users", "outer_permit_depts")
NAME_LIMIT, LIST_LIMIT, CODE_LIMIT = 64, 50, 30


def create(call: Call) -> Payload:
    name = _name(call.params)
    parent_id = call.params.needed_number("parent_id")
    call.department(parent_id, missing=60004)
    if call.params.text("dept_id") is not None:
        raise RefusedError(40035)
    _refuse_same_name(call, name, parent_id, itself=None)
    _refuse_depth(call, parent_id)
    order = call.params.number("order", refuse=40011)
    dept_id = next(call.directory.numbers)
    options = _options(call.params, bad_list=600109)
    call.directory.departments[dept_id] = Department(
        dept_id, name, parent_id, dept_id if order is None else order, options=options
    )
    return {"result": {"dept_id": dept_id}}


def update(call: Call) -> Payload:
    params = call.params
    dept_id = params.needed_number("dept_id", refuse=40009)
    department = call.department(dept_id)
    name = _name(params) if "name" in params else department.name
    parent_id = params.number("parent_id")
    order = params.number("order", refuse=40011)
    if dept_id == ROOT and (parent_id is not None or name != department.name):
        raise RefusedError(60018)
    parent_id = department.parent_id if parent_id is None else parent_id
    if parent_id != department.parent_id:
        call.department(parent_id, missing=60004)
        if parent_id in call.directory.subtree(dept_id):
            raise RefusedError(60010)
        _refuse_depth(call, parent_id)
    _refuse_same_name(call, name, parent_id, itself=dept_id)
    options = _options(params, bad_list=60109)
    if code := params.text("code", limit=CODE_LIMIT):
        options["code"] = code
    managers = _managers(call, dept_id)
    department.name, department.parent_id = name, parent_id
    department.order = department.order if order is None else order
    department.managers = department.managers if managers is None else managers
    department.options |= options
    return {}


def delete(call: Call) -> Payload:
    dept_id = call.params.needed_number("dept_id", refuse=400002)
    if dept_id == ROOT:
        raise RefusedError(60007)
    call.department(dept_id)
    if call.directory.children(dept_id):
        raise RefusedError(60006)
    if call.directory.head_count(dept_id):
        raise RefusedError(60005)
    del call.directory.departments[dept_id]
    return {}


def get(call: Call) -> Payload:
    department = call.department(call.params.needed_number("dept_id", refuse=400002))
    below = call.directory.subtree(department.dept_id)
    everyone = [user for user in call.directory.users.values() if not below.isdisjoint(user.departments)]
    return {
        "result": {
            **dict.fromkeys(FLAGS, False),
            **department.options,
            "dept_id": department.dept_id,
            "name": department.name,
            "parent_id": department.parent_id,
            "order": department.order,
            "dept_manager_userid_list": list(department.managers),
            "member_count": len(everyone),
            "owning_member_count": call.directory.head_count(department.dept_id),
        }
    }


def children(call: Call) -> Payload:
    """One level only."""
    dept_id = call.params.number("dept_id", refuse=400002) or ROOT
    call.department(dept_id)
    return {
        "result": [
            {
                "dept_id": child.dept_id,
                "name": child.name,
                "parent_id": child.parent_id,
                "create_dept_group": bool(child.options.get("create_dept_group", False)),
                "auto_add_user": bool(child.options.get("auto_add_user", False)),
            }
            for child in call.directory.children(dept_id)
        ]
    }


def child_ids(call: Call) -> Payload:
    """Not limited by what the app may see."""
    dept_id = call.params.needed_number("dept_id", refuse=400002)
    call.department(dept_id, unlimited=True)
    return {"result": {"dept_id_list": [child.dept_id for child in call.directory.children(dept_id)]}}


def _name(params: Params) -> str:
    name = params.needed_text("name", limit=NAME_LIMIT, refuse=60001 if "name" in params else 40035)
    if any(mark in name for mark in "-,，"):
        raise RefusedError(60009)
    return name


def _refuse_same_name(call: Call, name: str, parent_id: int, *, itself: int | None) -> None:
    if any(child.name == name and child.dept_id != itself for child in call.directory.children(parent_id)):
        raise RefusedError(60021)


def _refuse_depth(call: Call, parent_id: int) -> None:
    depth = 1
    while parent_id != ROOT:
        parent_id, depth = call.directory.departments[parent_id].parent_id, depth + 1
    if depth > call.switches.department_depth:
        raise RefusedError(60002)


def _managers(call: Call, dept_id: int) -> list[str] | None:
    """Managers must be members of that very department; emptying the list takes ``force_update_fields``."""
    managers = call.params.csv("dept_manager_userid_list", limit=LIST_LIMIT, refuse=40031)
    forced = call.params.csv("force_update_fields", limit=LIST_LIMIT) or []
    if not managers:
        return [] if "dept_manager_userid_list" in forced else None
    inside = {user.userid for user in call.directory.members(dept_id)}
    if not inside.issuperset(managers):
        raise RefusedError(60068)
    return managers


def _options(params: Params, *, bad_list: int) -> dict[str, object]:
    options: dict[str, object] = {}
    for flag in FLAGS:
        if (value := params.flag(flag)) is not None:
            options[flag] = value
    for name in LISTS:
        if (parts := params.csv(name, limit=LIST_LIMIT, refuse=bad_list)) is not None:
            options[name] = parts
    if (source := params.text("source_identifier")) is not None:
        options["source_identifier"] = source
    return options

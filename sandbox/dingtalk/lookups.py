"""Reading members: ``/topapi/v2/user/get``, ``list``, ``getbymobile`` and the shorter lists.

There is no call for everyone: walk the departments. Personal fields that the app may not read are silently absent;
so are an empty manager and custom fields never set.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

from sandbox.dingtalk.errors import RefusedError
from sandbox.dingtalk.fields import mobile_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.dingtalk.call import Call, Payload
    from sandbox.dingtalk.model import User
    from sandbox.dingtalk.params import Params

T = TypeVar("T")
ADMIN_ROLES = {3, 4}
HIDEABLE = {"mobile", "state_code", "email", "org_email", "telephone", "work_place", "remark", "hired_date"}
ORDERS = {"custom", "entry_asc", "entry_desc", "modify_asc", "modify_desc"}
SIMPLE_PAGE = 100


def get(call: Call) -> Payload:
    user = call.user(call.params.needed_text("userid", refuse=400002))
    directory = call.directory
    groups = directory.role_groups
    found: Payload = {
        **_common(call, user),
        "senior": user.attributes.get("senior_mode", False),
        "real_authed": user.active,
        "dept_order_list": [{"dept_id": dept, "order": user.orders.get(dept, 1)} for dept in user.departments],
        "leader_in_dept": [{"dept_id": dept, "leader": _leads(call, user, dept)} for dept in user.departments],
        "role_list": [
            {"id": role.role_id, "name": role.name, "group_name": groups[role.group_id].name}
            for role in directory.roles_of(user.userid)
        ],
        "union_emp_ext": {},
    }
    if user.manager_userid:
        found["manager_userid"] = user.manager_userid
    return {"result": found}


def in_department(call: Call) -> Payload:
    """Whole entries, without manager and roles: those only ``get`` knows."""
    dept_id, users, more = _page(call, call.switches.page_size)
    entries = [
        {
            **_common(call, user),
            "dept_order": user.orders.get(dept_id, 1),
            "leader": _leads(call, user, dept_id),
        }
        for user in users
    ]
    return {"result": {"list": entries, **more}}


def simple_list(call: Call) -> Payload:
    _, users, more = _page(call, SIMPLE_PAGE)
    return {"result": {"list": [{"userid": user.userid, "name": user.name} for user in users], **more}}


def ids_in_department(call: Call) -> Payload:
    """Not limited by what the app may see, nor paged."""
    department = call.department(call.params.needed_number("dept_id", refuse=400002), unlimited=True)
    return {"result": {"userid_list": [user.userid for user in call.directory.members(department.dept_id)]}}


def by_mobile(call: Call) -> Payload:
    number = mobile_number(call.params.needed_text("mobile", refuse=400002))
    if number is None:
        raise RefusedError(40104)
    userid = call.directory.by_mobile.get(number[0])
    if userid is None:
        raise RefusedError(call.switches.unknown_user or 60121)
    extra: Payload = {}
    if call.params.flag("support_exclusive_account_search"):
        extra["exclusive_account_userid_list"] = []
    return {"result": {"userid": userid, **extra}}


def by_unionid(call: Call) -> Payload:
    unionid = call.params.needed_text("unionid", refuse=400002)
    for user in call.directory.users.values():
        if user.unionid == unionid:
            return {"result": {"contact_type": 0, "userid": user.userid}}
    raise RefusedError(call.switches.unknown_user or 60121)


def head_count(call: Call) -> Payload:
    only_active = call.params.flag("only_active")
    if only_active is None:
        raise RefusedError(40035)
    return {"result": {"count": sum(user.active or not only_active for user in call.directory.users.values())}}


def scopes(call: Call) -> Payload:
    app = call.app
    return {
        "auth_org_scopes": {"authed_dept": list(app.scope) if app else [], "authed_user": []},
        "auth_user_field": ["userid", "name", *sorted(app.readable_fields if app else ())],
    }


def paged(params: Params, items: Sequence[T], limit: int) -> tuple[list[T], bool]:
    """Role lists: ``size`` and ``offset`` take effect only together; otherwise the first 20."""
    size, offset = params.number("size", refuse=40069), params.number("offset", refuse=40068)
    if size is None or offset is None:
        size, offset = 20, 0
    if not 1 <= size <= limit:
        raise RefusedError(40069)
    if offset < 0:
        raise RefusedError(40068)
    return list(items[offset : offset + size]), offset + size < len(items)


def _page(call: Call, limit: int) -> tuple[int, list[User], Payload]:
    params = call.params
    dept_id = params.needed_number("dept_id", refuse=400002)
    cursor, size = params.needed_number("cursor"), params.needed_number("size")
    if cursor < 0:
        raise RefusedError(40068)
    if not 1 <= size <= limit:
        raise RefusedError(40069)
    call.department(dept_id)
    members = _sorted(call.directory.members(dept_id), dept_id, params.text("order_field") or "custom")
    end = cursor + size
    more: Payload = {"has_more": end < len(members)}
    if more["has_more"]:
        more["next_cursor"] = end
    return dept_id, members[cursor:end], more


def _sorted(users: list[User], dept_id: int, order: str) -> list[User]:
    """For people a large ``order`` comes first."""
    if order not in ORDERS:
        raise RefusedError(40070)
    if order == "custom":
        return sorted(users, key=lambda user: (-user.orders.get(dept_id, 1), user.entered[dept_id]))
    by_entry = order.startswith("entry")
    return sorted(
        users,
        key=lambda user: user.entered[dept_id] if by_entry else user.modified,
        reverse=order.endswith("desc"),
    )


def _leads(call: Call, user: User, dept_id: int) -> bool:
    return user.userid in call.directory.departments[dept_id].managers


def _common(call: Call, user: User) -> Payload:
    found: Payload = {
        **{name: value for name, value in user.attributes.items() if name not in ("senior_mode", "language")},
        "userid": user.userid,
        "unionid": user.unionid,
        "mobile": user.mobile,
        "state_code": user.state_code,
        "hide_mobile": user.attributes.get("hide_mobile", False),
        "dept_id_list": list(user.departments),
        "active": user.active,
        "admin": any(role.role_id in ADMIN_ROLES for role in call.directory.roles_of(user.userid)),
        "boss": False,
        "exclusive_account": False,
    }
    if user.extension:
        found["extension"] = json.dumps(user.extension, ensure_ascii=False)
    hidden = HIDEABLE - call.app.readable_fields if call.app else set()
    return {name: value for name, value in found.items() if name not in hidden}

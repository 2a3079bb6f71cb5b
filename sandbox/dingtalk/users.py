"""Writing members: ``/topapi/v2/user/create``, ``update`` and ``delete``.

A member's userid and mobile never change. Deleting is final: roles, leaderships and the directory entry go at once,
and only the leaving record stays. There is nothing like a suspended member.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from sandbox.dingtalk.errors import RefusedError
from sandbox.dingtalk.fields import (
    mobile_number,
    read_attributes,
    read_by_department,
    read_departments,
    read_extension,
    read_manager,
)
from sandbox.dingtalk.model import LeaveRecord, User
from sandbox.dingtalk.params import as_number

if TYPE_CHECKING:
    from sandbox.dingtalk.call import Call, Payload
    from sandbox.dingtalk.model import Directory

# The current pages give only the length; letters, digits and these marks are what the older ones allowed.
USERID = re.compile(r"[A-Za-z0-9_@.\-]{1,64}")
MERGE_EXTENSION = 1


def create(call: Call, *, accepted: bool = False) -> Payload:
    """Add a member. ``accepted`` says that the person agreed to the invitation that 40103 speaks of."""
    directory = call.directory
    user = _newcomer(call)
    if user.mobile in call.switches.protected_mobiles and not accepted:
        directory.invitations[user.mobile] = {**call.params.as_sent(), "userid": user.userid}
        raise RefusedError(40103)
    user.unionid = directory.unionids.setdefault(user.mobile, f"un-{len(directory.unionids) + 1:06d}")
    user.modified = next(directory.ticks)
    user.entered = dict.fromkeys(user.departments, user.modified)
    directory.put_in(user)
    return {"result": {"userid": user.userid, "unionId": user.unionid}}


def _newcomer(call: Call) -> User:
    """Return the member that the call describes, checked and not yet put in."""
    params = call.params
    userid = params.text("userid") or uuid.uuid4().hex[:18]
    if not USERID.fullmatch(userid):
        raise RefusedError(40003)
    params.needed_text("name", refuse=60112 if "name" in params else 40035)
    mobile, state_code = read_mobile(call)
    departments = read_departments(call)
    if departments is None:
        raise RefusedError(40035)
    if userid in call.directory.users:
        raise RefusedError(60102)
    free_mobile(call, itself=None)
    attributes = read_attributes(call, itself=None)
    user = User(userid, "", mobile, state_code, attributes, departments, orders=_orders(call), titles=_titles(call))
    user.extension = read_extension(call) or {}
    user.manager_userid = read_manager(call) or ""
    _refuse_full(call, departments)
    return user


def update(call: Call) -> Payload:
    """Change what was sent; nothing changes when anything is refused."""
    params, switches = call.params, call.switches
    user = call.user(params.needed_text("userid"), missing=60121)
    if switches.position_management is not None and ("title" in params or "dept_id_list" in params):
        raise RefusedError(switches.position_management, "已升级职位管理，请通过调岗接口修改")
    if "mobile" in params and switches.mobile_in_update == "reject":
        raise RefusedError(40022)
    departments = read_departments(call)
    attributes = read_attributes(call, itself=user.userid)
    extension, manager = read_extension(call), read_manager(call)
    orders, titles = _orders(call), _titles(call)
    forced = params.csv("force_update_fields", limit=10) or []
    merge = params.number("ext_attrs_update_mode") == MERGE_EXTENSION
    tick = next(call.directory.ticks)
    if departments is not None:
        _refuse_full(call, [dept_id for dept_id in departments if dept_id not in user.departments])
        _move(call, user, departments, tick)
    call.directory.write(user, attributes)
    user.orders |= {dept_id: order for dept_id, order in orders.items() if dept_id in user.departments}
    user.titles |= {dept_id: title for dept_id, title in titles.items() if dept_id in user.departments}
    if extension is not None:
        user.extension = user.extension | extension if merge else extension
    if manager or "manager_userid" in forced:
        user.manager_userid = manager or ""
    user.modified = tick
    return {}


def delete(call: Call, *, reason: str = "oapi") -> Payload:
    user = call.user(call.params.needed_text("userid", refuse=400002))
    remove(call, user, reason)
    return {}


def remove(call: Call, user: User, reason: str) -> None:
    """Take the member out of everything, and keep the leaving record."""
    directory = call.directory
    departments = user.departments
    directory.take_out(user)
    for role in directory.roles_of(user.userid):
        role.members.remove(user.userid)
    _stop_leading(directory, user, departments)
    for other in directory.users.values():
        if other.manager_userid == user.userid:
            other.manager_userid = ""
    record = LeaveRecord(user.userid, user.name, user.state_code, user.mobile, call.now, reason)
    directory.leave_records.append(record)


def free_mobile(call: Call, *, itself: str | None) -> tuple[str, str]:
    """Return the number that was sent and its country code; refuse one that another member has."""
    mobile, state_code = read_mobile(call)
    holder = call.directory.by_mobile.get(mobile)
    if holder is not None and holder != itself:
        details = {"userid": holder} if call.switches.mobile_clash_names_user else {}
        raise RefusedError(60104, **details)
    return mobile, state_code


def read_mobile(call: Call) -> tuple[str, str]:
    number = mobile_number(call.params.needed_text("mobile", refuse=60113))
    if number is None:
        raise RefusedError(60103)
    return number


def _refuse_full(call: Call, departments: list[int]) -> None:
    for dept_id in departments:
        if call.directory.head_count(dept_id) >= call.switches.department_members:
            raise RefusedError(40023)


def _move(call: Call, user: User, departments: list[int], tick: int) -> None:
    _stop_leading(call.directory, user, [dept_id for dept_id in user.departments if dept_id not in departments])
    call.directory.place(user, departments)
    user.entered = {dept_id: user.entered.get(dept_id, tick) for dept_id in departments}
    user.orders = {dept_id: order for dept_id, order in user.orders.items() if dept_id in departments}
    user.titles = {dept_id: title for dept_id, title in user.titles.items() if dept_id in departments}


def _stop_leading(directory: Directory, user: User, departments: list[int]) -> None:
    """Only a member of a department can be its manager."""
    for dept_id in departments:
        managers = directory.departments[dept_id].managers
        if user.userid in managers:
            managers.remove(user.userid)


def _orders(call: Call) -> dict[int, int]:
    return {
        dept_id: as_number(order)
        for dept_id, order in read_by_department(call.params, "dept_order_list", "order").items()
    }


def _titles(call: Call) -> dict[int, str]:
    return {
        dept_id: str(title) for dept_id, title in read_by_department(call.params, "dept_title_list", "title").items()
    }

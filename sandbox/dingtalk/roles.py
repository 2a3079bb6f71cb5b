"""Roles and their groups: ``/topapi/role/…`` and ``/role/…``.

The same thing is ``roleIds`` here, ``role_id`` there and ``roleId`` elsewhere. The default group is DingTalk's own:
readable, never granted nor changed by these calls. A call with one wrong id does nothing at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.dingtalk.errors import RefusedError
from sandbox.dingtalk.lookups import paged
from sandbox.dingtalk.model import Role, RoleGroup

if TYPE_CHECKING:
    from sandbox.dingtalk.call import Call, Payload

ROLES_A_CALL = 20
GRANT_USERS, REVOKE_USERS = 20, 100
LIST_PAGE, MEMBERS_PAGE = 200, 100


def list_groups(call: Call) -> Payload:
    groups, has_more = paged(call.params, list(call.directory.role_groups.values()), LIST_PAGE)
    entries = [
        {
            "groupId": group.group_id,
            "name": group.name,
            "roles": [{"id": role.role_id, "name": role.name} for role in _roles_in(call, group.group_id)],
        }
        for group in groups
    ]
    return {"result": {"hasMore": has_more, "list": entries}}


def get(call: Call) -> Payload:
    role = _role(call, call.params.needed_number("roleId"))
    return {"role": {"name": role.name, "groupId": role.group_id}}


def get_group(call: Call) -> Payload:
    group = call.directory.role_groups.get(call.params.needed_number("group_id", refuse=400002))
    if group is None:
        raise RefusedError(400002)
    roles = [{"role_id": role.role_id, "role_name": role.name} for role in _roles_in(call, group.group_id)]
    return {"role_group": {"group_name": group.name, "roles": roles}}


def add_group(call: Call) -> Payload:
    name = call.params.needed_text("name")
    if any(group.name == name for group in call.directory.role_groups.values()):
        raise RefusedError(34021, "角色组名称已存在")
    group_id = next(call.directory.numbers)
    call.directory.role_groups[group_id] = RoleGroup(group_id, name)
    return {"groupId": group_id}


def add(call: Call) -> Payload:
    name = call.params.needed_text("roleName", refuse=34018)
    group = call.directory.role_groups.get(call.params.needed_number("groupId", refuse=34018))
    if group is None or group.default:
        raise RefusedError(34020)
    _refuse_same_name(call, name, group.group_id, itself=None)
    role_id = next(call.directory.numbers)
    call.directory.roles[role_id] = Role(role_id, name, group.group_id)
    return {"roleId": role_id}


def rename(call: Call) -> Payload:
    role = _role(call, call.params.needed_number("roleId"))
    name = call.params.needed_text("roleName", refuse=34018)
    if call.directory.role_groups[role.group_id].default:
        raise RefusedError(660000)
    _refuse_same_name(call, name, role.group_id, itself=role.role_id)
    role.name = name
    return {}


def delete(call: Call) -> Payload:
    role = _own_role(call, call.params.needed_number("role_id"))
    if role.members:
        raise RefusedError(23004)
    del call.directory.roles[role.role_id]
    return {}


def grant(call: Call) -> Payload:
    """Repeating it is fine."""
    roles, users = _many(call, GRANT_USERS)
    for role in roles:
        role.members += [userid for userid in users if userid not in role.members]
    return {}


def revoke(call: Call) -> Payload:
    """Taking away what somebody does not have is fine."""
    roles, users = _many(call, REVOKE_USERS)
    for role in roles:
        role.members = [userid for userid in role.members if userid not in users]
    return {}


def members(call: Call) -> Payload:
    role = _role(call, call.params.needed_number("role_id"))
    userids, has_more = paged(call.params, role.members, MEMBERS_PAGE)
    entries = [{"userid": userid, "name": call.directory.users[userid].name, "manageScopes": []} for userid in userids]
    return {"result": {"hasMore": has_more, "list": entries}}


def _many(call: Call, user_limit: int) -> tuple[list[Role], list[str]]:
    role_ids = call.params.csv_numbers("roleIds", limit=ROLES_A_CALL, refuse=40035)
    userids = call.params.csv("userIds", limit=user_limit, refuse=40035)
    if not role_ids or not userids:
        raise RefusedError(40035)
    roles = [_own_role(call, role_id) for role_id in role_ids]
    return roles, [call.user(userid).userid for userid in userids]


def _role(call: Call, role_id: int) -> Role:
    role = call.directory.roles.get(role_id)
    if role is None:
        raise RefusedError(33011)
    return role


def _own_role(call: Call, role_id: int) -> Role:
    role = _role(call, role_id)
    if call.directory.role_groups[role.group_id].default:
        raise RefusedError(33011)
    return role


def _roles_in(call: Call, group_id: int) -> list[Role]:
    return [role for role in call.directory.roles.values() if role.group_id == group_id]


def _refuse_same_name(call: Call, name: str, group_id: int, *, itself: int | None) -> None:
    if any(role.name == name and role.role_id != itself for role in _roles_in(call, group_id)):
        raise RefusedError(34021)

"""The whole state as JSON, for tests that compare."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.dingtalk.model import Directory, User


def snapshot(directory: Directory) -> dict[str, Any]:
    return {
        "users": {userid: _user(directory, user) for userid, user in directory.users.items()},
        "departments": {str(dept_id): asdict(department) for dept_id, department in directory.departments.items()},
        "role_groups": {str(group_id): asdict(group) for group_id, group in directory.role_groups.items()},
        "roles": {str(role_id): asdict(role) for role_id, role in directory.roles.items()},
        "notices": [{**asdict(notice), "at": notice.at.isoformat()} for notice in directory.notices.values()],
        "leave_records": [{**asdict(record), "at": record.at.isoformat()} for record in directory.leave_records],
        "handovers": [asdict(handover) for handover in directory.handovers],
        "invitations": list(directory.invitations),
    }


def _user(directory: Directory, user: User) -> dict[str, Any]:
    return {
        **user.attributes,
        "userid": user.userid,
        "unionid": user.unionid,
        "mobile": user.mobile,
        "state_code": user.state_code,
        "active": user.active,
        "dept_id_list": list(user.departments),
        "dept_order": {str(dept_id): order for dept_id, order in user.orders.items()},
        "dept_title": {str(dept_id): title for dept_id, title in user.titles.items()},
        "extension": dict(user.extension),
        "manager_userid": user.manager_userid,
        "roles": [role.role_id for role in directory.roles_of(user.userid)],
    }

"""Which path does what, and with which permission. Contacts are spared by the monthly quota, the others are counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.dingtalk import departments, leaving, lookups, notices, roles, users
from sandbox.dingtalk.call import Call, Payload

WRITE = "qyapi_manage_addresslist"
MEMBER, MOBILE = "qyapi_get_member", "qyapi_get_member_by_mobile"
IN_DEPARTMENT, DEPARTMENTS = "qyapi_get_department_member", "qyapi_get_department_list"
BASE = "qyapi_base"


@dataclass(frozen=True)
class Operation:
    """What a path runs; ``counted`` against the organisation's month."""

    run: Callable[[Call], Payload]
    permission: str
    method: str = "POST"
    counted: bool = False


USER, DEPARTMENT, ROLE = "topapi/v2/user", "topapi/v2/department", "topapi/role"
NOTICE = "topapi/message/corpconversation"

OPERATIONS = {
    f"{USER}/create": Operation(users.create, WRITE),
    f"{USER}/update": Operation(users.update, WRITE),
    f"{USER}/delete": Operation(users.delete, WRITE),
    f"{USER}/get": Operation(lookups.get, MEMBER),
    f"{USER}/list": Operation(lookups.in_department, IN_DEPARTMENT),
    f"{USER}/getbymobile": Operation(lookups.by_mobile, MOBILE),
    "topapi/user/listsimple": Operation(lookups.simple_list, IN_DEPARTMENT),
    "topapi/user/listid": Operation(lookups.ids_in_department, IN_DEPARTMENT),
    "topapi/user/getbyunionid": Operation(lookups.by_unionid, MEMBER),
    "topapi/user/count": Operation(lookups.head_count, MEMBER),
    f"{DEPARTMENT}/create": Operation(departments.create, WRITE),
    f"{DEPARTMENT}/update": Operation(departments.update, WRITE),
    f"{DEPARTMENT}/delete": Operation(departments.delete, WRITE),
    f"{DEPARTMENT}/get": Operation(departments.get, DEPARTMENTS),
    f"{DEPARTMENT}/listsub": Operation(departments.children, DEPARTMENTS),
    f"{DEPARTMENT}/listsubid": Operation(departments.child_ids, DEPARTMENTS),
    f"{ROLE}/list": Operation(roles.list_groups, DEPARTMENTS),
    f"{ROLE}/getrole": Operation(roles.get, DEPARTMENTS),
    f"{ROLE}/getrolegroup": Operation(roles.get_group, DEPARTMENTS),
    f"{ROLE}/addrolesforemps": Operation(roles.grant, WRITE),
    f"{ROLE}/removerolesforemps": Operation(roles.revoke, WRITE),
    f"{ROLE}/simplelist": Operation(roles.members, IN_DEPARTMENT),
    f"{ROLE}/deleterole": Operation(roles.delete, WRITE),
    "role/add_role_group": Operation(roles.add_group, WRITE),
    "role/add_role": Operation(roles.add, WRITE),
    "role/update_role": Operation(roles.rename, WRITE),
    f"{NOTICE}/asyncsend_v2": Operation(notices.send, BASE, counted=True),
    f"{NOTICE}/getsendprogress": Operation(notices.progress, BASE, counted=True),
    f"{NOTICE}/getsendresult": Operation(notices.result, BASE, counted=True),
    f"{NOTICE}/recall": Operation(notices.recall, BASE, counted=True),
    "auth/scopes": Operation(lookups.scopes, BASE, "GET"),
    "v1.0/contact/empLeaveRecords": Operation(leaving.records, "Contact.Common.Read", "GET"),
    "v1.0/hrm/processes/terminateAndHandOver": Operation(
        leaving.terminate_and_hand_over, "Hrm.Process.ReadWrite", counted=True
    ),
}

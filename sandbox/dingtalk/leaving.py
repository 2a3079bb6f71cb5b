"""The new host: who left (``contact/empLeaveRecords``), and Smart HR's immediate dismissal with hand-over.

``terminateAndHandOver`` takes effect at once. It belongs to Smart HR, which only the professional edition has here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.dingtalk.errors import ApiRefusedError
from sandbox.dingtalk.lookups import ADMIN_ROLES
from sandbox.dingtalk.model import HandOver
from sandbox.dingtalk.users import remove

if TYPE_CHECKING:
    from sandbox.dingtalk.call import Call, Payload
    from sandbox.dingtalk.model import LeaveRecord

LONGEST = timedelta(days=365)
PAGE = 50
SUBORDINATES = "directSubordinatesHandoverUserId"
RECEIVERS = (
    "aflowHandOverUserId",
    "docNoteHandoverUserId",
    "dingPanHandoverUserId",
    "permissionHandoverUserId",
    SUBORDINATES,
)
REASONS = ("terminationReasonVoluntary", "terminationReasonPassive")


def records(call: Call) -> Payload:
    """Oldest first; the first page is asked for with the token ``"0"``; the last has no ``nextToken``."""
    start, end = _instant(call, "startTime"), _instant(call, "endTime")
    size = call.params.number("maxResults")
    token = call.params.text("nextToken") or "0"
    if start is None or size is None or not 1 <= size <= PAGE or not token.isdigit():
        raise _invalid("startTime, maxResults or nextToken")
    end_or_now = end or call.now
    if end_or_now - start > LONGEST or end_or_now < start:
        raise _invalid("time span")
    within = [record for record in call.directory.leave_records if start <= record.at <= end_or_now]
    upto = int(token) + size
    page: Payload = {"records": [_record(record) for record in within[int(token) : upto]]}
    if upto < len(within):
        page["nextToken"] = str(upto)
    return page


def terminate_and_hand_over(call: Call) -> Payload:
    params, directory = call.params, call.directory
    if call.switches.edition != "professional":
        raise ApiRefusedError(400, "noPermission", "智能人事专业版")
    userid, operator = params.text("userId"), params.text("optUserId")
    if not userid or not operator or params.number("lastWorkDate") is None or not params.text("dismissionMemo"):
        raise ApiRefusedError(400, "invalidParameter")
    if not any(_reasons(call, name) for name in REASONS):
        raise ApiRefusedError(400, "invalidParameter", "termination reason")
    receivers = {name: receiver for name in RECEIVERS if (receiver := params.text(name))}
    if userid in (operator, *receivers.values()):
        raise ApiRefusedError(400, "invalidParameter", "userId")
    if not {userid, operator, *receivers.values()} <= directory.users.keys():
        raise ApiRefusedError(400, "empNotExists")
    if any(role.role_id in ADMIN_ROLES for role in directory.roles_of(userid)):
        raise ApiRefusedError(400, "businessError", "主管理员不能离职")
    reports = [user for user in directory.users.values() if user.manager_userid == userid]
    remove(call, directory.users[userid], "delete")
    for user in reports:
        user.manager_userid = receivers.get(SUBORDINATES, "")
    directory.handovers.append(HandOver(userid, operator, receivers))
    return {"result": True}


def _reasons(call: Call, name: str) -> bool:
    reasons = call.params.structure(name)
    return isinstance(reasons, list) and bool(reasons)


def _record(record: LeaveRecord) -> Payload:
    return {
        "userId": record.userid,
        "name": record.name,
        "stateCode": record.state_code,
        "mobile": record.mobile,
        "leaveTime": record.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "leaveReason": record.reason,
    }


def _instant(call: Call, name: str) -> datetime | None:
    text = call.params.text(name)
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid(name) from None
    if instant.tzinfo is None:
        raise _invalid(name)
    return instant


def _invalid(what: str) -> ApiRefusedError:
    return ApiRefusedError(400, "invalidParameter.param.invalid", f"入参错误：{what}")

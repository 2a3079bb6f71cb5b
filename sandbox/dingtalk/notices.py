"""Work notices: ``/topapi/message/corpconversation/…``.

Over a limit, or with the same text for the same person on one day, the send still succeeds and the person gets
nothing; only ``getsendresult`` tells. Results and recall end 24 hours after the send, in business time.
"""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import TYPE_CHECKING

from sandbox.dingtalk.errors import RefusedError
from sandbox.dingtalk.model import Notice

if TYPE_CHECKING:
    from datetime import date, datetime

    from sandbox.dingtalk.call import Call, Payload

TYPES = {"text", "image", "voice", "file", "link", "oa", "markdown", "action_card"}
USERS_LIMIT, DEPARTMENTS_LIMIT, MESSAGE_BYTES = 100, 20, 2048
OVER_A_DAY, REPEATED = 143105, 143106
WINDOW = timedelta(hours=24)
CHINA = timezone(timedelta(hours=8))


def send(call: Call) -> Payload:
    params, directory = call.params, call.directory
    agent_id = _agent(call)
    message = _message(call)
    userids = params.csv("userid_list", limit=USERS_LIMIT, refuse=400002) or []
    dept_ids = params.csv_numbers("dept_id_list", limit=DEPARTMENTS_LIMIT, refuse=400002) or []
    receivers = _receivers(call, userids, dept_ids)
    if len(receivers) > call.switches.notice_people:
        raise RefusedError(41029)
    forbidden: dict[str, int] = {}
    for userid in receivers:
        if rule := _forbidden(call, agent_id, userid, message):
            forbidden[userid] = rule
    task_id = next(directory.numbers)
    directory.notices[task_id] = Notice(
        task_id,
        agent_id,
        call.now,
        message,
        delivered=[userid for userid in receivers if userid not in forbidden],
        forbidden=forbidden,
        unknown_users=[userid for userid in userids if userid not in directory.users],
        unknown_departments=[dept_id for dept_id in dept_ids if dept_id not in directory.departments],
    )
    return {"task_id": task_id}


def progress(call: Call) -> Payload:
    _notice(call, "task_id")
    return {"progress": {"progress_in_percent": 100, "status": 2}}


def result(call: Call) -> Payload:
    notice = _notice(call, "task_id")
    limits = {OVER_A_DAY: call.switches.notices_a_day, REPEATED: 1}
    return {
        "send_result": {
            "invalid_user_id_list": notice.unknown_users,
            "invalid_dept_id_list": notice.unknown_departments,
            "forbidden_user_id_list": list(notice.forbidden),
            "forbidden_list": [
                {"code": str(rule), "count": limits[rule], "userid": userid}
                for userid, rule in notice.forbidden.items()
            ],
            "failed_user_id_list": [],
            "read_user_id_list": notice.read,
            "unread_user_id_list": [userid for userid in notice.delivered if userid not in notice.read],
        }
    }


def recall(call: Call) -> Payload:
    _notice(call, "msg_task_id").recalled = True
    return {}


def _agent(call: Call) -> int:
    agent_id = call.params.needed_number("agent_id", refuse=40056)
    if call.app is None or agent_id != call.app.agent_id:
        raise RefusedError(40056)
    return agent_id


def _notice(call: Call, name: str) -> Notice:
    agent_id = _agent(call)
    notice = call.directory.notices.get(call.params.needed_number(name, refuse=400002))
    if notice is None or notice.agent_id != agent_id or call.now - notice.at > WINDOW:
        raise RefusedError(400002)
    return notice


def _message(call: Call) -> dict[str, object]:
    message = call.params.structure("msg", refuse=400002)
    if not isinstance(message, dict) or message.get("msgtype") not in TYPES:
        raise RefusedError(400002)
    content = message.get(message["msgtype"])
    if not isinstance(content, dict) or not content:
        raise RefusedError(400002)
    if len(json.dumps(message, ensure_ascii=False).encode()) > MESSAGE_BYTES:
        raise RefusedError(400002)
    return message


def _receivers(call: Call, userids: list[str], dept_ids: list[int]) -> list[str]:
    directory = call.directory
    if call.params.flag("to_all_user"):
        return list(directory.users)
    if not userids and not dept_ids:
        raise RefusedError(1430000)
    below: set[int] = set()
    for dept_id in dept_ids:
        if dept_id in directory.departments:
            below |= directory.subtree(dept_id)
    inside = [user.userid for user in directory.users.values() if not below.isdisjoint(user.departments)]
    return list(dict.fromkeys([userid for userid in userids if userid in directory.users] + inside))


def _forbidden(call: Call, agent_id: int, userid: str, message: dict[str, object]) -> int | None:
    today = [
        notice
        for notice in call.directory.notices.values()
        if notice.agent_id == agent_id and _day(notice.at) == _day(call.now) and userid in notice.delivered
    ]
    if any(notice.message == message for notice in today):
        return REPEATED
    return OVER_A_DAY if len(today) >= call.switches.notices_a_day else None


def _day(at: datetime) -> date:
    return at.astimezone(CHINA).date()

"""What an administrator does by hand, and what a person does with an invitation: the edits behind the API's back.

An order is ``{"op": …}`` and what that takes; edits take the same fields as the API call of that name and obey the
same rules, without permissions or limits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from sandbox.dingtalk import departments, roles, users
from sandbox.dingtalk.errors import RefusedError
from sandbox.dingtalk.params import Params
from sandbox.kernel import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.dingtalk.call import Call, Payload
    from sandbox.dingtalk.platform import DingTalk

LOCAL_ADDRESS = "127.0.0.1"


def activate(platform: DingTalk, order: dict[str, Any]) -> dict[str, Any]:
    """``{"id": userid}`` or ``{"all": true}``: the member logs in for the first time."""
    users_ = platform.directory.users
    chosen = list(users_) if order.get("all") else [str(order.get("id"))]
    for userid in chosen:
        if userid not in users_:
            raise ConsoleError(f"no user {userid}")
        users_[userid].active = True
    return {"activated": chosen}


def carry_out(platform: DingTalk, order: dict[str, Any]) -> dict[str, Any]:
    op = str(order.get("op"))
    fields = {name: value for name, value in order.items() if name != "op"}
    if op in ON_PLATFORM:
        return ON_PLATFORM[op](platform, fields)
    if op not in EDITS:
        raise ConsoleError(f"no such op: {op}; there are {sorted([*EDITS, *ON_PLATFORM])}")
    try:
        return EDITS[op](platform.call(Params(fields), None))
    except RefusedError as error:
        raise ConsoleError(f"{error.code} {error.reason}") from error


def _leave(call: Call) -> Payload:
    """The member leaves the organisation by their own choice."""
    return users.delete(call, reason="leave")


def _delete(call: Call) -> Payload:
    return users.delete(call, reason="delete")


def _update(call: Call) -> Payload:
    """Unlike the API, the console can give a member another mobile, title and department whatever the switches say."""
    user = call.user(call.params.needed_text("userid"))
    number = users.free_mobile(call, itself=user.userid) if "mobile" in call.params else None
    switches = call.switches.model_copy(update={"position_management": None})
    answer = users.update(replace(call, params=call.params.without("mobile"), switches=switches))
    if number is not None:
        call.directory.renumber(user, *number)
    return answer


def _accept(call: Call) -> Payload:
    """The invited person agrees and becomes a member, active at once."""
    invitation = call.directory.invitations.pop(call.params.needed_text("mobile"), None)
    if invitation is None:
        raise ConsoleError("no invitation for that mobile")
    accepted = Params(invitation)
    answer = users.create(replace(call, params=accepted), accepted=True)
    call.directory.users[accepted.needed_text("userid")].active = True
    return answer


def _main_admin(call: Call) -> Payload:
    user = call.user(call.params.needed_text("userid"))
    call.directory.roles[3].members = [user.userid]
    return {}


def _read(call: Call) -> Payload:
    notice = call.directory.notices.get(call.params.needed_number("task_id"))
    userid = call.params.needed_text("userid")
    if notice is None or userid not in notice.delivered:
        raise ConsoleError("that person has no such notice")
    notice.read.append(userid)
    return {}


def _ban(platform: DingTalk, fields: dict[str, Any]) -> dict[str, Any]:
    platform.gate.ban(str(fields.get("address", LOCAL_ADDRESS)), float(fields.get("seconds", 300)))
    return {}


def _switch(platform: DingTalk, fields: dict[str, Any]) -> dict[str, Any]:
    """``{"op": "switch", "edition": "professional", …}`` changes fields of ``Switches`` while the sandbox runs."""
    try:
        platform.switches = type(platform.switches).model_validate({**platform.switches.model_dump(), **fields})
    except ValidationError as error:
        raise ConsoleError(str(error)) from error
    return fields


EDITS: dict[str, Callable[[Call], Payload]] = {
    "create": users.create,
    "update": _update,
    "delete": _delete,
    "leave": _leave,
    "accept": _accept,
    "role": roles.add,
    "role_group": roles.add_group,
    "role_rename": roles.rename,
    "role_delete": roles.delete,
    "grant": roles.grant,
    "revoke": roles.revoke,
    "department": departments.update,
    "department_create": departments.create,
    "department_delete": departments.delete,
    "main_admin": _main_admin,
    "read": _read,
}
ON_PLATFORM: dict[str, Callable[[DingTalk, dict[str, Any]], dict[str, Any]]] = {"ban": _ban, "switch": _switch}

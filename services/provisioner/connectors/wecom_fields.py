"""WeCom's words for accounts and departments, and ours. Pure (WeCom doc 90195 create, 90196 read, 90197 update)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from services.platforms.errors import OutcomeUnknownError
from services.provisioner.connectors.base import Change, Field, NativeDepartment, NewAccount
from services.provisioner.model import Account, AccountState

ROOT = "1"

FIELDS: Mapping[str, Field] = {
    "name": Field(clearable=False),
    "alias": Field(),
    "position": Field(),
    "telephone": Field(clearable=False),
    "external_position": Field(),
    "address": Field(readable="with_consent"),
    "gender": Field(readable="with_consent", clearable=False),
    "mobile": Field(writable="before_activation", readable="with_consent", clearable=False),
    "email": Field(writable="before_activation", readable="with_consent", clearable=False),
}
"""Who has joined owns the mobile: a later write is silently ignored. Applications made after 2022-06-20 are not shown
address, gender, mobile and e-mail unless the member agrees (WeCom doc 96255)."""

STATES: Mapping[int, AccountState] = {
    1: AccountState.ACTIVE,
    2: AccountState.SUSPENDED,
    4: AccountState.INVITED,
    5: AccountState.REMOVED,
}

NAME_LENGTH = 64
"""Characters of a department's name (WeCom doc 90341, edition of 2023-08-15; 32 before)."""

_ILLEGAL = re.compile(r'[\\:*?"<>|｜\x00-\x1f\x7f]')
_MAINLAND = re.compile(r"1\d{10}")


def member(account: NewAccount) -> dict[str, Any]:
    """The body of user/create. `to_invite` is always said: left out it means true, and WeCom sends text messages."""
    return {
        "userid": account.native_id,
        **_written(account.attributes, empty=False),
        **_placement(account.departments or (ROOT,), account.leads),
        **({"direct_leader": [account.manager]} if account.manager else {}),
        "enable": 0 if account.suspended else 1,
        "to_invite": account.invite and not account.suspended,
    }


def changes(native_id: str, change: Change) -> dict[str, Any]:
    """The body of user/update. The list of departments replaces the old one; `manager` "" takes the manager away."""
    return {
        "userid": native_id,
        **_written(change.attributes, empty=True),
        **(_placement(change.departments or (ROOT,), change.leads) if change.departments is not None else {}),
        **({} if change.manager is None else {"direct_leader": [change.manager] if change.manager else []}),
    }


def account(row: Mapping[str, Any], api: str) -> Account:
    """What user/get and user/list show. What is masked or may be is left out of the attributes."""
    state = STATES.get(_int(row.get("status")))
    if state is None or not row.get("userid"):
        raise OutcomeUnknownError("no_status", api)
    departments = [str(number) for number in row.get("department") or ()]
    return Account(
        native_id=str(row["userid"]),
        state=state,
        attributes={name: _shown(name, row[name]) for name in FIELDS if name in row and _tells(name, row[name])},
        departments=tuple(sorted(departments, key=int)),
        leads=_leads(departments, row.get("is_leader_in_dept") or ()),
    )


def department(row: Mapping[str, Any]) -> NativeDepartment:
    number = str(row["id"])
    return NativeDepartment(
        native_id=number,
        name=str(row.get("name") or ""),
        parent=None if number == ROOT else str(row.get("parentid")),
        order=row.get("order"),
        leaders=tuple(row.get("department_leader") or ()),
    )


def parents_first(departments: Sequence[NativeDepartment]) -> list[NativeDepartment]:
    """The tree from the top down; WeCom promises no order."""
    below: dict[str | None, list[NativeDepartment]] = {}
    ids = {department.native_id for department in departments}
    for department in departments:
        below.setdefault(department.parent if department.parent in ids else None, []).append(department)
    tree, todo = [], list(below.get(None, ()))
    while todo:
        tree.append(department := todo.pop(0))
        todo += below.get(department.native_id, ())
    return tree


def fitting(name: str) -> str:
    """A department's name as WeCom takes it (WeCom doc 90341)."""
    return _ILLEGAL.sub("_", name).strip()[:NAME_LENGTH].strip() or "_"


def _placement(departments: Sequence[str], leads: frozenset[str]) -> dict[str, Any]:
    """The lists go by position, and one without the others is ambiguous: always all of them. The first is the main."""
    return {
        "department": [int(number) for number in departments],
        "order": [0] * len(departments),
        "is_leader_in_dept": [int(number in leads) for number in departments],
        "main_department": int(departments[0]),
    }


def _written(attributes: Mapping[str, str | None], *, empty: bool) -> dict[str, str]:
    """Attributes as WeCom takes them: an empty text clears."""
    return {name: value or "" for name, value in attributes.items() if name in FIELDS and (value or empty)}


def _tells(name: str, value: object) -> bool:
    """Whether the value says anything: an empty one of a masked field may be the mask, gender 0 too."""
    return FIELDS[name].readable == "yes" or str(value or "") not in ("", "0")


def _shown(name: str, value: object) -> str | None:
    text = str(value) if value else None
    # Numbers of the mainland may come without country code.
    return f"+86{text}" if text and name == "mobile" and _MAINLAND.fullmatch(text) else text


def _leads(departments: Sequence[str], flags: Sequence[object]) -> frozenset[str] | None:
    if len(departments) != len(flags):
        return None
    return frozenset(number for number, flag in zip(departments, flags, strict=True) if flag)


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0

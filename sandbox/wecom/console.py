"""An administrator's edits, which no secret and no quota stops, and a look at everything."""

from collections.abc import Callable
from typing import Any

from sandbox.kernel import ConsoleError
from sandbox.wecom.config import Scope
from sandbox.wecom.departments import Departments
from sandbox.wecom.errors import WeComError
from sandbox.wecom.handovers import Customer, HandOvers
from sandbox.wecom.members import Members
from sandbox.wecom.model import Corp, Member
from sandbox.wecom.permissions import TrustedIps
from sandbox.wecom.reads import show
from sandbox.wecom.tags import CONSOLE, Tags
from sandbox.wecom.tokens import Tokens

Order = dict[str, Any]


class Console:
    """Members are named by ``id``, tags by name or id; what else an order holds are the fields to set."""

    def __init__(
        self,
        corp: Corp,
        *,
        members: Members,
        departments: Departments,
        tags: Tags,
        tokens: Tokens,
        trusted: TrustedIps,
        hand_overs: HandOvers,
    ) -> None:
        self._corp, self._members, self._departments = corp, members, departments
        self._tags, self._tokens, self._trusted, self._hand_overs = tags, tokens, trusted, hand_overs
        self._ops: dict[str, Callable[[Order], dict[str, Any]]] = {
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
            "leave": self._leave,
            "tag": self._tag,
            "untag": self._untag,
            "customer": self._customer,
            "chat": self._chat,
            "department": self._department,
            "customer_contact_scope": self._customer_contact_scope,
            "app": self._app,
            "trusted_ips": self._trusted_ips,
            "account_cap": self._account_cap,
        }

    def carry_out(self, order: Order) -> dict[str, Any]:
        op = self._ops.get(order.get("op", ""))
        if op is None:
            raise ConsoleError(f"op is one of {', '.join(self._ops)}")
        try:
            return op({name: value for name, value in order.items() if name != "op"})
        except WeComError as exc:
            raise ConsoleError(str(exc)) from exc
        except KeyError as exc:
            raise ConsoleError(f"{exc} is missing") from exc

    def activate(self, order: Order) -> dict[str, Any]:
        members = list(self._corp.members.values()) if order.get("all") else [self._member(order)]
        joining = [member for member in members if member.activated_at is None and member.left_at is None]
        for member in joining:
            member.activated_at = self._corp.clock.real()
        return {"activated": [member.userid for member in joining]}

    def state(self) -> dict[str, Any]:
        corp = self._corp
        return {
            "members": {member.userid: _member_row(member) for member in corp.members.values()},
            "departments": {str(d.id): vars(d) for d in corp.departments.values()},
            "tags": {str(tag.id): self._tag_row(tag.id) for tag in corp.tags.values()},
            "messages": [vars(message) for message in corp.messages],
            "resigned": corp.resigned,
            "customers": {external: vars(one) for external, one in self._hand_overs.customers.items()},
            "chats": self._hand_overs.chats,
        }

    def _create(self, order: Order) -> dict[str, Any]:
        """Without an ``id`` the system makes one, which may be changed once."""
        userid = order.pop("id", None)
        generated = userid is None
        order["userid"] = f"member{self._corp.last_seq + 1}" if generated else userid
        member, _ = self._members.add(order, generated=generated)
        return {"id": member.userid}

    def _update(self, order: Order) -> dict[str, Any]:
        member = self._member(order)
        self._members.change(member, order, by_console=True)
        return _member_row(member)

    def _delete(self, order: Order) -> dict[str, Any]:
        self._members.remove(self._member(order))
        return {}

    def _leave(self, order: Order) -> dict[str, Any]:
        member = self._member(order)
        self._members.note_leaving(member)
        member.left_at = self._corp.clock.business()
        return _member_row(member)

    def _tag(self, order: Order) -> dict[str, Any]:
        member, name = self._member(order), order["tag"]
        tag = self._corp.tag(name) or self._tags.add(str(name), CONSOLE)
        tag.users.add(member.key)
        return self._tag_row(tag.id)

    def _untag(self, order: Order) -> dict[str, Any]:
        member, tag = self._member(order), self._corp.tag(order["tag"])
        if tag is None:
            raise ConsoleError("no such tag")
        tag.users.discard(member.key)
        return self._tag_row(tag.id)

    def _customer(self, order: Order) -> dict[str, Any]:
        """``customer`` becomes a customer of the member; ``declines``: refuses to be handed over."""
        customer = Customer(self._member(order).key, bool(order.get("declines")))
        self._hand_overs.customers[order["customer"]] = customer
        return vars(customer)

    def _chat(self, order: Order) -> dict[str, Any]:
        """The member owns the customer group ``chat``."""
        self._hand_overs.chats[order["chat"]] = self._member(order).key
        return {"chat": order["chat"]}

    def _department(self, order: Order) -> dict[str, Any]:
        """``action``: create (``name``, ``parentid``), update (``id`` and fields) or delete (``id``)."""
        match order["action"]:
            case "create":
                made = self._departments.add(order["name"], order.get("parentid", 1), order.get("id"))
                return dict(vars(made))
            case "delete":
                self._departments.remove(order["id"])
                return {}
            case "update" if order["id"] in self._corp.departments:
                department = self._corp.departments[order["id"]]
                department.name = order.get("name", department.name)
                department.parentid = order.get("parentid", department.parentid)
                return dict(vars(department))
        raise ConsoleError("no such action or department")

    def _customer_contact_scope(self, order: Order) -> dict[str, Any]:
        self._corp.customer_contact_scope = Scope.model_validate(order)
        return order

    def _app(self, order: Order) -> dict[str, Any]:
        """``kind`` contact or agent; a new ``secret`` or ``enabled`` false kills its tokens or its calls."""
        app = next((app for app in self._corp.apps if app.kind == order["kind"]), None)
        if app is None:
            raise ConsoleError("kind is contact or agent")
        if "secret" in order:
            app.secret = order["secret"]
            self._tokens.revoke_all_of(app)
        app.enabled = order.get("enabled", app.enabled)
        return {"kind": app.kind, "enabled": app.enabled}

    def _trusted_ips(self, order: Order) -> dict[str, Any]:
        self._trusted.replace(order["ips"])
        return order

    def _account_cap(self, order: Order) -> dict[str, Any]:
        self._corp.account_cap = order["cap"]
        return order

    def _member(self, order: Order) -> Member:
        member = self._corp.member(order.pop("id", None))
        if member is None:
            raise ConsoleError("no such member")
        return member

    def _tag_row(self, tag_id: int) -> dict[str, Any]:
        tag = self._corp.tags[tag_id]
        users = sorted(self._corp.members[key].userid for key in tag.users)
        return {"id": tag.id, "tagname": tag.name, "owner": tag.owner, "userlist": users, "partylist": [*tag.parties]}


def _member_row(member: Member) -> dict[str, Any]:
    return {
        **show(member),
        "enabled": member.enabled,
        "activated_at": member.activated_at,
        "left_at": member.left_at,
        "invitations": member.invitations,
    }

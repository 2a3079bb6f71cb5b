"""The steps that a policy would take now against what is stored: the same functions as a pass, and no step taken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.decisions import Decision
from services.provisioner.connectors.base import given_in_removal
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Desired, Step, Verb
from services.provisioner.plan import handing_over
from services.provisioner.plan.planner import Plan, plan
from services.provisioner.plan.wish import wish
from services.provisioner.policy.desired import desired
from services.provisioner.policy.past import Past
from services.provisioner.preview.cost import Cost
from services.provisioner.preview.targets import Planned
from services.provisioner.preview.trees import Asked, Trees
from services.provisioner.store.port import DEPARTMENTS, StoredAccount

_AFTER: Mapping[Verb, str] = {
    "suspend": "suspended", "resume": "active", "strip": "stripped", "remove": "removed", "delete": "deleted",
}  # fmt: skip
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store has of one person."""

    line: Timeline
    decisions: Sequence[Decision]
    accounts: Mapping[str, StoredAccount]


@dataclass(slots=True)
class Preview:
    """The whole preview. `links` are the departments known on each target; those still to be made count as made."""

    planned: Planned
    trees: Trees
    links: Mapping[str, Mapping[str, str]]
    at: datetime
    costs: dict[str, Cost] = field(default_factory=dict)
    people: int = 0
    steps: int = 0
    waiting: int = 0
    held: int = 0
    inbox: int = 0
    _named: dict[str, set[str]] = field(default_factory=dict)

    @property
    def tree(self) -> Asked:
        return self.trees.at(self.at)

    def person(self, stored: Stored) -> Iterator[Row]:
        """A row per step for one person on all targets, in the order of the steps."""
        line = stored.line
        state, past = line.state(self.at), Past(line, self.trees.at, tuple(stored.decisions), self.trees.turns)
        differs = False
        for target in self.planned.policy.targets:
            wanted = desired(self.planned.policy, state, self.tree, target, self.at, past)
            account = stored.accounts.get(target)
            made = self._plan(target, wanted, account, state.entitled_recorded_at)
            self.waiting += bool(made.waits)
            self.held += bool(made.holds)
            self.inbox += bool(made.inbox)
            self._cost(target).person(made.steps)
            for step in made.steps:
                differs = True
                yield self._row(line.person_id, step, account, wanted.mode)
        self.people += differs

    def departments(self) -> Iterator[Row]:
        """A row per department that would be made or deleted; names are not compared, which needs the platform."""
        for target in self.planned.policy.targets:
            manage, linked = self.planned.policy.departments[target].manage, self.links.get(target, {})
            if manage == "none":
                continue
            open_ = [one.department_id for one in self.tree.tree.open()]
            unknown = sorted(self._named.get(target, set()) - set(open_))
            yield from (self._department("create_department", target, i) for i in (*open_, *unknown) if i not in linked)
            closed = [one.department_id for one in self.tree.tree.closed()] if manage == "full" else []
            yield from (self._department("delete_department", target, i) for i in closed if i in linked)

    def totals(self) -> Row:
        """Steps and people, calls by target and API, and the time of the slowest target at its quota."""
        calls = {name: cost.total() for name, cost in self.costs.items()}
        seconds = {name: round(cost.seconds(self.planned.quota(name)), 1) for name, cost in self.costs.items()}
        return {
            "totals": True, "people": self.people, "steps": self.steps, "waiting": self.waiting, "held": self.held,
            "calls": sum(sum(one.values()) for one in calls.values()),
            "seconds": max(seconds.values(), default=0.0),
            "targets": {name: {"calls": calls[name], "seconds": seconds[name]} for name in calls},
        }  # fmt: skip

    def _plan(self, target: str, wanted: Desired, account: StoredAccount | None, begun: datetime | None) -> Plan:
        links = dict(self.links.get(target, {}))
        managed = self.planned.managed(target)
        for department in (*wanted.departments, *wanted.leads):
            links.setdefault(department, f"#{department}")
            self._named.setdefault(target, set()).add(department)
        native_id = account.observed.native_id if account else ""
        under = self._under(target, account)
        wished = wish(wanted, native_id, links, under, managed=managed)
        heir = next(iter(wanted.heirs), None)
        given = given_in_removal(self.planned.connectors[target])
        wished = handing_over.wished(wished, wanted.hand_over, heir, account, self.at, given=given)
        return plan(wished, account, self.planned.abilities[target], begun)

    def _under(self, target: str, account: StoredAccount | None) -> str:
        """The native id of the top: of one named by a path only the platform knows it, so who is somewhere stays."""
        under = self.planned.policy.departments[target].under
        if not under.strip("/"):
            return self.planned.connectors[target].root
        return account.observed.departments[0] if account and account.observed.departments else under

    def _row(self, person_id: str, step: Step, account: StoredAccount | None, mode: str) -> Row:
        self.steps += 1
        before, after = change(step, account)
        return {
            "person_id": person_id, "target": step.target, "verb": step.verb,
            "entitlement": step.entitlement or step.what,
            "from": before, "to": after, "reason": {"facts": list(step.reason.facts), "rule": step.reason.rule},
            "irreversible": step.irreversible, "mode": mode,
        }  # fmt: skip

    def _department(self, verb: Verb, target: str, department_id: str) -> Row:
        self.steps += 1
        self._cost(target).department(verb)
        name, facts = self.tree.name(department_id), self.tree.tree.get(department_id).facts
        before, after = (None, name) if verb == "create_department" else (name, None)
        return {
            "person_id": DEPARTMENTS, "target": target, "verb": verb, "entitlement": department_id, "from": before,
            "to": after, "reason": {"facts": [str(key) for key in facts], "rule": f"departments.{target}"},
            "irreversible": verb == "delete_department", "mode": self.planned.policy.targets[target].mode,
        }  # fmt: skip

    def _cost(self, target: str) -> Cost:
        if target not in self.costs:
            kind = self.planned.policy.targets[target].type
            self.costs[target] = Cost(kind, self.planned.connectors[target])
        return self.costs[target]


def change(step: Step, account: StoredAccount | None) -> tuple[Any, Any]:
    """What a step changes, before and after: a state, an entitlement held or not, departments, or attributes."""
    shown = account.observed if account else None
    match step.verb:
        case "create":
            return "none", "suspended" if step.suspended else "active"
        case "grant":
            return None, step.entitlement
        case "revoke":
            return step.entitlement, None
        case "hand_over":
            return step.native_id, step.to
        case "update" | "move":
            before: Row = {name: shown.attributes.get(name) if shown else None for name in step.attributes}
            after: Row = dict(step.attributes)
            if step.departments is not None:
                before["departments"], after["departments"] = (
                    list(shown.departments) if shown else [],
                    [*step.departments],
                )
            return before, after
        case _:
            return shown.state.value if shown else "none", _AFTER.get(step.verb, step.verb)

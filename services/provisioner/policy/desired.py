"""What one person should have on one target at an instant. Pure: the same state and policy give the same answer."""

from collections.abc import Mapping
from datetime import datetime

from services.provisioner.model import Case, Desired, Mode, PersonState, Reason
from services.provisioner.policy.cel import Condition, Context, Departments, midnight
from services.provisioner.policy.rules import Accounts, Policy, Target

__all__ = ["Departments", "desired", "next_turn"]


def desired(policy: Policy, state: PersonState, departments: Departments, target: str, at: datetime) -> Desired:
    """Desired for `state` (the fold at `at`). A person without access keeps attributes and place, and holds nothing."""
    return desired_in(policy, state, Context(state, departments, at), departments, target)


def desired_in(policy: Policy, state: PersonState, context: Context, departments: Departments, target: str) -> Desired:
    """The same in a context that is shared by several targets."""
    rules, configured = policy.accounts[target], policy.targets[target]
    facts = tuple(str(key) for key in state.facts)
    case, rule = _closed(policy, state, context, rules)
    open_ = case is None
    placed = policy.departments[target].manage != "none"
    return Desired(
        target=target,
        access="open" if open_ else "closed",
        case=case or "leave",
        attributes={name: _text(context.value(attribute.path)) for name, attribute in rules.attributes.items()},
        on_create=frozenset(name for name, attribute in rules.attributes.items() if attribute.on_create),
        departments=_departments(context) if placed else (),
        leads=_leads(state, departments) if placed and open_ else frozenset(),
        manager=_manager(context),
        grants=_grants(policy, context, target, facts) if open_ else {},
        missing=rules.requires.missing(context) if open_ and rules.requires else (),
        mode=_mode(configured, context),
        invite=configured.invite,
        reason=Reason(facts=facts, rule=rule, policy=policy.version),
    )


def next_turn(policy: Policy, state: PersonState, departments: Departments, at: datetime) -> datetime | None:
    """The first instant after `at` at which a rule's answer can change because it compares `today` with a date."""
    context = Context(state, departments, at)
    conditions = _conditions(policy)
    days = (day for place in (context, *context.others) for condition in conditions for day in condition.turns(place))
    return min((midnight(day, state.zone) for day in days), default=None)


def _departments(context: Context) -> tuple[str, ...]:
    """Where the person counts: the deciding position's department first, then those of the others."""
    places = (place.department for place in (context, *context.others))
    return tuple(dict.fromkeys(department for department in places if department is not None))


def _conditions(policy: Policy) -> list[Condition]:
    found = [rule.when for rule in policy.birthrights]
    for rules in policy.accounts.values():
        found += [rules.for_, rules.requires]
    found += [target.enforce_for for target in policy.targets.values()]
    return [condition for condition in found if condition is not None]


def _closed(policy: Policy, state: PersonState, context: Context, rules: Accounts) -> tuple[Case | None, str]:
    """The case in which access is closed, or None; and the rule that says so."""
    if not state.active:
        return "leave", "leavers"
    if state.stopped:
        return "stop", "stop"
    for absence in state.absent:
        if (kind := policy.absence(absence.kind)) is not None:
            return "absence", f"absences.{kind}"
    if rules.for_ is not None and not rules.for_.holds(context):
        return "leave", f"accounts.{rules.target}.for"
    return None, f"accounts.{rules.target}"


def _grants(policy: Policy, context: Context, target: str, facts: tuple[str, ...]) -> Mapping[str, Reason]:
    """Each entitlement with the first rule that grants it."""
    found: dict[str, Reason] = {}
    for rule in policy.birthrights:
        entitlements = rule.grants.get(target)
        if entitlements and _holds(rule.when, context):
            reason = Reason(facts=facts, rule=f"birthright.{rule.name}", policy=policy.version)
            for entitlement in entitlements:
                found.setdefault(entitlement, reason)
    return found


def _holds(condition: Condition | None, context: Context) -> bool:
    """A rule holds if it does for any of the person's positions."""
    return condition is None or any(condition.holds(place) for place in (context, *context.others))


def _mode(target: Target, context: Context) -> Mode:
    """A leaver is judged by what they were, so that whoever was enforced is closed.

    Of somebody whose hire was taken back nothing is left to judge by; what we made for them is closed all the same.
    """
    if target.mode != "enforce" or target.enforce_for is None or context.worker is None:
        return target.mode
    return "enforce" if target.enforce_for.holds(context) else "observe"


def _leads(state: PersonState, departments: Departments) -> frozenset[str]:
    return departments.led_by(worker.worker.worker_id for worker in state.workers if worker.active)


def _manager(context: Context) -> str | None:
    """`id_space/worker_id` of the manager, whose number is one of the same HR system."""
    worker = context.worker
    if worker is None or worker.assignment.manager_id is None:
        return None
    return f"{worker.worker.id_space}/{worker.assignment.manager_id}"


def _text(value: object) -> str | None:
    """Fields of the contract are text; of `extra`, numbers and truth values are written out and the rest is unknown."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) and value != "" else None

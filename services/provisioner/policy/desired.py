"""What one person should have on one target at an instant. Pure: the same state and policy give the same answer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Literal

from services.provisioner.model import Case, Desired, Due, Mode, PersonState, Reason
from services.provisioner.policy import endings
from services.provisioner.policy.cel import Condition, Context, Departments, midnight
from services.provisioner.policy.grants import Holding, holding
from services.provisioner.policy.past import Past
from services.provisioner.policy.rules import Accounts, Policy, Target

__all__ = ["Departments", "Past", "decisive", "desired", "next_turn"]

SESSIONS = "sessions_not_ended"
NOT_HANDED_OVER = "not_handed_over"
"""How a residue begins: policy wishes it and the target gives no way to do it."""


def desired(
    policy: Policy, state: PersonState, departments: Departments, target: str, at: datetime, past: Past | None = None
) -> Desired:
    """Desired for `state` (the fold at `at`). A person without access keeps attributes and place, and holds nothing.

    Without a `past` nothing overlaps, nobody decided anything, and nothing is prepared.
    """
    return desired_in(policy, state, Context(state, departments, at), departments, target, past)


def desired_in(
    policy: Policy,
    state: PersonState,
    context: Context,
    departments: Departments,
    target: str,
    past: Past | None = None,
) -> Desired:
    """The same in a context that is shared by several targets."""
    coming = decisive(policy, state, target, past)
    if coming is state:
        return _wanted(policy, state, context, departments, target, past)
    then = Context(coming, departments, coming.at)
    wanted = _wanted(policy, coming, then, departments, target, None)
    access: Literal["prepared", "closed"] = "prepared" if wanted.access == "open" else "closed"
    return replace(wanted, access=access, leads=frozenset(), grants={}, due=(), notices=(),
                   protected=policy.protects(state) and not state.stopped)  # fmt: skip


def decisive(policy: Policy, state: PersonState, target: str, past: Past | None) -> PersonState:
    """The state by which the account is judged: that of the first day, once it is time to prepare for it."""
    prepare, first_day = policy.accounts[target].prepare, state.next_hire_at
    if past is None or prepare is None or state.active or first_day is None or first_day - prepare > state.at:
        return state
    return past.line.state(first_day)


def _wanted(
    policy: Policy, state: PersonState, context: Context, departments: Departments, target: str, past: Past | None
) -> Desired:
    rules, configured, at = policy.accounts[target], policy.targets[target], state.at
    facts = tuple(str(key) for key in state.facts)
    case, rule = _closed(policy, state, context, rules)
    open_ = case is None
    placed = policy.departments[target].manage != "none"
    held = holding(policy, context, target, facts, past, at) if open_ else Holding()
    undo = not state.active and not state.employed_before and state.next_hire_at is None
    gone = case == "leave" and not undo and not state.unidentified
    deletion = None if open_ else endings.deletion(policy, state, past, at)
    return Desired(
        target=target,
        access="open" if open_ else "closed",
        case=case or "leave",
        attributes={name: _text(context.value(attribute.path)) for name, attribute in rules.attributes.items()},
        on_create=frozenset(name for name, attribute in rules.attributes.items() if attribute.on_create),
        departments=_departments(context) if placed else (),
        leads=_leads(policy, state, departments) if placed and open_ else frozenset(),
        manager=_manager(context),
        grants=held.grants,
        denied=held.denied,
        exclusive=policy.exclusive.get(target, frozenset()),
        delete=deletion is not None and deletion.at <= at,
        undo=undo,
        protected=not open_ and not state.stopped and policy.protects(state),
        notices=endings.notices(policy, state, at) if open_ else (),
        deletes=policy.leavers.delete_after is not None,
        hand_over=configured.hands_over if gone else (),
        heirs=tuple(_heirs(policy, state, context)) if gone and configured.hands_over else (),
        residue=tuple(_residue(policy, configured)) if gone else (),
        drift=policy.drift,
        due=tuple(_due(policy, state, held, deletion, at)),
        next_at=_next(policy, state, rules, held, deletion, at),
        missing=rules.requires.missing(context) if open_ and rules.requires else (),
        mode=_mode(configured, context),
        invite=configured.invite,
        reason=Reason(facts=facts, rule=rule, policy=policy.version),
    )


def next_turn(policy: Policy, state: PersonState, departments: Departments, at: datetime) -> datetime | None:
    """The first instant after `at` at which a rule's answer can change because it compares `today` with a date."""
    return turn_in(policy, state, Context(state, departments, at))


def turn_in(policy: Policy, state: PersonState, context: Context) -> datetime | None:
    """The same in a context that is shared with `desired_in`."""
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


def _closed(  # noqa: PLR0911 - one way out a reason
    policy: Policy, state: PersonState, context: Context, rules: Accounts
) -> tuple[Case | None, str]:
    """The case in which access is closed, or None; and the rule that says so."""
    if not state.active:
        return "leave", "leavers"
    if state.unidentified:
        return "leave", "identity"
    if state.stopped:
        return "stop", "stop"
    for absence in state.absent:
        if (kind := policy.absence(absence.kind)) is not None:
            return "absence", f"absences.{kind}"
    if (end := endings.runs_out(policy, state)) and end.at <= state.at:
        return "leave", f"employment_ends.{end.type}"
    if rules.for_ is not None and not rules.for_.holds(context):
        return "leave", f"accounts.{rules.target}.for"
    return None, f"accounts.{rules.target}"


def _due(policy: Policy, state: PersonState, held: Holding, deletion: Due | None, at: datetime) -> Iterator[Due]:
    """What time alone will take away; the end of an employment is named once it is near."""
    yield from held.due
    if deletion is not None and deletion.at > at:
        yield deletion
    end = endings.runs_out(policy, state)
    if end is not None and end.at - endings.ANNOUNCED <= at < end.at:
        yield Due("suspend", end.at)


def _next(
    policy: Policy, state: PersonState, rules: Accounts, held: Holding, deletion: Due | None, at: datetime
) -> datetime | None:
    turns = [*held.ends, *endings.turns(policy, state)]
    if deletion is not None:
        turns.append(deletion.at)
    if rules.prepare and state.next_hire_at and not state.active:
        turns.append(state.next_hire_at - rules.prepare)
    return min((turn for turn in turns if turn > at), default=None)


def _mode(target: Target, context: Context) -> Mode:
    """A leaver is judged by what they were, so that whoever was enforced is closed.

    Of somebody whose hire was taken back nothing is left to judge by; what we made for them is closed all the same.
    """
    if target.mode != "enforce" or target.enforce_for is None or context.worker is None:
        return target.mode
    return "enforce" if target.enforce_for.holds(context) else "observe"


def _leads(policy: Policy, state: PersonState, departments: Departments) -> frozenset[str]:
    return departments.led_by((worker.worker for worker in state.workers if worker.active), policy.space_of)


def _manager(context: Context) -> str | None:
    """`id_space/worker_id` of the manager, whose number is one of the same HR system."""
    worker = context.worker
    if worker is None or worker.assignment.manager_id is None:
        return None
    return f"{worker.worker.id_space}/{worker.assignment.manager_id}"


def _residue(policy: Policy, target: Target) -> Iterator[str]:
    if policy.leavers.end_sessions:
        yield SESSIONS
    for what in target.keeps:
        yield f"{NOT_HANDED_OVER}:{what}"


def _heirs(policy: Policy, state: PersonState, context: Context) -> Iterator[str]:
    """Who may take over what a leaver owned, in the order of policy, as `id_space/worker_id`."""
    leave = state.primary.leave if state.primary else None
    for who in policy.leavers.hand_over.to if policy.leavers.hand_over else ():
        match who:
            case "successor" if state.primary and leave and leave.successor_id:
                yield f"{state.primary.worker.id_space}/{leave.successor_id}"
            case "manager" if manager := _manager(context):
                yield manager
            case "successor" | "manager":
                continue
            case _:
                yield who


def _text(value: object) -> str | None:
    """Fields of the contract are text; of `extra`, numbers and truth values are written out and the rest is unknown."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) and value != "" else None

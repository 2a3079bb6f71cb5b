"""What a person with access holds on a target: birthright, overlaps, exceptions; and what is refused: deny wins."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from services.provisioner.model import Due, Reason
from services.provisioner.policy.cel import Context
from services.provisioner.policy.exceptions import in_effect
from services.provisioner.policy.overlap import overlap
from services.provisioner.policy.past import Past
from services.provisioner.policy.rules import Policy


@dataclass(slots=True)
class Holding:
    """Entitlements with their reasons; `due` are those that end with an overlap; `ends` when time changes any of it."""

    grants: dict[str, Reason] = field(default_factory=dict)
    denied: dict[str, Reason] = field(default_factory=dict)
    due: list[Due] = field(default_factory=list)
    ends: list[datetime] = field(default_factory=list)


def holding(
    policy: Policy, context: Context, target: str, facts: tuple[str, ...], past: Past | None, at: datetime
) -> Holding:
    """`context` is the person at `at`; without a past there is neither overlap nor exception."""
    found = Holding()
    for rule in policy.birthrights:
        if rule.holds(context):
            reason = Reason(facts=facts, rule=f"birthright.{rule.name}", policy=policy.version)
            _give(found.grants, rule.grants.get(target, ()), reason)
            _give(found.denied, rule.deny.get(target, ()), reason)
    if past is not None:
        _exceptions(found, policy, target, past, at)
        _overlaps(found, policy, context, target, facts, past, at)
    for name in found.denied:
        found.grants.pop(name, None)
    found.due = [due for due in found.due if due.entitlement in found.grants]
    return found


def _exceptions(found: Holding, policy: Policy, target: str, past: Past, at: datetime) -> None:
    for name, exception in in_effect(policy, target, past, at).items():
        found.ends.append(exception.until)
        into = found.denied if exception.decision.deny else found.grants
        into.setdefault(name, exception.reason(policy))


def _overlaps(
    found: Holding, policy: Policy, context: Context, target: str, facts: tuple[str, ...], past: Past, at: datetime
) -> None:
    """What is given anyway needs no overlap; of two overlaps the longer counts."""
    kept: dict[str, Due] = {}
    given = frozenset(found.grants)
    for rule in policy.birthrights:
        lost = [name for name in rule.grants.get(target, ()) if name not in given]
        if not lost or rule.holds(context):
            continue
        running = overlap(policy, rule, policy.accounts[target], past, at)
        if running is None:
            continue
        found.ends.append(running.until)
        for name in lost:
            if name not in kept or kept[name].at < running.until:
                kept[name] = Due("revoke", running.until, name, running.since)
        _give(found.grants, lost, Reason(facts=facts, rule=f"birthright.{rule.name}", policy=policy.version))
    found.due += kept.values()


def _give(into: dict[str, Reason], entitlements: Iterable[str], reason: Reason) -> None:
    """The first rule that names an entitlement is its reason."""
    for name in entitlements:
        into.setdefault(name, reason)

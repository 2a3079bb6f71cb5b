"""A policy as plans need it without a platform: what each target can do, asked of connectors that are never called."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from services.platforms.quotas import Quota
from services.provisioner.connectors.base import Connector, Field
from services.provisioner.connectors.registry import KINDS
from services.provisioner.model import Case, Verb
from services.provisioner.policy.cel import Condition
from services.provisioner.policy.check import validate_unexpanded
from services.provisioner.policy.load import Policy, PolicyError


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the planner must know of a target."""

    fields: Mapping[str, Field]
    closing: Mapping[Case, tuple[Verb, ...]]


@dataclass(frozen=True)
class Planned:
    """A policy and the abilities of its targets."""

    policy: Policy

    @cached_property
    def connectors(self) -> Mapping[str, Connector]:
        """One of each target, opened without secret and never called."""
        return {name: connector_of(self.policy, name) for name in self.policy.targets}

    @cached_property
    def abilities(self) -> Mapping[str, Abilities]:
        return {
            name: Abilities(
                connector.fields,
                {**connector.closing, **{case: (verb,) for case, verb in self.policy.targets[name].close_by.items()}},
            )
            for name, connector in self.connectors.items()
        }

    @cached_property
    def deciding(self) -> tuple[Condition, ...]:
        """The conditions that decide whether somebody has an account."""
        rules = self.policy.accounts.values()
        return tuple(one for rule in rules for one in (rule.for_, rule.requires) if one is not None)

    @cached_property
    def reads(self) -> tuple[tuple[str, str], ...]:
        """What they read of a person, as (`employment`, `type`); of the department its id tells all."""
        paths = {path for condition in self.deciding for path in condition.fields if len(path) > 1}
        named = {(p[0], "department_id" if p[0] == "department" else p[1]) for p in paths if p[0] != "extra"}
        return tuple(sorted(named))

    @cached_property
    def reads_extra(self) -> bool:
        return any(path[0] == "extra" for condition in self.deciding for path in condition.fields)

    @cached_property
    def reads_place(self) -> bool:
        """Whether they read what a mere move or a word in `extra` changes."""
        return self.reads_extra or any(root == "assignment" or name == "department_id" for root, name in self.reads)

    def managed(self, target: str) -> bool:
        return self.policy.departments[target].manage != "none"

    def quota(self, target: str) -> Quota:
        return KINDS[self.policy.targets[target].type].quota


def connector_of(policy: Policy, target: str) -> Connector:
    """The target's connector, placeholders left as they stand; a loaded policy always has one."""
    configured = policy.targets[target]
    kind = KINDS[configured.type]
    config, _ = validate_unexpanded(kind.config, configured.config, policy.document, ("targets", target))
    if config is None:
        raise PolicyError([policy.document.problem(("targets", target), "cannot be judged without its variables")])
    return kind.abilities(config)

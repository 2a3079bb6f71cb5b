"""A loaded policy: frozen, checked, conditions compiled. Secrets are still placeholders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel

from services.kit.sources import SourceConfig
from services.provisioner.model import Case, Drift, Mode, PersonState, Verb
from services.provisioner.policy.cel import Condition, Context
from services.provisioner.policy.models import Exceptions, Guard, Leavers, Notify
from services.provisioner.policy.problems import Problem
from services.provisioner.policy.yaml_at import Document

ABSENCES: Mapping[str, Literal["close", "keep"]] = {"suspension": "close", "*": "keep"}
"""What an absence does where the file says nothing of its kind."""
ConfigModel = type[BaseModel]


@dataclass(frozen=True, slots=True)
class Target:
    """`config` are the keys of its type as written; `expand` makes a `model` of them."""

    name: str
    type: str
    config: Mapping[str, Any] = field(repr=False)
    model: ConfigModel
    mode: Mode = "observe"
    enforce_for: Condition | None = None
    invite: bool = True
    close_by: Mapping[Case, Verb] = field(default_factory=dict)
    hands_over: tuple[str, ...] = ()
    """What of a leaver policy wants handed over and this target can."""
    keeps: tuple[str, ...] = ()
    """What policy wants handed over and this target cannot."""


@dataclass(frozen=True, slots=True)
class Attribute:
    path: tuple[str, ...]
    on_create: bool = False


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who has an account on the target (None: everybody employed) and what stands in it."""

    target: str
    for_: Condition | None
    requires: Condition | None
    match: tuple[str, ...]
    username: str | None
    attributes: Mapping[str, Attribute]
    prepare: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Departments:
    manage: Literal["none", "link", "full"] = "none"
    under: str = "/"


@dataclass(frozen=True, slots=True)
class Birthright:
    """`grants` and `deny` by target; `keep`: how long the grants stay after the condition stopped holding."""

    name: str
    when: Condition | None
    grants: Mapping[str, tuple[str, ...]]
    deny: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keep: timedelta = timedelta(0)

    def holds(self, context: Context) -> bool:
        """A rule holds if it does for any of the person's positions."""
        return self.when is None or any(self.when.holds(place) for place in (context, *context.others))


@dataclass(frozen=True, slots=True)
class Policy:
    """`version` names what the file says, without its comments and layout. `warnings`: what is not acted on yet."""

    version: str
    targets: Mapping[str, Target]
    accounts: Mapping[str, Accounts]
    departments: Mapping[str, Departments]
    birthrights: tuple[Birthright, ...]
    sources: Mapping[str, SourceConfig]
    notify: Notify
    warnings: tuple[Problem, ...]
    document: Document = field(repr=False)
    name: str = "tenure.yaml"
    absences: Mapping[str, Literal["close", "keep"]] = field(default_factory=lambda: ABSENCES)
    exceptions: Exceptions | None = None
    exclusive: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By target: the entitlements that only policy gives."""
    employment_ends: Mapping[str, Literal["close", "inbox", "ignore"]] = field(default_factory=dict)
    leavers: Leavers = field(default_factory=Leavers)
    drift: Drift = field(default_factory=Drift)
    protected: frozenset[str] = frozenset()
    guards: tuple[Guard, ...] = ()

    def space_of(self, source: str) -> str:
        """Whose numbers a source (URN) speaks of; one that is not declared speaks of its own."""
        return next((one.space for one in self.sources.values() if one.source == source), source)

    def absence(self, kind: str) -> str | None:
        """The key of `absences` by which an absence of this kind closes access; None where access is kept."""
        key = kind if kind in self.absences else "*"
        return key if self.absences.get(key) == "close" else None

    def bounded(self, since: datetime, until: datetime) -> datetime:
        """The end of something that a person decided: no later than policy's longest."""
        return min(until, since + self.exceptions.longest) if self.exceptions else until

    def employment_end(self, kind: str) -> Literal["close", "inbox", "ignore"]:
        """What the end of an employment of that type does by itself."""
        return self.employment_ends.get(kind, self.employment_ends.get("*", "ignore"))

    def protects(self, state: PersonState) -> bool:
        ids = {f"{worker.worker.id_space}/{worker.worker.worker_id}" for worker in state.workers}
        return not self.protected.isdisjoint(ids | {state.person_id})

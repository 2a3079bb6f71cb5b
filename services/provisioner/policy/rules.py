"""A loaded policy: frozen, checked, conditions compiled. Secrets are still placeholders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from pydantic import BaseModel

from services.kit.sources import SourceConfig
from services.provisioner.model import Case, Mode, Verb
from services.provisioner.policy.cel import Condition
from services.provisioner.policy.models import Notify
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
    name: str
    when: Condition | None
    grants: Mapping[str, tuple[str, ...]]


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

    def absence(self, kind: str) -> str | None:
        """The key of `absences` by which an absence of this kind closes access; None where access is kept."""
        key = kind if kind in self.absences else "*"
        return key if self.absences.get(key) == "close" else None

"""What guards count: changes announced to accounts, and the turns of how many people a cause has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from contracts.decisions import Decision
from services.provisioner.model import Fact
from services.provisioner.store.values import StoredAccount

ChangeKind = Literal["close", "delete", "create", "resume", "rename", "move", "revoke"]
FREE = "free"
"""A change that explains a step and is never guarded: what was prepared opens, or is undone."""

BEGIN, END = "begin", "end"
"""Employment begins or ends: no change of an account, but how many people a cause has."""


POLICY, SWEEP = "policy:", "sweep:"


def is_source(cause: str) -> bool:
    """Whether it is an HR source: its people are counted by themselves, every other cause concerns everybody."""
    return not cause.startswith((POLICY, SWEEP))


class Change(NamedTuple):
    """What facts, a policy or a sweep make of a person's accounts, and from when on (business time)."""

    cause: str
    """The HR source, `policy:<version>` or `sweep:<target>`."""
    kind: str
    person_id: str
    due_at: datetime
    immediate: bool = False
    """A leave that HR marked so, and that no batch brought."""


class Announced(NamedTuple):
    """A change as kept. `wave` grows when something new comes after a quiet time: it orders what is due together."""

    cause: str
    kind: str
    due_at: datetime
    wave: int
    immediate: bool


class Counted(NamedTuple):
    """A change among others of its cause and kind."""

    due_at: datetime
    wave: int
    person_id: str
    immediate: bool


class Turn(NamedTuple):
    """So many more (fewer) people are active in a cause from here on."""

    due_at: datetime
    wave: int
    delta: int


class Stretch(NamedTuple):
    """A stretch of time in one cause and kind: its changes in order, and who was active, at first and then."""

    changes: tuple[Counted, ...]
    active: int
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What intake must know of a person to see what new facts change."""

    facts: tuple[Fact, ...] = ()
    decisions: tuple[Decision, ...] = ()
    accounts: Mapping[str, StoredAccount] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """What became of the announced changes of some people.

    All that was announced for them beyond `now` is replaced; `lapsed` (person, kind) will not happen any more.
    """

    persons: tuple[str, ...]
    now: datetime
    changes: tuple[Change, ...] = ()
    lapsed: tuple[tuple[str, str], ...] = ()


class HeldGroup(NamedTuple):
    """People that one guard holds on one target, by the reason that their rows have."""

    target: str
    reason: str
    people: int
    since: datetime


class HeldRow(NamedTuple):
    person_id: str
    target: str
    reason: str
    since: datetime

"""The tree of departments at an instant, folded from their facts as a person's timeline is from theirs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from contracts import hr
from services.provisioner.facts.job import Origin, credit
from services.provisioner.facts.order import instant_of, key_at
from services.provisioner.facts.standing import APPLIES, stand
from services.provisioner.facts.tree import Tree, returns
from services.provisioner.model import Fact, FactKey, Verdict, VerdictKind, WorkerKey

PARENT_CYCLE = Verdict(VerdictKind.INBOX, "parent_cycle")
SUCCESSOR_CYCLE = Verdict(VerdictKind.INBOX, "successor_cycle")
ALREADY_CLOSED = Verdict(VerdictKind.NO_EFFECT, "already_closed")


@dataclass(frozen=True, slots=True)
class Department:
    """One department as announced. `parent_id` is what HR says; where it hangs is `Departments.parent`."""

    department_id: str
    name: str
    parent_id: str | None = None
    order: int | None = None
    leader_ids: tuple[str, ...] = ()
    leaders_from: str | None = None
    """The source that named them: their numbers are those of its id space."""
    deputy_ids: tuple[str, ...] = ()
    closed_at: datetime | None = None
    successor_id: str | None = None
    facts: tuple[FactKey, ...] = ()


class Problem(NamedTuple):
    """Something that HR said and that cannot be: the department stays as it was."""

    department_id: str
    fact: FactKey
    reason: str


@dataclass(frozen=True, slots=True)
class Departments:
    """All departments announced up to an instant. `verdicts` judges every fact given, future ones too."""

    known: Mapping[str, Department] = field(default_factory=dict)
    tree: Tree = field(default_factory=Tree)
    verdicts: Mapping[FactKey, Verdict] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    next_change: datetime | None = None
    led: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Open departments, each with the source that says so, by who leads them: worked out once a tree."""

    def get(self, department_id: str) -> Department:
        """The department; one that was named but never announced exists under its id."""
        return self.known.get(department_id) or Department(department_id, department_id)

    def name(self, department_id: str) -> str:
        return self.get(department_id).name

    def effective(self, department_id: str) -> str:
        """The department itself or, when it was closed, the one that took over, and so on."""
        return self.tree.effective(department_id)

    def parent(self, department_id: str) -> str | None:
        """Where it hangs: None directly under the top, as does one whose parent is not known yet."""
        return self.tree.parent(department_id)

    def path(self, department_id: str) -> tuple[str, ...]:
        """Ids from the top down to where people of this department count, itself or its successor the last."""
        return self.tree.path(department_id)

    def subtree(self, department_id: str) -> frozenset[str]:
        """Whatever counts in this department or below it, closed ones that it succeeds too."""
        return self.tree.below(self.effective(department_id)) | {department_id}

    def led_by(self, workers: Iterable[WorkerKey], space_of: Callable[[str], str]) -> frozenset[str]:
        """The open departments that name one of these workers as leader; `space_of` a source are its numbers."""
        return frozenset(
            led
            for worker in workers
            for led, source in self.led.get(worker.worker_id, ())
            if space_of(source) == worker.id_space
        )

    def open(self) -> tuple[Department, ...]:
        """Departments that are not closed, parents before children, siblings by order and id."""
        return tuple(self.known[i] for i in self.tree.parents_first(self._rank) if self.known[i].closed_at is None)

    def closed(self) -> tuple[Department, ...]:
        """Closed departments. One without a successor may still have people in it, who stay where they are."""
        return tuple(d for _, d in sorted(self.known.items()) if d.closed_at is not None)

    def _rank(self, department_id: str) -> tuple[bool, int, str]:
        order = self.known[department_id].order
        return (order is None, order or 0, department_id)


def departments(facts: Iterable[Fact], at: datetime) -> Departments:
    """Fold department facts, and withdrawals about them, as of an instant; the same for any order of the facts.

    Raises ValueError for a fact that is about no department.
    """
    standing = stand(facts)
    fold = _Fold(standing.verdicts)
    for instant, group in groupby(sorted(standing.live, key=instant_of), key=instant_of):
        if instant > at and fold.seen is None:
            fold.look(instant)
        fold.instant(instant, sorted(group, key=lambda fact: key_at(fact, employed=False)))
    if fold.seen is None:
        fold.look(None)
    known, problems, next_change = fold.seen or ({}, (), None)
    return Departments(known, Tree.of(known), fold.verdicts, problems, next_change, _led(known))


def _led(known: Mapping[str, Department]) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for department in known.values():
        for worker_id in department.leader_ids if department.closed_at is None else ():
            led = (department.department_id, department.leaders_from or "")
            found[worker_id] = (*found.get(worker_id, ()), led)
    return found


class _Fold:
    def __init__(self, verdicts: dict[FactKey, Verdict]) -> None:
        self.verdicts = verdicts
        self.known: dict[str, Department] = {}
        self.origin: dict[str, Origin] = {}
        self.problems: list[Problem] = []
        self.seen: tuple[dict[str, Department], tuple[Problem, ...], datetime | None] | None = None

    def look(self, next_change: datetime | None) -> None:
        """Keep what is known now; what follows is judged but not shown."""
        self.seen = (dict(self.known), tuple(self.problems), next_change)

    def instant(self, at: datetime, group: list[Fact]) -> None:
        named = {i for fact in group if (i := getattr(fact.body, "department_id", None))}
        before = {i: self.known[i] for i in named & self.known.keys()}
        for fact in group:
            self.verdicts[fact.key] = self._apply(fact, at)
        # Judged when all of the instant is in: two departments may change places in it.
        while any(self._undo_cycle(fact, before) for fact in group):
            pass

    def _apply(self, fact: Fact, at: datetime) -> Verdict:
        match fact.body:
            case hr.DepartmentChanged() as body:
                # Who announces a closed department again opens it again.
                said = _said(body) | {"closed_at": None, "successor_id": None}
            case hr.DepartmentClosed() as body:
                known = self.known.get(body.department_id)
                if known and known.closed_at and known.successor_id == body.successor_id:
                    return ALREADY_CLOSED
                said = {"closed_at": at, "successor_id": body.successor_id}
            case _:
                raise ValueError(f"{fact.key} is no fact of a department")
        known = self.known.get(body.department_id) or Department(body.department_id, body.department_id)
        origin = self.origin.setdefault(body.department_id, {})
        credit(origin, said, fact.key)
        if "leader_ids" in said:
            said["leaders_from"] = fact.key.source
        self.known[body.department_id] = replace(known, **said, facts=tuple(dict.fromkeys(origin.values())))
        return APPLIES

    def _undo_cycle(self, fact: Fact, before: Mapping[str, Department]) -> bool:
        """Take back what would make a department stand above itself, or take over from itself."""
        if self.verdicts[fact.key] != APPLIES:
            return False
        fields: tuple[str, ...]
        match fact.body:
            case hr.DepartmentChanged(department_id=i) if "parent_id" in fact.body.model_fields_set:
                found, fields, verdict = returns(self._parent, i), ("parent_id",), PARENT_CYCLE
            case hr.DepartmentClosed(department_id=i):
                found, fields, verdict = returns(self._successor, i), ("closed_at", "successor_id"), SUCCESSOR_CYCLE
            case _:
                return False
        if not found:
            return False
        was = before.get(i) or Department(i, i)
        self.known[i] = replace(self.known[i], **{name: getattr(was, name) for name in fields})
        self.verdicts[fact.key] = verdict
        self.problems.append(Problem(i, fact.key, verdict.reason))
        return True

    def _parent(self, department_id: str) -> str | None:
        known = self.known.get(department_id)
        return known.parent_id if known else None

    def _successor(self, department_id: str) -> str | None:
        known = self.known.get(department_id)
        return known.successor_id if known else None


def _said(body: hr.DepartmentChanged) -> dict[str, Any]:
    """The fields that are said; null clears, which for a name means the id."""
    cleared = {"name": body.department_id, "leader_ids": (), "deputy_ids": ()}
    names = body.model_fields_set & {"name", "parent_id", "order", "leader_ids", "deputy_ids"}
    return {name: cleared.get(name) if (said := getattr(body, name)) is None else said for name in sorted(names)}

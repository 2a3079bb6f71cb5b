"""What is known of one worker and of the human behind it while folding; verdicts are made where a fact is judged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple, TypeVar

from contracts import hr
from contracts.base import Frozen
from contracts.decisions import PersonIdentified
from services.provisioner.facts.marks import marks_of
from services.provisioner.facts.standing import APPLIES, Name
from services.provisioner.model import (
    Absence,
    Fact,
    FactKey,
    OtherAssignment,
    Verdict,
    VerdictKind,
    WorkerKey,
    WorkerState,
)

NO_HIRE_KNOWN = Verdict(VerdictKind.WAITS, "no_hire_known")
NO_DIFFERENCE = Verdict(VerdictKind.NO_EFFECT, "no_difference")
ALREADY_LEFT = Verdict(VerdictKind.NO_EFFECT, "already_left")
PRIMARY = "primary"
NO_PERSON, NO_EMPLOYMENT, NO_ASSIGNMENT = hr.Person(), hr.Employment(), hr.Assignment()
"""Frozen, so that one of each is enough; what is said first is then simply what is known."""
BESIDE, ABSENCE = "beside.", "absence."
"""How the origins of what stands beside an employment begin."""

M = TypeVar("M", bound=Frozen)
Origin = dict[str, FactKey]


class Later(NamedTuple):
    """The fact cannot be judged here: it takes effect at that instant."""

    at: datetime


class Status(Enum):
    NOT_YET = auto()
    EMPLOYED = auto()
    GONE = auto()


@dataclass(slots=True)
class Human:
    """What is known of the person beside the employments, while folding. `applied` are this instant's facts."""

    person: hr.Person = NO_PERSON
    marks: set[str] = field(default_factory=set)
    """All mobiles and personal e-mails that were ever theirs."""
    extra: dict[str, object] = field(default_factory=dict)
    zone: str = "UTC"
    origin: Origin = field(default_factory=dict)
    verdicts: dict[FactKey, Verdict] = field(default_factory=dict)
    first_recorded: Mapping[Name, datetime] = field(default_factory=dict)
    applied: list[Fact] = field(default_factory=list)
    changed: bool = False
    unclear: Mapping[WorkerKey, str] = field(default_factory=dict)
    """New numbers that may be another person, and whom; that other people's facts say."""
    identified: tuple[PersonIdentified, ...] = ()

    def take(self, fact: Fact) -> Verdict:
        """Note that a fact applies, and what it says in `extra` and of the zone."""
        self.applied.append(fact)
        self.note(fact)
        return APPLIES

    def note(self, fact: Fact) -> None:
        if fact.zone != self.zone:
            self.zone, self.changed = fact.zone, True
        if any(self.extra.get(name, self) != value for name, value in fact.body.extra.items()):
            self.extra, self.changed = {**self.extra, **fact.body.extra}, True
            credit(self.origin, ("extra",), fact.key)

    def learn(self, fact: Fact, said: hr.Person, only: frozenset[str] | None = None) -> None:
        changes = difference(self.person, said)
        if only is not None:
            changes = {name: value for name, value in changes.items() if name in only}
        if changes:
            whole = self.person is NO_PERSON and only is None
            self.person, self.changed = said if whole else self.person.model_copy(update=changes), True
            self.marks |= marks_of(said)
            credit(self.origin, (f"person.{name}" for name in changes), fact.key)


@dataclass(slots=True)
class Job:
    """One worker while folding. `early` are facts that came before any hire."""

    worker: WorkerKey
    status: Status = Status.NOT_YET
    employment: hr.Employment = NO_EMPLOYMENT
    assignment: hr.Assignment = NO_ASSIGNMENT
    begun: Fact | None = None
    begun_at: datetime | None = None
    begun_recorded_at: datetime | None = None
    left_at: datetime | None = None
    left_recorded_at: datetime | None = None
    leave: hr.Left | None = None
    unidentified: bool = False
    """Nobody knows yet whether it is the human who is known under this number, or under another."""
    ended: bool = False
    """An employment of this worker ended, be it that another followed."""
    contradicted: bool = False
    """A record said `still employed` since the last leave; that is told once."""
    early: list[tuple[Fact, datetime]] = field(default_factory=list)
    others: dict[str, OtherAssignment] = field(default_factory=dict)
    """Second assignments by their id."""
    ended_others: set[str] = field(default_factory=set)
    unstarted: list[tuple[Fact, str]] = field(default_factory=list)
    """Ends of second assignments that nobody has seen begin."""
    absences: dict[str, datetime] = field(default_factory=dict)
    """Kind: since when."""
    returned_recorded_at: datetime | None = None
    marked_at: datetime | None = None
    """When HR called this employment the person's first one."""
    origin: Origin = field(default_factory=dict)
    state: WorkerState | None = None
    """As of the last change, None when it must be made anew."""

    def place(self, fact: Fact, employment: hr.Employment | None, assignment: hr.Assignment | None) -> None:
        """Apply what is said of the job; what is absent keeps."""
        for name, said in (("employment", employment), ("assignment", assignment)):
            known = getattr(self, name)
            if said is None or not (changes := difference(known, said)):
                continue
            setattr(
                self,
                name,
                said if known is NO_EMPLOYMENT or known is NO_ASSIGNMENT else known.model_copy(update=changes),
            )
            credit(self.origin, (f"{name}.{part}" for part in changes), fact.key)
            self.state = None

    def mark(self, fact: Fact, at: datetime) -> None:
        """HR says in `extra` which of a person's employments is the first: `primary`, true or false."""
        said = fact.body.extra.get(PRIMARY)
        if isinstance(said, bool) and self.status is Status.EMPLOYED:
            self.marked_at, self.state = at if said else None, None

    def clear(self) -> None:
        """Nothing that stood beside an employment outlasts it."""
        self.returned_recorded_at = self.marked_at = None
        if not (self.others or self.absences or self.ended_others or self.unstarted):
            return
        self.others, self.ended_others, self.unstarted, self.absences = {}, set(), [], {}
        for name in [n for n in self.origin if n.startswith((BESIDE, ABSENCE))]:
            del self.origin[name]

    def beside(self) -> tuple[OtherAssignment, ...]:
        return tuple(self.others[i] for i in sorted(self.others)) if self.others else ()

    def snapshot(self) -> WorkerState:
        if self.state is None:
            self.state = WorkerState(
                worker=self.worker,
                active=self.status is Status.EMPLOYED,
                employment=self.employment,
                assignment=self.assignment,
                other_assignments=self.beside(),
                absent=tuple(Absence(kind, self.absences[kind]) for kind in sorted(self.absences))
                if self.absences
                else (),
                returned_recorded_at=self.returned_recorded_at,
                marked_at=self.marked_at,
                unidentified=self.unidentified,
                begun_at=self.begun_at,
                begun_recorded_at=self.begun_recorded_at,
                left_at=self.left_at,
                left_recorded_at=self.left_recorded_at,
                leave=self.leave,
                facts=tuple(dict.fromkeys(self.origin.values())),
            )
        return self.state


def credit(origin: Origin, names: Iterable[str], key: FactKey) -> None:
    """Remember which fact said these; the latest stands last."""
    for name in names:
        origin.pop(name, None)
        origin[name] = key


def early(job: Job, fact: Fact, at: datetime) -> Verdict:
    """The fact came before any hire: it waits for one that begins no later."""
    job.early.append((fact, at))
    return NO_HIRE_KNOWN


def difference(known: M, said: M) -> dict[str, object]:
    """The fields that are said and are not so yet."""
    return {name: value for name in said.model_fields_set if (value := getattr(said, name)) != getattr(known, name)}

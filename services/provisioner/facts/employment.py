"""What each kind of fact does to one worker's employment: the table of meanings, one small function a kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple, TypeVar

from contracts import hr
from contracts.base import Frozen
from services.provisioner.facts.dates import instant
from services.provisioner.facts.standing import APPLIES, Name, name_of
from services.provisioner.model import Fact, FactKey, Verdict, VerdictKind, WorkerKey, WorkerState

NO_HIRE_KNOWN = Verdict(VerdictKind.WAITS, "no_hire_known")
HIRE_BEGINS_LATER = Verdict(VerdictKind.INBOX, "hire_begins_later")
ALREADY_EMPLOYED = Verdict(VerdictKind.INBOX, "already_employed")
STATED_AFTER_LEAVE = Verdict(VerdictKind.INBOX, "stated_after_leave")
STATED_AGAIN = Verdict(VerdictKind.NO_EFFECT, "stated_after_leave_again")
NO_DIFFERENCE = Verdict(VerdictKind.NO_EFFECT, "no_difference")
ALREADY_LEFT = Verdict(VerdictKind.NO_EFFECT, "already_left")
CONTACT = frozenset({"mobile", "personal_email", "work_email"})

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

    person: hr.Person = field(default_factory=hr.Person)
    extra: dict[str, object] = field(default_factory=dict)
    zone: str = "UTC"
    origin: Origin = field(default_factory=dict)
    verdicts: dict[FactKey, Verdict] = field(default_factory=dict)
    first_recorded: Mapping[Name, datetime] = field(default_factory=dict)
    applied: list[Fact] = field(default_factory=list)
    changed: bool = False

    def take(self, fact: Fact) -> Verdict:
        """Note that a fact applies, and what it says in `extra` and of the zone."""
        self.applied.append(fact)
        if fact.zone != self.zone:
            self.zone, self.changed = fact.zone, True
        if any(self.extra.get(name, self) != value for name, value in fact.body.extra.items()):
            self.extra, self.changed = {**self.extra, **fact.body.extra}, True
            credit(self.origin, ("extra",), fact.key)
        return APPLIES

    def learn(self, fact: Fact, said: hr.Person, only: frozenset[str] | None = None) -> None:
        changes = difference(self.person, said)
        if only is not None:
            changes = {name: value for name, value in changes.items() if name in only}
        if changes:
            self.person, self.changed = self.person.model_copy(update=changes), True
            credit(self.origin, (f"person.{name}" for name in changes), fact.key)


@dataclass(slots=True)
class Job:
    """One worker while folding. `early` are facts that came before any hire."""

    worker: WorkerKey
    status: Status = Status.NOT_YET
    employment: hr.Employment = field(default_factory=hr.Employment)
    assignment: hr.Assignment = field(default_factory=hr.Assignment)
    begun: Fact | None = None
    begun_at: datetime | None = None
    begun_recorded_at: datetime | None = None
    left_at: datetime | None = None
    leave: hr.Left | None = None
    ended: bool = False
    """An employment of this worker ended, be it that another followed."""
    contradicted: bool = False
    """A record said `still employed` since the last leave; that is told once."""
    early: list[tuple[Fact, datetime]] = field(default_factory=list)
    origin: Origin = field(default_factory=dict)
    state: WorkerState | None = None
    """As of the last change, None when it must be made anew."""

    def place(self, fact: Fact, employment: hr.Employment | None, assignment: hr.Assignment | None) -> None:
        """Apply what is said of the job; what is absent keeps."""
        for name, said in (("employment", employment), ("assignment", assignment)):
            known = getattr(self, name)
            changes = difference(known, said) if said is not None else {}
            if changes:
                setattr(self, name, known.model_copy(update=changes))
                credit(self.origin, (f"{name}.{part}" for part in changes), fact.key)
                self.state = None

    def snapshot(self) -> WorkerState:
        if self.state is None:
            self.state = WorkerState(
                worker=self.worker,
                active=self.status is Status.EMPLOYED,
                employment=self.employment,
                assignment=self.assignment,
                begun_at=self.begun_at,
                begun_recorded_at=self.begun_recorded_at,
                left_at=self.left_at,
                leave=self.leave,
                facts=tuple(dict.fromkeys(self.origin.values())),
            )
        return self.state


def credit(origin: Origin, names: Iterable[str], key: FactKey) -> None:
    """Remember which fact said these; the latest stands last."""
    for name in names:
        origin.pop(name, None)
        origin[name] = key


def difference(known: M, said: M) -> dict[str, object]:
    """The fields that are said and are not so yet."""
    return {name: value for name in said.model_fields_set if (value := getattr(said, name)) != getattr(known, name)}


def differs(job: Job, human: Human, body: hr.Hired | hr.Stated) -> bool:
    return bool(
        difference(human.person, body.person)
        or difference(job.employment, body.employment)
        or difference(job.assignment, body.assignment)
    )


def hired(job: Job, human: Human, fact: Fact, body: hr.Hired, at: datetime) -> Verdict:
    if job.status is Status.EMPLOYED:
        return NO_DIFFERENCE if _same_hire(job, body) or not differs(job, human, body) else ALREADY_EMPLOYED
    return begin(job, human, fact, body, at)


def stated(job: Job, human: Human, fact: Fact, body: hr.Stated, at: datetime) -> Verdict | Later:
    if job.status is Status.EMPLOYED:
        if not differs(job, human, body):
            return NO_DIFFERENCE
        job.place(fact, body.employment, body.assignment)
        human.learn(fact, body.person)
        return human.take(fact)
    starts_at = _instant(body.employment.starts_at, fact.zone)
    if job.status is Status.GONE and not (starts_at and job.left_at and starts_at > job.left_at):
        return _after_leave(job, fact, body, at)
    if starts_at and starts_at > at:
        return Later(starts_at)  # the record names a first day that is still to come
    return begin(job, human, fact, body, at)


def transferred(job: Job, human: Human, fact: Fact, body: hr.Transferred, at: datetime) -> Verdict:
    if job.status is Status.EMPLOYED:
        job.place(fact, body.employment, body.assignment)
        return human.take(fact)
    return ALREADY_LEFT if job.status is Status.GONE else _early(job, fact, at)


def updated(job: Job, human: Human, fact: Fact, body: hr.Updated, at: datetime) -> Verdict:
    if job.status is Status.EMPLOYED:
        human.learn(fact, body.person)
        return human.take(fact)
    if job.status is Status.NOT_YET:
        return _early(job, fact, at)
    human.learn(fact, body.person, only=CONTACT)
    return ALREADY_LEFT


def left(job: Job, human: Human, fact: Fact, body: hr.Left, at: datetime) -> Verdict | Later:
    if job.status is Status.EMPLOYED:
        end(job, fact, body, at)
        return human.take(fact)
    if fact.effective_at > at:
        return Later(fact.effective_at)  # immediate, but there is no access to end yet
    return ALREADY_LEFT if job.status is Status.GONE else _early(job, fact, at)


def unsupported(body: hr.Event) -> Verdict:
    """Second assignments, absences and links: they have their place, their meaning comes later."""
    return Verdict(VerdictKind.INBOX, f"not_supported_yet:{hr.NAMES[type(body)]}")


def begin(job: Job, human: Human, fact: Fact, body: hr.Hired | hr.Stated, at: datetime) -> Verdict:
    """Employment begins, also anew: nothing of an earlier one stays but who the person is."""
    job.status, job.state = Status.EMPLOYED, None
    job.employment, job.assignment = hr.Employment(), hr.Assignment()
    job.begun, job.begun_at = fact, at
    job.begun_recorded_at = human.first_recorded.get(name_of(fact), fact.recorded_at)
    job.left_at, job.leave, job.contradicted = None, None, False
    job.origin = {"begun": fact.key}
    early, job.early = job.early, []
    for other, since in early:
        human.verdicts[other.key] = _before_hire(job, human, other, at) if since == at else HIRE_BEGINS_LATER
    job.place(fact, body.employment, body.assignment)
    human.learn(fact, body.person)
    return human.take(fact)


def end(job: Job, fact: Fact, leave: hr.Left, at: datetime) -> None:
    job.status, job.state = Status.GONE, None
    job.left_at, job.leave = at, leave
    job.ended = True
    credit(job.origin, ("left",), fact.key)


def _before_hire(job: Job, human: Human, fact: Fact, at: datetime) -> Verdict:
    """A fact of the hire's own instant that stands before it in the order: the hire begins no later, and overrides."""
    match fact.body:
        case hr.Transferred():
            return transferred(job, human, fact, fact.body, at)
        case hr.Updated():
            return updated(job, human, fact, fact.body, at)
        case _:
            return HIRE_BEGINS_LATER


def _early(job: Job, fact: Fact, at: datetime) -> Verdict:
    job.early.append((fact, at))
    return NO_HIRE_KNOWN


def _after_leave(job: Job, fact: Fact, body: hr.Stated, at: datetime) -> Verdict:
    ends_at = _instant(body.employment.ends_at, fact.zone)
    if ends_at and ends_at <= at:
        return ALREADY_LEFT
    again, job.contradicted = job.contradicted, True
    return STATED_AGAIN if again else STATED_AFTER_LEAVE


def _same_hire(job: Job, body: hr.Hired) -> bool:
    first = job.begun.body if job.begun else None
    return isinstance(first, hr.Hired) and (first.person, first.employment, first.assignment) == (
        body.person, body.employment, body.assignment,
    )  # fmt: skip


def _instant(day: str | None, zone: str) -> datetime | None:
    return None if day is None else instant(day, zone)

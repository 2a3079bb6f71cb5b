"""What each kind of fact does to one worker's employment: the table of meanings, one small function a kind."""

from datetime import datetime

from contracts import hr
from contracts.decisions import PersonIdentified
from services.provisioner.facts import absences, assignments, marks
from services.provisioner.facts.dates import instant
from services.provisioner.facts.identity import TENURE
from services.provisioner.facts.job import (
    ALREADY_LEFT,
    NO_ASSIGNMENT,
    NO_DIFFERENCE,
    NO_EMPLOYMENT,
    Human,
    Job,
    Later,
    Status,
    credit,
    difference,
    early,
)
from services.provisioner.facts.standing import name_of
from services.provisioner.model import Fact, Verdict, VerdictKind

HIRE_BEGINS_LATER = Verdict(VerdictKind.INBOX, "hire_begins_later")
ALREADY_EMPLOYED = Verdict(VerdictKind.INBOX, "already_employed")
STATED_AFTER_LEAVE = Verdict(VerdictKind.INBOX, "stated_after_leave")
STATED_AGAIN = Verdict(VerdictKind.NO_EFFECT, "stated_after_leave_again")
CONTACT = frozenset({"mobile", "personal_email", "work_email"})


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
    return ALREADY_LEFT if job.status is Status.GONE else early(job, fact, at)


def updated(job: Job, human: Human, fact: Fact, body: hr.Updated, at: datetime) -> Verdict:
    if job.status is Status.EMPLOYED:
        human.learn(fact, body.person)
        return human.take(fact)
    if job.status is Status.NOT_YET:
        return early(job, fact, at)
    human.learn(fact, body.person, only=CONTACT)
    return ALREADY_LEFT


def left(job: Job, human: Human, fact: Fact, body: hr.Left, at: datetime) -> Verdict | Later:
    if job.status is Status.EMPLOYED:
        end(job, fact, body, at)
        job.left_recorded_at = human.first_recorded.get(name_of(fact), fact.recorded_at)
        return human.take(fact)
    if fact.effective_at > at:
        return Later(fact.effective_at)  # immediate, but there is no access to end yet
    return ALREADY_LEFT if job.status is Status.GONE else early(job, fact, at)


def begin(job: Job, human: Human, fact: Fact, body: hr.Hired | hr.Stated, at: datetime) -> Verdict:
    """Employment begins, also anew: nothing of an earlier one stays but who the person is.

    Where nobody can tell whether it is the human whom we know, they are employed, and have nothing until it is told.
    """
    doubt = _doubt(job, human, fact, body, at)
    job.status, job.state = Status.EMPLOYED, None
    job.employment, job.assignment = NO_EMPLOYMENT, NO_ASSIGNMENT
    job.begun, job.begun_at = fact, at
    job.begun_recorded_at = human.first_recorded.get(name_of(fact), fact.recorded_at)
    job.left_at, job.left_recorded_at, job.leave, job.contradicted = None, None, None, False
    job.clear()
    job.origin = {"begun": fact.key}
    take_early(job, human, at)
    job.place(fact, body.employment, body.assignment)
    human.learn(fact, body.person)
    job.unidentified = doubt is not None
    if doubt is not None:
        human.note(fact)
        return doubt
    return human.take(fact)


def _doubt(job: Job, human: Human, fact: Fact, body: hr.Hired | hr.Stated, at: datetime) -> Verdict | None:
    """Why it is not known whose employment begins; None if it is: HR or a decision says so, or the marks agree."""
    if fact.person_id is not None or any(_settles(decision, job, human, fact, at) for decision in human.identified):
        return None
    if job.begun is None:
        other = human.unclear.get(job.worker)
        return None if other is None else marks.like(other)
    return None if marks.same_again(human.person, human.marks, body.person) else marks.IDENTITY_UNCLEAR


def _settles(decision: PersonIdentified, job: Job, human: Human, fact: Fact, at: datetime) -> bool:
    """Whether the decision was made of this beginning or a later one, or by an operator who knew of it."""
    if (decision.id_space, decision.worker_id) != job.worker:
        return False
    heard = human.first_recorded.get(name_of(fact), fact.recorded_at)
    return decision.effective_at >= at or (decision.by != TENURE and decision.recorded_at >= heard)


def take_early(job: Job, human: Human, at: datetime) -> None:
    """Judge what came before the employment, now that it begins."""
    before, job.early = job.early, []
    for other, since in before:
        human.verdicts[other.key] = _before_hire(job, human, other, at) if since == at else HIRE_BEGINS_LATER


def end(job: Job, fact: Fact, leave: hr.Left, at: datetime) -> None:
    job.status, job.state = Status.GONE, None
    job.left_at, job.left_recorded_at, job.leave = at, fact.recorded_at, leave
    job.ended = True
    job.clear()
    credit(job.origin, ("left",), fact.key)


def _before_hire(job: Job, human: Human, fact: Fact, at: datetime) -> Verdict:
    """A fact of the hire's own instant that stands before it in the order: the hire begins no later, and overrides."""
    match fact.body:
        case hr.Transferred():
            return transferred(job, human, fact, fact.body, at)
        case hr.Updated():
            return updated(job, human, fact, fact.body, at)
        case hr.AssignmentStarted():
            return assignments.started(job, human, fact, fact.body, at)
        case hr.AbsenceStarted():
            return absences.started(job, human, fact, fact.body, at)
        case _:
            return HIRE_BEGINS_LATER


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

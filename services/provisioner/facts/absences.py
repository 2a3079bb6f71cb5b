"""Absences by kind: somebody employed who is away. What that does to their access is policy's to say."""

from datetime import datetime

from contracts import hr
from services.provisioner.facts.job import ABSENCE, ALREADY_LEFT, NO_DIFFERENCE, Human, Job, Status, credit, early
from services.provisioner.facts.standing import name_of
from services.provisioner.model import Fact, Verdict, VerdictKind

NOT_STARTED = Verdict(VerdictKind.WAITS, "absence_not_started")


def started(job: Job, human: Human, fact: Fact, body: hr.AbsenceStarted, at: datetime) -> Verdict:
    """Kinds stand beside each other; one that lasts already keeps its beginning."""
    if job.status is not Status.EMPLOYED:
        return ALREADY_LEFT if job.status is Status.GONE else early(job, fact, at)
    if body.kind in job.absences:
        return NO_DIFFERENCE
    job.absences, job.state = {**job.absences, body.kind: at}, None
    credit(job.origin, (ABSENCE + body.kind,), fact.key)
    return human.take(fact)


def ended(job: Job, human: Human, fact: Fact, body: hr.AbsenceEnded, at: datetime) -> Verdict:
    """An end that names no kind ends them all."""
    if job.status is not Status.EMPLOYED:
        return ALREADY_LEFT if job.status is Status.GONE else early(job, fact, at)
    over = [kind for kind in job.absences if body.kind in (None, kind)]
    if not over:
        return NOT_STARTED
    job.absences, job.state = {kind: since for kind, since in job.absences.items() if kind not in over}, None
    job.returned_recorded_at = human.first_recorded.get(name_of(fact), fact.recorded_at)
    credit(job.origin, (ABSENCE + kind for kind in over), fact.key)
    return human.take(fact)

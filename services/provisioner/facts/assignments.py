"""Second, acting and secondment positions beside the first. They end by their id, or with the employment."""

from datetime import datetime

from contracts import hr
from services.provisioner.facts.job import ALREADY_LEFT, BESIDE, NO_DIFFERENCE, Human, Job, Status, credit, early
from services.provisioner.model import Fact, OtherAssignment, Verdict, VerdictKind

NOT_STARTED = Verdict(VerdictKind.WAITS, "assignment_not_started")
BEGINS_LATER = Verdict(VerdictKind.INBOX, "assignment_begins_later")
ALREADY_ENDED = Verdict(VerdictKind.NO_EFFECT, "assignment_already_ended")


def started(job: Job, human: Human, fact: Fact, body: hr.AssignmentStarted, at: datetime) -> Verdict:
    """A position begins; told again under its id it is as it is told last."""
    if job.status is not Status.EMPLOYED:
        return ALREADY_LEFT if job.status is Status.GONE else early(job, fact, at)
    name = body.assignment_id
    said = OtherAssignment(name, body.kind, body.assignment)
    if job.others.get(name) == said:
        return NO_DIFFERENCE
    for end in [each for each, of in job.unstarted if of == name]:
        human.verdicts[end.key] = BEGINS_LATER
    job.unstarted = [(end, of) for end, of in job.unstarted if of != name]
    job.others, job.state = {**job.others, name: said}, None
    job.ended_others.discard(name)
    credit(job.origin, (BESIDE + name,), fact.key)
    return human.take(fact)


def ended(job: Job, human: Human, fact: Fact, body: hr.AssignmentEnded, at: datetime) -> Verdict:
    if job.status is not Status.EMPLOYED:
        return ALREADY_LEFT if job.status is Status.GONE else early(job, fact, at)
    name = body.assignment_id
    if name in job.others:
        job.others, job.state = {i: other for i, other in job.others.items() if i != name}, None
        job.ended_others.add(name)
        credit(job.origin, (BESIDE + name,), fact.key)
        return human.take(fact)
    if name in job.ended_others:
        return ALREADY_ENDED
    job.unstarted.append((fact, name))
    return NOT_STARTED

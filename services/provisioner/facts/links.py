"""Whose worker this is, by HR's word. Whoever puts a person's facts together has acted on it already.

Here it has its place in the timeline; and where the number that it names was never hired, it is a new number for the
employment that lasts, which goes on under it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from services.provisioner.facts import employment
from services.provisioner.facts.job import NO_HIRE_KNOWN, Human, Job, Status, credit
from services.provisioner.facts.standing import APPLIES
from services.provisioner.model import Fact, Verdict, VerdictKind, WorkerKey

WHOSE_NUMBER = Verdict(VerdictKind.INBOX, "new_number_of_which_employment")


def linked(
    job: Job, human: Human, fact: Fact, at: datetime, jobs: Mapping[WorkerKey, Job], hired: Collection[WorkerKey]
) -> Verdict:
    if job.worker in hired or job.begun is not None:
        human.applied.append(fact)
        return APPLIES
    lasting = [other for other in jobs.values() if other.status is Status.EMPLOYED]
    if len(lasting) == 1:
        _renumber(lasting[0], job, at)
        credit(job.origin, ("number",), fact.key)
        employment.take_early(job, human, at)
        return human.take(fact)
    return WHOSE_NUMBER if lasting else NO_HIRE_KNOWN


def _renumber(old: Job, new: Job, at: datetime) -> None:
    """The employment goes on under the new number; the old one names nobody any more."""
    new.status, new.state = old.status, None
    new.employment, new.assignment = old.employment, old.assignment
    new.begun, new.begun_at, new.begun_recorded_at = old.begun, old.begun_at, old.begun_recorded_at
    new.others, new.ended_others, new.unstarted = old.others, old.ended_others, old.unstarted
    new.absences, new.returned_recorded_at, new.ended = old.absences, old.returned_recorded_at, old.ended
    new.marked_at, new.unidentified = old.marked_at, old.unidentified
    new.origin = dict(old.origin)
    old.status, old.left_at, old.state = Status.GONE, at, None
    old.clear()

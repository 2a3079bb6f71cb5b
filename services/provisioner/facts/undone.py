"""Hires withdrawn after their first moment: the person was there, so they close as a leaver does."""

from dataclasses import replace
from datetime import datetime

from contracts import hr
from services.provisioner.facts.standing import Standing
from services.provisioner.model import Fact, WorkerKey

REASON = "hire_withdrawn"


def ghosts(standing: Standing) -> tuple[tuple[Fact, Fact], ...]:
    """Each late withdrawn hire with the leave that its withdrawal means, at the withdrawal's `time`.

    A hire withdrawn at or before its effective instant never was. Nor was one that another fact replaces: where a
    live hire or record of the same worker takes effect between its instant and its withdrawal.
    """
    late = [
        (fact, by)
        for fact, by in standing.withdrawn
        if isinstance(fact.body, hr.Hired | hr.Stated) and fact.effective_at < by.time
    ]
    if not late:
        return ()
    begins: dict[WorkerKey, list[datetime]] = {}
    for fact in standing.live:
        if isinstance(fact.body, hr.Hired | hr.Stated) and fact.worker is not None:
            begins.setdefault(fact.worker, []).append(fact.effective_at)
    return tuple(
        (fact, _leave(fact, by))
        for fact, by in late
        if fact.worker is not None and not any(fact.effective_at <= at <= by.time for at in begins.get(fact.worker, ()))
    )


def _leave(fact: Fact, withdrawal: Fact) -> Fact:
    at = withdrawal.time
    worker_id = fact.worker.worker_id if fact.worker else ""
    body = hr.Left(worker_id=worker_id, effective_at=at.isoformat(), reason=REASON, extra={})
    return replace(withdrawal, body=body, effective_at=at, worker=fact.worker, zone=fact.zone)

"""What a pass decides once: whose employments it rests on, a name that it gave, an account that became the person's."""

from collections.abc import Iterator
from datetime import datetime

from contracts.decisions import Decision, PersonIdentified
from services.provisioner.act.case import Case
from services.provisioner.model import AccountState, WorkerKey
from services.provisioner.plan.decided import identified, linked, named
from services.provisioner.plan.planner import GONE
from services.provisioner.store.port import StoredAccount


def decided(case: Case, target: str, person_id: str, stored: StoredAccount | None) -> tuple[Decision, ...]:
    """`stored` is the account at the end of the pass; `case.file` holds the one before it."""
    return (*_identified(case, person_id, stored), *_linked(case, target, person_id, stored))


def _identified(case: Case, person_id: str, stored: StoredAccount | None) -> Iterator[Decision]:
    """What we have on a platform rests on who somebody is: later facts do not make them another."""
    rests = case.desired.mode == "enforce" and stored is not None and stored.observed.state not in GONE
    if not rests or case.desired.access == "closed":
        return
    for worker in case.state.workers:
        if worker.active and not worker.unidentified and worker.begun_at and not case.settled(worker):
            yield identified(person_id, worker.worker, worker.begun_at, case.at, _since(case, worker.worker))


def _since(case: Case, worker: WorkerKey) -> datetime | None:
    """Since when the person has the number, where an operator told several holders of it apart."""
    said = (decision for decision in case.file.decisions if isinstance(decision, PersonIdentified))
    since = (each.since for each in said if (each.id_space, each.worker_id) == worker and each.since is not None)
    return max(since, default=None)


def _linked(case: Case, target: str, person_id: str, after: StoredAccount | None) -> tuple[Decision, ...]:
    before = case.file.account
    known = before.observed.native_id if before and before.observed.state is not AccountState.NONE else None
    if after is None or after.observed.state is AccountState.NONE or after.observed.native_id == known:
        return ()
    native_id = after.observed.native_id
    name = (named(person_id, target, native_id, case.at),) if after.ours else ()
    return (*name, linked(person_id, target, native_id, case.at))

"""What one pass is about: the person's file folded at this moment, what policy makes of it, and the books to close."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.provisioning import Recipient
from services.provisioner.facts.departments import Departments
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Desired, Fact, FactKey, PersonState, WorkerKey
from services.provisioner.plan.books import Books, Judged
from services.provisioner.policy.desired import desired, next_turn
from services.provisioner.policy.load import Policy
from services.provisioner.policy.names import display_name
from services.provisioner.store.port import PersonFile, Questions, StoredAccount


@dataclass(frozen=True, slots=True)
class Case:
    """One person on one target, ready to be planned.

    `begun`: when the fact was recorded that last began employment or ended an absence; `next_change`: when time alone
    will change the state, and `next_lane` in which lane that is; `elsewhere`: every worker of this person turned out
    to be somebody else's.
    """

    at: datetime
    file: PersonFile
    state: PersonState
    desired: Desired
    books: Books
    begun: datetime | None
    next_change: datetime | None
    next_lane: int
    elsewhere: bool = False


async def open_case(
    person_id: str, target: str, at: datetime, file: PersonFile, policy: Policy, tree: Departments, store: Questions
) -> Case:
    """Fold and desire; asks the store only who is to be told."""
    line = timeline(file.facts, file.decisions, person_id=person_id)
    state = line.state(at)
    turns = (line.next_change(at), next_turn(policy, state, tree, at))
    next_change = min((turn for turn in turns if turn), default=None)
    recipients = await _recipients(state, store) if file.events else ()
    return Case(
        at=at,
        file=file,
        state=state,
        desired=desired(policy, state, tree, target, at),
        books=books(person_id, at, file.facts, line, state, recipients),
        begun=state.entitled_recorded_at,
        next_change=next_change,
        next_lane=0 if next_change and _ends_access(state, line.state(next_change)) else 1,
        elsewhere=not file.facts,
    )


def _ends_access(now: PersonState, then: PersonState) -> bool:
    """Whether somebody is to be closed by then: they leave, or an absence begins that may close them."""
    return now.active and (not then.active or {a.kind for a in then.absent} > {a.kind for a in now.absent})


def books(
    person_id: str,
    at: datetime,
    facts: tuple[Fact, ...],
    line: Timeline,
    state: PersonState,
    recipients: tuple[Recipient, ...] = (),
) -> Books:
    """The books of one person at one moment."""
    by_key: Mapping[FactKey, Fact] = {fact.key: fact for fact in facts}
    judged = {
        key: Judged(verdict, line.effective_at(key), line.change_of(key))
        for key, verdict in line.verdicts.items()
        if key in by_key
    }
    workers = {key: fact.worker.worker_id for key, fact in by_key.items() if fact.worker}
    return Books(
        at, judged, person_id, worker_ids=workers, display_name=display_name(state.person), recipients=recipients
    )


async def _recipients(state: PersonState, store: Questions) -> tuple[Recipient, ...]:
    """The manager with their open accounts, and the IT channel."""
    told = [Recipient(audience="it")]
    manager_id = state.assignment.manager_id
    if manager_id and state.primary:
        manager = await store.person_of(WorkerKey(state.primary.worker.id_space, manager_id))
        if manager:
            open_accounts = _open(await store.accounts_of(manager))
            told.append(Recipient(audience="manager", person_id=manager, accounts=open_accounts))
    return tuple(told)


def _open(accounts: Mapping[str, StoredAccount]) -> dict[str, str]:
    return {target: a.observed.native_id for target, a in accounts.items() if a.observed.state.open}

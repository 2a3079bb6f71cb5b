"""What one pass is about: the person's file folded at this moment, what policy makes of it, and the books to close."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from contracts.decisions import PersonIdentified
from contracts.provisioning import DueLater, Recipient
from services.provisioner.act.identify import folded
from services.provisioner.act.trees import Trees
from services.provisioner.facts.departments import Departments
from services.provisioner.facts.standing import given_back
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Desired, Fact, FactKey, PersonState, WorkerKey, WorkerState
from services.provisioner.plan.books import Books, Judged, Owed
from services.provisioner.policy.cel import Context
from services.provisioner.policy.desired import Past, decisive, desired_in, turn_in
from services.provisioner.policy.load import Policy
from services.provisioner.policy.names import display_name
from services.provisioner.store.port import PersonFile, Questions, StoredAccount


@dataclass(frozen=True, slots=True)
class Case:
    """One person on one target, ready to be planned. `state` is that by which the account is judged.

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

    def settled(self, worker: WorkerState) -> bool:
        """Whether HR names whose employment this is, or a decision was made of it already."""
        return any(fact.person_id is not None and fact.worker == worker.worker for fact in self.file.facts) or any(
            (decision.id_space, decision.worker_id) == worker.worker
            and worker.begun_at is not None
            and decision.effective_at >= worker.begun_at
            for decision in self.file.decisions
            if isinstance(decision, PersonIdentified)
        )


async def open_case(
    person_id: str,
    target: str,
    at: datetime,
    file: PersonFile,
    policy: Policy,
    tree: Departments,
    store: Questions,
    trees: Trees | None = None,
) -> Case:
    """Fold and desire; asks the store only whom a new number may belong to, and who is to be told.

    Without `trees` the tree counts as having been the same always.
    """
    line = await folded(person_id, file.facts, file.decisions, store)
    state = line.state(at)
    past = Past(line, trees.earlier if trees else lambda _: tree, file.decisions, trees.turns if trees else ())
    context = Context(state, tree, at)
    wanted = desired_in(policy, state, context, tree, target, past)
    # A fact that changes nothing is confirmed at its date all the same.
    turns = (line.next_change(at), line.next_effect(at), turn_in(policy, state, context), wanted.next_at, file.turns_at)
    next_change = min((turn for turn in turns if turn), default=None)
    judged_by = decisive(policy, state, target, past)
    recipients = await _recipients(judged_by, store) if file.events else ()
    owed = cache(lambda: tuple(_owed(policy, state, context, tree, past, wanted)))
    return Case(
        at=at,
        file=file,
        state=judged_by,
        desired=wanted,
        books=books(person_id, at, file.facts, line, judged_by, recipients, owed),
        begun=state.entitled_recorded_at,
        next_change=next_change,
        next_lane=0 if next_change and _ends_access(state, line.state(next_change), wanted) else 1,
        elsewhere=not file.facts,
    )


def _ends_access(now: PersonState, then: PersonState, wanted: Desired) -> bool:
    """Whether somebody is to be closed by then: they leave, run out, or an absence begins that may close them."""
    if any(due.verb == "suspend" and due.at == then.at for due in wanted.due):
        return True
    return now.active and (not then.active or {a.kind for a in then.absent} > {a.kind for a in now.absent})


def _owed(
    policy: Policy, state: PersonState, context: Context, tree: Departments, past: Past, known: Desired
) -> Iterator[Owed]:
    """What time alone will change on any target that is enforced for the person; one is worked out already."""
    for name in policy.targets:
        wanted = known if name == known.target else desired_in(policy, state, context, tree, name, past)
        for due in wanted.due if wanted.mode == "enforce" else ():
            later = DueLater(target=name, verb=due.verb, due_at=due.at, entitlement=due.entitlement)
            yield Owed(later, due.since)


def books(
    person_id: str,
    at: datetime,
    facts: tuple[Fact, ...],
    line: Timeline,
    state: PersonState,
    recipients: tuple[Recipient, ...] = (),
    owed: Callable[[], Sequence[Owed]] = tuple,
) -> Books:
    """The books of one person at one moment."""
    by_key: Mapping[FactKey, Fact] = {fact.key: fact for fact in facts}
    again = {key: line.effective_at(fact.key) for key, fact in given_back(facts).items()}
    judged = {
        key: Judged(verdict, line.effective_at(key), line.change_of(key), again.get(key))
        for key, verdict in line.verdicts.items()
        if key in by_key
    }
    workers = {key: fact.worker.worker_id for key, fact in by_key.items() if fact.worker}
    changed = bisect_right(line.instants, at)
    return Books(
        at,
        judged,
        person_id,
        worker_ids=workers,
        display_name=display_name(state.person),
        recipients=recipients,
        owed=owed,
        changed_at=line.instants[changed - 1] if changed else None,
    )


async def _recipients(state: PersonState, store: Questions) -> tuple[Recipient, ...]:
    """The manager with their open accounts, and the IT channel; never the person themselves."""
    told = [Recipient(audience="it")]
    manager_id = state.assignment.manager_id
    if manager_id and state.primary:
        manager = await store.person_of(WorkerKey(state.primary.worker.id_space, manager_id))
        if manager and manager != state.person_id:
            open_accounts = _open(await store.accounts_of(manager))
            told.append(Recipient(audience="manager", person_id=manager, accounts=open_accounts))
    return tuple(told)


def _open(accounts: Mapping[str, StoredAccount]) -> dict[str, str]:
    return {target: a.observed.native_id for target, a in accounts.items() if a.observed.state.open}

"""The accounts that a person would have, had Tenure been running all along: plans made and carried out in memory.

Fold, desire, wish and plan are those of production. Only moments at which access can change are looked at, and the
moment asked for; in between nothing is planned, since the next look closes the whole difference. What time brings
about by itself (an overlap's end, a deletion) is looked at when it is due.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from contracts.decisions import Decision
from services.provisioner.connectors.base import given_in_removal
from services.provisioner.facts.departments import Departments
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import LEAVES, Account, AccountState, Desired, PersonState, Step, WorkerState
from services.provisioner.plan import handing_over
from services.provisioner.plan.planner import PREPARED, plan
from services.provisioner.plan.wish import Wish, wish
from services.provisioner.policy.cel import Context, midnight
from services.provisioner.policy.desired import decisive, desired_in
from services.provisioner.policy.names import display_name
from services.provisioner.policy.past import Past
from services.provisioner.policy.usernames import candidates
from services.provisioner.preview.targets import Planned
from services.provisioner.preview.trees import Trees
from services.provisioner.store.port import StoredAccount

JUST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Held:
    """An account as it stands: `name` is the first candidate of the moment in which it was made, `made_at`."""

    account: StoredAccount
    name: str
    made_at: datetime


@dataclass(slots=True)
class Life:
    """One person's accounts under one policy, moved on from moment to moment; moments only ascend."""

    line: Timeline
    planned: Planned
    trees: Trees
    decisions: tuple[Decision, ...] = ()
    held: dict[str, Held] = field(default_factory=dict)
    _looks: list[datetime] = field(default_factory=list)

    def at(self, moments: Sequence[datetime]) -> Iterator[tuple[PersonState, Mapping[str, Held]]]:
        """The state and the accounts at each of these ascending moments."""
        self._looks = looks_at(self.line, self.planned)  # ascending, so a heap
        past = Past(self.line, self.trees.at, self.decisions, self.trees.turns)
        for moment in moments:
            while self._looks and self._looks[0] < moment:
                self._look(heappop(self._looks), past)
            yield self._look(moment, past), dict(self.held)

    def _look(self, at: datetime, past: Past) -> PersonState:
        state, tree, later = self.line.state(at), self.trees.at(at), set[datetime]()
        context = Context(state, tree, at)
        for name in self.planned.policy.targets:
            wanted = desired_in(self.planned.policy, state, context, tree, name, past)
            self._carry_out(name, wanted, decisive(self.planned.policy, state, name, past), at)
            if wanted.next_at is not None:
                later |= {wanted.next_at - JUST, wanted.next_at}
        for look in later - {*self._looks}:
            if look > at:
                heappush(self._looks, look)
        return state

    def _carry_out(self, target: str, wanted: Desired, state: PersonState, at: datetime) -> None:
        held = self.held.get(target)
        wished = wished_by(wanted, self.planned.managed(target), held.account.observed if held else None)
        before = held.account if held else None
        given = given_in_removal(self.planned.connectors[target])
        heir = next(iter(wanted.heirs), None)
        wished = handing_over.wished(wished, wanted.hand_over, heir, before, at, given=given)
        made = plan(wished, before, self.planned.abilities[target], state.entitled_recorded_at)
        if not made.steps:
            return
        account = carried_out(before, made.steps, wished, at)
        if held is None:
            template = self.planned.policy.accounts[target].username
            held = Held(account, candidates(template, state, 1)[0], at)
        self.held[target] = replace(held, account=account)


def wished_by(wanted: Desired, managed: bool, shown: Account | None) -> Wish:
    """The wish where every department is there under its own id."""
    links = {department: department for department in (*wanted.departments, *wanted.leads)}
    return wish(wanted, shown.native_id if shown else "", links, "", managed=managed)


def carried_out(before: StoredAccount | None, steps: Sequence[Step], wished: Wish, at: datetime) -> StoredAccount:
    """The account as it is when every step was done."""
    account = before.observed if before else Account("", AccountState.NONE)
    granted = set(account.grants)
    for step in steps:
        match step.verb:
            case "create":
                state = AccountState.SUSPENDED if step.suspended else AccountState.ACTIVE
                account = Account(
                    step.native_id, state, dict(step.attributes), step.departments or (), leads=step.leads
                )
                granted = set()
            case "update" | "move":
                account = replace(account, attributes={**account.attributes, **step.attributes})
                if step.departments is not None:
                    account = replace(account, departments=step.departments, leads=step.leads)
            case "grant":
                granted.add(step.entitlement or "")
            case "revoke":
                granted.discard(step.entitlement or "")
            case "strip":
                account, granted = replace(account, state=LEAVES[step.verb]), set()
            case "remove" | "delete":
                account, granted = Account(account.native_id, LEAVES[step.verb]), set()
            case "suspend" | "resume":
                account = replace(account, state=LEAVES[step.verb])
            case _:
                pass
    account = replace(account, grants=frozenset(granted))
    return StoredAccount(
        account,
        at,
        written=dict(account.attributes) | _marks(before, steps) | _handed(before, steps),
        granted=account.grants,
        closed_by_us=wished.access != "open",
    )


def _marks(before: StoredAccount | None, steps: Sequence[Step]) -> dict[str, str | None]:
    """That an account was prepared, until it is opened."""
    made = next((step.suspended for step in steps if step.verb == "create"), None)
    prepared = made if made is not None else before is not None and PREPARED in before.written
    return {PREPARED: "1"} if prepared and not {"resume", "suspend"} & {step.verb for step in steps} else {}


def _handed(before: StoredAccount | None, steps: Sequence[Step]) -> dict[str, str | None]:
    """What was handed over, until somebody works with the account again. Here it takes no time."""
    if any(step.verb in ("create", "resume") for step in steps):
        return {}
    known = {} if before is None else {n: v for n, v in before.written.items() if n.startswith(handing_over.HANDED)}
    return known | {handing_over.HANDED + (step.what or ""): "0" for step in steps if step.verb == "hand_over"}


# ---------------------------------------------------------------- when to look


def looks_at(line: Timeline, planned: Planned) -> list[datetime]:
    """Moments at which access can begin or end: where what decides on it changes, and just before."""
    looks: set[datetime] = set()
    before: object = None
    for at, key in _keys(line, planned):
        if key != before:
            looks |= {at, at - JUST} if before is not None else {at}
        before = key
    if any(("today",) in condition.fields for condition in planned.deciding):
        looks |= set(_turns(line, planned))
    return sorted(looks)


def _keys(line: Timeline, planned: Planned) -> Iterator[tuple[datetime, object]]:
    """At each instant employment, stop and absences, and everything that `for` and `requires` read."""
    before: object = None
    moments = {moment.at: moment for moment in line.moments}
    for at in line.instants:
        moment = moments.get(at)
        # Most facts only move somebody: then nothing of this can have changed, which is much quicker to see.
        plain = moment and (id(moment.person), moment.zone, [_employed(worker) for worker in moment.workers])
        if plain and plain == before and not planned.reads_place:
            continue
        before = plain
        state = line.state(at)
        said = [_said(state, root, name) for root, name in planned.reads]
        extra = repr(state.extra) if planned.reads_extra else None
        yield at, (state.active, state.stopped, state.absent, state.employment.ends_at, said, extra)


def _employed(worker: WorkerState) -> tuple[object, ...]:
    return (worker.active, worker.begun_at, worker.absent, worker.marked_at, id(worker.employment))


def _said(state: PersonState, root: str, name: str) -> object:
    if root == "person":
        return display_name(state.person) if name == "display_name" else getattr(state.person, name)
    return getattr(state.employment if root == "employment" else state.assignment, name)


def _turns(line: Timeline, planned: Planned) -> Iterator[datetime]:
    """Days on which a condition that compares `today` can change its answer."""
    for at in line.instants:
        state = line.state(at)
        context = Context(state, Departments(), at)
        for condition in planned.deciding:
            yield from (midnight(day, state.zone) for day in condition.turns(context))

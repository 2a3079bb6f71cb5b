"""What new facts make of a person's accounts, before any step is taken: the changes that guards count. Pure.

Policy is asked twice, with the facts as they were and as they are; the difference now is what the facts bring, and
what time alone will bring later is announced for its date. Only targets that Tenure writes to count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contracts import hr
from contracts.provisioning import Change as Lifecycle
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Account, AccountState, Desired, Fact
from services.provisioner.policy.desired import Departments, Past, desired, next_turn
from services.provisioner.policy.load import Policy
from services.provisioner.store.guard_values import BEGIN, END, FREE, POLICY, Change, ChangeKind, Known

AHEAD = 100
"""Dates that are looked at for one person: what lies beyond is announced with a later fact, or noted when it is due."""

_GONE = frozenset({AccountState.NONE, AccountState.REMOVED, AccountState.DELETED})
_MADE_BY: Mapping[str, Lifecycle] = {
    "create": "joiner", "resume": "joiner", "close": "leaver", "move": "mover", "revoke": "mover",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What policy makes of a person at an instant: by target, of those that Tenure writes to."""

    at: datetime
    active: bool
    came_back: bool
    wanted: Mapping[str, Desired]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lens:
    """How a timeline is seen: under a policy, with the tree of departments as it is."""

    policy: Policy
    tree: Departments

    def look(self, line: Timeline, known: Known, at: datetime) -> Seen:
        """Policy's word at that instant, and the next at which it can change by itself."""
        state = line.state(at)
        past = Past(line, lambda _: self.tree, known.decisions)
        writing = [name for name, target in self.policy.targets.items() if target.mode == "enforce"]
        whole = {name: desired(self.policy, state, self.tree, name, at, past) for name in writing}
        turns = [line.next_change(at), next_turn(self.policy, state, self.tree, at)]
        turns += [each.next_at for each in whole.values()]
        return Seen(
            at,
            state.active,
            state.employed_before or state.active,
            {name: each for name, each in whole.items() if each.mode == "enforce"},
            min((turn for turn in turns if turn is not None and turn > at), default=None),
        )


@dataclass(slots=True)
class Announcement:
    """What is to be kept of one person: the changes, and kinds that were announced before and will not happen."""

    changes: list[Change] = field(default_factory=list)
    lapsed: set[str] = field(default_factory=set)


def announcement(person_id: str, known: Known, news: Sequence[Fact], now: datetime, lens: Lens) -> Announcement:
    """What these new facts, already among the known ones, bring for this person, now and on later dates.

    `news` must not be empty; of a person whom they took every fact away nothing is announced.
    """
    new = {fact.key for fact in news}
    before = timeline([f for f in known.facts if f.key not in new], known.decisions, person_id=person_id)
    after = timeline(known.facts, known.decisions, person_id=person_id)
    teller = _Teller(person_id, known, news, after)
    was, seen = lens.look(before, known, now), lens.look(after, known, now)
    found = Announcement()
    for kind in _kinds(was, seen):
        if teller.undone(kind, seen):
            found.lapsed |= {"create", "resume"} if kind == "close" else {"close"}
        else:
            found.changes.append(teller.now(kind, now))
    found.changes += [teller.now(kind, now) for kind in _turn(was, seen)]
    found.changes += _ahead(teller, lens, seen)
    return found


def policy_change(person_id: str, known: Known, now: datetime, in_force: Lens, lens: Lens) -> list[Change]:
    """What another policy brings for this person, of whom there must be facts: now by its own cause, later by time."""
    line = timeline(known.facts, known.decisions, person_id=person_id)
    teller = _Teller(person_id, known, (), line)
    was, seen = in_force.look(line, known, now), lens.look(line, known, now)
    cause = f"{POLICY}{lens.policy.version}"
    kinds = [kind for kind in _kinds(was, seen) if not teller.undone(kind, seen)]
    found = [Change(cause, kind, person_id, now) for kind in kinds]
    if seen.active and not in_force.policy.guards:  # until now nobody counted who is there
        found.append(teller.later(BEGIN, line.state(now).entitled_recorded_at or now))
    return [*found, *_ahead(teller, lens, seen)]


def _ahead(teller: "_Teller", lens: Lens, seen: Seen) -> list[Change]:
    """What time alone will bring after that."""
    found: list[Change] = []
    for _ in range(AHEAD):
        if seen.next_at is None:
            break
        then = lens.look(teller.line, teller.known, seen.next_at)
        found += [teller.later(kind, then.at) for kind in (*_kinds(seen, then), *_turn(seen, then))]
        seen = then
    return found


def _kinds(was: Seen, then: Seen) -> list[str]:
    """The kinds of change, each once, whatever the number of targets."""
    found: set[str] = set()
    for target, wanted in then.wanted.items():
        found.update(_on_target(was.wanted.get(target), wanted, came_back=was.came_back))
    return sorted(found)


def _on_target(was: Desired | None, wanted: Desired, *, came_back: bool) -> Iterator[ChangeKind | str]:
    before, after = _there(was), _there(wanted)
    if before == "none":
        if after != "none":
            yield "resume" if came_back else "create"
    elif after == "none":
        yield "close" if before == "open" else FREE
    elif before != after:
        yield FREE
    elif was is not None:
        yield from _inside(was, wanted)
    if wanted.delete and not (was is not None and was.delete):
        yield "delete"


def _there(wanted: Desired | None) -> str:
    """`open`, `prepared` or `none`; who lacks what `requires` names has no account yet."""
    if wanted is None or wanted.missing or wanted.access == "closed":
        return "none"
    return wanted.access


def _inside(was: Desired, wanted: Desired) -> Iterator[ChangeKind]:
    if was.departments != wanted.departments:
        yield "move"
    written = wanted.attributes.keys() - wanted.on_create
    if any(was.attributes.get(name) != wanted.attributes[name] for name in written):
        yield "rename"
    if was.grants.keys() - wanted.grants.keys():
        yield "revoke"


def _turn(was: Seen, then: Seen) -> list[str]:
    return [] if was.active == then.active else [BEGIN if then.active else END]


@dataclass(frozen=True, slots=True)
class _Teller:
    """Says of a kind of change by which source it came, when it became due, and whether it is real at all."""

    person_id: str
    known: Known
    news: Sequence[Fact]
    line: Timeline

    def undone(self, kind: str, seen: Seen) -> bool:
        """Whether no step will follow, because what it would undo was never done (held, or not begun)."""
        accounts = [self._account(target) for target in seen.wanted]
        if kind == "close":
            return not any(account is not None and account.state.open for account in accounts)
        if kind in ("create", "resume"):
            return bool(accounts) and all(account is not None and account.state.open for account in accounts)
        return False

    def _account(self, target: str) -> Account | None:
        stored = self.known.accounts.get(target)
        return None if stored is None or stored.observed.state in _GONE else stored.observed

    def now(self, kind: str, now: datetime) -> Change:
        """Due since the later of the fact's effective instant and its recording."""
        fitting = [fact for fact in self.news if self.line.changes.get(fact.key) == _MADE_BY.get(kind)]
        dates = [(max(self._effect(fact), fact.recorded_at), fact.key, fact) for fact in fitting or self.news]
        due_at, _, fact = max(dates, key=lambda each: each[:2])
        return Change(fact.key.source, kind, self.person_id, min(due_at, now), _immediate(kind, fact))

    def later(self, kind: str, at: datetime) -> Change:
        """Of the source whose fact takes effect then, else of the one that spoke last."""
        effective = [f for f in self.known.facts if self.line.effects.get(f.key) == at]
        fact = max(effective or self.known.facts, key=lambda f: (f.recorded_at, f.key))
        return Change(fact.key.source, kind, self.person_id, at, _immediate(kind, fact))

    def _effect(self, fact: Fact) -> datetime:
        return self.line.effects.get(fact.key, fact.effective_at)


def _immediate(kind: str, fact: Fact) -> bool:
    body = fact.body
    return kind == "close" and isinstance(body, hr.Left) and body.immediate and body.batch is None

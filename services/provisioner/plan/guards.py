"""Guards: a mass change that looks wrong holds itself, and nothing else (P7). Pure.

A guard counts people per cause and kind of change, in windows over the moments at which the changes became due. A
stretch of changes so becomes slices: those windows in which more changed than the guard allows. Whoever's change lies
in a slice is held until operators release it. Done or not, a change counts, so a batch is counted whole.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple, get_args

from contracts.decisions import Decision, HoldRefused, HoldReleased
from services.provisioner.model import Step, Verb
from services.provisioner.plan.planner import CLOSED_BY_OTHERS
from services.provisioner.policy.models import Guard
from services.provisioner.store.guard_values import FREE, Announced, ChangeKind, Counted, HeldGroup, Stretch

SMALLEST = 50
"""People a cause must have before its newcomers are suspicious: a first import is no mass change."""

WINDOW = timedelta(hours=24)
"""Of a guard that names none."""

KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)

_KIND: Mapping[Verb, ChangeKind] = {
    "create": "create",
    "resume": "resume",
    "suspend": "close",
    "strip": "close",
    "remove": "close",
    "delete": "delete",
    "update": "rename",
    "move": "move",
    "revoke": "revoke",
}
_ALSO: Mapping[ChangeKind, frozenset[str]] = {
    "create": frozenset({"create", "resume"}),
    "resume": frozenset({"create", "resume"}),
}
"""Who comes back gets the old account or a new one, as the platform has it: announced is only that they come back."""

_RESTS_ON = frozenset({"create", "resume", "close"})
"""What follows such a step on the same account makes sense only with it."""


class Slice(NamedTuple):
    """A window that a guard holds: from its first change to its last, each (due_at, wave)."""

    first: tuple[datetime, int]
    last: tuple[datetime, int]
    people: int
    active: int


def kind_of(step: Step, *, closing: bool) -> ChangeKind | None:
    """The kind that guards know this step by; None for one that none counts. What a leaver loses is part of closing."""
    kind = _KIND.get(step.verb)
    return "close" if closing and kind == "revoke" else kind


def kinds_in(steps: Sequence[Step], *, closing: bool) -> frozenset[ChangeKind]:
    return frozenset(kind for step in steps if (kind := kind_of(step, closing=closing)))


def allowed(steps: Sequence[Step], held: Collection[ChangeKind], *, closing: bool) -> tuple[Step, ...]:
    """The steps that go on while these kinds are held: only what rests on a held step is left out with it."""
    kept: list[Step] = []
    for step in steps:
        kind = kind_of(step, closing=closing)
        if kind not in held:
            kept.append(step)
        elif kind in _RESTS_ON:
            break
    return tuple(kept)


def explains(kind: ChangeKind, changes: Sequence[Announced]) -> Announced | None:
    """The latest announced change that a step of this kind carries out; one of kind `free` is never guarded."""
    own = [change for change in changes if change.kind in _ALSO.get(kind, {kind})]
    free = [change for change in changes if change.kind == FREE]
    return max(own or free, key=lambda change: (change.due_at, change.wave), default=None)


# ---------------------------------------------------------------- counting


def always(guard: Guard) -> bool:
    """A guard that lets nobody pass counts nothing."""
    return guard.within is None and guard.more_than == 0


def slices(stretch: Stretch, kind: ChangeKind, guard: Guard) -> list[Slice]:
    """The windows in which more people changed than the guard allows."""
    keys = [(turn.due_at, turn.wave) for turn in stretch.turns]
    actives = list(accumulate((turn.delta for turn in stretch.turns), initial=stretch.active))
    found = []
    rows = stretch.changes
    within = guard.within or WINDOW
    for pairs in (_ending(rows, within), _opening(rows, within)):
        for start, end, people in _counted(rows, pairs):
            first, last = _key(rows[start]), _key(rows[end - 1])
            active = actives[bisect_left(keys, first)]
            if _too_many(people, active, kind, guard):
                found.append(Slice(first, last, people, active))
    return _joined(found)


def _joined(found: Sequence[Slice]) -> list[Slice]:
    """Windows that overlap as one slice, with the figures of the fullest."""
    joined: list[Slice] = []
    for one in sorted(found):
        if joined and one.first <= joined[-1].last:
            last = joined[-1]
            fullest = max(last, one, key=lambda each: each.people)
            joined[-1] = fullest._replace(first=last.first, last=max(last.last, one.last))
        else:
            joined.append(one)
    return joined


def lies_in(change: Announced, found: Sequence[Slice]) -> bool:
    """Whether the change is part of one of these slices."""
    key = (change.due_at, change.wave)
    return any(one.first <= key <= one.last for one in found)


def _too_many(people: int, active: int, kind: ChangeKind, guard: Guard) -> bool:
    if kind == "create" and active < SMALLEST:
        return False
    most = guard.more_than if isinstance(guard.more_than, int) else active * float(guard.more_than[:-1]) / 100
    return people > most and people >= (guard.and_at_least or 1)


def _key(row: Counted) -> tuple[datetime, int]:
    return (row.due_at, row.wave)


def _ending(rows: Sequence[Counted], within: timedelta) -> Iterator[tuple[int, int]]:
    """The window that ends with each change, and opened with the first change in it."""
    start = 0
    for end, row in enumerate(rows):
        while rows[start].due_at <= row.due_at - within:
            start += 1
        if end + 1 == len(rows) or _key(rows[end + 1]) != _key(row):
            yield start, end + 1


def _opening(rows: Sequence[Counted], within: timedelta) -> Iterator[tuple[int, int]]:
    """The window that opens with each wave: what was taken in after a quiet time is judged by who was there before."""
    dates = [row.due_at for row in rows]
    for start, row in enumerate(rows):
        if start == 0 or rows[start - 1].wave != row.wave:
            yield start, bisect_left(dates, row.due_at + within)


def _counted(rows: Sequence[Counted], pairs: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """How many different people each window has; both ends only ever move on."""
    people: Counter[str] = Counter()
    at, to = 0, 0
    for start, end in pairs:
        for row in rows[to:end]:
            people[row.person_id] += 1
        for row in rows[at:start]:
            people[row.person_id] -= 1
            if not people[row.person_id]:
                del people[row.person_id]
        at, to = start, max(to, end)
        yield start, end, len(people)


# ---------------------------------------------------------------- deciding


class Word(NamedTuple):
    """What operators said of one difference since it became due: who released it, or that it was refused."""

    released_by: frozenset[str] = frozenset()
    refused: bool = False


def said(decisions: Sequence[Decision], target: str, kind: ChangeKind, since: datetime) -> Word:
    """The word that counts; a release after a refusal starts anew, and so the other way round."""
    word = Word()
    told = [d for d in decisions if isinstance(d, HoldReleased | HoldRefused)]
    told = [d for d in told if (d.target, d.verb) == (target, kind) and d.recorded_at >= since]
    for decision in sorted(told, key=lambda d: (d.recorded_at, d.decision_id)):
        refused = isinstance(decision, HoldRefused)
        word = Word(refused=True) if refused else Word(word.released_by | {decision.by})
    return word


def released_at(decisions: Sequence[Decision], target: str, kind: ChangeKind) -> datetime | None:
    """When an operator last released that kind on the target; None where a refusal came later, or nobody did."""
    told = [d for d in decisions if isinstance(d, HoldReleased | HoldRefused) and (d.target, d.verb) == (target, kind)]
    last = max(told, key=lambda d: (d.recorded_at, d.decision_id), default=None)
    return last.recorded_at if isinstance(last, HoldReleased) else None


# ---------------------------------------------------------------- reasons


def reason_of(word: str, kinds: Collection[str], cause: str) -> str:
    """`guard:close:urn:hr:acme`; `refused:` instead where an operator said no."""
    return f"{word}:{','.join(sorted(kinds))}:{cause}"


class Held(NamedTuple):
    """A held row's reason, read."""

    kinds: tuple[str, ...]
    cause: str
    refused: bool


def read_reason(reason: str | None) -> Held | None:
    """None for what operators cannot release: drift that policy leaves alone."""
    if reason == CLOSED_BY_OTHERS:
        return Held(("resume",), CLOSED_BY_OTHERS, refused=False)
    word, _, rest = (reason or "").partition(":")
    if word not in ("guard", "refused"):
        return None
    kinds, _, cause = rest.partition(":")
    return Held(tuple(kinds.split(",")), cause, word == "refused")


def release_command(group: HeldGroup) -> str:
    """What to type to let the whole slice go on."""
    held = read_reason(group.reason)
    which = f"--cause {held.cause} --kind {held.kinds[0]} " if held else ""
    return f"tenure holds release {which}--target {group.target} --reason R"

"""Asks the guards before a plan is carried out: which of its kinds of step are held for this person, and why."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contracts.decisions import Decision
from services.provisioner.plan import guards
from services.provisioner.plan.guards import Slice
from services.provisioner.policy.models import Guard
from services.provisioner.store.guard_values import FREE, POLICY, Announced, Change, ChangeKind, Counted, Stretch
from services.provisioner.store.port import Guarding

KEPT = 256
"""Stretches whose slices are remembered."""

STANDS = 1.0
"""Seconds for which a slice found is not counted again, whatever is announced meanwhile: it mostly grows."""

_ZERO = datetime(1970, 1, 1, tzinfo=UTC)
_Place = tuple[str, ChangeKind, int, int]


@dataclass(frozen=True, slots=True)
class _Found:
    version: int
    at: float
    all: Sequence[Slice]
    immediate: Sequence[Slice]

    def holds(self, change: Announced) -> bool:
        """A leave that HR marked immediate is held only among its like: a mass change must not stop an urgent one."""
        return guards.lies_in(change, self.immediate if change.immediate else self.all)


@dataclass(slots=True)
class Watch:
    """One a process; what is counted is remembered until something is announced."""

    store: Guarding
    guards: tuple[Guard, ...]
    policy_version: str
    _found: dict[_Place, _Found] = field(default_factory=dict)

    async def held(
        self,
        person_id: str,
        target: str,
        kinds: Collection[ChangeKind],
        decisions: Sequence[Decision],
        at: datetime,
    ) -> Mapping[ChangeKind, str]:
        """The kinds that are held, with the reason that the row is to have."""
        watched = sorted(kind for kind in kinds if any(kind in guard.steps for guard in self.guards))
        if not watched:
            return {}
        version, announced = await self.store.announced(person_id, target, at)
        causes: dict[tuple[str, str], set[ChangeKind]] = {}
        for kind in watched:
            change = guards.explains(kind, announced) or await self._noted(person_id, kind, at)
            if change.kind == FREE:
                continue
            tripped = [guard for number, guard in enumerate(self.guards)
                       if kind in guard.steps and await self._trips(guard, number, kind, change, version)]  # fmt: skip
            word = guards.said(decisions, target, kind, change.due_at)
            needed = max((guard.people for guard in tripped), default=0)
            if word.refused or len(word.released_by) < needed:
                causes.setdefault(("refused" if word.refused else "guard", change.cause), set()).add(kind)
        return {k: guards.reason_of(word, ks, cause) for (word, cause), ks in causes.items() for k in ks}

    async def _noted(self, person_id: str, kind: ChangeKind, at: datetime) -> Announced:
        """No fact asks for it: the policy does, or something that is no fact (drift, a department)."""
        return await self.store.note(Change(f"{POLICY}{self.policy_version}", kind, person_id, at))

    async def _trips(self, guard: Guard, number: int, kind: ChangeKind, change: Announced, version: int) -> bool:
        if guards.always(guard):
            return True
        within = guard.within or guards.WINDOW
        bucket = (change.due_at - _ZERO) // within
        counted = next((each for each in guard.steps if each == change.kind), kind)
        place = (change.cause, counted, number, bucket)
        found = self._found.get(place)
        if found is not None and found.version != version:
            stands = found.holds(change) and time.monotonic() - found.at < STANDS
            found = found if stands else None
        if found is None:
            opened = _ZERO + bucket * within
            stretch = await self.store.stretch(change.cause, counted, opened - within, opened + 2 * within)
            found = self._keep(place, _Found(version, time.monotonic(), *_both(stretch, counted, guard)))
        return found.holds(change)

    def _keep(self, place: _Place, found: _Found) -> _Found:
        self._found.pop(place, None)
        while len(self._found) >= KEPT:
            del self._found[next(iter(self._found))]
        self._found[place] = found
        return found


def _both(stretch: Stretch, kind: ChangeKind, guard: Guard) -> tuple[Sequence[Slice], Sequence[Slice]]:
    alone: tuple[Counted, ...] = tuple(row for row in stretch.changes if row.immediate)
    return guards.slices(stretch, kind, guard), guards.slices(stretch._replace(changes=alone), kind, guard)

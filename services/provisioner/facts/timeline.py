"""A folded timeline: what is known of one person, at any instant."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contracts import hr
from contracts.provisioning import Change
from services.provisioner.model import Fact, FactKey, PersonState, Verdict, WorkerKey, WorkerState

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """The person from `at` on, until the next moment."""

    at: datetime
    zone: str
    person: hr.Person
    extra: Mapping[str, object]
    workers: tuple[WorkerState, ...]
    said_by: tuple[FactKey, ...]
    """The facts that say who the person is; those of the jobs stand in `workers`."""
    employed_before: bool

    @property
    def active(self) -> bool:
        return any(worker.active for worker in self.workers)


@dataclass(frozen=True, slots=True)
class Timeline:
    """What became of each fact, and the state at any instant.

    `verdicts` and `effects` have one for every fact given. `effects` says when it takes effect, or would: its
    effective instant, earlier for an immediate leave. `instants` are all moments of change, ascending.
    """

    person_id: str
    verdicts: Mapping[FactKey, Verdict]
    effects: Mapping[FactKey, datetime]
    instants: tuple[datetime, ...]
    moments: tuple[Moment, ...]
    stops: tuple[tuple[datetime, bool], ...] = ()
    begins: tuple[datetime, ...] = ()
    """When the person becomes employed, after not being so."""
    changes: Mapping[FactKey, Change] = field(default_factory=dict)
    order: Mapping[FactKey, int] = field(default_factory=dict)
    """The place of each folded fact in the total order."""
    firsts: Mapping[WorkerKey, Fact] = field(default_factory=dict)
    """The fact with which each worker was first employed."""

    def state(self, at: datetime) -> PersonState:
        """What is known of the person at that instant (aware); before the first fact an empty, inactive state."""
        index = bisect_right(self.moments, at, key=lambda moment: moment.at)
        if index == 0:
            return PersonState(
                person_id=self.person_id,
                at=at,
                zone=self.moments[0].zone if self.moments else "UTC",
                active=False,
                person=hr.Person(),
                stopped=self._stopped(at),
                next_hire_at=self._next_hire(at),
            )
        moment = self.moments[index - 1]
        return PersonState(
            person_id=self.person_id,
            at=at,
            zone=moment.zone,
            active=moment.active,
            person=moment.person,
            workers=moment.workers,
            primary=_primary(moment.workers),
            stopped=self._stopped(at),
            employed_before=moment.employed_before,
            extra=moment.extra,
            next_hire_at=self._next_hire(at),
            facts=self._facts(moment),
        )

    def next_change(self, after: datetime) -> datetime | None:
        """The first instant after the given one at which the state changes by itself; None if there is none."""
        index = bisect_right(self.instants, after)
        return self.instants[index] if index < len(self.instants) else None

    def next_effect(self, after: datetime) -> datetime | None:
        """The next instant at which some fact takes effect, be it that it says what is so already."""
        return min((at for at in self.effects.values() if at > after), default=None)

    def effective_at(self, key: FactKey) -> datetime:
        """When the fact takes effect, or would if it applied; raises KeyError for a fact that was not given."""
        return self.effects[key]

    def change_of(self, key: FactKey) -> Change | None:
        """What the fact's instant makes of the person; None for a fact that changes nobody's access or place."""
        return self.changes.get(key)

    def _stopped(self, at: datetime) -> bool:
        index = bisect_right(self.stops, at, key=lambda change: change[0])
        return index > 0 and self.stops[index - 1][1]

    def _next_hire(self, at: datetime) -> datetime | None:
        index = bisect_right(self.begins, at)
        return self.begins[index] if index < len(self.begins) else None

    def _facts(self, moment: Moment) -> tuple[FactKey, ...]:
        keys = {*moment.said_by, *(key for worker in moment.workers for key in worker.facts)}
        return tuple(sorted(keys, key=self.order.__getitem__))


def _primary(workers: tuple[WorkerState, ...]) -> WorkerState | None:
    """The employment that HR marked last, else the one begun earliest; of somebody gone the one that ended last."""
    lasting = [worker for worker in workers if worker.active]
    active = [worker for worker in lasting if not worker.unidentified] or lasting
    if marked := [worker for worker in active if worker.marked_at is not None]:
        return max(marked, key=lambda worker: (worker.marked_at or NEVER, worker.worker))
    if active:
        return min(active, key=lambda worker: (worker.begun_at or NEVER, worker.worker))
    ended = [worker for worker in workers if worker.left_at is not None]
    return max(ended, key=lambda worker: (worker.left_at or NEVER, worker.worker)) if ended else None

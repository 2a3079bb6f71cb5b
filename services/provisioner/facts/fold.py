"""Folding: the facts of one person become a timeline. The same facts in any order give an equal one."""

import heapq
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import count
from types import MappingProxyType
from typing import assert_never

from contracts import hr
from contracts.decisions import Decision, PersonIdentified
from contracts.provisioning import Change
from services.provisioner.facts import absences, assignments, employment, links
from services.provisioner.facts.decisions import stops
from services.provisioner.facts.identity import BEGINS, naming_of, own_person_id, person_named
from services.provisioner.facts.job import Human, Job, Later, Status
from services.provisioner.facts.order import instant_of, key_at
from services.provisioner.facts.standing import APPLIES, Standing, stand
from services.provisioner.facts.timeline import Moment, Timeline
from services.provisioner.facts.undone import ghosts
from services.provisioner.model import Fact, FactKey, OtherAssignment, Verdict, WorkerKey

MOVES_NOBODY = (hr.Updated, hr.Linked)
NOBODY: Mapping[WorkerKey, str] = MappingProxyType({})
Places = tuple[tuple[WorkerKey, hr.Employment, hr.Assignment, tuple[OtherAssignment, ...]], ...]


def timeline(
    facts: Iterable[Fact],
    decisions: Iterable[Decision] = (),
    *,
    person_id: str | None = None,
    unclear: Mapping[WorkerKey, str] = NOBODY,
) -> Timeline:
    """Fold one person's facts: those of all their workers, and the withdrawals about them.

    `person_id` is found from the facts if not given; `unclear` says of new numbers which other person they may be
    (see `marks`). Raises ValueError for a fact that belongs to no worker.
    """
    facts, decisions = tuple(facts), tuple(decisions)
    standing = stand(facts, decisions)
    identified = tuple(decision for decision in decisions if isinstance(decision, PersonIdentified))
    fold = _Fold(standing, identified, unclear)
    fold.run()
    changes = stops(decisions, fold.begun, standing.first_recorded)
    return Timeline(
        person_id=person_id or _named(standing) or _unnamed(facts, decisions),
        verdicts=fold.human.verdicts,
        effects={fact.key: instant_of(fact) for fact in standing.taken} | fold.effects,
        instants=tuple(sorted({*(moment.at for moment in fold.moments), *(at for at, _ in changes)})),
        moments=tuple(fold.moments),
        stops=changes,
        begins=_begins(fold.moments),
        changes=fold.changes,
        order=fold.order,
        firsts=fold.firsts,
    )


class _Fold:
    """Goes through the instants in order, and at each through its facts in the total order."""

    def __init__(
        self, standing: Standing, identified: tuple[PersonIdentified, ...], unclear: Mapping[WorkerKey, str]
    ) -> None:
        self.human = Human(
            verdicts=standing.verdicts,
            first_recorded=standing.first_recorded,
            unclear=unclear,
            identified=identified,
        )
        self.jobs: dict[WorkerKey, Job] = {}
        self.moments: list[Moment] = []
        self.begun: list[tuple[datetime, Fact]] = []
        self.effects: dict[FactKey, datetime] = {}
        self.changes: dict[FactKey, Change] = {}
        self.order: dict[FactKey, int] = {}
        self.firsts: dict[WorkerKey, Fact] = {}
        late = ghosts(standing)
        self.ghost_hires = frozenset(hire.key for hire, _ in late)
        self.ghost_ends = {leave.key: hire.key for hire, leave in late}
        self.hired = frozenset(fact.worker for fact in standing.live if fact.worker and isinstance(fact.body, BEGINS))
        queue = [*standing.live, *(fact for pair in late for fact in pair)]
        self.numbers, self.places = count(), count()
        self.heap = [(instant_of(fact), next(self.numbers), fact) for fact in queue]
        heapq.heapify(self.heap)

    def run(self) -> None:
        while self.heap:
            at = self.heap[0][0]
            group = []
            while self.heap and self.heap[0][0] == at:
                group.append(heapq.heappop(self.heap)[2])
            self._instant(at, group)

    def _instant(self, at: datetime, group: list[Fact]) -> None:
        if len(group) > 1:
            employed = {worker for worker, job in self.jobs.items() if job.status is Status.EMPLOYED}
            group.sort(key=lambda fact: key_at(fact, employed=fact.worker in employed))
        before = self._places()
        self.human.applied = []
        for fact in group:
            self._judge(fact, at)
        change = _change(before, self._places())
        for fact in self.human.applied:
            self.effects[fact.key] = at
            # Who somebody is says nothing of where they belong; and what never stood announces nothing.
            if change and not isinstance(fact.body, MOVES_NOBODY) and fact.key not in self.ghost_hires:
                self.changes[fact.key] = change
        self._remember(at)

    def _judge(self, fact: Fact, at: datetime) -> None:
        if fact.worker is None:
            raise ValueError(f"{fact.key} belongs to no worker")
        self.order[fact.key] = next(self.places)
        job = self.jobs.get(fact.worker)
        if job is None:
            job = self.jobs[fact.worker] = Job(fact.worker)
        if fact.key in self.ghost_hires or fact.key in self.ghost_ends:
            self._ghost(job, fact, at)
            return
        new = job.begun is None
        verdict = meaning(job, self.human, fact, at, self.jobs, self.hired)
        if isinstance(verdict, Later):
            self.effects[fact.key] = verdict.at
            heapq.heappush(self.heap, (verdict.at, next(self.numbers), fact))
            return
        self.human.verdicts[fact.key] = verdict
        if new and job.begun is fact:
            self.firsts[job.worker] = fact
        if verdict != APPLIES:
            return
        if job.begun is fact:
            self.begun.append((at, fact))
        job.mark(fact, at)

    def _ghost(self, job: Job, fact: Fact, at: datetime) -> None:
        if isinstance(fact.body, BEGINS):
            if job.status is not Status.EMPLOYED:
                employment.begin(job, self.human, fact, fact.body, at)
        elif isinstance(fact.body, hr.Left) and job.begun and job.begun.key == self.ghost_ends[fact.key]:
            employment.end(job, fact, fact.body, at)
            self.human.take(fact)

    def _places(self) -> Places:
        return tuple(
            (worker, job.employment, job.assignment, job.beside())
            for worker, job in self.jobs.items()
            if job.status is Status.EMPLOYED
        )

    def _remember(self, at: datetime) -> None:
        known = [job for _, job in sorted(self.jobs.items()) if job.begun is not None]
        if not self.human.changed and all(job.state is not None for job in known):
            return
        self.human.changed = False
        moment = Moment(
            at=at,
            zone=self.human.zone,
            person=self.human.person,
            extra=self.human.extra,
            workers=tuple(job.snapshot() for job in known),
            said_by=tuple(dict.fromkeys(self.human.origin.values())),
            employed_before=any(job.ended for job in known),
        )
        self.moments.append(moment)


def meaning(  # noqa: C901, PLR0911 - one case a kind: a kind without one does not type-check
    job: Job, human: Human, fact: Fact, at: datetime, jobs: Mapping[WorkerKey, Job], hired: frozenset[WorkerKey]
) -> Verdict | Later:
    """What the fact does where it stands: the table of meanings, dispatched by kind."""
    body = fact.body
    match body:
        case hr.Hired():
            return employment.hired(job, human, fact, body, at)
        case hr.Stated():
            return employment.stated(job, human, fact, body, at)
        case hr.Transferred():
            return employment.transferred(job, human, fact, body, at)
        case hr.Updated():
            return employment.updated(job, human, fact, body, at)
        case hr.Left():
            return employment.left(job, human, fact, body, at)
        case hr.AssignmentStarted():
            return assignments.started(job, human, fact, body, at)
        case hr.AssignmentEnded():
            return assignments.ended(job, human, fact, body, at)
        case hr.AbsenceStarted():
            return absences.started(job, human, fact, body, at)
        case hr.AbsenceEnded():
            return absences.ended(job, human, fact, body, at)
        case hr.Linked():
            return links.linked(job, human, fact, at, jobs, hired)
        case hr.Withdrawn() | hr.DepartmentChanged() | hr.DepartmentClosed():
            raise ValueError(f"{fact.key} is no fact of a worker")
        case _:
            assert_never(body)


def _change(before: Places, after: Places) -> Change | None:
    if not before and after:
        return "joiner"
    if before and not after:
        return "leaver"
    return "mover" if before != after else None


def _begins(moments: list[Moment]) -> tuple[datetime, ...]:
    active = False
    begins = []
    for moment in moments:
        if moment.active and not active:
            begins.append(moment.at)
        active = moment.active
    return tuple(begins)


def _named(standing: Standing) -> str | None:
    namings = (naming_of(fact) for fact in standing.live)
    return person_named(naming for naming in namings if naming is not None)


def _unnamed(facts: tuple[Fact, ...], decisions: tuple[Decision, ...]) -> str:
    """The person whom no fact names: their worker, else what a decision says."""
    workers = [fact.worker for fact in facts if fact.worker is not None]
    return own_person_id(min(workers)) if workers else min((d.person_id for d in decisions), default="")

"""The queue in memory: the same rules, one process, machine time as injected."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.provisioning import StepTaken
from services.provisioner.facts.standing import ALREADY_WITHDRAWN
from services.provisioner.model import FactKey, Step
from services.provisioner.store import memory_reading as reading
from services.provisioner.store.bell import Bell
from services.provisioner.store.codec import steps_text
from services.provisioner.store.finish import STEPS_SHOWN
from services.provisioner.store.memory_intake import decide, mark
from services.provisioner.store.memory_tables import Base, Plan, Row, RowKey
from services.provisioner.store.port import (
    Claim,
    End,
    Finished,
    Mark,
    Message,
    OpenPlan,
    PersonFile,
    Settle,
    Settlement,
)


class MemoryQueue(Base):
    """Everything that changes a row holds the lock, so that an open intake transaction is seen whole or not at all."""

    _lock: asyncio.Lock
    _bell: Bell
    _processes: dict[UUID, datetime]
    _named: dict[UUID, str]
    _policies: dict[UUID, str | None]
    _names: dict[tuple[str, str], tuple[str, str | None]]

    async def join(self, name: str, lease: timedelta, policy: str | None = None) -> UUID:
        process = uuid4()
        self._processes[process], self._named[process] = self._now() + lease, name
        self._policies[process] = policy
        return process

    async def processes(self) -> Sequence[str]:
        return sorted(self._named[process] for process in self._processes if self._lives(process))

    async def beat(self, process: UUID, lease: timedelta) -> bool:
        if not self._lives(process):
            return False
        self._processes[process] = self._now() + lease
        return True

    async def leave(self, process: UUID) -> None:
        async with self._lock:
            self._processes.pop(process, None)
            self._free(process)

    async def reap(self) -> int:
        async with self._lock:
            for process in [p for p in self._processes if self._processes[p] < self._now()]:
                del self._processes[process]
            holders = {row.holder for row in self._tables.rows.values() if row.holder is not None}
            return sum(self._free(holder) for holder in holders if holder not in self._processes)

    async def claim(self, process: UUID, target: str, lane: int, limit: int) -> Sequence[Claim]:
        async with self._lock:
            if not self._lives(process) or self._paused(target) or self._outdated(process):
                return []
            business, now = self._business_now(), self._now()
            free = [
                (row.due_at, key)
                for key, row in self._tables.rows.items()
                if key[1] == target and row.lane == lane and row.holder is None
                and row.due_at is not None and row.due_at <= business
                and (row.not_before is None or row.not_before <= now)
            ]  # fmt: skip
            return [self._take(key, process) for _, key in sorted(free)[:limit]]

    async def held(self, process: UUID) -> frozenset[tuple[str, str]]:
        return frozenset(key for key, row in self._tables.rows.items() if row.holder == process)

    async def load(self, claim: Claim) -> PersonFile:
        async with self._lock:
            tables, person = self._tables, claim.person_id
            accounts = reading.accounts_of(tables, person)
            opened = sorted(self._open_plans(claim))
            steps = tuple(step for number in opened for step in tables.plans[number].steps)
            plan = OpenPlan(opened[-1], steps) if opened else None
            return PersonFile(
                facts=reading.facts_of(tables, person),
                decisions=reading.decisions_of(tables, person),
                events=reading.events_of(tables, person, only_open=True),
                account=accounts.get(claim.target),
                open_plan=plan,
                accounts=accounts,
                turns_at=reading.turns_at(tables, person),
            )

    async def intend(self, claim: Claim, process: UUID, steps: Sequence[Step]) -> int | None:
        async with self._lock:
            if not self._lives(process) or self._held(claim, process) is None:
                return None
            written: tuple[Mapping[str, Any], ...] = tuple(json.loads(steps_text(steps)))
            plan_id = self._tables.number("plan")
            self._tables.plans[plan_id] = Plan(claim.person_id, claim.target, claim.fence, written)
            return plan_id

    async def record(self, taken: Sequence[tuple[int, StepTaken]], messages: Sequence[Message]) -> None:
        async with self._lock:
            for plan_id, step in taken:
                outcomes = self._tables.outcomes.get(step.person_id, {})
                self._tables.outcomes[step.person_id] = {**outcomes, (plan_id, step.number): step}
            self._publish(tuple(messages))

    async def newer(self, claim: Claim) -> bool:
        row = self._tables.rows.get((claim.person_id, claim.target))
        return row is None or row.generation > claim.generation

    async def finish(self, claim: Claim, process: UUID, end: End, settle: Settle) -> Finished:
        async with self._lock:
            row = self._held(claim, process)
            if row is None:
                look = Mark(claim.person_id, claim.lane, self._business_now())
                mark(self._tables, [look], [claim.target], self._business_now(), self._now())
                return "fenced"
            before, self._tables = self._tables, self._tables.copy()
            again = row.generation > (row.seen or 0)
            try:
                self._end(claim, row, end)
                self._reopen(() if again else end.standing)
                self._apply(end, self._settled(claim, settle))
            except BaseException:
                self._tables = before
                raise
            return "again" if again else "done"

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - returning is no error
        await self._bell.wait(timeout)

    def _lives(self, process: UUID) -> bool:
        lease = self._processes.get(process)
        return lease is not None and lease > self._now()

    def _outdated(self, process: UUID) -> bool:
        """Whether it runs another policy than the one in force."""
        runs, policy = self._policies.get(process), self._tables.policy.get(True)
        return runs is not None and policy is not None and policy.version != runs

    def _free(self, holder: UUID) -> int:
        business = self._business_now()
        lost = [key for key, row in self._tables.rows.items() if row.holder == holder]
        for key in lost:
            row = self._tables.rows[key]
            self._tables.rows[key] = replace(row, holder=None, due_at=min(row.due_at or business, business))
        return len(lost)

    def _take(self, key: RowKey, process: UUID) -> Claim:
        row = self._tables.rows[key]
        claimed = replace(row, holder=process, fence=row.fence + 1, seen=row.generation, settled_generation=None)
        row = replace(claimed, attempts=row.attempts + 1)
        self._tables.rows[key] = row
        due_at = row.due_at or self._business_now()
        return Claim(*key, row.lane, due_at, row.generation, row.fence, row.attempts, row.marked_at)

    def _held(self, claim: Claim, process: UUID) -> Row | None:
        row = self._tables.rows.get((claim.person_id, claim.target))
        return row if row is not None and (row.fence, row.holder) == (claim.fence, process) else None

    def _open_plans(self, claim: Claim) -> list[int]:
        key = (claim.person_id, claim.target)
        return [n for n, plan in self._tables.plans.items() if not plan.ended and (plan.person_id, plan.target) == key]

    def _end(self, claim: Claim, row: Row, end: End) -> None:
        business = self._business_now()
        again, waits = row.generation > (row.seen or 0), end.not_before is not None
        due_now = min(row.due_at or business, business)
        same = (row.verdict, row.reason) == (end.verdict, end.reason)
        self._tables.rows[claim.person_id, claim.target] = replace(
            row,
            holder=None,
            settled_generation=row.seen,
            not_before=None if end.not_before is None else self._now() + timedelta(seconds=end.not_before),
            attempts=row.attempts if waits else 0,
            lane=row.lane if again or waits else end.next_lane,
            due_at=due_now if again or waits else end.next_at,
            since=row.since if same else business,
            verdict=end.verdict,
            reason=end.reason,
            reached_at=end.reached_at or row.reached_at,
            result=end.result or row.result,
            department_id=end.department_id,
        )
        for number in () if end.in_doubt else self._open_plans(claim):
            self._tables.plans[number] = replace(self._tables.plans[number], ended=True)
        if end.account is not None:
            self._tables.accounts[claim.person_id, claim.target] = end.account
        if end.forget:
            self._tables.accounts.pop((claim.person_id, claim.target), None)
            self._forget_name(claim.target, claim.person_id)

    def _forget_name(self, target: str, person_id: str) -> None:
        for (where, folded), (_, owner) in list(self._names.items()):
            if (where, owner) == (target, person_id):
                del self._names[where, folded]

    def _reopen(self, standing: Iterable[FactKey]) -> None:
        for number in filter(None, map(self._tables.fact_no.get, standing)):  # the first message of a key is the fact
            event = self._tables.events[number]
            if event.state == "superseded" or (event.state, event.reason) == ("duplicate", ALREADY_WITHDRAWN.reason):
                self._tables.events[number] = replace(event, state="in_progress", reason=None)

    def _settled(self, claim: Claim, settle: Settle) -> Settlement:
        tables, person = self._tables, claim.person_id
        events = reading.events_of(tables, person, only_open=True)
        steps = reading.steps_of(tables, person, STEPS_SHOWN) if events else ()
        return settle(reading.rows_of(tables, person), events, steps)

    def _apply(self, end: End, settlement: Settlement) -> None:
        for decision in end.decisions:
            decide(self._tables, decision, self._business_now())
        for change in settlement.changes:
            event = self._tables.events[change.event_no]
            if not event.final:
                self._tables.events[change.event_no] = replace(event, state=change.state, reason=change.reason)
        self._publish((*end.messages, *settlement.messages))

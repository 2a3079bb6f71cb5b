"""The worker: joins the queue, claims what is due, most urgent first, and runs passes in bounded slots.

A tenth of each target's slots is kept for leaves and stops; nothing is claimed that has no slot, since a buffer of
claimed people is a queue without lanes. A worker that lost its lease makes no call, claims nothing and joins anew.
"""

import asyncio
import contextlib
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from contracts.provisioning import StepTaken
from services.platforms import gate
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.port import Claim, End, Finished, OpenEvent, Settlement, Store, TargetRow

log = structlog.get_logger()

LANES = (gate.URGENT, gate.EVERYDAY, gate.BULK)


def _nothing(_rows: Sequence[TargetRow], _events: Sequence[OpenEvent], _steps: Sequence[StepTaken]) -> Settlement:
    return Settlement()


_claimed_by: ContextVar[UUID | None] = ContextVar("claimed_by", default=None)
"""The process under whose lease the running pass claimed its row; none outside of passes."""

Run = Callable[[Claim, UUID], Awaitable[Finished]]
"""Runs one pass for a claim under this process's lease."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`lease` and `beat` in seconds; a call may take `longest_call`, so none starts later than lease minus that."""

    slots: int = 40
    kept: int = 4
    lease: float = 15.0
    beat: float = 3.0
    longest_call: float = 10.0
    margin: float = 1.0
    poll: float = 1.0
    grace: float = 20.0


@dataclass(slots=True)
class Worker:
    """`run` works until `stop`; `alive` is what the gate asks before each call."""

    store: Store
    runs: Mapping[str, Run]
    name: str
    pace: Pace = field(default_factory=Pace)
    policy: str | None = None
    """The version that the runs follow: nothing is claimed while another is in force."""
    on_pass: Callable[[Claim, Finished, float], None] = lambda _claim, _how, _seconds: None
    _process: UUID | None = None
    _valid_until: float = 0.0
    _busy: dict[str, set[asyncio.Task[Any]]] = field(default_factory=dict)
    _at_work: dict[tuple[str, str], float] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _left_behind: bool = False
    """A pass could not tell the store its end, so that its row is perhaps still held."""
    last_beat: float = 0.0

    def alive(self) -> bool:
        """Whether a call that starts now ends inside the lease; never for a pass whose lease was another one.

        A process that was frozen joins anew: its old passes go on, and somebody else holds their rows by then.
        """
        left = self._valid_until - time.monotonic()
        return _claimed_by.get() in (None, self._process) and left > self.pace.longest_call + self.pace.margin

    def wake(self) -> None:
        """Something was marked: look now instead of at the next poll."""
        self._wake.set()

    def oldest_pass(self) -> float:
        """Seconds the longest running pass has taken so far, for health."""
        return time.monotonic() - min(self._at_work.values(), default=time.monotonic())

    async def run(self) -> None:
        """Work until stopped; survives a store that goes away and comes back."""
        chores = [asyncio.create_task(chore()) for chore in (self._keep_lease, self._reap, self._listen)]
        try:
            while not self._stopping:
                try:
                    claimed = await self._claim_round()
                except StoreUnavailableError:
                    await asyncio.sleep(self.pace.poll)
                    continue
                if not claimed:
                    await self._rest()
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)

    async def stop(self) -> None:
        """Claim nothing more, let passes end inside the grace, give the rest back."""
        self._stopping = True
        self._wake.set()
        tasks = [task for tasks in self._busy.values() for task in tasks]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self.pace.grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._process:
            with contextlib.suppress(StoreUnavailableError):
                await self.store.leave(self._process)

    # ------------------------------------------------------------ claiming

    async def _claim_round(self) -> int:
        process = self._process
        if process is None or not self.alive():
            return 0
        claimed = 0
        for target in self.runs:
            for lane in LANES:
                free = self.pace.slots - len(self._busy.get(target, ()))
                if lane != gate.URGENT:
                    free -= self.pace.kept
                if free <= 0:
                    continue
                claims = await self.store.claim(process, target, lane, min(free, 50))
                for claim in claims:
                    self._start(claim, process)
                claimed += len(claims)
        return claimed

    def _start(self, claim: Claim, process: UUID) -> None:
        tasks = self._busy.setdefault(claim.target, set())
        task = asyncio.create_task(self._one(claim, process))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(lambda done: self._ended(done, claim, process))

    def _ended(self, task: asyncio.Task[None], claim: Claim, process: UUID) -> None:
        """A pass that broke of a bug goes to the inbox, or it would be tried for ever."""
        if task.cancelled() or (bug := task.exception()) is None:
            return
        where = traceback.extract_tb(bug.__traceback__)[-1]
        log.error(
            "pass.broke",
            person_id=claim.person_id,
            target=claim.target,
            error=type(bug).__name__,
            file=where.filename,
            line=where.lineno,
        )
        end = End("inbox", f"internal:{type(bug).__name__}")
        give_up = asyncio.ensure_future(self.store.finish(claim, process, end, _nothing))
        self._busy[claim.target].add(give_up)
        give_up.add_done_callback(self._busy[claim.target].discard)

    async def _one(self, claim: Claim, process: UUID) -> None:
        began = time.monotonic()
        key = (claim.person_id, claim.target)
        self._at_work[key] = began
        gate.lane.set(claim.lane)
        _claimed_by.set(process)
        structlog.contextvars.bind_contextvars(person_id=claim.person_id, target=claim.target)
        try:
            how = await self.runs[claim.target](claim, process)
        except StoreUnavailableError:
            log.warning("pass.lost_store", person_id=claim.person_id, target=claim.target)
            self._left_behind = True
        else:
            self.on_pass(claim, how, time.monotonic() - began)
            log.debug("pass.ended", end=how, lane=claim.lane, attempts=claim.attempts)
        finally:
            self._at_work.pop(key, None)
            self._wake.set()

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), self.pace.poll)
        self._wake.clear()

    # ------------------------------------------------------------ chores

    async def _keep_lease(self) -> None:
        lease = timedelta(seconds=self.pace.lease)
        while True:
            before = time.monotonic()
            try:
                if self._process is None or not await self.store.beat(self._process, lease):
                    self._process = await self.store.join(self.name, lease, self.policy)
                    log.info("process.joined")
                self._valid_until = before + self.pace.lease
                self.last_beat = time.monotonic()
                self._wake.set()
            except StoreUnavailableError:
                log.warning("lease.not_renewed")
                await asyncio.sleep(min(1.0, self.pace.beat))
                continue
            await asyncio.sleep(self.pace.beat)

    async def _reap(self) -> None:
        rounds = 0
        while True:
            with contextlib.suppress(StoreUnavailableError):
                if await self.store.reap():
                    self._wake.set()
                rounds += 1
                if self._left_behind or rounds % 60 == 0:
                    await self._compare_held()
                    self._left_behind = False
            await asyncio.sleep(1.0)

    async def _compare_held(self) -> None:
        """A pass that died or lost the store holds its row as long as its process lives: give up the lease to free it.

        The passes under way end at their next call, since their lease is gone, and before their rows are free.
        """
        process = self._process
        if process is None:
            return
        lost = await self.store.held(process) - self._at_work.keys()
        if lost and lost == await self.store.held(process) - self._at_work.keys():
            log.error("claim.forgotten", count=len(lost))
            self._process = None
            if under_way := [task for tasks in self._busy.values() for task in tasks]:
                await asyncio.wait(under_way)
            await self.store.leave(process)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(StoreUnavailableError):
                await self.store.wait(self.pace.poll)
                self._wake.set()
            await asyncio.sleep(0)

"""The store in one process's memory, for tests, simulation and replay: the same rules, nothing kept.

`now` is machine time; business time follows the clock row as everywhere.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.kit.clock import ClockRow
from services.provisioner.store.bell import Bell
from services.provisioner.store.memory_attention import MemoryAttention
from services.provisioner.store.memory_guards import MemoryGuards
from services.provisioner.store.memory_intake import MemoryIntakeTx
from services.provisioner.store.memory_policy import MemoryPolicy
from services.provisioner.store.memory_questions import MemoryQuestions
from services.provisioner.store.memory_queue import MemoryQueue
from services.provisioner.store.memory_sweeps import MemorySweeps
from services.provisioner.store.port import IntakeTx, Message, Swept


def _real() -> datetime:
    return datetime.now(UTC)


class MemoryStore(MemoryQueue, MemoryQuestions, MemoryGuards, MemorySweeps, MemoryAttention, MemoryPolicy):
    """Implements `port.Store`. `paused` says whether a target is: such a target is not claimed."""

    def __init__(
        self, now: Callable[[], datetime] = _real, paused: Callable[[str], bool] = lambda _target: False
    ) -> None:
        super().__init__(now, paused)
        self._lock = asyncio.Lock()
        self._bell = Bell()
        self._processes: dict[UUID, datetime] = {}
        self._named: dict[UUID, str] = {}
        self._policies: dict[UUID, str | None] = {}
        self._names: dict[tuple[str, str], tuple[str, str | None]] = {}
        self._departments: dict[str, dict[str, str]] = {}
        self._epochs: set[str] = set()
        self._attended = frozenset()
        self._sweeps: dict[str, Swept] = {}
        self._leaders: dict[str, tuple[str, int, datetime]] = {}

    @asynccontextmanager
    async def intake(self) -> AsyncIterator[IntakeTx]:
        async with self._lock:
            before, self._tables = self._tables, self._tables.copy()
            transaction = MemoryIntakeTx(self)
            try:
                yield transaction
            except BaseException:
                self._tables = before
                raise
            if transaction.urgent:
                self._bell.ring()

    async def reserve(self, target: str, person_id: str, candidates: Sequence[str]) -> str | None:
        for (where, _), (name, owner) in self._names.items():
            if where == target and owner == person_id:
                return name
        for name in candidates:
            if (target, name.casefold()) not in self._names:
                self._names[target, name.casefold()] = (name, person_id)
                return name
        return None

    async def refuse_name(self, target: str, person_id: str, native_id: str) -> None:
        name, owner = self._names.get((target, native_id.casefold()), (native_id, None))
        if owner in (None, person_id):
            self._names[target, native_id.casefold()] = (name, None)

    async def linked(self, target: str, native_id: str) -> str | None:
        found = [
            (account.observed.native_id != native_id, person)
            for (person, where), account in self._tables.accounts.items()
            if where == target and account.observed.native_id.casefold() == native_id.casefold()
        ]
        return min(found)[1] if found else None

    async def department_links(self, target: str) -> Mapping[str, str]:
        return dict(self._departments.get(target, {}))

    async def link_department(self, target: str, department_id: str, native_id: str | None) -> None:
        links = self._departments.setdefault(target, {})
        if native_id is None:
            links.pop(department_id, None)
        else:
            links[department_id] = native_id

    async def outbox(self, limit: int) -> Sequence[tuple[int, Message]]:
        return sorted(self._tables.outbox.items())[:limit]

    async def sent(self, ids: Sequence[int]) -> None:
        async with self._lock:
            for number in ids:
                if number in self._tables.outbox:
                    self._tables.sent[number] = (self._tables.outbox.pop(number), self._now())

    async def purge(self, keep: timedelta) -> int:
        async with self._lock:
            old = [number for number, (_, at) in self._tables.sent.items() if at < self._now() - keep]
            for number in old:
                del self._tables.sent[number]
            return len(old)

    async def refill(self, epoch: str) -> int:
        async with self._lock:
            if epoch in self._epochs:
                return 0
            self._epochs.add(epoch)
            back = self._tables.sent
            self._tables.sent = {}
            self._tables.outbox.update({number: message for number, (message, _) in back.items()})
            return len(back)

    async def lead(self, duty: str, holder: str, lease: timedelta) -> int | None:
        now = self._now()
        old, epoch, until = self._leaders.get(duty, (holder, 0, now - lease))
        if old != holder and until >= now:
            return None
        epoch += old != holder or until < now
        self._leaders[duty] = (holder, epoch, now + lease)
        return epoch

    async def clock_row(self) -> ClockRow | None:
        return self._clock

    async def set_clock(self, business_at: datetime, speed: float) -> None:
        self._clock = ClockRow(real_at=self._now(), business_at=business_at, speed=speed)

    async def next_due(self, after: datetime) -> datetime | None:
        return min(
            (r.due_at for r in self._tables.rows.values() if r.due_at is not None and r.due_at > after), default=None
        )

    async def idle(self) -> bool:
        now = self._business_now()
        busy = any(
            r.holder is not None or (r.due_at is not None and r.due_at <= now) for r in self._tables.rows.values()
        )
        return not busy and not self._tables.outbox

    async def close(self) -> None:
        """Nothing to close."""

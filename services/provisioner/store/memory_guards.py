"""Announced changes in memory: the same rules as on PostgreSQL."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from services.provisioner.store import memory_reading as reading
from services.provisioner.store.guard_values import (
    BEGIN,
    END,
    Announced,
    Change,
    Counted,
    HeldGroup,
    HeldRow,
    Known,
    News,
    Stretch,
    Turn,
    is_source,
)
from services.provisioner.store.memory_tables import Base, KeptChange, Tables

QUIET = timedelta(seconds=1)


class MemoryAnnouncing:
    """The part of an intake transaction."""

    _base: Base

    async def histories(self, persons: Collection[str]) -> Mapping[str, Known]:
        tables = self._base._tables  # noqa: SLF001 - a part of the store
        return {
            one: Known(
                reading.facts_of(tables, one), reading.decisions_of(tables, one), reading.accounts_of(tables, one)
            )
            for one in sorted(persons)
        }

    async def announce(self, news: News) -> None:
        keep(self._base, news)


def keep(base: Base, news: News) -> int:
    """Write what is announced; answers the wave."""
    tables = base._tables  # noqa: SLF001 - a part of the store
    lapsed, persons = set(news.lapsed), set(news.persons)
    for person in persons | {who for who, _ in lapsed}:
        tables.changes[person] = {
            key: one
            for key, one in tables.changes.get(person, {}).items()
            if (person, key[1]) not in lapsed and not (person in persons and key[2] > news.now)
        }
    wave = _wave(tables, base._now(), base._business_now())  # noqa: SLF001 - a part of the store
    for change in news.changes:
        key = (change.cause, change.kind, change.due_at)
        kept = tables.changes.get(change.person_id, {})
        tables.changes[change.person_id] = {key: KeptChange(change, wave, news.now), **kept}
    return wave


def _wave(tables: Tables, now: datetime, business: datetime) -> int:
    """The present wave; a new one after a quiet time. Machine time: a rehearsal's clock may stand."""
    tables.number("change")
    rows = tables.rows.values()
    busy = any(r.holder is not None or (r.due_at is not None and r.due_at <= business) for r in rows)
    last = tables.announced_at.get("last")
    if last is None or (now - last > QUIET and not busy):
        tables.number("wave")
    tables.announced_at["last"] = now
    return tables.counters["wave"]


class MemoryGuards(Base):
    """Implements `port.Guarding`."""

    _lock: asyncio.Lock

    async def announced(self, person_id: str, target: str, at: datetime) -> tuple[int, Sequence[Announced]]:
        row = self._tables.rows.get((person_id, target))
        settled = row.reached_at if row is not None and row.verdict == "settled" else None
        found = [
            Announced(one.change.cause, one.change.kind, one.change.due_at, one.wave, one.change.immediate)
            for one in self._tables.changes.get(person_id, {}).values()
            if one.change.due_at <= at
            and one.change.kind not in (BEGIN, END)
            and (settled is None or max(one.change.due_at, one.announced_at) >= settled)
        ]
        return self._tables.counters.get("change", 0), found

    async def note(self, change: Change) -> Announced:
        async with self._lock:
            wave = keep(self, News((), change.due_at, (change,)))
        return Announced(change.cause, change.kind, change.due_at, wave, change.immediate)

    async def stretch(self, cause: str, kind: str, since: datetime, until: datetime) -> Stretch:
        counted: list[Counted] = []
        active, turns = 0, dict[tuple[datetime, int], int]()
        for one in (kept for changes in self._tables.changes.values() for kept in changes.values()):
            change = one.change
            if change.kind in (BEGIN, END) and (change.cause == cause or not is_source(cause)):
                delta = 1 if change.kind == BEGIN else -1
                if change.due_at < since:
                    active += delta
                elif change.due_at < until:
                    turns[change.due_at, one.wave] = turns.get((change.due_at, one.wave), 0) + delta
            elif (change.cause, change.kind) == (cause, kind) and since <= change.due_at < until:
                counted.append(Counted(change.due_at, one.wave, change.person_id, change.immediate))
        found = [Turn(due_at, wave, delta) for (due_at, wave), delta in sorted(turns.items())]
        return Stretch(tuple(sorted(counted)), active, tuple(found))

    async def held_groups(self) -> Sequence[HeldGroup]:
        groups: dict[tuple[str, str], list[datetime]] = {}
        for (_, target), row in self._tables.rows.items():
            if row.verdict == "held" and row.reason is not None:
                groups.setdefault((target, row.reason), []).append(row.since)
        found = [HeldGroup(target, why, len(since), min(since)) for (target, why), since in groups.items()]
        return sorted(found, key=lambda group: (group.since, group.target, group.reason))

    async def held_rows(self, target: str, reason: str) -> Sequence[HeldRow]:
        found = [
            HeldRow(person, target, reason, row.since)
            for (person, where), row in self._tables.rows.items()
            if (where, row.verdict, row.reason) == (target, "held", reason)
        ]
        return sorted(found, key=lambda row: (row.since, row.person_id))

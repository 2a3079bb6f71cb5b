"""Replaying whatever an origin has: departments first, then all families, in several processes where it pays."""

import gc
import multiprocessing
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from multiprocessing.pool import AsyncResult
from pathlib import Path

from services.cli.gather import Origin, Tick, Told, read_all
from services.cli.lines import Refused
from services.provisioner.facts.history import history
from services.provisioner.preview.families import Families, Family, Reading
from services.provisioner.preview.shelf import Shelf
from services.provisioner.preview.targets import Planned
from services.provisioner.preview.trees import Trees
from services.provisioner.replay import Found, Replay

TOGETHER = 200
"""Families that a process takes at once."""
ALONE = 20_000
"""Records up to which one process is quicker than several."""
TOLD = 1000
"""Refused lines that are told one by one; the rest are only counted."""


@dataclass(slots=True)
class Part:
    """What came of some families."""

    found: Found = field(default_factory=Found)
    refused: list[Refused] = field(default_factory=list)
    undeclared: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Work:
    """What every process needs: how to read records, and how to replay them."""

    origin: Origin
    replay: Replay

    def part(self, records: Families | Reading, families: Iterable[Family]) -> Part:
        part = Part()
        for family in families:
            self._family(read_all(self.origin, records.records(family)), part)
        part.undeclared = set(self.origin.undeclared)
        return part

    def _family(self, told: Told, part: Part) -> None:
        found = self.replay.family(told.facts, told.decisions)
        part.found.add(found)
        part.refused += told.refused


@dataclass(slots=True)
class Summary:
    """How many records there were, and of those that were no events how many, with the first of them."""

    records: int = 0
    refusals: int = 0
    refused: list[Refused] = field(default_factory=list)
    undeclared: set[str] = field(default_factory=set)

    def refuse(self, one: Refused) -> None:
        self.refusals += 1
        if len(self.refused) < TOLD:
            self.refused.append(one)

    def add(self, part: Part, shelf: Shelf) -> None:
        shelf.put(part.found)
        for one in part.refused:
            self.refuse(one)
        self.undeclared |= part.undeclared


def replay_all(
    origin: Origin,
    policies: Sequence[Planned],
    moments: Sequence[datetime],
    shelf: Shelf,
    tick: Tick,
    *,
    alone: int = ALONE,
) -> Summary:
    """Everything the origin has, onto the shelf. `moments` ascend; up to `alone` records one process does it all."""
    summary = Summary()
    with Families() as families:
        origin.gather(families, summary.refuse, tick)
        families.link()
        told = read_all(origin, families.records(families.departments()))
        work = Work(origin, Replay(policies, moments, Trees(history(told.facts).departments)))
        first = Part(work.replay.family(told.facts, told.decisions), told.refused, set(origin.undeclared))
        summary.add(first, shelf)
        summary.records = families.count()
        for part in _parts(work, families, alone=summary.records <= alone):
            summary.add(part, shelf)
    return summary


def _parts(work: Work, families: Families, *, alone: bool) -> Iterator[Part]:
    processes = os.cpu_count() or 1
    chunks = _chunks(families.people())
    if alone or processes == 1:
        yield from (work.part(families, chunk) for chunk in chunks)
        return
    gc.freeze()  # what is there is shared by all processes as long as nobody touches it
    with multiprocessing.get_context("fork").Pool(processes, _begin, (work, families.path)) as pool:
        pending: deque[AsyncResult[Part]] = deque()
        for chunk in chunks:
            pending.append(pool.apply_async(_part, (chunk,)))
            if len(pending) > 2 * processes:
                yield pending.popleft().get()
        yield from (one.get() for one in pending)
        pool.close()
        pool.join()


def _chunks(families: Iterator[Family]) -> Iterator[list[Family]]:
    while chunk := list(islice(families, TOGETHER)):
        yield chunk


_own: list[tuple[Work, Reading]] = []
"""This process's work; set once where it begins."""


def _begin(work: Work, path: Path) -> None:
    gc.set_threshold(100_000, 20, 100)  # folding makes many values and no circles
    _own.append((work, Reading(path)))


def _part(families: list[Family]) -> Part:
    work, reading = _own[0]
    return work.part(reading, families)

"""What guards hold, as operators see it, and deciding it: a release or a refusal is a decision, with a reason.

A slice is everybody whom one guard holds of one cause and kind. Decisions and their wake-ups are written in lots, each
one transaction, so that a slice of thousands never holds up intake.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.decisions import HoldRefused, HoldReleased
from services.kit.clock import Clock
from services.platforms import gate
from services.provisioner.operators.errors import NothingHeldError
from services.provisioner.plan.decided import stamped, told
from services.provisioner.plan.guards import Held, read_reason, release_command, said
from services.provisioner.store.guard_values import HeldGroup, HeldRow
from services.provisioner.store.port import Mark, Store

LOT = 500
"""People in one transaction."""

Verdict = type[HoldReleased] | type[HoldRefused]


@dataclass(frozen=True, slots=True)
class Which:
    """What is meant: all that is held, narrowed by whatever is given."""

    cause: str | None = None
    kind: str | None = None
    target: str | None = None
    person_id: str | None = None

    def takes(self, held: Held, target: str) -> bool:
        return (
            self.cause in (None, held.cause)
            and (self.kind is None or self.kind in held.kinds)
            and self.target in (None, target)
        )

    def kinds(self, held: Held) -> tuple[str, ...]:
        return held.kinds if self.kind is None else (self.kind,)


@dataclass(slots=True)
class Holds:
    store: Store
    clock: Clock
    woken: Callable[[], None] = lambda: None

    async def listed(self) -> list[dict[str, Any]]:
        """A line a slice, the oldest first: how many people, since when, and the command that releases it."""
        return [_group(group, held) for group, held in await self._groups(Which())]

    async def show(self, which: Which) -> list[dict[str, Any]]:
        """A line a person held."""
        return [
            {
                "person_id": row.person_id,
                "target": row.target,
                "cause": held.cause,
                "kinds": list(held.kinds),
                "refused": held.refused,
                "since": row.since.isoformat(),
                "released_by": await self._released_by(row, held),
            }
            for row, held in await self._rows(which)
        ]

    async def release(self, which: Which, by: str, reason: str) -> dict[str, Any]:
        """Let everybody meant go on; where policy asks for several operators, this is one word of theirs.

        Raises NothingHeldError.
        """
        return await self._decide(HoldReleased, which, by, reason)

    async def refuse(self, which: Which, by: str, reason: str) -> dict[str, Any]:
        """Take no such step as long as the difference lasts. Raises NothingHeldError."""
        return await self._decide(HoldRefused, which, by, reason)

    async def _decide(self, verdict: Verdict, which: Which, by: str, reason: str) -> dict[str, Any]:
        rows = await self._rows(which)
        if not rows:
            raise NothingHeldError
        now = self.clock.business_now()
        for start in range(0, len(rows), LOT):
            lot = rows[start : start + LOT]
            async with self.store.intake() as tx:
                decisions = [*_decisions(verdict, lot, which, by, reason, now)]
                for target in {row.target for row, _ in lot}:
                    marks = [Mark(row.person_id, gate.EVERYDAY, now) for row, _ in lot if row.target == target]
                    await tx.mark(marks, [target])
                for decision in decisions:
                    await tx.decide(decision)
                await tx.publish([each for decision in decisions for each in told(decision)])
            self.woken()
        return {"people": len({row.person_id for row, _ in rows}), "differences": len(rows)}

    async def _groups(self, which: Which) -> list[tuple[HeldGroup, Held]]:
        read = [(group, read_reason(group.reason)) for group in await self.store.held_groups()]
        return [(group, held) for group, held in read if held is not None and which.takes(held, group.target)]

    async def _rows(self, which: Which) -> list[tuple[HeldRow, Held]]:
        found: list[tuple[HeldRow, Held]] = []
        for group, held in await self._groups(which):
            rows = await self.store.held_rows(group.target, group.reason)
            found += [(row, held) for row in rows if which.person_id in (None, row.person_id)]
        return found

    async def _released_by(self, row: HeldRow, held: Held) -> list[str]:
        """Who released it so far, where one operator is not enough."""
        _, decisions = await self.store.facts_of(row.person_id)
        words: Iterable[frozenset[str]] = (
            said(decisions, row.target, kind, row.since).released_by  # type: ignore[arg-type]
            for kind in held.kinds
        )
        return sorted(frozenset[str]().union(*words))


def _group(group: HeldGroup, held: Held) -> dict[str, Any]:
    return {
        "target": group.target,
        "cause": held.cause,
        "kinds": list(held.kinds),
        "people": group.people,
        "refused": held.refused,
        "since": group.since.isoformat(),
        "next": release_command(group),
    }


def _decisions(
    verdict: Verdict, rows: Sequence[tuple[HeldRow, Held]], which: Which, by: str, reason: str, now: datetime
) -> Iterator[HoldReleased | HoldRefused]:
    for row, held in rows:
        for kind in which.kinds(held):
            yield verdict(**stamped(row.person_id, by, reason, now), target=row.target, verb=kind)

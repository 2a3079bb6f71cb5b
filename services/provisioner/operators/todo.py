"""Everything that waits for a person, each with the command that helps: what `tenure todo` shows.

held        a slice that a guard holds, an account that somebody else closed, opened or keeps changing back, or accounts
            of nobody where policy holds them
inbox       a step that repeating does not help, or an event that contradicts another
waiting     an event whose fact before it nobody has told for a day, such as a leave without a hire
quarantine  a message nobody could read
paused      no call to the target starts: by an operator, or since the platform refused us
retrying    steps on a target have been repeated for an hour
late        leaves and stops on a target are not done within the objective
silent      an HR source has not spoken for as long as policy expects; nobody is touched by that
"""

import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.kit.clock import Clock
from services.platforms import gate
from services.provisioner.facts import absences, assignments, job, standing
from services.provisioner.facts.identity import own_person_id
from services.provisioner.facts.marks import suspected
from services.provisioner.plan.guards import read_reason, release_command
from services.provisioner.store.guard_values import HeldGroup
from services.provisioner.store.port import DEPARTMENTS, Quarantined, QueueDepth, Store, Swept, Undecided, Waiting

MOST_HELD = 100_000
"""Rows looked through: a mass change that is held must not push out what else waits."""

OVERDUE = timedelta(days=1)
"""After which something that waits for a person is overdue; a late leaver is from the start."""
LATE = timedelta(minutes=5)
"""The objective of a leave, as in the alerts."""
RETRYING = timedelta(hours=1)
TOLD_BEFORE = frozenset(
    verdict.reason or ""
    for verdict in (absences.NOT_STARTED, assignments.NOT_STARTED, standing.UNKNOWN, job.NO_HIRE_KNOWN)
)
"""Why an event waits for a fact that must come before it."""

Item = dict[str, Any]


class Paused(Protocol):
    """What the limiter tells: (target, by, reason, since) of each pause."""

    async def pauses(self) -> Sequence[tuple[str, str, str, datetime]]: ...


@dataclass(frozen=True, slots=True)
class Todo:
    store: Store
    clock: Clock
    paused: Paused
    targets: Collection[str]
    expected: Mapping[str, timedelta] = field(default_factory=dict)
    """How often each source (its URN) should speak."""
    unknown_wait: Collection[str] = ()
    """Targets on which accounts of nobody wait for a person."""

    async def listed(self) -> list[Item]:
        """Oldest first."""
        now, rows = self.clock.business_now(), await self.store.waiting(MOST_HELD)
        items = [_waiting(row) for row in rows if _needs_person(row)]
        items += [_slice(group) for group in await self.store.held_groups() if _by_guard(group.reason)]
        items += [_event(event) for event in await self._undecided(now)]
        items += [_quarantined(row) for row in await self.store.quarantined()]
        items += [_paused(*pause) for pause in await self.paused.pauses()]
        items += _retrying([row for row in rows if row.verdict == "retry" and now - row.since > RETRYING])
        items += _late(await self.store.depth(), now)
        items += _silent(await self.store.heard(), self.expected, now)
        for target in self.unknown_wait:
            items += _unknown(target, await self.store.last_sweep(target))
        for item in items:
            item["overdue"] = item["kind"] == "late" or now - item["since"] > OVERDUE
            item["since"] = item["since"].isoformat()
        return sorted(items, key=lambda item: item["since"])

    async def _undecided(self, now: datetime) -> Iterator[Undecided]:
        """Without events that only show what a row of their person shows already."""
        found = await self.store.undecided(TOLD_BEFORE, MOST_HELD)
        mine = (event for event in found if (event.reason or "").partition(":")[0] not in self.targets)
        return (event for event in mine if event.state == "inbox" or now - event.accepted_at > OVERDUE)


def _item(kind: str, since: datetime, command: str, **more: Any) -> Item:  # noqa: ANN401 - JSON
    return {"kind": kind, "since": since, "next": command, **more}


def _needs_person(row: Waiting) -> bool:
    """A slice that a guard holds is one item, however many people are in it."""
    return row.verdict == "inbox" or (row.verdict == "held" and read_reason(row.reason) is None)


def _by_guard(reason: str) -> bool:
    held = read_reason(reason)
    return held is not None and not held.refused


def _slice(group: HeldGroup) -> Item:
    return _item(
        "held", group.since, release_command(group), target=group.target, reason=group.reason, people=group.people
    )


def _waiting(row: Waiting) -> Item:
    return _item(row.verdict, row.since, _retry(row.person_id), person_id=row.person_id, target=row.target,
                 reason=row.reason)  # fmt: skip


def _retry(person_id: str) -> str:
    return f"tenure inbox retry {shlex.quote(person_id)}"


def _event(event: Undecided) -> Item:
    """The first of two conflicting messages stands; whatever else is judged anew with each fact."""
    if event.reason == "conflict":
        command = f"tenure inbox dismiss {event.event_no} --reason TEXT"
    elif event.person_id is None:
        command = "tenure send FILE"
    elif event.person_id == DEPARTMENTS:
        command = _retry(DEPARTMENTS)
    elif event.worker is not None and (other := suspected(event.reason or "", event.worker)):
        who = shlex.quote(own_person_id(event.worker))
        command = f"tenure identify {who} --as {shlex.quote(other)} --reason TEXT"
    else:
        command = f"tenure person {shlex.quote(event.person_id)}"
    return _item(event.state, event.accepted_at, command, person_id=event.person_id, event_no=event.event_no,
                 event=f"{event.key.source}/{event.key.id}", type=event.type, reason=event.reason)  # fmt: skip


def _quarantined(row: Quarantined) -> Item:
    place = f"{row.topic}/{row.partition}/{row.offset}"
    command = f"tenure quarantine show {row.event_no}"
    return _item("quarantine", row.accepted_at, command, event_no=row.event_no, place=place, reason=row.reason)


def _paused(target: str, by: str, reason: str, since: datetime) -> Item:
    command = "tenure continue" if target == "*" else f"tenure continue {target}"
    return _item("paused", since, command, target=target, reason=f"{by}: {reason}")


def _retrying(rows: Sequence[Waiting]) -> Iterator[Item]:
    for target in sorted({row.target for row in rows}):
        mine = [row for row in rows if row.target == target]
        oldest = min(mine, key=lambda row: row.since)
        yield _item("retrying", oldest.since, "tenure doctor", target=target, people=len(mine), reason=oldest.reason)


def _late(depths: Sequence[QueueDepth], now: datetime) -> Iterator[Item]:
    for depth in depths:
        if depth.lane == gate.URGENT and depth.oldest_due and now - depth.oldest_due > LATE:
            yield _item("late", depth.oldest_due, "tenure doctor", target=depth.target, people=depth.due,
                        reason="access_is_not_read_back_closed")  # fmt: skip


def _unknown(target: str, sweep: Swept | None) -> Iterator[Item]:
    """What the last sweep found; which ones they are, a sweep says."""
    if sweep and (people := sweep.counts.get("orphan", 0)):
        yield _item("held", sweep.at, f"tenure sweep {target}", target=target, people=people, reason="unknown_account")


def _silent(heard: Mapping[str, datetime], expected: Mapping[str, timedelta], now: datetime) -> Iterator[Item]:
    """One that never spoke is not connected yet."""
    for source, every in expected.items():
        if source in heard and now - heard[source] > every:
            yield _item("silent", heard[source], "tenure doctor", source=source, reason=f"silent:{source}")

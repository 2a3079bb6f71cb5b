"""What operators ask and decide. A decision and its wake-up are one transaction, published by the outbox."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from contracts.decisions import AccessAllowed, AccessStopped, Decision
from services.kit.clock import Clock, Virtual
from services.platforms import gate
from services.platforms.errors import CredentialError, PlatformError
from services.platforms.gate import GateClosedError
from services.provisioner.facts.division import number_of
from services.provisioner.operators.errors import (
    AmbiguousPersonError,
    OperatorError,
    StillRefusedError,
    UnknownPersonError,
    UnknownTargetError,
)
from services.provisioner.operators.quarantine import LARGEST
from services.provisioner.plan.decided import stamped, told
from services.provisioner.store.port import Books, Mark, PersonCard, Store

STATES = ("in_progress", "waiting", "held", "inbox", "quarantined", "confirmed", "superseded", "duplicate")


class Pauses(Protocol):
    """What the limiter offers operators: (target, by, reason, since) of each pause."""

    async def pause(self, target: str, by: str, reason: str) -> None: ...

    async def resume(self, target: str) -> None: ...

    async def pauses(self) -> Sequence[tuple[str, str, str, datetime]]: ...


@dataclass(frozen=True, slots=True)
class Ends:
    """Kafka's end offsets now, by (topic, partition), and the epoch they belong to."""

    epoch: str
    offsets: Mapping[tuple[str, int], int]


@dataclass(slots=True)
class Operations:
    """`ends` asks the broker; None when it does not answer. `targets` gives each target's platform and mode."""

    store: Store
    clock: Clock
    pauses: Pauses
    targets: Mapping[str, Mapping[str, str]]
    ends: Callable[[], Awaitable[Ends | None]]
    probe: Callable[[str], Awaitable[None]]
    woken: Callable[[], None] = lambda: None

    # ------------------------------------------------------------ the books

    async def status(self) -> dict[str, Any]:
        """The books of P8 and what stands behind them; `balanced` is None while the broker does not answer.

        `replicas`: names of the provisioners that are alive; each should be there once. `policy`: the one in force.
        """
        ends, books = await self.ends(), await self.store.books()
        policy = await self.store.policy_in_force()
        unread, accepted = count(books, ends) if ends else (0, None)
        by_state = {state: books.by_state.get(state, 0) for state in STATES}  # type: ignore[call-overload]
        by_state["in_progress"] += unread
        paused = {target: reason for target, _, reason, _ in await self.pauses.pauses()}
        return {
            "accepted": accepted,
            **by_state,
            "balanced": None if accepted is None else accepted == sum(by_state.values()),
            "unread": unread,
            "scheduled_steps": books.scheduled_steps,
            "oldest_unfinished": books.oldest_unfinished.isoformat() if books.oldest_unfinished else None,
            "business_time": self.clock.business_now().isoformat(),
            "paused": "*" in paused,
            "policy": policy.version if policy else None,
            "replicas": await self.store.processes(),
            "targets": {
                name: {
                    **facts,
                    "paused": name in paused or "*" in paused,
                    "reason": paused.get(name) or paused.get("*"),
                }
                for name, facts in self.targets.items()
            },
        }

    async def wait(self, seconds: float) -> dict[str, Any]:
        """The status once nothing is in progress, or as it is after so many seconds (`settled` says which)."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            settled = await self.quiet()
            if settled or asyncio.get_running_loop().time() >= deadline:
                return {**await self.status(), "settled": settled}
            await asyncio.sleep(0.03)

    async def quiet(self) -> bool:
        """Nothing unread, nothing due or in retry, outbox empty."""
        if not await self.store.idle():
            return False
        ends = await self.ends()
        if ends is None:
            return False
        unread, _ = count(await self.store.books(), ends)
        # Once more, since what was unread a moment ago may be due by now.
        return unread == 0 and await self.store.idle()

    # ------------------------------------------------------------ people

    async def identify(self, text: str) -> str:
        """The person whom any of their ids names; raises UnknownPersonError, AmbiguousPersonError (with the ids)."""
        cards = await self.store.find(text)
        whole = [card for card in cards if text == card.person_id]
        exact = whole or [card for card in cards if text in _ids(card)]
        found = exact or list(cards)
        if not found:
            raise UnknownPersonError
        if len(found) > 1:
            raise AmbiguousPersonError([card.person_id for card in found])
        return found[0].person_id

    async def stop(self, text: str, by: str, reason: str) -> str:
        """Close a person's access now, until allowed or until a later hire."""
        person_id, now = await self.identify(text), self.clock.business_now()
        await self.decide(AccessStopped(**stamped(person_id, by, reason, now)), gate.URGENT)
        return person_id

    async def allow(self, text: str, by: str, reason: str | None) -> str:
        """Take a stop back."""
        person_id, now = await self.identify(text), self.clock.business_now()
        await self.decide(AccessAllowed(**stamped(person_id, by, reason, now)), gate.EVERYDAY)
        return person_id

    async def retry(self, text: str) -> str:
        """Look at a person again now, whatever stands in their way."""
        person_id = text if text.startswith("#") else await self.identify(text)
        async with self.store.intake() as tx:
            await tx.mark([Mark(person_id, gate.EVERYDAY, self.clock.business_now())], list(self.targets))
            await tx.forget_checks(person_id)
        self.woken()
        return person_id

    async def decide(self, decision: Decision, lane: int) -> None:
        """Record a decision, wake its person in that lane and tell it, in one transaction."""
        await self.publish(decision, [Mark(decision.person_id, lane, decision.recorded_at)])

    async def publish(self, decision: Decision, marks: Sequence[Mark] = ()) -> None:
        """Record and tell a decision, and wake whom it concerns, in one transaction."""
        async with self.store.intake() as tx:
            await tx.mark(marks, list(self.targets))
            await tx.decide(decision)
            await tx.publish(told(decision))
        self.woken()

    # ------------------------------------------------------------ targets

    async def pause(self, target: str | None, by: str, reason: str) -> None:
        """No platform call starts after this returns; None pauses all of Tenure."""
        await self.pauses.pause(self._target(target), by, reason)

    async def proceed(self, target: str | None) -> None:
        """Let calls start again. A target whose secret is still refused stays paused."""
        name = self._target(target)
        await self.pauses.resume(name)
        try:
            for each in self.targets if target is None else [target]:
                await self.probe(each)
        except CredentialError as exc:
            await self.pauses.pause(name, "tenure", f"{exc.api}:{exc.code}")
            raise StillRefusedError(exc.api, exc.code) from exc
        except GateClosedError:
            await self._refuse_if_paused_again(name)
        except PlatformError:
            pass  # unreachable now: its steps will say so
        self.woken()

    async def _refuse_if_paused_again(self, name: str) -> None:
        """A step that was quicker than our probe met the refusal and paused the target."""
        for target, _, reason, _ in await self.pauses.pauses():
            if target == name:
                api, _, code = reason.rpartition(":")
                raise StillRefusedError(api, code)

    def _target(self, target: str | None) -> str:
        if target is not None and target not in self.targets:
            raise UnknownTargetError(target, sorted(self.targets))
        return target or "*"

    # ------------------------------------------------------------ what waits for a person

    async def dismiss(self, event_no: int, by: str, reason: str) -> dict[str, Any]:
        """Let go of a message that conflicts with an earlier one, which stands."""
        why = f"dismissed by {by}: {reason}"
        if event_no > LARGEST or not await self.store.close_conflict(event_no, why):
            raise OperatorError(f"no conflict {event_no} is in the inbox; `tenure todo` shows them")
        return {"event_no": event_no, "state": "superseded", "reason": why}


@dataclass(slots=True)
class BusinessClock:
    """The clock of a rehearsal: one row in the store, which SQL, this process and the other services follow."""

    store: Store
    clock: Virtual
    woken: Callable[[], None]

    async def show(self) -> dict[str, Any]:
        """Business time, its speed (None: real time), and the next moment at which something is due."""
        row, now = self.clock.row, self.clock.business_now()
        next_due = await self.store.next_due(now)
        return {
            "business_at": now.isoformat(),
            "speed": row.speed if row else None,
            "next_due": next_due.isoformat() if next_due else None,
        }

    async def set(self, business_at: datetime, speed: float) -> dict[str, Any]:
        """Jump. Only an installation started with a clock can."""
        if self.clock.row is None:
            raise OperatorError("only a rehearsal has a clock to set: start `tenure up --clock T`")
        await self.store.set_clock(business_at, speed)
        self.clock.row = await self.store.clock_row()
        self.woken()
        return await self.show()


def count(books: Books, ends: Ends) -> tuple[int, int]:
    """(unread, accepted): what the present epoch holds beyond our positions, and all that was ever accepted."""
    reached = {(t, p): n for (epoch, t, p), n in books.positions.items() if epoch == ends.epoch}
    unread = sum(max(0, end - reached.get(place, 0)) for place, end in ends.offsets.items())
    ended = sum(n for (epoch, _, _), n in books.positions.items() if epoch != ends.epoch)
    return unread, ended + sum(ends.offsets.values())


def _ids(card: PersonCard) -> set[str]:
    workers = {*card.workers, *map(number_of, card.workers)}
    ids = {card.person_id, *card.native_ids.values(), *(w.worker_id for w in workers)}
    return ids | {f"{w.id_space}/{w.worker_id}" for w in workers} | {card.person_id.rpartition("/")[2]}

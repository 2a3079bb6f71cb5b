"""What the notifier asks of its store. Every method raises StoreGoneError when the database is gone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from services.notifier.audit.ocsf import Entry
from services.notifier.messages import Intent, Message, State
from services.notifier.records import Record


@dataclass(frozen=True, slots=True)
class Taken:
    """Everything that follows from one outcome. `source` and `id` name it."""

    source: str
    id: str
    entry: Entry
    records: tuple[Record, ...] = ()
    intents: tuple[Intent, ...] = ()
    confirms: str | None = None
    """The state that its confirmation states, for metrics and logs."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What becomes of a message that was being sent. A final state has its audit `entry`."""

    state: State
    code: str = ""
    not_before: datetime | None = None
    doubt_since: datetime | None = None
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """For `/status` and the gauges. `oldest_unsent`: of the waiting messages; `oldest_unpublished`: of the outbox."""

    outbox: int = 0
    audit_records: int = 0
    messages: dict[str, int] = field(default_factory=dict)
    oldest_unpublished: datetime | None = None
    oldest_unsent: datetime | None = None


class Inbound(Protocol):
    async def take_in(self, batch: Sequence[Taken]) -> Sequence[Taken]:
        """Record a batch in one transaction; returns those that were new, in their order. May be repeated."""
        ...


class Outbox(Protocol):
    async def lead(self, duty: str, holder: str, lease: timedelta) -> bool:
        """Whether `holder` leads for `lease` from now on."""
        ...

    async def outbox(self, limit: int) -> Sequence[tuple[int, Record]]:
        """The first rows, in the order in which they are to be published."""
        ...

    async def sent(self, ids: Sequence[int]) -> None:
        """These were acknowledged: out of the outbox, kept to fill a lost broker again."""
        ...

    async def refill(self, epoch: str) -> int:
        """At a broker epoch never seen: everything kept goes back into the outbox, before what is there."""
        ...

    async def purge(self, sent: timedelta, seen: timedelta) -> int:
        """Forget what is older; returns how many rows."""
        ...


class Messages(Protocol):
    async def claim(self, holder: str, lease: timedelta, limit: int) -> Sequence[Message]:
        """Waiting messages whose time has come, the oldest first; each is marked `sending` before its call."""
        ...

    async def abandoned(self, holder: str, lease: timedelta, limit: int) -> Sequence[Message]:
        """Messages whose sender died between `sending` and the end, now held by `holder`."""
        ...

    async def end(self, message: Message, holder: str, ending: Ending) -> bool:
        """Write what became of it, with its audit record; False when another replica holds it by now."""
        ...


class Store(Inbound, Outbox, Messages, Protocol):
    async def counts(self) -> Counts: ...

    async def close(self) -> None: ...

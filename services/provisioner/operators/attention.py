"""Tells the IT team what waits for a person: each matter once, and what is found together in one message a kind.

The same list as `tenure todo`. A matter that is over and comes back is told again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

import structlog

from contracts.provisioning import AttentionRaised, Matter
from services.kit.clock import Clock
from services.provisioner.operators.todo import Item
from services.provisioner.plan.books import message
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.port import Message, Store

log = structlog.get_logger()

LEASE: Final = timedelta(minutes=5)
NAMED: Final = 5
"""Matters that a message names; it counts the others."""
OF_A_TARGET: Final = frozenset({"retrying", "late"})
"""Kinds whose reason changes while the matter is the same."""
_SHOWN: Final = ("target", "person_id", "people")


@dataclass(slots=True)
class Attention:
    """`every` seconds it looks; one process at a time, by a row lease."""

    store: Store
    clock: Clock
    todo: Callable[[], Awaitable[Sequence[Item]]]
    holder: str
    every: float = 30.0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self.every)
            try:
                await self.turn()
            except StoreUnavailableError:
                log.warning("attention.lost_store")

    async def turn(self) -> int:
        """Tell what is new; how many messages that were."""
        if await self.store.lead("attention", self.holder, LEASE) is None:
            return 0
        items = {matter(item): item for item in await self.todo()}
        told = await self.store.attended()
        new, over = items.keys() - told, told - items.keys()
        kinds, now = _by_kind(items[name] for name in new), self.clock.business_now()
        if new or over:
            await self.store.attend(new, over, [_message(kind, found, now) for kind, found in kinds.items()])
        for kind, found in kinds.items():
            log.info("attention.raised", kind=kind, count=len(found))
        return len(kinds)


def matter(item: Item) -> str:
    """What makes it the same matter at the next look."""
    names = ("kind", "target") if item["kind"] in OF_A_TARGET else ("kind", "target", "person_id", "event_no", "reason")
    return "|".join(str(item.get(name, "")) for name in names)


def _by_kind(items: Iterable[Item]) -> dict[str, list[Item]]:
    """The oldest first."""
    kinds: dict[str, list[Item]] = {}
    for item in sorted(items, key=lambda item: (item["since"], item["next"])):
        kinds.setdefault(item["kind"], []).append(item)
    return kinds


def _message(kind: str, found: Sequence[Item], at: datetime) -> Message:
    body = AttentionRaised.model_validate({
        "kind": kind, "count": len(found), "raised_at": at,
        "matters": [Matter.model_validate({
            "since": item["since"], "next": item["next"], "reason": item.get("reason"),
            **{name: item[name] for name in _SHOWN if item.get(name) is not None},
        }) for item in found[:NAMED]],
    })  # fmt: skip
    return message(body, f"attention/{uuid4().hex}", "#attention", at)

"""Sends what waits: marked `sending` before the call, ended after it, both in the store.

A crash in between leaves the message `sending` with a lease that runs out; whoever finds it treats the call as one
with an unknown outcome.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from services.kit.logging import bind
from services.kit.tracing import span
from services.notifier import sending
from services.notifier.channels.base import Channel
from services.notifier.channels.registry import WEBHOOK
from services.notifier.errors import StoreGoneError
from services.notifier.messages import FINAL, Message
from services.notifier.store.port import Ending, Messages
from services.platforms.errors import OutcomeUnknownError, PlatformError
from services.platforms.gate import GateClosedError

log = structlog.get_logger()

LOT = 8
"""Calls at once."""
LEASE = timedelta(seconds=90)
LONGEST_CALL = 60.0
"""Seconds a send may take, its wait at the gate included; well inside the lease."""


@dataclass(slots=True)
class Sender:
    """`counted(channel, state)` is told of every end."""

    store: Messages
    channels: Mapping[str, Channel]
    holder: str
    now: Callable[[], datetime]
    give_up: timedelta = timedelta(days=3)
    counted: Callable[[str, str], None] = lambda _channel, _state: None
    turned: Callable[[], None] = lambda: None
    idle: float = 1.0
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """There is something new to send."""
        self._woken.set()

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._woken.clear()
            try:
                busy = await self.turn()
            except StoreGoneError:
                busy = 0
            else:
                self.turned()
            if not busy:
                await self._rest()

    async def turn(self) -> int:
        """Deal with what was left behind, then with what is ripe; returns how many messages that were."""
        left = await self.store.abandoned(self.holder, LEASE, LOT)
        for message in left:
            await self._end(message, sending.in_doubt(message, "sender_died", self._rules(message), self.now()))
        ripe = await self.store.claim(self.holder, LEASE, LOT)
        await asyncio.gather(*map(self._deliver, ripe))
        return len(left) + len(ripe)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self.idle):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _deliver(self, message: Message) -> None:
        with bind(event_id=message.event.id, person_id=message.person_id, target=message.target):
            channel = self.channels.get(message.target or WEBHOOK)
            if channel is None:
                ending = sending.without_channel(message, self.now())
            else:
                ending = sending.overdue(message, self._rules(message), self.now()) or await self._call(
                    channel, message
                )
            try:
                await self._end(message, ending)
            except StoreGoneError:
                # It stays `sending`; after its lease it is treated as one in doubt.
                log.warning("message.end_not_recorded", message=message.message_id, state=ending.state)

    async def _call(self, channel: Channel, message: Message) -> Ending:
        try:
            async with asyncio.timeout(LONGEST_CALL):
                with span(f"message {message.channel}", (message.traceparent,), audience=message.audience):
                    code = await channel.send(message)
        except (PlatformError, GateClosedError) as exc:
            return sending.refused(message, exc, self._rules(message), self.now())
        except TimeoutError:
            unknown = OutcomeUnknownError("no_answer", message.channel)
            return sending.refused(message, unknown, self._rules(message), self.now())
        return sending.sent(message, code, self.now())

    async def _end(self, message: Message, ending: Ending) -> None:
        if not await self.store.end(message, self.holder, ending):
            log.warning("message.held_by_another", message=message.message_id)
            return
        self.counted(message.channel, ending.state)
        if ending.state in FINAL:
            log.info("message.ended", message=message.message_id, audience=message.audience, channel=message.channel,
                     state=ending.state, code=ending.code)  # fmt: skip

    def _rules(self, message: Message) -> sending.Rules:
        """Of a channel that is no more nothing is known, so that a doubt there is never repeated."""
        begins = sending.doubt_begins(message)
        channel = self.channels.get(message.target or WEBHOOK)
        return sending.Rules(channel.dropped_until(begins) if channel else begins, self.give_up)

"""Tag and role changes of many people share a call, and one read of a list settles everybody who waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.platforms.errors import NotThereError, PlatformError
from services.platforms.gate import GateClosedError, lane
from services.provisioner.connectors.base import HoldsEntitlements, Outcome

_Change = Callable[[str, Sequence[str]], Awaitable[Mapping[str, Outcome]]]


@dataclass(slots=True)
class _Waiting:
    """People who wait for the next call of one kind; `lane` is the most urgent of theirs."""

    who: dict[str, asyncio.Future[Outcome]] = field(default_factory=dict)
    lane: int = 2


class Lists:
    """One per target. `gather` seconds is how long the first waits for company; nobody waits behind a full call."""

    def __init__(self, connector: HoldsEntitlements, *, gather: float = 0.02) -> None:
        self._connector, self._gather = connector, gather
        self._changes: dict[tuple[str, str], _Waiting] = {}
        self._reads: dict[str, asyncio.Task[frozenset[str]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def grant(self, entitlement: str, native_id: str) -> Outcome:
        return await self._join("grant", self._connector.grant, entitlement, native_id)

    async def revoke(self, entitlement: str, native_id: str) -> Outcome:
        return await self._join("revoke", self._connector.revoke, entitlement, native_id)

    async def holds(self, entitlement: str, native_id: str) -> bool:
        """Whether a read of the list that began after this question shows the account in it."""
        read = self._reads.get(entitlement)
        if read is None or read.done():
            read = asyncio.ensure_future(self._read(entitlement))
            self._reads[entitlement] = read
        return native_id in await asyncio.shield(read)

    async def _read(self, entitlement: str) -> frozenset[str]:
        await asyncio.sleep(self._gather)
        self._reads.pop(entitlement, None)  # who asks from now on needs a newer read
        return await self._connector.members(entitlement)

    async def _join(self, verb: str, change: _Change, entitlement: str, native_id: str) -> Outcome:
        waiting = self._changes.get((verb, entitlement))
        if waiting is None:
            waiting = self._changes[verb, entitlement] = _Waiting()
            task = asyncio.ensure_future(self._send_soon(verb, change, entitlement, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.lane = min(waiting.lane, lane.get())
        future = waiting.who.setdefault(native_id, asyncio.get_running_loop().create_future())
        if len(waiting.who) >= self._connector.per_call:
            self._changes.pop((verb, entitlement), None)
        return await asyncio.shield(future)

    async def _send_soon(self, verb: str, change: _Change, entitlement: str, waiting: _Waiting) -> None:
        await asyncio.sleep(self._gather)
        if self._changes.get((verb, entitlement)) is waiting:
            del self._changes[verb, entitlement]
        lane.set(waiting.lane)
        try:
            outcomes = await change(entitlement, list(waiting.who))
        except NotThereError as exc:
            await self._one_by_one(change, entitlement, waiting, exc)
        except (PlatformError, GateClosedError) as exc:
            _fail(waiting.who.values(), exc)
        except BaseException as exc:
            _fail(waiting.who.values(), exc)
            raise
        else:
            for native_id, future in waiting.who.items():
                if not future.done():
                    future.set_result(outcomes.get(native_id, "done"))

    async def _one_by_one(self, change: _Change, entitlement: str, waiting: _Waiting, first: NotThereError) -> None:
        """Somebody in the shared call is unknown there: only they fail."""
        if len(waiting.who) == 1:
            _fail(waiting.who.values(), first)
            return
        for native_id, future in waiting.who.items():
            try:
                outcome = (await change(entitlement, [native_id])).get(native_id, "done")
            except (PlatformError, GateClosedError) as exc:
                _fail([future], exc)
            else:
                if not future.done():
                    future.set_result(outcome)


def _fail(futures: Iterable[asyncio.Future[Outcome]], exc: BaseException) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(exc)
            future.exception()  # who was cancelled meanwhile asks no more

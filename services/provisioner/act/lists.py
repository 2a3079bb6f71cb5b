"""Tag and role changes of many people share a call, and one read of a list settles everybody who waits for it.

In each lane a list has one change of a kind and one read under way; who comes meanwhile shares the next. So a slow
platform makes larger calls, not more of them, and nobody urgent waits behind the others.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from services.platforms.errors import NotThereError, PlatformError
from services.platforms.gate import GateClosedError, lane
from services.provisioner.connectors.base import HoldsEntitlements, Outcome

_Change = Callable[[str, Sequence[str]], Awaitable[Mapping[str, Outcome]]]


_Key = tuple[str, str, int]
"""What is asked, the list, the lane."""
_Waiting = dict[str, asyncio.Future[Outcome]]
"""Accounts that wait for the next call of one kind."""


class Lists:
    """One per target. `gather` seconds is how long the first waits for company; a full call waits for nobody more."""

    def __init__(self, connector: HoldsEntitlements, *, gather: float = 0.02) -> None:
        self._connector, self._gather = connector, gather
        self._changes: dict[_Key, _Waiting] = {}
        self._reads: dict[_Key, asyncio.Task[frozenset[str]]] = {}
        self._turns: defaultdict[_Key, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()

    async def grant(self, entitlement: str, native_id: str) -> Outcome:
        return await self._join("grant", self._connector.grant, entitlement, native_id)

    async def revoke(self, entitlement: str, native_id: str) -> Outcome:
        return await self._join("revoke", self._connector.revoke, entitlement, native_id)

    async def holds(self, entitlement: str, native_id: str) -> bool:
        """Whether a read of the list that began after this question shows the account in it."""
        key = ("holds", entitlement, lane.get())
        read = self._reads.get(key)
        if read is None:
            read = self._reads[key] = asyncio.ensure_future(self._read(key))
        return native_id in await asyncio.shield(read)

    async def _read(self, key: _Key) -> frozenset[str]:
        await asyncio.sleep(self._gather)
        async with self._turns[key]:
            del self._reads[key]  # who asks from now on needs a newer read
            return await self._connector.members(key[1])

    async def _join(self, verb: str, change: _Change, entitlement: str, native_id: str) -> Outcome:
        key = (verb, entitlement, lane.get())
        waiting = self._changes.get(key)
        if waiting is None:
            waiting = self._changes[key] = {}
            task = asyncio.ensure_future(self._send_soon(key, change, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        future = waiting.setdefault(native_id, asyncio.get_running_loop().create_future())
        if len(waiting) >= self._connector.per_call:
            self._changes.pop(key, None)
        return await asyncio.shield(future)

    async def _send_soon(self, key: _Key, change: _Change, waiting: _Waiting) -> None:
        await asyncio.sleep(self._gather)
        async with self._turns[key]:
            if self._changes.get(key) is waiting:
                del self._changes[key]
            await self._send(change, key[1], waiting)

    async def _send(self, change: _Change, entitlement: str, waiting: _Waiting) -> None:
        try:
            outcomes = await change(entitlement, list(waiting))
        except NotThereError as exc:
            await self._one_by_one(change, entitlement, waiting, exc)
        except (PlatformError, GateClosedError) as exc:
            _fail(waiting.values(), exc)
        except BaseException as exc:
            _fail(waiting.values(), exc)
            raise
        else:
            for native_id, future in waiting.items():
                if not future.done():
                    future.set_result(outcomes.get(native_id, "done"))

    async def _one_by_one(self, change: _Change, entitlement: str, waiting: _Waiting, first: NotThereError) -> None:
        """Somebody in the shared call is unknown there: only they fail."""
        if len(waiting) == 1:
            _fail(waiting.values(), first)
            return
        for native_id, future in waiting.items():
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

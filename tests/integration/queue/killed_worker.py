"""A worker that is killed: the real store, and a platform on a socket. Run with DSN, PORT and `designed` or `naive`.

`naive` leaves out the generation check at the end of a pass: what was marked meanwhile is taken as done.
"""

import asyncio
import json
import os
import sys
import time
from datetime import timedelta

import asyncpg

from services.provisioner.model import Account, AccountState, Step
from services.provisioner.store.port import End, Settlement, StoredAccount
from services.provisioner.store.postgres import PostgresStore

LEASE, LONGEST, MARGIN, SLOTS, TARGET = 2.0, 0.8, 0.4, 20, "memory"


class LeaseTooShortError(Exception):
    """The lease could end while the call runs."""


class NaiveStore(PostgresStore):
    """Believes that a pass settles whatever was marked while it ran."""

    async def finish(self, claim, process, end, settle):
        finished = await super().finish(claim, process, end, settle)
        if finished == "again":
            await self._other.fetch(
                "UPDATE due SET due_at = 'infinity' WHERE person_id = $1 AND target = $2 AND holder IS NULL",
                claim.person_id,
                claim.target,
            )
        return finished


class Worker:
    def __init__(self, store, port):
        self.store, self.port = store, port
        self.valid = 0.0

    async def run(self):
        begun = time.monotonic()
        self.me = await self.store.join("worker", timedelta(seconds=LEASE))
        self.valid = begun + LEASE
        beating = asyncio.create_task(self.beat())
        passes = set()
        while not beating.done():
            for lane in (0, 1, 2):
                if len(passes) < SLOTS:
                    for claim in await self.store.claim(self.me, TARGET, lane, SLOTS - len(passes)):
                        one = asyncio.create_task(self.take(claim))
                        passes.add(one)
                        one.add_done_callback(passes.discard)
            await self.store.wait(0.02)
        await beating

    async def beat(self):
        while True:
            begun = time.monotonic()
            if not await self.store.beat(self.me, timedelta(seconds=LEASE)):
                self.valid = 0.0
                os._exit(3)
            self.valid = begun + LEASE
            await self.store.reap()
            await asyncio.sleep(LEASE / 5)

    async def take(self, claim):
        try:
            end = await self.reconcile(claim)
        except LeaseTooShortError:
            end = End("retry", "lease", not_before=0.0)
        except TimeoutError:
            end = End("retry", "unknown", not_before=2.0, account=StoredAccount(_account(0), None))
        if end is not None:
            await self.store.finish(claim, self.me, end, lambda _rows, _events, _steps: Settlement())

    async def reconcile(self, claim):
        file = await self.store.load(claim)
        want = max(fact.body.sequence for fact in file.facts)
        stored = file.account
        seen = int(stored.observed.attributes["n"] or 0) if stored else 0
        if file.open_plan or (stored and stored.checked_at is None):
            seen = await self.call("get", claim.person_id, 0)
        if seen < want:
            step = Step("update", TARGET, claim.person_id, attributes={"n": str(want)})
            if await self.store.intend(claim, self.me, [step]) is None:
                return None
            seen = await self.call("append", claim.person_id, want)
        return End("settled", account=StoredAccount(_account(seen), claim.marked_at))

    async def call(self, *request):
        if self.valid - time.monotonic() < LONGEST + MARGIN:
            raise LeaseTooShortError
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(json.dumps(request).encode() + b"\n")
            return json.loads(await asyncio.wait_for(reader.readline(), LONGEST))
        finally:
            writer.close()


def _account(seen):
    return Account("native", AccountState.ACTIVE, {"n": str(seen)})


async def main():
    dsn, port, way = sys.argv[1:]
    store = (NaiveStore if way == "naive" else PostgresStore)(dsn)
    try:
        await Worker(store, int(port)).run()
    except asyncpg.PostgresError as exc:
        sys.exit(f"{type(exc).__name__}: {exc}")


if __name__ == "__main__":
    asyncio.run(main())

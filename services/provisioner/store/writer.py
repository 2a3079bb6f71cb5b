"""Outcomes are written together: whoever comes within a few milliseconds shares one transaction.

That takes a quarter of the processor time of a transaction each, and nobody waits longer than a commit.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from contracts.provisioning import StepTaken
from services.kit.database import Line
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.outbox import publish
from services.provisioner.store.port import Message

PAUSE: Final = 0.003
MOST: Final = 500
WRITERS: Final = 2

# Late: the plan's holder no longer held the row, so that what it saw is kept but proves nothing of the present.
_OUTCOMES = """INSERT INTO outcome (plan_id, number, person_id, at, late, body)
SELECT n.plan_id, n.number, n.person_id, n.at, NOT EXISTS (
    SELECT FROM plan AS p JOIN due AS d USING (person_id, target)
    WHERE p.plan_id = n.plan_id AND d.fence = p.fence AND d.holder IS NOT NULL), n.body
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::timestamptz[], $5::json[])
  AS n (plan_id, number, person_id, at, body)
ORDER BY n.plan_id, n.number
ON CONFLICT (plan_id, number) DO UPDATE SET at = excluded.at, late = excluded.late, body = excluded.body"""


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    taken: Sequence[tuple[int, StepTaken]]
    messages: Sequence[Message]
    done: "asyncio.Future[None]"


class GroupWriter:
    """Bounded by its callers, since each waits for its own rows; the tasks end when nothing is left to write."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._waiting: list[_Entry] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, taken: Sequence[tuple[int, StepTaken]], messages: Sequence[Message]) -> None:
        """Durable when it returns; raises what became of these rows only."""
        if not taken and not messages:
            return
        entry = _Entry(taken, messages, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        if len(self._tasks) < WRITERS:
            task = asyncio.create_task(self._flush(), name="group writer")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await entry.done

    async def drain(self) -> None:
        """Return when everything handed in is written."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _flush(self) -> None:
        while self._waiting:
            await asyncio.sleep(PAUSE)
            lot: list[_Entry] = []
            rows = 0
            while self._waiting and rows < MOST:
                lot.append(self._waiting.pop(0))
                rows += len(lot[-1].taken) + len(lot[-1].messages)
            if lot:
                await self._write(lot)

    async def _write(self, lot: Sequence[_Entry]) -> None:
        try:
            await self._insert(lot)
        except StoreUnavailableError as exc:
            _fail(lot, exc)
        except (asyncpg.PostgresError, asyncpg.DataError) as exc:
            if len(lot) == 1:
                _fail(lot, exc)
                return
            for entry in lot:  # one bad row fails the statement, but only its own caller
                await self._write([entry])
        else:
            for entry in lot:
                if not entry.done.done():
                    entry.done.set_result(None)

    async def _insert(self, lot: Sequence[_Entry]) -> None:
        newest = {(plan, step.number): step for entry in lot for plan, step in entry.taken}
        rows = [(plan, number, s.person_id, s.at, s.model_dump_json()) for (plan, number), s in newest.items()]
        messages = [message for entry in lot for message in entry.messages]

        async def work(connection: Any) -> None:  # noqa: ANN401 - asyncpg
            if rows:
                await connection.execute(_OUTCOMES, *[list(column) for column in zip(*rows, strict=True)])
            await publish(connection, messages)

        await self._line.run(work)


def _fail(lot: Sequence[_Entry], exc: Exception) -> None:
    for entry in lot:
        if not entry.done.done():
            entry.done.set_exception(exc)

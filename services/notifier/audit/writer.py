"""The log's single writer: numbers records from 0 without a gap, in the order in which transactions commit.

The lock on the counter's row makes it single. Any replica may hold it, one at a time and until its commit; a rollback
gives the numbers back. The outbox ids that follow are in the same order, and one relay publishes them.
"""

from collections.abc import Sequence
from typing import Any

from contracts.audit import AUDIT as TYPES
from contracts.audit import SOURCE
from contracts.topics import AUDIT
from services.notifier.audit.ocsf import Entry
from services.notifier.records import Record, record

(TYPE,) = TYPES
_NUMBERS = "UPDATE audit_log SET next = next + $1 RETURNING next - $1"


async def append(connection: Any, entries: Sequence[Entry]) -> list[Record]:  # noqa: ANN401 - asyncpg
    """Give the entries their numbers inside the caller's transaction; returns what is to be put into the outbox."""
    if not entries:
        return []
    first: int = await connection.fetchval(_NUMBERS, len(entries))
    return [published(entry, first + index) for index, entry in enumerate(entries)]


def published(entry: Entry, sequence: int) -> Record:
    """The record on `audit.events`."""
    body = entry.numbered(sequence)
    return record(AUDIT.name, entry.key, body, record_id=entry.record_id, source=SOURCE, type_=TYPE, at=entry.at)

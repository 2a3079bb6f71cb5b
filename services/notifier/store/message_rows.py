"""Messages in PostgreSQL: claimed with row locks, ended by their holder only."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from contracts.provisioning import EventRef
from services.kit.database import Line
from services.notifier.audit.writer import append
from services.notifier.messages import FINAL, Message
from services.notifier.store.outbox_rows import publish
from services.notifier.store.port import Ending

_CLAIM = """WITH ripe AS MATERIALIZED (
  SELECT message_id FROM message WHERE state = 'waiting' AND not_before <= now()
  ORDER BY created_at, message_id LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE message AS m SET state = 'sending', holder = $1, lease_until = now() + $2, tried_at = now(),
  attempts = attempts + 1
FROM ripe WHERE m.message_id = ripe.message_id RETURNING m.*"""
_ABANDONED = """WITH left_behind AS MATERIALIZED (
  SELECT message_id FROM message WHERE state = 'sending' AND lease_until < now()
  ORDER BY created_at, message_id LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE message AS m SET holder = $1, lease_until = now() + $2
FROM left_behind WHERE m.message_id = left_behind.message_id RETURNING m.*"""
_END = """UPDATE message SET state = $3, code = nullif($4, ''), not_before = coalesce($5, not_before),
  doubt_since = $6, holder = NULL, lease_until = NULL,
  text = CASE WHEN $7 THEN '' ELSE text END, ended_at = CASE WHEN $7 THEN now() END
WHERE message_id = $1 AND holder = $2 AND state = 'sending' RETURNING message_id"""


class MessageRows:
    """The part of the store that sends; `_other` is its line."""

    _other: Line

    async def claim(self, holder: str, lease: timedelta, limit: int) -> Sequence[Message]:
        return sorted(map(_read, await self._other.fetch(_CLAIM, holder, lease, limit)), key=_age)

    async def abandoned(self, holder: str, lease: timedelta, limit: int) -> Sequence[Message]:
        return sorted(map(_read, await self._other.fetch(_ABANDONED, holder, lease, limit)), key=_age)

    async def end(self, message: Message, holder: str, ending: Ending) -> bool:
        async def work(connection: Any) -> bool:  # noqa: ANN401 - asyncpg
            values = (ending.state, ending.code, ending.not_before, ending.doubt_since, ending.state in FINAL)
            if await connection.fetchval(_END, message.message_id, holder, *values) is None:
                return False
            await publish(connection, await append(connection, [ending.entry] if ending.entry else []))
            return True

        return await self._other.run(work)


def _age(message: Message) -> tuple[datetime, str]:
    return (message.created_at, message.message_id)


def _read(row: Mapping[str, Any]) -> Message:
    ref = EventRef(
        source=row["event_source"], id=row["event_id"], revision=row["event_revision"], type=row["event_type"]
    )
    same = ("message_id", "person_id", "audience", "channel", "target", "text", "created_at", "attempts", "tried_at",
            "doubt_since", "traceparent")  # fmt: skip
    return Message(event=ref, to=tuple(row["to"]), **{name: row[name] for name in same})

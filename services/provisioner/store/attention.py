"""What the IT team was told of already, and when each source was heard last."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.kit.database import Line
from services.provisioner.store.outbox import publish
from services.provisioner.store.port import Message

_ATTEND = "INSERT INTO attended (matter) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING"
_HEAR = """INSERT INTO heard (source, at) SELECT * FROM unnest($1::text[], $2::timestamptz[])
ON CONFLICT (source) DO UPDATE SET at = greatest(heard.at, excluded.at)"""


class PostgresAttention:
    """Implements `port.Attending`."""

    _other: Line

    async def attended(self) -> frozenset[str]:
        return frozenset(row["matter"] for row in await self._other.fetch("SELECT matter FROM attended"))

    async def attend(self, new: Collection[str], over: Collection[str], messages: Sequence[Message]) -> None:
        async def work(connection: Any) -> None:  # noqa: ANN401 - asyncpg
            await connection.execute(_ATTEND, sorted(new))
            await connection.execute("DELETE FROM attended WHERE matter = ANY($1::text[])", sorted(over))
            await publish(connection, messages)

        await self._other.run(work)

    async def heard(self) -> Mapping[str, datetime]:
        return {row["source"]: row["at"] for row in await self._other.fetch("SELECT source, at FROM heard")}


async def hear(connection: Any, sources: Mapping[str, datetime]) -> None:  # noqa: ANN401 - asyncpg
    if sources:
        names = sorted(sources)  # an order that all share
        await connection.execute(_HEAR, names, [sources[name] for name in names])

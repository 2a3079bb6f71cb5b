"""Outbox rows: written inside the caller's transaction, in the order given."""

import json
from collections.abc import Sequence
from typing import Any

from services.notifier.records import Headers, Record

_PUBLISH = """INSERT INTO outbox (topic, key, value, headers)
SELECT topic, key, value, headers
FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) WITH ORDINALITY AS r (topic, key, value, headers, place)
ORDER BY place"""


async def publish(connection: Any, records: Sequence[Record]) -> None:  # noqa: ANN401 - asyncpg
    if records:
        rows = [(one.topic, one.key, one.value, pack(one.headers)) for one in records]
        await connection.execute(_PUBLISH, *[list(column) for column in zip(*rows, strict=True)])


def pack(headers: Headers) -> str:
    return json.dumps([[name, value.decode()] for name, value in headers], ensure_ascii=False)


def unpack(packed: str) -> Headers:
    return tuple((name, value.encode()) for name, value in json.loads(packed))

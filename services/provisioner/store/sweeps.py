"""What sweeps and first contact read and write: a target's accounts, page by page, and when it was last read whole."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from services.kit.database import Line
from services.provisioner.store.codec import account_text, read_account
from services.provisioner.store.port import Kept, Seen, StoredAccount, Swept

_KEPT = """SELECT a.person_id, a.body,
  (d.holder IS NULL AND d.due_at > (SELECT business_now())) IS NOT FALSE AS at_rest
FROM account AS a LEFT JOIN due AS d USING (person_id, target)
WHERE a.target = $1"""
_PAGE = f"{_KEPT} AND a.person_id > $2 ORDER BY a.person_id LIMIT $3"
_LOCKED = f"""{_KEPT} AND (a.body ->> 'closed_by_us')::bool
AND a.body -> 'observed' ->> 'state' IN ('suspended', 'stripped') ORDER BY a.person_id"""

_SEE = """UPDATE account SET checked_at = $4::timestamptz, body = $5::json
WHERE person_id = $1 AND target = $2 AND checked_at IS NOT DISTINCT FROM $3::timestamptz"""

# Nobody else's account, and nothing that the person has already.
_LINK = """INSERT INTO account AS a (person_id, target, native_id, folded, checked_at, body)
SELECT $1, $2, $3, $4, $5::timestamptz, $6::json
WHERE NOT EXISTS (SELECT 1 FROM account WHERE target = $2 AND folded = $4 AND person_id <> $1)
ON CONFLICT (person_id, target) DO UPDATE SET native_id = excluded.native_id, folded = excluded.folded,
  checked_at = excluded.checked_at, body = excluded.body WHERE a.body -> 'observed' ->> 'state' = 'none'
RETURNING person_id"""


class PostgresSweeps:
    """Implements `port.Sweeping`."""

    _other: Line

    async def accounts_on(self, target: str, after: str, limit: int) -> Sequence[Kept]:
        rows = await self._other.fetch(_PAGE, target, after, limit)
        return [*map(_kept, rows)]

    async def locked_on(self, target: str) -> Sequence[Kept]:
        return [*map(_kept, await self._other.fetch(_LOCKED, target))]

    async def last_sweep(self, target: str) -> Swept | None:
        async with self._other.use() as db:
            if row := await db.fetchrow("SELECT at, counts FROM sweep WHERE target = $1", target):
                return Swept(row["at"], json.loads(row["counts"]))
            first = await db.fetchval("SELECT min(checked_at) FROM account WHERE target = $1", target)
        return Swept(first, {}) if first else None

    async def swept(self, target: str, sweep: Swept) -> None:
        await self._other.fetch(
            """INSERT INTO sweep (target, at, counts) VALUES ($1, $2, $3::json)
            ON CONFLICT (target) DO UPDATE SET at = excluded.at, counts = excluded.counts""",
            target,
            sweep.at,
            json.dumps(dict(sweep.counts)),
        )


def _kept(row: Mapping[str, Any]) -> Kept:
    return Kept(row["person_id"], read_account(row["body"]), row["at_rest"])


async def see(connection: Any, target: str, seen: Sequence[Seen]) -> None:  # noqa: ANN401 - asyncpg
    """See `port.IntakeTx.see`."""
    rows = [
        (one.person_id, target, one.before, one.account.checked_at, account_text(one.account))
        for one in sorted(seen, key=lambda one: one.person_id)
    ]
    await connection.executemany(_SEE, rows)


async def link(connection: Any, target: str, person_id: str, account: StoredAccount) -> bool:  # noqa: ANN401 - asyncpg
    """See `port.IntakeTx.link`."""
    native = account.observed.native_id
    values = (person_id, target, native, native.casefold(), account.checked_at, account_text(account))
    return await connection.fetchval(_LINK, *values) is not None

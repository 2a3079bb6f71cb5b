"""Accounts of somebody who turned out to be another person: they are that person's, where that one has none yet.

What the first had in hand is fenced off, and the account is looked at before anything is planned for it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from services.provisioner.store.codec import account_text, read_account

_LEFT_BEHIND = """SELECT a.target, a.body FROM account AS a
WHERE a.person_id = $1 AND NOT EXISTS (SELECT FROM worker AS w WHERE w.person_id = $1)
  AND NOT EXISTS (SELECT FROM account AS o WHERE o.person_id = $2 AND o.target = a.target)"""
_FENCE = "UPDATE due SET holder = NULL, fence = fence + 1 WHERE person_id = $1 AND target = ANY($2::text[])"
_END = "UPDATE plan SET ended = true WHERE person_id = $1 AND target = ANY($2::text[]) AND NOT ended"
_MOVE = """UPDATE account SET person_id = $2, checked_at = NULL, body = $4 WHERE person_id = $1 AND target = $3"""


async def inherit(connection: Any, changes: Iterable[tuple[str, str]]) -> None:  # noqa: ANN401 - asyncpg
    """`changes`: whose workers were, and are; a person who keeps a worker keeps the accounts."""
    for was, now in sorted(set(changes)):
        rows = await connection.fetch(_LEFT_BEHIND, was, now)
        if not rows:
            continue
        targets = sorted(row["target"] for row in rows)
        await connection.execute(_FENCE, was, targets)
        await connection.execute(_END, was, targets)
        for row in rows:
            body = account_text(replace(read_account(row["body"]), checked_at=None))
            await connection.execute(_MOVE, was, now, row["target"], body)

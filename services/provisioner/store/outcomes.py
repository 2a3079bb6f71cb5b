"""What became of steps, and what it tells: written before a pass goes on from it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from contracts.provisioning import StepTaken
from services.provisioner.store.outbox import publish
from services.provisioner.store.port import Message

# Late: the plan's holder no longer held the row, so that what it saw is kept but proves nothing of the present.
_OUTCOMES = """INSERT INTO outcome (plan_id, number, person_id, at, late, body)
SELECT n.plan_id, n.number, n.person_id, n.at, NOT EXISTS (
    SELECT FROM plan AS p JOIN due AS d USING (person_id, target)
    WHERE p.plan_id = n.plan_id AND d.fence = p.fence AND d.holder IS NOT NULL), n.body
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::timestamptz[], $5::json[])
  AS n (plan_id, number, person_id, at, body)
ORDER BY n.plan_id, n.number
ON CONFLICT (plan_id, number) DO UPDATE SET at = excluded.at, late = excluded.late, body = excluded.body"""


class Outcomes(NamedTuple):
    """Steps by plan id, and outbox rows."""

    taken: Sequence[tuple[int, StepTaken]]
    messages: Sequence[Message]


async def record(connection: Any, passes: Sequence[Outcomes]) -> list[None]:  # noqa: ANN401 - asyncpg
    """Run inside a transaction of its own."""
    newest = {(plan, step.number): step for one in passes for plan, step in one.taken}
    rows = [(plan, number, s.person_id, s.at, s.model_dump_json()) for (plan, number), s in newest.items()]
    if rows:
        await connection.execute(_OUTCOMES, *[list(column) for column in zip(*rows, strict=True)])
    await publish(connection, [message for one in passes for message in one.messages])
    return [None for _ in passes]

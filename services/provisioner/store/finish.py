"""The end of a pass: one transaction that frees the row, keeps what was seen, and settles events.

The order matters. The person's advisory lock makes the ends of its targets follow one another, so that the last one
sees the others. FINISH comes first: while our row is locked no mark of this person commits. Events are read before
rows: an event that is seen has its marks seen too.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.provisioner.store import reading
from services.provisioner.store.codec import account_text
from services.provisioner.store.intake import decide, mark
from services.provisioner.store.outbox import publish
from services.provisioner.store.port import Claim, End, EventChange, Finished, Mark, Settle, StoredAccount

STEPS_SHOWN = 500

_PERSON = "SELECT pg_advisory_xact_lock(hashtext('tenure.person'), hashtext($1))"

# $4 next date or null, $5 its lane, $6 wait or null. What waits is due, in the lane it had; back-off keeps `attempts`.
# One statement for what hangs on the row being ours: its plans end and its account is kept ($16) only then.
_FINISH = """WITH mine AS (
  UPDATE due SET holder = NULL, settled_generation = seen,
    not_before = coalesce(now() + $6::interval, '-infinity'),
    attempts = CASE WHEN $6 IS NULL THEN 0 ELSE attempts END,
    lane = CASE WHEN generation > seen OR $6 IS NOT NULL THEN lane ELSE $5::smallint END,
    due_at = CASE WHEN generation > seen OR $6 IS NOT NULL THEN least(due_at, (SELECT business_now()))
                  ELSE coalesce($4::timestamptz, 'infinity') END,
    since = CASE WHEN verdict = $8 AND verdict_reason IS NOT DISTINCT FROM $9 THEN since
                 ELSE (SELECT business_now()) END,
    verdict = $8, verdict_reason = $9, reached_at = coalesce($10, reached_at), result = coalesce($11::json, result),
    department_id = $12
  WHERE person_id = $1 AND target = $2 AND fence = $3 AND holder = $7
  RETURNING person_id, target, generation > seen AS again),
ended AS (
  UPDATE plan AS p SET ended = true FROM mine AS m
  WHERE p.person_id = m.person_id AND p.target = m.target AND NOT p.ended AND NOT $17::bool),
kept AS (
  INSERT INTO account (person_id, target, native_id, folded, checked_at, body)
  SELECT m.person_id, m.target, $13, $14, $15::timestamptz, $16::json FROM mine AS m WHERE $16::json IS NOT NULL
  ON CONFLICT (person_id, target) DO UPDATE SET native_id = excluded.native_id, folded = excluded.folded,
    checked_at = excluded.checked_at, body = excluded.body)
SELECT again FROM mine"""

_CHANGES = f"""UPDATE event AS e SET state = n.state, reason = n.reason
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n (event_no, state, reason)
WHERE e.event_no = n.event_no AND {reading.OPEN}"""  # noqa: S608 - a constant of ours


async def finish(connection: Any, claim: Claim, process: UUID, end: End, settle: Settle) -> Finished:  # noqa: ANN401 - asyncpg
    """Run inside a transaction of its own."""
    await connection.execute(_PERSON, claim.person_id)
    again = await connection.fetchval(_FINISH, *_finish_values(claim, process, end))
    key = (claim.person_id, claim.target)
    if again is None:
        return await _fenced(connection, claim)
    if end.forget:
        await connection.execute("DELETE FROM account WHERE person_id = $1 AND target = $2", *key)
        await connection.execute("DELETE FROM name WHERE person_id = $1 AND target = $2", *key)
    for decision in end.decisions:
        await decide(connection, decision)
    await _settle(connection, claim, end, settle)
    return "again" if again else "done"


def _finish_values(claim: Claim, process: UUID, end: End) -> tuple[object, ...]:
    wait = None if end.not_before is None else timedelta(seconds=end.not_before)
    result = None if end.result is None else end.result.model_dump_json()
    return (claim.person_id, claim.target, claim.fence, end.next_at, end.next_lane, wait, process, end.verdict,
            end.reason, end.reached_at, result, end.department_id, *_account_values(end.account),
            end.in_doubt)  # fmt: skip


async def _fenced(connection: Any, claim: Claim) -> Finished:  # noqa: ANN401 - asyncpg
    """Somebody else holds or held the row since: what we saw is kept as late, and somebody looks again."""
    now = await connection.fetchval("SELECT business_now()")
    await mark(connection, [Mark(claim.person_id, claim.lane, now)], [claim.target])
    await connection.execute(
        """UPDATE outcome AS o SET late = true FROM plan AS p
        WHERE p.person_id = $1 AND p.target = $2 AND p.fence = $3 AND o.plan_id = p.plan_id""",
        claim.person_id,
        claim.target,
        claim.fence,
    )
    return "fenced"


def _account_values(account: StoredAccount | None) -> tuple[object, ...]:
    if account is None:
        return (None, None, None, None)
    native = account.observed.native_id
    return (native, native.casefold(), account.checked_at, account_text(account))


async def _settle(connection: Any, claim: Claim, end: End, settle: Settle) -> None:  # noqa: ANN401 - asyncpg
    events = await reading.events_of(connection, claim.person_id, only_open=True)
    rows = await reading.rows_of(connection, claim.person_id)
    steps = await reading.steps_of(connection, claim.person_id, STEPS_SHOWN)
    settlement = settle(rows, events, steps)
    await _change(connection, settlement.changes)
    await publish(connection, (*end.messages, *settlement.messages))


async def _change(connection: Any, changes: Sequence[EventChange]) -> None:  # noqa: ANN401 - asyncpg
    if changes:
        numbers, states = [c.event_no for c in changes], [c.state for c in changes]
        await connection.execute(_CHANGES, numbers, states, [c.reason for c in changes])

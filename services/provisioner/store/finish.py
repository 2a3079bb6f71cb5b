"""The ends of passes: one transaction that frees the rows, keeps what was seen, and settles events.

It ends passes of different people, who have nothing to do with each other; together they cost a fraction. The order
matters. A person's advisory lock makes the ends of its targets follow one another, so that the last one sees the
others. FINISH comes first: while a row is locked no mark of this person commits. Events are read before rows: an event
that is seen has its marks seen too. Locks are taken in an order that all share.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.provisioner.facts.standing import ALREADY_WITHDRAWN
from services.provisioner.model import FactKey
from services.provisioner.store import reading
from services.provisioner.store.codec import account_text
from services.provisioner.store.divisions import columns
from services.provisioner.store.intake import decide, mark
from services.provisioner.store.outbox import publish
from services.provisioner.store.port import Claim, End, EventChange, Finished, Mark, Settle, StoredAccount

STEPS_SHOWN = 500

_PERSONS = """SELECT pg_advisory_xact_lock(hashtext('tenure.person'), n.hash)
FROM (SELECT DISTINCT hashtext(p) AS hash FROM unnest($1::text[]) AS p ORDER BY 1) AS n"""

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
SELECT person_id, again FROM mine"""

_CHANGES = f"""UPDATE event AS e SET state = n.state, reason = n.reason
FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n (event_no, state, reason)
WHERE e.event_no = n.event_no AND {reading.OPEN}"""  # noqa: S608 - a constant of ours

# Of the messages under one key the first is the fact; a later one that was superseded was dismissed by a person.
_REOPEN = """UPDATE event AS e SET state = 'in_progress', reason = NULL
FROM unnest($1::text[], $2::text[], $3::int[]) AS n (source, id, revision)
WHERE e.source = n.source AND e.id = n.id AND e.revision = n.revision
  AND (e.state = 'superseded' OR e.state = 'duplicate' AND e.reason = $4)
  AND NOT EXISTS (SELECT FROM event AS o WHERE o.source = e.source AND o.id = e.id AND o.revision = e.revision
    AND o.event_no < e.event_no)"""

_FORGET_ACCOUNTS, _FORGET_NAMES = (
    f"DELETE FROM {table} AS t USING unnest($1::text[], $2::text[]) AS n (person_id, target) "  # noqa: S608 - constants
    "WHERE t.person_id = n.person_id AND t.target = n.target"
    for table in ("account", "name")
)

_FENCED = """UPDATE outcome AS o SET late = true FROM plan AS p
WHERE p.person_id = $1 AND p.target = $2 AND p.fence = $3 AND o.plan_id = p.plan_id"""


class Ended(NamedTuple):
    """A pass that ends, under the lease of a process."""

    claim: Claim
    process: UUID
    end: End
    settle: Settle


async def finish(connection: Any, passes: Sequence[Ended]) -> list[Finished]:  # noqa: ANN401 - asyncpg
    """Run inside a transaction of its own, with at most one pass a person. Of those fenced off nothing is kept."""
    persons = sorted(one.claim.person_id for one in passes)
    await connection.execute(_PERSONS, persons)
    in_order = sorted(passes, key=lambda one: one.claim.person_id)
    rows = await connection.fetchmany(_FINISH, [_finish_values(one) for one in in_order])
    again: dict[str, bool] = {row["person_id"]: row["again"] for row in rows}
    ours = [one for one in passes if one.claim.person_id in again]
    if ours:
        await _forget(connection, [one.claim for one in ours if one.end.forget])
        await decide(connection, [decision for one in ours for decision in one.end.decisions])
        await _reopen(connection, [one.end.standing for one in ours if not again[one.claim.person_id]])
        await _settle(connection, ours)
    names: dict[bool | None, Finished] = {True: "again", False: "done", None: "fenced"}
    return [names[again.get(one.claim.person_id)] for one in passes]


async def fenced(connection: Any, claim: Claim) -> None:  # noqa: ANN401 - asyncpg
    """Somebody else holds or held the row since: what we saw is kept as late, and somebody looks again."""
    now = await connection.fetchval("SELECT business_now()")
    await mark(connection, [Mark(claim.person_id, claim.lane, now)], [claim.target])
    await connection.execute(_FENCED, claim.person_id, claim.target, claim.fence)


async def _forget(connection: Any, claims: Sequence[Claim]) -> None:  # noqa: ANN401 - asyncpg
    if claims:
        keys = [claim.person_id for claim in claims], [claim.target for claim in claims]
        await connection.execute(_FORGET_ACCOUNTS, *keys)
        await connection.execute(_FORGET_NAMES, *keys)


async def _reopen(connection: Any, standing: Sequence[Collection[FactKey]]) -> None:  # noqa: ANN401 - asyncpg
    """What the books had closed and the timeline says is in effect after all."""
    if keys := [key for each in standing for key in each]:
        await connection.execute(_REOPEN, *columns(keys, 3), ALREADY_WITHDRAWN.reason)


def _finish_values(one: Ended) -> tuple[object, ...]:
    claim, process, end, _ = one
    wait = None if end.not_before is None else timedelta(seconds=end.not_before)
    result = None if end.result is None else end.result.model_dump_json()
    return (claim.person_id, claim.target, claim.fence, end.next_at, end.next_lane, wait, process, end.verdict,
            end.reason, end.reached_at, result, end.department_id, *_account_values(end.account),
            end.in_doubt)  # fmt: skip


def _account_values(account: StoredAccount | None) -> tuple[object, ...]:
    if account is None:
        return (None, None, None, None)
    native = account.observed.native_id
    return (native, native.casefold(), account.checked_at, account_text(account))


async def _settle(connection: Any, passes: Sequence[Ended]) -> None:  # noqa: ANN401 - asyncpg
    persons = [one.claim.person_id for one in passes]
    events = await reading.events_of(connection, persons, only_open=True)
    rows = await reading.rows_of(connection, persons)
    steps = await reading.steps_of(connection, [who for who in persons if events[who]], STEPS_SHOWN)
    settled = [one.settle(rows[who], events[who], steps.get(who, ())) for one, who in zip(passes, persons, strict=True)]
    await _change(connection, [change for settlement in settled for change in settlement.changes])
    told = [(*one.end.messages, *settlement.messages) for one, settlement in zip(passes, settled, strict=True)]
    await publish(connection, [message for messages in told for message in messages])


async def _change(connection: Any, changes: Sequence[EventChange]) -> None:  # noqa: ANN401 - asyncpg
    if changes:
        numbers, states = [c.event_no for c in changes], [c.state for c in changes]
        await connection.execute(_CHANGES, numbers, states, [c.reason for c in changes])

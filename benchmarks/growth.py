"""What a pass costs with a thousand people in the store and with many more, in processor time and in seconds.

The crowd is made inside the database: some people are hired as anybody is, and what the store then holds of them is
copied under new numbers. Then a few hundred more are hired and their passes measured; linear means the same cost each.
"""

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from benchmarks import events, policies
from benchmarks.figures import Figure, Goal
from benchmarks.machine import family_cpu
from benchmarks.rig import Rig, rig

SEED, WARM = 250, 50
SHIFTED = {"event": ("event_no", "offset"), "fact": ("fact_no",), "plan": ("plan_id",), "outcome": ("plan_id",)}
"""Numbers that must differ from copy to copy."""
TABLES = ("event", "fact", "subject", "worker", "word", "due", "plan", "outcome", "account", "name", "decision")
SHIFT = 1_000_000
USERNAME = "{family.pinyin}{worker_id}"
"""A copy needs a name of its own too."""

# As JSON and back, so that this knows nothing of the columns but which hold numbers.
COPY = """INSERT INTO {table} OVERRIDING SYSTEM VALUE
SELECT made.* FROM {table} AS one, generate_series($1::int, $2::int) AS n (copy),
  LATERAL json_populate_record(NULL::provisioner.{table}, replace(replace(
    (to_jsonb(one) || {numbers})::text, 'S0', 'S' || n.copy || 'x'), 's0', 's' || n.copy || 'x')::json) AS made
WHERE one::text LIKE '%S0%'"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one pass, in milliseconds."""

    own: float
    database: float
    wall: float


def measure(*, quick: bool) -> list[Figure]:
    return asyncio.run(_measure(*((500, [1_000, 1_500], 60) if quick else (1_000, [100_000, 300_000], 1_000))))


async def _measure(few: int, crowds: list[int], hires: int) -> list[Figure]:
    async with rig(policies.memory({"one": 0.0}, username=USERNAME), {}) as one:
        await _hire(one, SEED, "S")
        await _hire(one, WARM, "K")
        await _grown(one, 1, few // SEED - 1)
        small, size = await _cost(one, hires, "A"), few
        figures = list[Figure]()
        for kind, many in zip("BC", crowds, strict=True):
            await _grown(one, size // SEED, many // SEED - 1)
            figures += _figures(f"{many:,} people in the store", await _cost(one, hires, kind), few, small)
            size = many
    return figures


def _figures(crowd: str, large: Cost, few: int, small: Cost) -> list[Figure]:
    linear = Goal(1.25, "ratio", "less")
    return [
        Figure(f"{what}, {crowd}", after, "ms", f"{few:,} people", before, linear)
        for what, after, before in (
            ("provisioner's CPU a pass", large.own, small.own),
            ("database's CPU a pass", large.database, small.database),
            ("seconds a pass, 40 at once", large.wall, small.wall),
        )
    ]


async def _hire(one: Rig, count: int, kind: str) -> None:
    seen = len(one.passes)
    await events.publish(one.kafka, events.people(count, kind=kind))
    await one.until(lambda: sum(each.how == "done" for each in one.passes[seen:]) >= count, 60)


async def _cost(one: Rig, hires: int, kind: str) -> Cost:
    begun, own, database = time.perf_counter(), time.process_time(), family_cpu(one.database_pid)
    await _hire(one, hires, kind)
    ended = time.perf_counter()
    parts = (time.process_time() - own, family_cpu(one.database_pid) - database, ended - begun)
    return Cost(*(part / hires * 1e3 for part in parts))


async def _grown(one: Rig, first: int, last: int) -> None:
    """Copies numbered first to last of everybody hired as seed; the outbox is left as it is."""
    connection = await asyncpg.connect(one.dsn, server_settings={"search_path": "provisioner"})
    try:
        for table in TABLES:
            statement = COPY.format(table=table, numbers=f"jsonb_build_object({_changed(table)})")
            await connection.execute(statement, first, last)
        for tidy in ("VACUUM (ANALYZE)", "CHECKPOINT"):  # or that would be done, and counted, meanwhile
            await connection.execute(tidy)
        if await connection.fetchval("SELECT count(*) FROM account") < (last + 1) * SEED:
            raise RuntimeError("the crowd is not there: nothing grew")
    finally:
        await connection.close()


def _changed(table: str) -> str:
    if table == "decision":
        return "'decision_id', one.decision_id || '/' || n.copy"
    return ", ".join(f"'{name}', one.\"{name}\" + n.copy * {SHIFT}" for name in SHIFTED.get(table, ()))

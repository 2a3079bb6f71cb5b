"""Numbers that several humans have one after the other: their facts are placed with whoever held the number."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from contracts import hr
from services.provisioner.facts.division import number_of
from services.provisioner.facts.identity import BEGINS
from services.provisioner.model import Fact, WorkerKey
from services.provisioner.store import routing
from services.provisioner.store.codec import read_fact
from services.provisioner.store.routing import Divided, Ident, Known

_LATER = """SELECT w.* FROM unnest($1::text[], $2::text[]) AS n (id_space, number)
JOIN worker AS w USING (id_space, number)"""

# Several hires, and some name a person: worth a closer look (facts.division.may_be_divided).
_LOOK = """SELECT s.owner_space, s.owner_worker FROM unnest($1::text[], $2::text[]) AS n (id_space, worker_id)
JOIN subject AS s ON s.owner_space = n.id_space AND s.owner_worker = n.worker_id
JOIN fact AS f ON f.source = s.source AND f.id = s.id AND f.revision = s.revision AND f.type = ANY($3::text[])
GROUP BY s.owner_space, s.owner_worker HAVING count(*) > 1 AND count(f.person_id) > 0"""

_FACTS = """SELECT f.*, s.owner_space AS space, s.owner_worker AS held
FROM unnest($1::text[], $2::text[]) AS n (id_space, worker_id)
JOIN subject AS s ON s.owner_space = n.id_space AND s.owner_worker = n.worker_id
JOIN fact AS f ON f.source = s.source AND f.id = s.id"""

_PLACE = """UPDATE subject AS s SET owner_worker = n.owner
FROM unnest($1::text[], $2::text[], $3::text[]) AS n (source, id, owner) WHERE s.source = n.source AND s.id = n.id"""

WORDS = """INSERT INTO word (folded, id_space, worker_id)
SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT DO NOTHING"""

_FORGET = """DELETE FROM worker AS w USING unnest($1::text[], $2::text[]) AS n (id_space, worker_id)
WHERE w.id_space = n.id_space AND w.worker_id = n.worker_id"""


async def divide(connection: Any, numbers: Collection[WorkerKey]) -> Divided:  # noqa: ANN401 - asyncpg
    """Place the facts of these numbers; those of one holder are left alone."""
    keys = columns(sorted(numbers), 2)
    rows = await connection.fetch(_LATER, *keys)
    later = {WorkerKey(row["id_space"], row["worker_id"]): known_worker(row) for row in rows}
    begins = [hr.NAMES[kind] for kind in BEGINS]
    look = {WorkerKey(*row) for row in await connection.fetch(_LOOK, *keys, begins)} | {*map(number_of, later)}
    if not look:
        return Divided()
    told, held = await _told(connection, [*look, *later])
    divided = routing.placed(told, held, later)
    await _move(connection, {i: key for i, key in divided.placed.items() if held[i] != key}, told)
    await connection.execute(_FORGET, *columns(sorted(divided.gone), 2))
    return divided


async def _told(
    connection: Any,  # noqa: ANN401 - asyncpg
    keys: Collection[WorkerKey],
) -> tuple[dict[WorkerKey, list[Fact]], dict[Ident, WorkerKey]]:
    """The facts of each number, and who holds each now."""
    told: dict[WorkerKey, list[Fact]] = {}
    held: dict[Ident, WorkerKey] = {}
    for row in await connection.fetch(_FACTS, *columns(sorted(set(keys)), 2)):
        fact = read_fact(row)
        key = held[fact.key.source, fact.key.id] = WorkerKey(row["space"], row["held"])
        told.setdefault(number_of(key), []).append(fact)
    return told, held


async def _move(
    connection: Any,  # noqa: ANN401 - asyncpg
    moves: Mapping[Ident, WorkerKey],
    told: Mapping[WorkerKey, Iterable[Fact]],
) -> None:
    """Facts to who holds them, who is then found by what they say."""
    rows = [(*ident, key.worker_id) for ident, key in sorted(moves.items())]
    await connection.execute(_PLACE, *columns(rows, 3))
    facts = (fact for each in told.values() for fact in each)
    words = {
        (word, *moves[fact.key.source, fact.key.id])
        for fact in facts
        if (fact.key.source, fact.key.id) in moves
        for word in routing.words_of(fact)
    }
    await connection.execute(WORDS, *columns(sorted(words), 3))


def known_worker(row: Mapping[str, Any]) -> Known:
    """A row of `worker`."""
    return Known(row["named"], row["person_id"], row["decided_at"], row["by_tenure"], row["turns_at"])


def columns(rows: Iterable[Sequence[object]], width: int) -> list[list[Any]]:
    """Rows turned into the arrays that unnest takes, also when there are none."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in range(width)]

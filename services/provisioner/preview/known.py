"""What the store knows of the people whom some facts may concern, and of those whom they may be; it only reads."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from contracts.decisions import Decision
from services.kit.database import Line
from services.provisioner.facts.doubts import MANY
from services.provisioner.facts.marks import marks_of, said_of
from services.provisioner.facts.standing import name_of, named_by
from services.provisioner.model import Fact
from services.provisioner.store import reading
from services.provisioner.store.codec import read_fact
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.port import DEPARTMENTS

_PERSONS = """WITH told AS (SELECT * FROM unnest($3::text[], $4::text[]) AS n(source, id))
SELECT person_id FROM worker JOIN unnest($1::text[], $2::text[]) AS x(s, i) ON id_space = x.s AND worker_id = x.i
UNION SELECT person_id FROM worker JOIN unnest($1::text[], $2::text[]) AS x(s, i) ON id_space = x.s AND number = x.i
UNION SELECT person_id FROM worker WHERE person_id = ANY($5::text[])
UNION SELECT w.person_id FROM told JOIN subject AS s USING (source, id)
  JOIN worker AS w ON w.id_space = s.owner_space AND w.worker_id = s.owner_worker"""
# Of a mark that very many have nobody is known by it.
_ALIKE = f"""SELECT DISTINCT w.person_id FROM word AS n JOIN worker AS w USING (id_space, worker_id)
WHERE n.folded IN (
  SELECT n.folded FROM word AS n JOIN unnest($1::text[]) AS x(mark) ON n.folded = x.mark
  GROUP BY n.folded HAVING count(*) <= {MANY})"""  # noqa: S608 - a constant of ours
_UNPLACED = """SELECT f.* FROM subject AS s JOIN fact AS f USING (source, id)
JOIN unnest($1::text[], $2::text[]) AS n(a, b)
  ON (s.source, s.id) = (n.a, n.b) OR (s.about_source, s.about_id) = (n.a, n.b)
WHERE s.owner_worker IS NULL AND s.owner_department IS NULL"""
AT_ONCE = 1000
T = TypeVar("T")


class Known:
    """Asks over one connection. Raises StoreUnavailableError while the database is gone."""

    def __init__(self, dsn: str) -> None:
        self._line = Line(dsn, 1, "provisioner", gone=StoreUnavailableError, name="reading")

    async def close(self) -> None:
        await self._line.close()

    async def of(self, facts: Sequence[Fact]) -> tuple[list[Fact], list[Decision]]:
        """Every fact and decision of the people and departments that these facts name, or withdraw from.

        And of those who share a mark with any of them: a new number may be one of those.
        """
        found: dict[tuple[object, ...], Fact] = {}
        decisions: list[Decision] = []
        async with self._line.use() as db:
            persons: set[str] = set()
            for lot in _lots(facts):
                persons |= await _persons(db, lot, found)
            for some in _lots([DEPARTMENTS, *sorted(persons)]):
                decisions += await _read(db, some, found)
            marks = {mark for fact in (*facts, *found.values()) for mark in marks_of(said_of(fact))}
            alike = {row["person_id"] for some in _lots(sorted(marks)) for row in await db.fetch(_ALIKE, some)}
            for some in _lots(sorted(alike - persons)):
                decisions += await _read(db, some, found)
        return sorted(found.values(), key=lambda fact: fact.recorded_at), decisions


def _lots(all_: Sequence[T]) -> Iterator[Sequence[T]]:
    return (all_[start : start + AT_ONCE] for start in range(0, len(all_), AT_ONCE))


async def _read(db: Any, persons: Sequence[str], found: dict[tuple[object, ...], Fact]) -> list[Decision]:  # noqa: ANN401 - asyncpg
    for theirs in (await reading.facts_of(db, persons)).values():
        _keep(found, theirs)
    return [decision for theirs in (await reading.decisions_of(db, persons)).values() for decision in theirs]


async def _persons(db: Any, facts: Sequence[Fact], found: dict[tuple[object, ...], Fact]) -> set[str]:  # noqa: ANN401 - asyncpg
    workers = {fact.worker for fact in facts if fact.worker is not None}
    names = {name_of(fact) for fact in facts} | {about for fact in facts if (about := named_by(fact))}
    whole = [fact.person_id for fact in facts if fact.person_id is not None]
    sources, ids = [one for one, _ in names], [one for _, one in names]
    _keep(found, map(read_fact, await db.fetch(_UNPLACED, sources, ids)))
    spaces, numbers = [worker.id_space for worker in workers], [worker.worker_id for worker in workers]
    rows = await db.fetch(_PERSONS, spaces, numbers, sources, ids, whole)
    return {row["person_id"] for row in rows}


def _keep(found: dict[tuple[object, ...], Fact], facts: Iterable[Fact]) -> None:
    for fact in facts:
        found[fact.key] = fact

"""Records grouped by whom they can be about, on disk: memory grows with people who are linked, not with records.

A *family* is coarse: everything that might touch one another, by worker, by person named, by a fact withdrawn or told
again elsewhere, by a mark that may say that two are one human. `facts.history` then tells exactly whose each fact is,
`facts.doubts` whose it may be. So a number that two texts share by accident only makes one family of two, and does no
harm.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from services.provisioner.facts.doubts import MANY
from services.provisioner.facts.identity import whole_person_id
from services.provisioner.preview.spill import Spill

DEPARTMENTS = 0
AT_ONCE = 5_000
_TABLES = """
CREATE TABLE record (no INTEGER PRIMARY KEY, anchor INTEGER NOT NULL, name INTEGER, raw BLOB NOT NULL);
CREATE TABLE about (name INTEGER NOT NULL, anchor INTEGER NOT NULL);
CREATE TABLE marked (mark INTEGER NOT NULL, anchor INTEGER NOT NULL);
"""
_WITHDRAWN = "SELECT a.anchor, r.anchor FROM about AS a JOIN record AS r ON r.name = a.name WHERE a.anchor <> r.anchor"
_TWICE = """SELECT low, anchor FROM record JOIN
  (SELECT name, min(anchor) AS low FROM record WHERE name IS NOT NULL GROUP BY name HAVING low <> max(anchor))
  USING (name) WHERE anchor <> low"""
# Of a mark that very many have nobody is known by it, and they are no family.
_ALIKE = f"""SELECT low, anchor FROM marked JOIN (SELECT mark, min(anchor) AS low FROM marked GROUP BY mark
  HAVING low <> max(anchor) AND count(DISTINCT anchor) <= {MANY}) USING (mark) WHERE anchor <> low"""  # noqa: S608 - ours
DIGITS = 10
"""So many digits of a mobile are the same however it is written, with its country or without."""

Family = tuple[int, ...]


class Place(NamedTuple):
    """Where a record belongs: its `anchor`, the number of its own `name`, of the one it withdraws, of its person."""

    anchor: int
    name: int | None = None
    about: int | None = None
    person: int | None = None
    marks: tuple[int, ...] = ()


def place_of(source: str, event_id: object, kind: object, data: Mapping[str, Any], space: str) -> Place:
    """The place of an event that nobody validated yet."""
    name = hash((source, event_id)) if isinstance(event_id, str) else None
    worker, person, about = data.get("worker_id"), data.get("person_id"), None
    if isinstance(kind, str) and kind.startswith("hr.department."):
        return Place(DEPARTMENTS, name)
    if isinstance(withdrawn := data.get("event_id"), str):
        about = hash((data.get("event_source") or source, withdrawn))
    anchor = hash(f"{space}/{worker}") if isinstance(worker, str) else name
    whole = whole_person_id(space, person) if isinstance(person, str) else None
    marks = tuple(_marks(said)) if isinstance(said := data.get("person"), dict) else ()
    return Place(anchor or DEPARTMENTS, name, about, hash(whole) if whole else None, marks)


def _marks(said: Mapping[str, Any]) -> Iterator[int]:
    """Marks by which two may be one human, as far as they can be compared before anybody validated them."""
    mobile, email = said.get("mobile"), said.get("personal_email")
    if isinstance(mobile, str) and (digits := "".join(filter(str.isdecimal, mobile))):
        yield hash(digits[-DIGITS:])
    if isinstance(email, str) and email:
        yield hash(email.strip().casefold())


def decision_place(data: Mapping[str, Any]) -> Place:
    """The place of a decision that nobody validated yet: its person's; one of whose a worker is joins the two."""
    person = hash(str(data.get("person_id")))
    if data.get("kind") == "person_identified":
        return Place(hash(f"{data.get('id_space')}/{data.get('worker_id')}"), person=person)
    return Place(person)


class Families(Spill):
    """Add every record, `link`, then read family by family. Other processes may `open` the same file for reading."""

    def __init__(self) -> None:
        super().__init__(_TABLES, 16_000)
        self._waiting: list[tuple[int, int, int | None, bytes]] = []
        self._about: list[tuple[int, int]] = []
        self._marked: list[tuple[int, int]] = []
        self._parents: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}

    def add(self, number: int, raw: bytes, place: Place) -> None:
        """`number` is the record's own, such as its line."""
        self._waiting.append((number, place.anchor, place.name, raw))
        if place.about is not None:
            self._about.append((place.about, place.anchor))
        for mark in place.marks:
            self._marked.append((mark, place.anchor))
        if place.person is not None and place.person != place.anchor:
            self._join(place.anchor, place.person)
        if len(self._waiting) == AT_ONCE:
            self._write()

    def link(self) -> None:
        """All records are in: find out what belongs together."""
        self._write()
        self._db.execute("CREATE INDEX by_name ON record (name, anchor)")
        self._db.execute("CREATE INDEX by_anchor ON record (anchor)")
        for statement in (_WITHDRAWN, _TWICE, _ALIKE):
            for one, other in self._db.execute(statement).fetchall():
                self._join(one, other)
        for anchor in [*self._parents]:
            self._members.setdefault(self._root(anchor), []).append(anchor)

    def departments(self) -> Family:
        """The family of the departments, and of whatever is withdrawn or told together with them."""
        return self._family(DEPARTMENTS)

    def people(self) -> Iterator[Family]:
        """Every other family."""
        told = {self._root(DEPARTMENTS)}
        for (anchor,) in self._db.execute("SELECT DISTINCT anchor FROM record ORDER BY anchor"):
            root = self._root(anchor)
            if root in told:
                continue
            if root in self._members:
                told.add(root)
            yield self._family(anchor)

    def count(self) -> int:
        """How many records there are."""
        found: int = self._db.execute("SELECT count(*) FROM record").fetchone()[0]
        return found

    def records(self, family: Family) -> Sequence[tuple[int, bytes]]:
        return read(self._db, family)

    def _write(self) -> None:
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO record (no, anchor, name, raw) VALUES (?, ?, ?, ?)", self._waiting)
        self._db.executemany("INSERT INTO about (name, anchor) VALUES (?, ?)", self._about)
        self._db.executemany("INSERT INTO marked (mark, anchor) VALUES (?, ?)", self._marked)
        self._db.execute("COMMIT")
        for written in (self._waiting, self._about, self._marked):
            written.clear()

    def _family(self, anchor: int) -> Family:
        return tuple(self._members.get(self._root(anchor), (anchor,)))

    def _root(self, anchor: int) -> int:
        while (above := self._parents.get(anchor, anchor)) != anchor:
            self._parents[anchor] = self._parents.get(above, above)
            anchor = above
        return anchor

    def _join(self, one: int, other: int) -> None:
        low, high = sorted((self._root(one), self._root(other)))
        self._parents.setdefault(low, low)
        self._parents[high] = low


class Reading:
    """The same records in another process; `path` is that of a linked `Families`, which outlives it."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)

    def records(self, family: Family) -> Sequence[tuple[int, bytes]]:
        return read(self._db, family)


def read(db: sqlite3.Connection, family: Family) -> Sequence[tuple[int, bytes]]:
    """Number and bytes of every record of a family, in the order of the numbers."""
    found = [row for one in family for row in db.execute("SELECT no, raw FROM record WHERE anchor = ?", (one,))]
    return sorted(found)

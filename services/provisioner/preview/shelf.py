"""What replaying found, kept on disk until names are settled, and given back in order: by moment, then by person."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from services.provisioner.policy.usernames import numbered
from services.provisioner.preview.spill import Spill
from services.provisioner.replay import Found, Row

_TABLES = """
CREATE TABLE row (moment INTEGER, person_id TEXT, said TEXT, accounts TEXT);
CREATE TABLE asked (policy INTEGER, target TEXT, since TEXT, person_id TEXT, base TEXT, given INTEGER);
CREATE TABLE name (policy INTEGER, target TEXT, folded TEXT, PRIMARY KEY (policy, target, folded)) WITHOUT ROWID;
CREATE TABLE username (policy INTEGER, target TEXT, person_id TEXT, name TEXT,
  PRIMARY KEY (policy, target, person_id)) WITHOUT ROWID;
"""


class Shelf(Spill):
    """Put in what is found in any order; take out `rows` once everything is in."""

    def __init__(self) -> None:
        super().__init__(_TABLES, 8_000)

    def put(self, found: Found) -> None:
        rows = ((index, who, _text(said), _text(accounts)) for index, who, said, accounts in found.rows)
        asked = (
            (one.policy, one.target, one.since.isoformat(timespec="microseconds"), one.person_id, one.base, one.given)
            for one in found.names.values()
        )
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO row VALUES (?, ?, ?, ?)", rows)
        self._db.executemany("INSERT INTO asked VALUES (?, ?, ?, ?, ?, ?)", asked)
        self._db.execute("COMMIT")

    def rows(self) -> Iterator[tuple[int, str, Row, list[dict[str, Row]]]]:
        """(index of the moment, person id, what HR says, accounts under each policy), names filled in."""
        self._give_names()
        self._db.execute("CREATE INDEX by_moment ON row (moment, person_id)")
        for moment, person_id, said, accounts in self._db.execute("SELECT * FROM row ORDER BY moment, person_id"):
            named = [self._named(number, person_id, one) for number, one in enumerate(json.loads(accounts))]
            yield moment, person_id, json.loads(said), named

    def _give_names(self) -> None:
        """Names that were decided first, then in the order in which people would have got theirs."""
        order = "SELECT policy, target, person_id, base FROM asked ORDER BY given DESC, since, person_id"
        writing = self._db.cursor()
        writing.execute("BEGIN")
        clashed: dict[tuple[int, str, str], Iterator[str]] = {}
        for policy, target, person_id, base in self._db.execute(order):
            # What was taken stays taken, so the next of a base goes on where the last one ended.
            key = (policy, target, base)
            for name in clashed.get(key) or numbered(base):
                writing.execute("INSERT OR IGNORE INTO name VALUES (?, ?, ?)", (policy, target, name.casefold()))
                if writing.rowcount:
                    writing.execute("INSERT INTO username VALUES (?, ?, ?, ?)", (policy, target, person_id, name))
                    break
                clashed.setdefault(key, numbered(base))
        writing.execute("COMMIT")

    def _named(self, policy: int, person_id: str, accounts: Mapping[str, Row]) -> dict[str, Row]:
        asked = "SELECT target, name FROM username WHERE policy = ? AND person_id = ? AND target = ?"
        for target, account in accounts.items():
            if account["status"] != "none":
                row = self._db.execute(asked, (policy, person_id, target)).fetchone()
                account["username"] = row[1]
        return dict(accounts)


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, ensure_ascii=False)

"""What does not fit into memory: a temporary SQLite file of our own, gone when closed."""

import sqlite3
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self


class Spill:
    """`kilobytes` of cache. Nothing is flushed or journalled: whoever dies with it begins anew."""

    def __init__(self, tables: str, kilobytes: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tenure-replay-")
        self.path = Path(self._folder.name) / "spill"
        self._db = sqlite3.connect(self.path, isolation_level=None)
        self._db.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{kilobytes};"
            f"PRAGMA temp_store = FILE; {tables}"
        )

    def close(self) -> None:
        self._db.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

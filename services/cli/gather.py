"""Facts for a replay, from files or from Kafka: spilled by family, and read again family by family."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from contracts.decisions import Decision
from services.cli.lines import Reader, Refused, event_of, too_large, unreadable
from services.ingest.strict_json import StrictJSONError
from services.provisioner.facts.read import digest_of
from services.provisioner.model import Fact
from services.provisioner.preview.families import Families, place_of

STDIN = "-"
OFTEN = 1000
Tick = Callable[[int], None]
Refuse = Callable[[Refused], None]


@dataclass(slots=True)
class Told:
    """What the records of a family say."""

    facts: list[Fact] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Origin(Protocol):
    """Where records come from: `gather` spills them once, `read` understands one; it runs in other processes too."""

    @property
    def undeclared(self) -> set[str]: ...

    def gather(self, families: Families, refuse: Refuse, tick: Tick) -> None: ...

    def read(self, number: int, raw: bytes, told: Told) -> None: ...


def lines_of(files: Sequence[str]) -> Iterator[tuple[int, bytes]]:
    """Every line that is not empty, numbered from 1 over all files."""
    number = 0
    for name in files:
        with ExitStack() as stack:
            stream = sys.stdin.buffer if name == STDIN else stack.enter_context(Path(name).open("rb"))
            for raw in stream:
                number += 1
                if line := raw.strip():
                    yield number, line


@dataclass(slots=True)
class Files:
    """CloudEvents, one a line."""

    files: Sequence[str]
    reader: Reader

    @property
    def undeclared(self) -> set[str]:
        return self.reader.undeclared

    def gather(self, families: Families, refuse: Refuse, tick: Tick) -> None:
        for number, raw in lines_of(self.files):
            if bad := self._add(families, number, raw):
                refuse(bad)
            if number % OFTEN == 0:
                tick(number)

    def _add(self, families: Families, number: int, raw: bytes) -> Refused | None:
        """Spill a line that may be an event; what surely is none is refused at once."""
        try:
            event = event_of(raw)
        except StrictJSONError as exc:
            return unreadable(number, exc)
        if bad := too_large(number, raw, event):
            return bad
        data = event.get("data") if isinstance(event, dict) else None
        if not isinstance(data, dict) or not isinstance(event.get("id"), str):
            judged = self.reader.fact(number, event)
            return judged if isinstance(judged, Refused) else None
        source = str(event.get("source"))
        place = place_of(source, event["id"], event.get("type"), data, self.reader.space(source))
        families.add(number, raw, place)
        return None

    def read(self, number: int, raw: bytes, told: Told) -> None:
        judged = self.reader.fact(number, json.loads(raw), digest=False)
        if isinstance(judged, Refused):
            told.refused.append(judged)
        else:
            told.facts.append(judged)


def read_all(origin: Origin, records: Iterable[tuple[int, bytes]]) -> Told:
    """A family's records; facts told twice get a digest, so that a repetition and a conflict can be told apart."""
    told = Told()
    for number, raw in records:
        origin.read(number, raw, told)
    times = Counter(fact.key for fact in told.facts)
    if len(times) < len(told.facts):
        told.facts = [replace(f, digest=digest_of(f.body)) if times[f.key] > 1 else f for f in told.facts]
    return told

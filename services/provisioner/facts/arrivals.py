"""What a record that arrives is: new, a duplicate, a conflict or unreadable. Revisions are the fold's business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.provisioner.model import Fact

Kind = Literal["new", "duplicate", "conflict", "unreadable"]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why nobody could read it: a word of a closed set and the fields concerned; never a value."""

    reason: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join([self.reason, ",".join(self.fields)]) if self.fields else self.reason


@dataclass(frozen=True, slots=True)
class Record:
    """A Kafka record as read."""

    topic: str
    partition: int
    offset: int
    content: Fact | Unreadable
    recorded_at: datetime
    raw: bytes
    headers: tuple[tuple[str, bytes], ...]
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    record: Record
    kind: Kind


def arrivals(records: Sequence[Record], known: Mapping[tuple[str, str], Mapping[int, str]]) -> list[Arrival]:
    """Judge records in their order against what is recorded and against each other.

    Same source, id and revision: the same data is a duplicate, other data a conflict; the first taken stands.
    """
    digests = {key: dict(revisions) for key, revisions in known.items()}
    found: list[Arrival] = []
    for record in records:
        if isinstance(record.content, Unreadable):
            found.append(Arrival(record, "unreadable"))
            continue
        fact = record.content
        revisions = digests.setdefault((fact.key.source, fact.key.id), {})
        first = revisions.setdefault(fact.key.revision, "")
        if not first:
            revisions[fact.key.revision] = fact.digest
            found.append(Arrival(record, "new"))
        else:
            found.append(Arrival(record, "duplicate" if first == fact.digest else "conflict"))
    return found

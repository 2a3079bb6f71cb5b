"""A record that is to be published, as the outbox keeps it."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from contracts.base import MAX_ID, Frozen
from contracts.envelope import Attributes, to_headers

MAX_SUBJECT = 256

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    topic: str
    key: str
    value: bytes
    headers: Headers


def short(text: str) -> str:
    """The text as an id: itself, or its SHA-256 where it is longer than an id may be."""
    return text if len(text) <= MAX_ID else sha256(text.encode()).hexdigest()


def record(topic: str, key: str, body: Frozen, *, record_id: str, source: str, type_: str, at: datetime,
           traceparent: str | None = None) -> Record:  # fmt: skip
    """A CloudEvent in Kafka's binary mode; its subject is the key. Nulls are left out of the data."""
    attributes = Attributes(
        specversion="1.0", id=record_id, source=source, type=type_, time=at, subject=key[:MAX_SUBJECT],
        traceparent=traceparent,
    )  # fmt: skip
    return Record(topic, key, body.model_dump_json(exclude_none=True).encode(), tuple(to_headers(attributes)))

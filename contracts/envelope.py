"""CloudEvents 1.0 as Tenure uses them, and their Kafka binding in binary mode (`ce_*` headers, value = data)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field, StringConstraints

from contracts.base import Frozen, Id, printable

Headers = list[tuple[str, bytes]]
Source = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^\S+$"), AfterValidator(printable)]
CONTENT_TYPE = "application/json"


class Attributes(Frozen):
    """Context attributes. `recordedat` is Tenure's extension: when ingest learned of the event."""

    specversion: Literal["1.0"]
    id: Id
    source: Source
    type: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    time: AwareDatetime
    subject: Annotated[str, StringConstraints(max_length=256)] | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    recordedat: AwareDatetime | None = None
    traceparent: Annotated[str, StringConstraints(max_length=64)] | None = None


class CloudEvent(Attributes):
    """One event in structured form. Other extension attributes are dropped, as unknown fields are."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    data: Annotated[dict[str, Any], Field(default_factory=dict)]


_HEADERS = tuple(
    (name, "traceparent" if name == "traceparent" else f"ce_{name}")
    for name in Attributes.model_fields
    if name != "datacontenttype"
)


def to_headers(event: Attributes) -> Headers:
    """Kafka headers of an event in binary mode; `traceparent` travels under its own name too."""
    headers: Headers = [("content-type", CONTENT_TYPE.encode())]
    for name, header in _HEADERS:
        value = getattr(event, name)
        if value is not None:
            text = value.isoformat() if isinstance(value, datetime) else value
            headers.append((header, text.encode()))
    return headers


def from_headers(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Context attributes as text by name; raises UnicodeDecodeError for bytes that are no UTF-8."""
    found: dict[str, str] = {}
    for name, value in headers:
        if value is None:
            continue
        if name.startswith("ce_"):
            found[name[3:]] = value.decode()
        elif name == "traceparent":
            found.setdefault("traceparent", value.decode())
    return found

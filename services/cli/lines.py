"""Events as `tenure send` takes them, one a line, read as ingest would take and intake would record them.

Nothing is sent: the same translation and the same reading run here, so that `refused` means the same.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from contracts import hr
from services.ingest.errors import FieldProblem
from services.ingest.handlers import MAX_RECORD
from services.ingest.strict_json import Limits, StrictJSONError, parse, path
from services.ingest.translate import FIRST_YEAR, LAST_YEAR, UntranslatableError, translate
from services.kit.sources import SourceConfig
from services.provisioner.facts.read import digest_of, fact_of
from services.provisioner.model import Fact

_SUSPECT = re.compile(rb"\\u|[0-9]{19}|NaN|Infinity")
"""What strict reading may refuse and plain reading takes: escapes, numbers beyond 64 bits, no numbers at all."""
_LIMITS = Limits()
_UNDIGESTED = ""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Refused(NamedTuple):
    """A line that ingest would not take; `problem` is as its answer would name it, without any value."""

    line: int
    id: str | None
    problem: dict[str, Any]

    def words(self) -> str:
        errors = [f"{one.get('field') or 'event'} {one['problem']}" for one in self.problem.get("errors", ())]
        return "; ".join(errors) or str(self.problem["title"])


class DoubtfulError(ValueError):
    """Plain reading is not enough to say."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DoubtfulError
    return found


_PLAIN = json.JSONDecoder(object_pairs_hook=_object)


def event_of(raw: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON value of a line, read as strictly as at the door; raises StrictJSONError.

    Most lines can be seen to be harmless and are read the quick way.
    """
    nested = raw.count(b"{") + raw.count(b"[") > _LIMITS.depth
    if nested or len(raw) > _LIMITS.text or _SUSPECT.search(raw):
        return parse(raw)
    try:
        return _PLAIN.decode(raw.decode())
    except ValueError:
        return parse(raw)


@dataclass(slots=True)
class Reader:
    """Lines to facts. A source that is not declared takes the defaults and is remembered in `undeclared`.

    With `only`, every event must be of that source, as at its address. `known_at` is when the lines count as told,
    None for each one's own `time`; a later line a microsecond later, so that of two conflicting ones the first stands.
    """

    sources: Mapping[str, SourceConfig]
    known_at: datetime | None
    only: SourceConfig | None = None
    undeclared: set[str] = field(default_factory=set)
    _defaults: dict[str, SourceConfig] = field(default_factory=dict)

    @classmethod
    def of(
        cls, sources: Mapping[str, SourceConfig], known_at: datetime | None, only: SourceConfig | None = None
    ) -> "Reader":
        """`sources` as the policy declares them, by any name."""
        return cls({source.source: source for source in sources.values()}, known_at, only)

    def source(self, event: object) -> SourceConfig:
        """The source that an event names."""
        if self.only is not None:
            return self.only
        urn = event.get("source") if isinstance(event, dict) else None
        if isinstance(urn, str) and urn in self.sources:
            return self.sources[urn]
        return self._default(urn if isinstance(urn, str) else "")

    def space(self, urn: str) -> str:
        return self.sources[urn].space if urn in self.sources else urn

    def fact(self, line: int, event: object, *, digest: bool = True) -> Fact | Refused:
        """The fact that the event of this line would become. Without `digest` it has none, which saves time."""
        source = self.source(event)
        at = (self.known_at or time_of(event)) + timedelta(microseconds=line)
        try:
            found = translate(event, source, at)
        except UntranslatableError as exc:
            return refused(line, event, exc.problems)
        body = cast("hr.Event", found.fact)
        try:
            sum_of = digest_of(body) if digest else _UNDIGESTED
        except ValueError:
            return refused(line, event, [FieldProblem(0, "data", "cannot be written as JSON")])
        fact = fact_of(
            found.attributes, body, sum_of,
            id_space_of=lambda _urn: source.space, now=at, rank_of=lambda _urn: source.rank,
            zone_of=lambda _urn: source.zone,
        )  # fmt: skip
        if not isinstance(fact, Fact):
            problems = [FieldProblem(0, f"data.{name.partition('=')[0]}", "is no instant") for name in fact.fields]
            return refused(line, event, problems)
        return fact

    def _default(self, urn: str) -> SourceConfig:
        if urn not in self._defaults:
            self._defaults[urn] = SourceConfig(source=urn) if re.fullmatch(r"\S{1,256}", urn) else _NOBODY
        if self._defaults[urn] is not _NOBODY:
            self.undeclared.add(urn)
        return self._defaults[urn]


def time_of(event: object) -> datetime:
    """The event's own `time`; long ago where it has none, for which it is refused."""
    said = event.get("time") if isinstance(event, dict) else None
    try:
        found = datetime.fromisoformat(said) if isinstance(said, str) else LONG_AGO
    except ValueError:
        return LONG_AGO
    return found if found.tzinfo and FIRST_YEAR <= found.year <= LAST_YEAR else LONG_AGO


_NOBODY = SourceConfig(source="urn:undeclared")
"""Stands for a source that is no source; the event is refused for that."""


def too_large(line: int, raw: bytes, event: object) -> Refused | None:
    """A line beyond what Kafka takes as one record."""
    if len(raw) <= MAX_RECORD:
        return None
    return refused(line, event, [FieldProblem(0, "data", f"is larger than {MAX_RECORD} bytes")])


def unreadable(line: int, exc: StrictJSONError) -> Refused:
    problems = [FieldProblem(0, path(one.place), one.problem) for one in exc.problems]
    return refused(line, None, problems, title="The request cannot be read", status=400)


def refused(
    line: int, event: object, problems: list[FieldProblem], *, title: str = "Fields of the events are wrong",
    status: int = 422,
) -> Refused:  # fmt: skip
    found = event.get("id") if isinstance(event, dict) else None
    errors = [problem.to_json() for problem in problems]
    named = found if isinstance(found, str) and len(found) <= 128 else None  # noqa: PLR2004 - the longest id
    return Refused(line, named, {"title": title, "status": status, "errors": errors})

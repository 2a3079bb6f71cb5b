"""`tenure send --preview`: what would become of every line. Nothing is sent and nothing is written anywhere."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from services.cli.command import Common
from services.cli.errors import AnswerError, UsageError
from services.cli.gather import lines_of
from services.cli.lines import Reader, Refused, event_of, too_large, unreadable
from services.cli.messages import t
from services.cli.replay import policy_in_use, read_policy
from services.ingest.strict_json import StrictJSONError
from services.kit.sources import SourceConfig
from services.provisioner.model import Fact
from services.provisioner.preview.outcomes import Outcome, Preview

if TYPE_CHECKING:
    from services.provisioner.policy.load import Policy
    from services.provisioner.store.postgres import PostgresStore

Judged = tuple[int, Fact | Refused]
"""The number of a line, and what ingest would make of it."""
Row = dict[str, Any]


def preview(shared: Common, files: Sequence[str], source: str | None, *, each: bool, empty: bool) -> None:
    """Print a row per line; AnswerError where any line would be refused."""
    policy = read_policy(policy_in_use(shared, None if empty else "store"))
    reader = Reader.of(policy.sources, datetime.now(UTC), _address(policy, source, empty=empty))
    if empty:
        looking, read = Preview(policy, datetime.now(UTC)), list(judged(files, reader))
    else:
        looking, read = _against_store(shared, policy, files, reader)
    refused = 0
    for row in rows(looking, read, each=each):
        refused += row["outcome"] == "refused"
        line = t("preview.line", **{**row, "id": row["id"] or "", "reason": row["reason"] or ""})
        shared.answer(row, line.rstrip())
    for urn in sorted(reader.undeclared):
        click.echo(t("replay.undeclared", source=urn), err=True)
    if refused:
        raise AnswerError(t("error.refused", n=refused))


def _address(policy: "Policy", name: str | None, *, empty: bool) -> SourceConfig | None:
    """The source at whose address the events would arrive; against nothing each event's own may judge it."""
    if name is not None and name not in policy.sources:
        raise UsageError(t("error.unknown_source", name=name, known=", ".join(policy.sources)))
    if name is not None:
        return policy.sources[name]
    return None if empty else next(iter(policy.sources.values()), None)


def judged(files: Sequence[str], reader: Reader) -> Iterator[Judged]:
    """Each line as ingest would see it."""
    for number, raw in lines_of(files):
        try:
            event = event_of(raw)
        except StrictJSONError as exc:
            yield number, unreadable(number, exc)
        else:
            yield number, too_large(number, raw, event) or reader.fact(number, event)


def _against_store(
    shared: Common, policy: "Policy", files: Sequence[str], reader: Reader
) -> tuple[Preview, list[Judged]]:
    from services.cli.store import asked, business_now, dsn_of
    from services.provisioner.preview.known import Known

    async def looked(store: "PostgresStore") -> tuple[Preview, list[Judged]]:
        found = Preview(policy, await business_now(store))
        read = list(judged(files, reader))
        known = Known(dsn_of(shared))
        try:
            found.known(*await known.of([one for _, one in read if isinstance(one, Fact)]))
        finally:
            await known.close()
        return found, read

    return asked(shared, looked)


def rows(looking: Preview, read: Iterable[Judged], *, each: bool) -> Iterator[Row]:
    """After the whole input, or `each` after its own line."""
    if each:
        yield from (_row(number, one, _at_once(looking, one)) for number, one in read)
        return
    taken = [(number, one, looking.take(one) if isinstance(one, Fact) else None) for number, one in read]
    later = looking.outcomes([one for _, one, at_once in taken if isinstance(one, Fact) and at_once is None])
    for number, one, at_once in taken:
        yield _row(number, one, at_once or (next(later) if isinstance(one, Fact) else None))


def _at_once(looking: Preview, one: Fact | Refused) -> Outcome | None:
    if isinstance(one, Refused):
        return None
    return looking.take(one) or next(looking.outcomes([one]))


def _row(number: int, one: Fact | Refused, outcome: Outcome | None) -> Row:
    if isinstance(one, Refused):
        refused = {"outcome": "refused", "reason": one.words(), "problem": one.problem}
        return {"line": number, "id": one.id, **refused}
    word, reason = outcome or (None, None)
    return {"line": number, "id": one.key.id, "outcome": word, "reason": reason}

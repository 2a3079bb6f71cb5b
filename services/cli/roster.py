"""`tenure roster`: a company's list, from a file, to ingest. Who is missing from it is told, and nothing more."""

import json
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

import click
from pydantic import TypeAdapter, ValidationError

from contracts import hr
from services.cli.command import Command, Common, by_name, common
from services.cli.errors import AnswerError, CommandError, UsageError
from services.cli.files import read_text
from services.cli.messages import t
from services.cli.progress import progress, watched
from services.cli.running import here
from services.cli.running import read as read_run
from services.cli.send import EVENTS_URL, open_sender, problem_words
from services.cli.sender import Line, Sender
from services.cli.tables import read_table
from services.ingest.errors import FieldProblem
from services.ingest.sources.roster import ColumnsError, Roster, RosterMap, roster_of

if TYPE_CHECKING:
    from contracts.decisions import Decision
    from services.provisioner.model import Fact
    from services.provisioner.store.postgres import PostgresStore

EVENTS = "events.jsonl"
KEY = "[key]"
"""How pydantic marks that the key of an object is wrong, not its value."""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Missing = list[dict[str, str]]


class Known(Protocol):
    """What is asked of the store."""

    async def persons(self) -> Sequence[str]: ...

    async def facts_of(self, person_id: str) -> "tuple[tuple[Fact, ...], tuple[Decision, ...]]": ...


@click.command("roster", cls=Command, key="roster")
@click.argument("file", type=FILE)
@click.option("--map", "map_file", required=True, type=click.Path(path_type=Path), help=t("option.roster_map"))
@click.option("--expect", type=click.IntRange(0), metavar="N", help=t("option.roster_expect"))
@click.option("--as-of", metavar="T", help=t("option.roster_as_of"))
@click.option("--timeout", type=click.FloatRange(0), default=60.0, show_default=True, help=t("option.send_timeout"))
@click.option("--preview", "preview_only", is_flag=True, help=t("option.preview"))
@click.option("--empty", is_flag=True, help=t("option.preview_empty"))
@common
def roster(
    shared: Common,
    file: Path,
    *,
    map_file: Path,
    expect: int | None,
    as_of: str | None,
    timeout: float,
    preview_only: bool,
    empty: bool,
) -> None:
    if empty and not preview_only:
        raise UsageError(t("error.preview_only"))
    mapping = read_map(map_file)
    table = read_table(file, mapping)
    rows = len(table.rows)
    if expect is not None and rows != expect:
        raise AnswerError(t("error.roster_rows", file=file, rows=rows, expected=expect))
    now = datetime.now(UTC)
    try:
        found = roster_of(table, mapping, _as_of(as_of, mapping, now), now)
    except ColumnsError as exc:
        raise UsageError(t("error.roster_columns", file=file, why=exc)) from None
    if preview_only:
        preview(shared, found, mapping, empty=empty)
    else:
        send(shared, found, mapping, rows, timeout)


def read_map(file: Path) -> RosterMap:
    """The mapping, checked; raises UsageError with everything wrong in it and its place."""
    from services.provisioner.policy.problems import PolicyError
    from services.provisioner.policy.yaml_at import read

    try:
        document = read(read_text(file), file.name)
        return RosterMap.model_validate(document.data)
    except FileNotFoundError:
        raise UsageError(t("error.roster_no_map", file=file)) from None
    except PolicyError as exc:
        raise UsageError(str(exc)) from None
    except ValidationError as exc:
        found = exc.errors(include_input=False, include_url=False)
        problems = [
            document.problem(
                tuple(part for part in one["loc"] if part != KEY),
                one["msg"].removeprefix("Value error, "),
                at_key=KEY in one["loc"],
            )
            for one in found
        ]
        raise UsageError(str(PolicyError(problems, file.name))) from None


def _as_of(text: str | None, mapping: RosterMap, now: datetime) -> str:
    if text is None:
        return now.astimezone(ZoneInfo(mapping.zone)).date().isoformat()
    try:
        return TypeAdapter[str](hr.EffectiveAt).validate_python(text)
    except ValidationError:
        raise UsageError(t("error.not_a_moment", text=text)) from None


def send(shared: Common, found: Roster, mapping: RosterMap, rows: int, timeout: float) -> None:
    """Post the events; the numbers of refused lines are those of the file."""
    sender = open_sender(shared, _address(shared, mapping.source), timeout)
    failed: CommandError | None = None
    missing: Missing | None = None
    try:
        missing = _compared(shared, mapping.source, found.workers)
        for line, problem in _problems(found):
            sender.tally.refuse(line, problem)
        with progress(shown=watched(shared)) as show:
            for _ in sender.send(_lines(found)):
                show(t("send.progress", n=sender.tally.accepted))
    except CommandError as exc:
        failed = exc
    finally:
        sender.close()
    _report(shared, sender, found, rows, missing)
    if failed:
        raise failed
    if sender.tally.refusals:
        raise AnswerError(t("error.refused", n=len(sender.tally.refusals)))


def preview(shared: Common, found: Roster, mapping: RosterMap, *, empty: bool) -> None:
    """Say what would become of each row. The events are put before the preview of `send`, in a file of ours only."""
    from services.cli.preview import preview as of_events
    from services.cli.replay import policy_in_use, read_policy

    sources = read_policy(policy_in_use(shared, None if empty else "store")).sources
    name = _name(mapping.source, {name: one.source for name, one in sources.items()})
    _notes(shared, found)
    refused = _problems(found)
    for line, problem in refused:
        row = {"line": line, "id": None, "outcome": "refused", "reason": problem_words(problem), "problem": problem}
        shared.answer(row, t("roster.line", line=line, why=row["reason"]))
    with tempfile.TemporaryDirectory(prefix="tenure-") as folder:
        events = Path(folder) / EVENTS
        events.write_bytes(b"".join(_in_place(found)))
        of_events(shared, [str(events)], name, each=False, empty=empty)
    if not empty:
        _tell_missing(shared, _compared(shared, mapping.source, found.workers))
    if refused:
        raise AnswerError(t("error.refused", n=len(refused)))


def _lines(found: Roster) -> Iterator[Line]:
    for line, event in found.stated:
        yield Line(line, json.dumps(event, ensure_ascii=False).encode())


def _in_place(found: Roster) -> Iterator[bytes]:
    """Each event on the line on which its row stands in the list."""
    at = 1
    for line, raw in _lines(found):
        yield b"\n" * (line - at) + raw
        at = line


def _problems(found: Roster) -> list[tuple[int, dict[str, Any]]]:
    """The refused rows, each with all that is wrong, as ingest would have said it."""
    told: dict[int, list[dict[str, Any]]] = {}
    for one in found.problems:
        field = f"row.{one.field}" if one.field else "row"
        told.setdefault(one.line, []).append(FieldProblem(0, field, one.problem).to_json())
    return [
        (line, {"title": "Cells of the row are wrong", "status": 422, "errors": errors})
        for line, errors in told.items()
    ]


def _address(shared: Common, urn: str) -> str | None:
    """The name of the source whose events these are; None where the environment names the address."""
    if os.environ.get(EVENTS_URL):
        return None
    return _name(urn, {name: one["source"] for name, one in here(shared)["sources"].items()})


def _name(urn: str, sources: dict[str, str]) -> str:
    name = next((name for name, one in sources.items() if one == urn), None)
    if name is None:
        raise UsageError(t("error.roster_source", urn=urn, known=", ".join(sources.values())))
    return name


def _compared(shared: Common, urn: str, listed: Collection[str]) -> Missing | None:
    """Who is employed by that source and not in the list; None where there is nothing to compare with."""
    from services.cli.store import DATABASE, asked, business_now

    ours = {} if os.environ.get(EVENTS_URL) else read_run(shared.data) or {}
    if not os.environ.get(DATABASE) and not ours.get("database"):
        return None

    async def question(store: "PostgresStore") -> Missing:
        return await missing_from(listed, urn, store, await business_now(store))

    return asked(shared, question)


async def missing_from(listed: Collection[str], urn: str, store: Known, at: datetime) -> Missing:
    """Workers whom this source said to be employed, who are so at that moment, and whose number is not listed."""
    from services.provisioner.facts.fold import timeline

    found: Missing = []
    for person_id in await store.persons():
        facts, decisions = await store.facts_of(person_id)
        own = {fact.worker for fact in facts if fact.key.source == urn and isinstance(fact.body, hr.Hired | hr.Stated)}
        unlisted = {worker for worker in own if worker and worker.worker_id not in listed}
        if not unlisted:
            continue
        state = timeline(facts, decisions, person_id=person_id).state(at)
        active = sorted(one.worker.worker_id for one in state.workers if one.active and one.worker in unlisted)
        found += [{"worker_id": worker_id, "person_id": person_id} for worker_id in active]
    return found


def _report(shared: Common, sender: Sender, found: Roster, rows: int, missing: Missing | None) -> None:
    """The refused rows, what was left out, who is missing, and the sum."""
    said = sender.tally.to_json()
    for one in said["refusals"]:
        shared.say(t("roster.line", line=one["line"], why=problem_words(one["problem"])))
    _notes(shared, found)
    if sender.tally.dropped:
        shared.say(t("send.dropped", fields=", ".join(sorted(sender.tally.dropped))))
    if not shared.json:
        _tell_missing(shared, missing)
    more = {"rows": rows, "left_out": found.left_out, "unknown_columns": [*found.unknown], "formulas": found.formulas}
    counts = {name: said[name] for name in ("sent", "accepted", "refused")}
    shared.answer({**said, **more, "missing": missing}, t("roster.done", rows=rows, **counts))


def _notes(shared: Common, found: Roster) -> None:
    if found.unknown:
        shared.say(t("roster.unknown", names=", ".join(found.unknown)))
    if found.left_out:
        shared.say(t("roster.left_out", n=found.left_out))
    if found.formulas:
        shared.say(t("roster.formulas", n=found.formulas))


def _tell_missing(shared: Common, missing: Missing | None) -> None:
    if missing is None:
        shared.say(t("roster.not_compared"))
    for one in missing or ():
        said = {"worker_id": one["worker_id"], "person_id": one["person_id"], "outcome": "missing"}
        shared.answer(said, t("roster.missing", worker=one["worker_id"], person=one["person_id"]))


COMMANDS = by_name(roster)

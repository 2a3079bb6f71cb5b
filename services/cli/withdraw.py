"""`tenure withdraw --batch`: takes back an import, by a withdrawal of each of its events."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import click

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common
from services.cli.errors import AnswerError, UsageError
from services.cli.messages import t
from services.cli.running import find, here
from services.cli.send import deliver, open_sender
from services.cli.sender import Line

Event = dict[str, Any]
LONGEST_ID = 128


@click.command("withdraw", cls=Command, key="withdraw")
@click.option("--batch", metavar="ID", required=True, help=t("option.batch"))
@click.option("--source", metavar="NAME", help=t("option.batch_source"))
@click.option("--preview", "preview_only", is_flag=True, help=t("option.preview"))
@click.option("--timeout", type=click.FloatRange(0), default=60.0, show_default=True, help=t("option.send_timeout"))
@common
def withdraw(shared: Common, batch: str, *, source: str | None, preview_only: bool, timeout: float) -> None:
    with Api(find(shared)) as api:
        at = api.get("/v1/clock")["business_at"]
        found = [*_events(api, batch)]
    name, urn = _one_source(shared, batch, source, found)
    made = [json.dumps(withdrawal(batch, event, at)) for event in found if event["source"] == urn]
    if preview_only:
        _preview(shared, made, name)
    else:
        lines = (Line(number, text.encode()) for number, text in enumerate(made, start=1))
        deliver(shared, open_sender(shared, name, timeout), lines)


def _events(api: Api, batch: str) -> Iterator[Event]:
    after: int | None = 0
    while after is not None:
        page = api.get("/v1/batch", id=batch, after=after)
        yield from page["events"]
        after = page["next"]


def _one_source(shared: Common, batch: str, name: str | None, found: Sequence[Event]) -> tuple[str, str]:
    """Name and URN: a source withdraws its own events, so an import of several is taken back one source at a time."""
    theirs = {event["source"] for event in found}
    sources = {one: facts["source"] for one, facts in here(shared)["sources"].items() if facts["source"] in theirs}
    names = [one for one in sources if name in (None, one)]
    if not names:
        raise AnswerError(t("error.no_batch", batch=batch))
    if len(names) > 1:
        raise UsageError(t("error.batch_of_several", batch=batch, names=", ".join(names)))
    return names[0], sources[names[0]]


def withdrawal(batch: str, event: Event, at: str) -> Event:
    """Its id is made from what it takes back, so that repeating the command repeats nothing.

    What was taken back and reinstated is taken back by another one: the first no longer counts.
    """
    again = [str(event["reinstated"])] if event["reinstated"] else []
    about = "\n".join((batch, event["source"], event["id"], *again))
    worker = {"worker_id": event["worker_id"]} if event["worker_id"] else {}
    return {
        "specversion": "1.0", "id": f"withdraw-{sha256(about.encode()).hexdigest()[:40]}", "source": event["source"],
        "type": "hr.event.withdrawn.v1", "time": at,
        "data": {"event_id": event["id"], "effective_at": at[:10], "batch": f"withdraw-{batch}"[:LONGEST_ID], **worker},
    }  # fmt: skip


def _preview(shared: Common, made: Sequence[str], source: str) -> None:
    from services.cli.preview import preview

    with tempfile.TemporaryDirectory(prefix="tenure-withdraw-") as folder:
        file = Path(folder) / "withdrawals.jsonl"
        file.write_text("\n".join(made), encoding="utf-8")
        preview(shared, [str(file)], source, each=False, empty=False)


COMMANDS = by_name(withdraw)

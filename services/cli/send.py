"""`tenure send`: events from files or standard input to ingest."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from services.cli.command import Command, Common, by_name, common
from services.cli.errors import AnswerError, CommandError, UsageError
from services.cli.files import read_object
from services.cli.messages import t
from services.cli.progress import progress, watched
from services.cli.running import here
from services.cli.secrets import write_private
from services.cli.sender import Line, Sender

STDIN = "-"
EVENTS_URL, SECRET = "TENURE_EVENTS_URL", "TENURE_SIGNING_SECRET"


def open_sender(shared: Common, name: str | None, patience: float) -> Sender:
    """To the address and with the secret of run.json, or of the environment."""
    if os.environ.get(EVENTS_URL) and name is None:
        url, secret, bearer = os.environ[EVENTS_URL], os.environ.get(SECRET), False
    else:
        source = _source(here(shared)["sources"], name)
        url, secret, bearer = source["events"], source["signing_secret"], source["auth"] == "bearer"
    if not secret:
        raise UsageError(t("error.no_secret", url=url))
    return Sender(url, secret, bearer=bearer, patience=patience)


def _source(sources: dict[str, dict[str, Any]], name: str | None) -> dict[str, Any]:
    if name is None and sources:
        return next(iter(sources.values()))
    if name not in sources:
        known = ", ".join(sources)
        raise UsageError(t("error.unknown_source", name=name, known=known) if name else t("error.no_source"))
    return sources[name]


class Places:
    """How far each file was sent: `FILE.sent` beside it, so that the next `--resume` goes on there."""

    def __init__(self, files: Sequence[str], *, resume: bool) -> None:
        if resume and STDIN in files:
            raise UsageError(t("error.resume_stdin"))
        self._files, self._resume, self._starts = files, resume, list[int]()

    def lines(self) -> Iterator[Line]:
        """All lines, numbered on over all files, without those that were sent before."""
        number = 0
        for name in self._files:
            self._starts.append(number)
            done = self._done(name)
            with ExitStack() as stack:
                stream = sys.stdin.buffer if name == STDIN else stack.enter_context(Path(name).open("rb"))
                for count, raw in enumerate(stream, start=1):
                    number += 1
                    if count > done:
                        yield Line(number, raw)

    def reached(self, number: int) -> None:
        """Everything up to this line is dealt with."""
        if not self._resume:
            return
        for name, start, following in zip(self._files, self._starts, [*self._starts[1:], number], strict=False):
            count = min(number, max(following, start)) - start
            if count > self._done(name):
                write_private(_place(name), json.dumps({"lines": count}))

    def _done(self, name: str) -> int:
        if not self._resume or not _place(name).exists():
            return 0
        return int(read_object(_place(name))["lines"])


def _place(name: str) -> Path:
    return Path(name + ".sent")


@click.command("send", cls=Command, key="send")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--source", metavar="NAME", help=t("option.source"))
@click.option("--resume", is_flag=True, help=t("option.resume"))
@click.option("--timeout", type=click.FloatRange(0), default=60.0, show_default=True, help=t("option.send_timeout"))
@click.option("--preview", "preview_only", is_flag=True, help=t("option.preview"))
@click.option("--each", is_flag=True, help=t("option.preview_each"))
@click.option("--empty", is_flag=True, help=t("option.preview_empty"))
@common
def send(
    shared: Common,
    files: tuple[str, ...],
    *,
    source: str | None,
    resume: bool,
    timeout: float,
    preview_only: bool,
    each: bool,
    empty: bool,
) -> None:
    if preview_only:
        from services.cli.preview import preview

        preview(shared, files, source, each=each, empty=empty)
        return
    if each or empty:
        raise UsageError(t("error.preview_only"))
    places = Places(files, resume=resume)
    deliver(shared, open_sender(shared, source, timeout), places.lines(), places.reached)


def deliver(
    shared: Common, sender: Sender, lines: Iterator[Line], reached: Callable[[int], None] = lambda _number: None
) -> None:
    """Send everything with a progress bar and report; AnswerError where any line was refused."""
    failed: CommandError | None = None
    with progress(shown=watched(shared)) as show:
        try:
            for number in sender.send(lines):
                reached(number)
                show(t("send.progress", n=sender.tally.accepted))
        except CommandError as exc:
            failed = exc
        finally:
            sender.close()
    report(shared, sender)
    if failed:
        raise failed
    if sender.tally.refusals:
        raise AnswerError(t("error.refused", n=len(sender.tally.refusals)))


def report(shared: Common, sender: Sender) -> None:
    """The refused lines, what was left out, and the sum."""
    said = sender.tally.to_json()
    for one in said["refusals"]:
        shared.say(t("send.line", line=one["line"], why=problem_words(one["problem"])))
    if sender.tally.dropped:
        shared.say(t("send.dropped", fields=", ".join(sorted(sender.tally.dropped))))
    shared.answer(said, t("send.done", sent=said["sent"], accepted=said["accepted"], refused=said["refused"]))


def problem_words(problem: dict[str, Any]) -> str:
    """A problem as one line: every wrong field where they are named."""
    fields = [f"{one.get('field') or 'event'} {one.get('problem', '')}" for one in problem.get("errors") or []]
    return "; ".join(fields) or ": ".join(filter(None, (problem.get("title"), problem.get("detail"))))


COMMANDS = by_name(send)

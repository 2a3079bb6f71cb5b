"""`tenure demo`: a company's March on both stand-ins, told and checked against an end state written by hand."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import httpx

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common
from services.cli.company import SOURCE, ZONE, Chapter, story
from services.cli.errors import AnswerError
from services.cli.messages import t
from services.cli.platforms import Platforms, Row, differences, expected, words
from services.cli.rehearsal import Clocks
from services.cli.running import Running
from services.cli.sender import Line, Sender
from services.cli.up import SAMPLE, interruptible

BEGIN = "2026-03-01"
EXPECTED = SAMPLE.with_name("expected.tsv")
SANDBOX = {"wecom": {"customer_contact_scope": {"tags": ["customer-contact"]}}}
"""What an administrator sets once in the console: whoever has this tag may speak to customers."""
PLATFORMS = ("wecom", "dingtalk")
CONFIRMED_AT_LEAST, QUARANTINED, DUPLICATES = 61, 1, 1


BROKEN = b'{"worker_id": "W999", "effective_at": '


class Story:
    """Plays the chapters on a running installation and shows what changed on the platforms."""

    def __init__(self, shared: Common, said: Mapping[str, Any], http: httpx.Client, api: Api) -> None:
        self._shared, self._said = shared, said
        self._platforms, self._clocks = Platforms(said["sandbox"], http), Clocks(api, http)
        self._sender = Sender(said["events"], said["signing_secret"])
        self._before: dict[str, Row] = {}

    def play(self) -> dict[str, Row]:
        """Everything; answers how the platforms look at the end."""
        for chapter in story():
            self._shared.say("\n" + t(chapter.key))
            self._play(chapter)
        self._sender.close()
        return self._before

    def _play(self, chapter: Chapter) -> None:
        lines = [Line(n, json.dumps(one, ensure_ascii=False).encode()) for n, one in enumerate(chapter.events, start=1)]
        for _ in self._sender.send(lines):
            pass
        if self._sender.tally.refusals:
            raise AnswerError(json.dumps(self._sender.tally.refusals, ensure_ascii=False))
        if chapter.key == "demo.corrects":
            asyncio.run(poison(self._said["kafka"]))
        if chapter.events:
            self._clocks.settle()
            self._platforms.everybody_joins()
        self._clocks.run_until(datetime.fromisoformat(f"{chapter.until}T00:00:00{ZONE}"))
        self._tell()

    def _tell(self) -> None:
        after = self._platforms.read()
        if not self._before:
            sums = {name: open_accounts(after, name) for name in PLATFORMS}
            self._shared.say("  " + t("demo.accounts", **sums))
        else:
            for name in sorted({*self._before, *after}):
                self._tell_one(name, self._before.get(name, Row()), after.get(name, Row()))
        self._before = after

    def _tell_one(self, name: str, before: Row, after: Row) -> None:
        for platform in PLATFORMS:
            was, now = getattr(before, platform), getattr(after, platform)
            if was != now:
                self._shared.say(f"  {name} @{platform}: {words(was)} → {words(now)}")


async def poison(kafka: str) -> None:
    """Something broken that another system writes past ingest, straight into the topic."""
    from aiokafka import AIOKafkaProducer

    headers = [("ce_specversion", b"1.0"), ("ce_id", b"acme-broken"), ("ce_source", SOURCE.encode()),
               ("ce_type", b"hr.worker.hired.v1"), ("ce_time", b"2026-03-03T01:00:00Z")]  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        await producer.send_and_wait("hr.events", BROKEN, b"acme/W999", headers=headers)
    finally:
        await producer.stop()


def open_accounts(rows: Mapping[str, Row], platform: str) -> int:
    return sum(getattr(row, platform).state == "open" for row in rows.values())


@contextmanager
def _folder() -> Iterator[Path]:
    """Of its own, gone afterwards; where something went wrong the logs stay, and it is said where."""
    folder, failed = Path(tempfile.mkdtemp(prefix="tenure-demo-")), True
    folder.chmod(0o711)  # as root the store runs as another user, who passes through
    try:
        yield folder
        failed = False
    except KeyboardInterrupt:
        failed = False
        raise
    finally:
        shutil.rmtree(folder / "postgres" if failed else folder, ignore_errors=True)
        if failed:
            click.echo(t("demo.logs", folder=folder / "logs"), err=True)


@click.command("demo", cls=Command, key="demo")
@click.option("--keep", is_flag=True, help=t("option.keep"))
@common
def demo(shared: Common, *, keep: bool) -> None:
    from services.cli.installation import Installation, Options

    begun, wrong, told = time.monotonic(), list[str](), False
    shared.say(t("demo.starts"))
    with interruptible(), _folder() as data:
        options = Options(
            SAMPLE, data, sandbox=True, clock=datetime.fromisoformat(f"{BEGIN}T00:00:00{ZONE}"), sandbox_config=SANDBOX
        )
        with Installation(options, say=lambda line: shared.say("  " + line)) as running:
            said = running.ready
            with (
                httpx.Client(timeout=30.0, trust_env=False) as http,
                Api(Running(said["provisioner"], said["operator_token"], said)) as api,
            ):
                end = Story(shared, said, http, api).play()
                status = api.get("/v1/status")
            wrong = check(end, status)
            report(shared, end, status, wrong, time.monotonic() - begun)
            told = True
            if keep:
                click.echo(t("demo.kept", data=data), err=True)
                running.watch()
        if wrong:
            raise AnswerError(t("error.demo_differs", n=len(wrong)))
    if not told:
        raise click.Abort


def check(end: Mapping[str, Row], status: Mapping[str, Any]) -> list[str]:
    """Everything that is not as it should be, platforms first, then the books."""
    wrong = differences(expected(EXPECTED.read_text(encoding="utf-8")), end)
    sums = {"quarantined": QUARANTINED, "duplicate": DUPLICATES, "in_progress": 0, "inbox": 0, "held": 0}
    wrong += [f"{name}: {status[name]} != {wanted}" for name, wanted in sums.items() if status[name] != wanted]
    if status["confirmed"] < CONFIRMED_AT_LEAST:
        wrong.append(f"confirmed: {status['confirmed']} < {CONFIRMED_AT_LEAST}")
    if not status["balanced"]:
        wrong.append(t("status.unbalanced"))
    return wrong


def report(shared: Common, end: Mapping[str, Row], status: Mapping[str, Any], wrong: list[str], seconds: float) -> None:
    """The books and the verdict; for machines one line."""
    from services.cli.books import STATES

    accounts = sum(open_accounts(end, name) for name in PLATFORMS)
    books = {name: status[name] for name in ("accepted", *STATES, "balanced")}
    said = {
        "ok": not wrong, "events": status["accepted"], "confirmed": status["confirmed"], "accounts": accounts,
        "seconds": round(seconds, 1), "books": books, "differences": wrong,
    }  # fmt: skip
    lines = ["", t("demo.books"), *(f"  {t('state.' + name):<14} {status[name]:>5}" for name in STATES if status[name])]
    lines.append(t("status.balanced") if status["balanced"] else t("status.unbalanced"))
    lines += [f"  ✗ {one}" for one in wrong]
    verdict = "demo.right" if not wrong else "demo.wrong"
    shared.answer(said, "\n".join([*lines, t(verdict, people=len(end), accounts=accounts, seconds=seconds)]))


COMMANDS = by_name(demo)

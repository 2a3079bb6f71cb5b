"""`tenure status`, `wait` and `todo`: the books, and what waits for a person."""

import json
from typing import Any

import click

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common
from services.cli.errors import AnswerError
from services.cli.messages import t
from services.cli.progress import progress, watched
from services.cli.running import find

STATES = ("in_progress", "waiting", "held", "inbox", "quarantined", "confirmed", "superseded", "duplicate")


def words(status: dict[str, Any]) -> str:
    """The books for people."""
    lines = [t("status.accepted", n=status["accepted"] if status["accepted"] is not None else "?")]
    lines += [f"  {t('state.' + state):<14} {status[state]:>7}" for state in STATES if status[state]]
    key = {True: "status.balanced", False: "status.unbalanced", None: "status.unknown"}[status["balanced"]]
    lines += [t(key), t("status.scheduled", n=status["scheduled_steps"])]
    if status["unread"]:
        lines.append(t("status.unread", n=status["unread"]))
    if status["oldest_unfinished"]:
        lines.append(t("status.oldest", at=status["oldest_unfinished"]))
    lines.append(t("status.business", at=status["business_time"]))
    for name, facts in status["targets"].items():
        line = t("status.target", name=name, type=facts["type"], mode=facts["mode"])
        lines.append(line + (", " + t("status.paused", reason=facts["reason"]) if facts["paused"] else ""))
    return "\n".join(lines)


@click.command("status", cls=Command, key="status")
@common
def status(shared: Common) -> None:
    with Api(find(shared)) as api:
        found = api.get("/v1/status")
    shared.answer(found, lambda: words(found))


@click.command("wait", cls=Command, key="wait")
@click.option("--timeout", type=click.FloatRange(0), default=600.0, show_default=True, help=t("option.wait_timeout"))
@common
def wait(shared: Common, timeout: float) -> None:
    with Api(find(shared)) as api, progress(shown=watched(shared)) as show:
        found = api.quiet(timeout, lambda status: show(t("wait.progress", n=status["in_progress"])))
    shared.answer(found, lambda: words(found))
    if not found["settled"]:
        raise AnswerError(t("error.not_settled", seconds=timeout, in_progress=found["in_progress"]))


@click.command("todo", cls=Command, key="todo")
@common
def todo(shared: Common) -> None:
    with Api(find(shared)) as api:
        items = api.get("/v1/todo")
    for item in items:
        click.echo(json.dumps(item, ensure_ascii=False) if shared.json else todo_words(item))
    if not items:
        shared.say(t("todo.empty"))
    overdue = sum(item["overdue"] for item in items)
    if overdue:
        raise AnswerError(t("error.overdue", n=overdue))


def todo_words(item: dict[str, Any]) -> str:
    """One line: since when, what, who or where, why, and the next command."""
    what = (
        item.get("person_id")
        or item.get("place")
        or item.get("event")
        or item.get("source")
        or item.get("target")
        or ""
    )
    where = item.get("target") if item.get("person_id") else None
    named = f"{what} @{where}" if where else what
    late = f" [{t('todo.overdue')}]" if item["overdue"] else ""
    return (
        f"{item['since']}{late}  {t('todo.' + item['kind'])}  {named}: {item.get('reason') or ''}\n    {item['next']}"
    )


COMMANDS = by_name(status, wait, todo)

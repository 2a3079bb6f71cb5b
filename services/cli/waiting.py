"""`tenure inbox` and `quarantine`: what waits for a person, and deciding it."""

import json
from pathlib import Path
from typing import Any

import click

from services.cli.books import todo_words
from services.cli.client import Api
from services.cli.command import Common, Group, by_name, common, print_rows
from services.cli.files import read_object
from services.cli.messages import t
from services.cli.people import words
from services.cli.running import find

inbox = Group("inbox", key="inbox")
quarantine = Group("quarantine", key="quarantine")


@inbox.command("list", key="inbox_list")
@common
def inbox_list(shared: Common) -> None:
    with Api(find(shared)) as api:
        items = [item for item in api.get("/v1/todo") if item["kind"] in ("held", "inbox")]
    for item in items:
        click.echo(json.dumps(item, ensure_ascii=False) if shared.json else todo_words(item))
    if not items:
        shared.say(t("todo.empty"))


@inbox.command("show", key="inbox_show")
@click.argument("person_id", metavar="PERSON")
@common
def inbox_show(shared: Common, person_id: str) -> None:
    with Api(find(shared)) as api:
        card = api.get("/v1/person", id=person_id)
        items = [item for item in api.get("/v1/todo") if item.get("person_id") == card["person_id"]]
    said = "\n".join(todo_words(item) for item in items) or t("todo.empty")
    shared.answer({"items": items, "person": card}, lambda: f"{said}\n\n{words(card)}")


@inbox.command("retry", key="inbox_retry")
@click.argument("person_id", metavar="PERSON")
@common
def inbox_retry(shared: Common, person_id: str) -> None:
    with Api(find(shared)) as api:
        done = api.post("/v1/retry", {"person": person_id})
    shared.answer(done, t("inbox.retried", person=done["person_id"]))


@inbox.command("dismiss", key="inbox_dismiss")
@click.argument("number", type=int)
@click.option("--reason", required=True, help=t("option.reason"))
@common
def inbox_dismiss(shared: Common, number: int, reason: str) -> None:
    with Api(find(shared)) as api:
        done = api.post(f"/v1/inbox/{number}/dismiss", {"reason": reason})
    shared.answer(done, t("inbox.dismissed", number=number))


@quarantine.command("list", key="quarantine_list")
@common
def quarantine_list(shared: Common) -> None:
    with Api(find(shared)) as api:
        rows = api.get("/v1/quarantine")
    columns = ("event_no", "accepted_at", "topic", "partition", "offset", "bytes", "reason")
    print_rows(rows, shared, columns, t("quarantine.empty"))


@quarantine.command("show", key="quarantine_show")
@click.argument("number", type=int)
@common
def quarantine_show(shared: Common, number: int) -> None:
    with Api(find(shared)) as api:
        found = api.get(f"/v1/quarantine/{number}")
    shared.answer(found, "\n".join(f"{name}: {_text(value)}" for name, value in found.items()))


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Bytes of strangers never steer the terminal."""
    return json.dumps(value, ensure_ascii=True) if isinstance(value, dict | str) else str(value)


@quarantine.command("resend", key="quarantine_resend")
@click.argument("number", type=int)
@click.option("--data-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=t("option.data_file"))
@common
def quarantine_resend(shared: Common, number: int, data_file: Path | None) -> None:
    body = {"data": read_object(data_file)} if data_file else {}
    with Api(find(shared)) as api:
        done = api.post(f"/v1/quarantine/{number}/resend", body)
    shared.answer(done, t("quarantine.resent", number=number))


@quarantine.command("dismiss", key="quarantine_dismiss")
@click.argument("number", type=int)
@click.option("--reason", required=True, help=t("option.reason"))
@common
def quarantine_dismiss(shared: Common, number: int, reason: str) -> None:
    with Api(find(shared)) as api:
        done = api.post(f"/v1/quarantine/{number}/dismiss", {"reason": reason})
    shared.answer(done, t("quarantine.dismissed", number=number))


COMMANDS = by_name(inbox, quarantine)

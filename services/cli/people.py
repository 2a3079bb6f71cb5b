"""`tenure find`, `person`, `stop`, `allow`."""

from typing import Any

import click

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common, print_rows
from services.cli.errors import AnswerError
from services.cli.messages import t
from services.cli.rehearsal import moment
from services.cli.running import find as installation


@click.command("find", cls=Command, key="find")
@click.argument("text")
@common
def find(shared: Common, text: str) -> None:
    with Api(installation(shared)) as api:
        found = api.get("/v1/find", text=text)
    rows = found if shared.json else [_row(one) for one in found]
    print_rows(rows, shared, ("person_id", "display_name", "active", "workers", "accounts"), "")
    if not found:
        raise AnswerError(t("error.nobody", text=text))


def _row(one: dict[str, Any]) -> dict[str, Any]:
    accounts = ", ".join(f"{target}:{native_id}" for target, native_id in one["accounts"].items())
    active = t("person.active") if one["active"] else t("person.gone")
    return {**one, "active": active, "workers": ", ".join(one["workers"]), "accounts": accounts}


@click.command("person", cls=Command, key="person")
@click.argument("person_id", metavar="ID")
@click.option("--at", metavar="T", help=t("option.at"))
@click.option("--known-at", metavar="T", help=t("option.known_at"))
@common
def person(shared: Common, person_id: str, at: str | None, known_at: str | None) -> None:
    times = {"at": at, "known_at": known_at}
    with Api(installation(shared)) as api:
        asked = {name: moment(text).isoformat() if text else None for name, text in times.items()}
        card = api.get("/v1/person", id=person_id, **asked)
    shared.answer(card, lambda: words(card))


def words(card: dict[str, Any]) -> str:
    """Who it is, what they have and why, and what comes next."""
    lines = [f"{card['person'].get('display_name') or '?'}  {card['person_id']}  ({card['at']})"]
    if card["stopped"]:
        lines.append("  " + t("person.stopped"))
    for worker in card["workers"]:
        said = t("person.active") if worker["active"] else t("person.gone")
        assignment = worker["assignment"]
        parts = filter(None, (assignment.get(name) for name in ("department_id", "job_function", "title")))
        lines.append(f"  {worker['worker_id']}: {said}  {' / '.join(parts)}")
        if worker["unidentified"]:
            lines.append("    " + t("person.unidentified", worker=f"{worker['id_space']}/{worker['worker_id']}"))
    for target, account in card["accounts"].items():
        lines.append(
            f"  {target}: {account['status']}  {account['username'] or ''}  {account['reason'] or ''}".rstrip()
        )
        lines += [f"    {name}  ({_why(why)})" for name, why in account["grants"].items()]
    lines.append(t("person.timeline"))
    for fact in card["timeline"]:
        verdict = " ".join(filter(None, (fact["verdict"], fact["reason"])))
        lines.append(f"  {fact['effective_at']}  {fact['type']}  {fact['id']}  {verdict}".rstrip())
    lines.append(t("person.next", at=card["next"] or t("nothing")))
    return "\n".join(lines)


def _why(why: dict[str, Any] | None) -> str:
    return why["rule"] if why else t("person.unexplained")


@click.command("stop", cls=Command, key="stop")
@click.argument("person_id", metavar="PERSON")
@click.option("--reason", required=True, help=t("option.reason"))
@common
def stop(shared: Common, person_id: str, reason: str) -> None:
    with Api(installation(shared)) as api:
        done = api.post("/v1/stop", {"person": person_id, "reason": reason})
    shared.answer(done, t("person.was_stopped", person=done["person_id"]))


@click.command("allow", cls=Command, key="allow")
@click.argument("person_id", metavar="PERSON")
@click.option("--reason", required=True, help=t("option.reason"))
@common
def allow(shared: Common, person_id: str, reason: str) -> None:
    with Api(installation(shared)) as api:
        done = api.post("/v1/allow", {"person": person_id, "reason": reason})
    shared.answer(done, t("person.was_allowed", person=done["person_id"]))


COMMANDS = by_name(find, person, stop, allow)

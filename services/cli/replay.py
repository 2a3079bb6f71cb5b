"""`tenure replay`: the states of people at any moments under a policy, from files, the store or Kafka.

Nothing is written and no platform is touched. From files it needs neither a secret nor anything running.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.cli.command import Command, Common, by_name, common
from services.cli.errors import AnswerError, UsageError
from services.cli.messages import t
from services.cli.progress import progress
from services.cli.rehearsal import moment
from services.cli.up import policy_file

if TYPE_CHECKING:
    from services.cli.gather import Origin
    from services.cli.replaying import Summary
    from services.provisioner.policy.load import Policy
    from services.provisioner.preview.shelf import Shelf

NONE: Mapping[str, Any] = {"status": "none", "username": None, "grants": [], "attributes": {}}
ORIGINS = ("store", "kafka")


@click.command("replay", cls=Command, key="replay")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--from", "origin", type=click.Choice(ORIGINS), help=t("option.replay_from"))
@click.option("--at", "moments", multiple=True, required=True, metavar="T", help=t("option.replay_at"))
@click.option("--diff", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=t("option.replay_diff"))
@common
def replay(
    shared: Common, files: tuple[str, ...], origin: str | None, moments: tuple[str, ...], diff: Path | None
) -> None:
    from services.provisioner.preview.shelf import Shelf
    from services.provisioner.preview.targets import Planned

    if bool(files) == bool(origin):
        raise UsageError(t("error.replay_what"))
    instants = {text: moment(text).astimezone(UTC) for text in moments}
    ascending = sorted(set(instants.values()))
    policies = [Planned(read_policy(path)) for path in (policy_in_use(shared, origin), diff) if path]
    with Shelf() as shelf, progress(shown=sys.stderr.isatty() and not shared.json) as tick:
        if origin == "store":
            from services.cli.store import replay_store

            summary = replay_store(shared, policies, ascending, shelf)
        else:
            from services.cli.replaying import replay_all

            summary = replay_all(_origin(shared, files, policies[0].policy), policies, ascending, shelf, tick)
        texts = {at: [text for text in moments if instants[text] == at] for at in ascending}
        for row in rows(shelf, [texts[at] for at in ascending], differ=diff is not None):
            shared.answer(row, words(row))
    report(shared, summary)


def policy_in_use(shared: Common, origin: str | None) -> Path:
    """The policy asked for; of an installation, else the one it runs."""
    from services.cli.running import read

    said = read(shared.data) if origin and not shared.config else None
    return Path(said["config"]) if said else policy_file(shared)


def read_policy(file: Path) -> "Policy":
    """The policy in the file, checked; raises UsageError with everything wrong in it."""
    from services.provisioner.connectors.registry import KINDS
    from services.provisioner.policy.load import PolicyError, load

    try:
        return load(file.read_text(encoding="utf-8"), KINDS, name=file.name)
    except FileNotFoundError:
        raise UsageError(t("error.no_policy", file=file)) from None
    except PolicyError as exc:
        raise UsageError(str(exc)) from None


def _origin(shared: Common, files: Sequence[str], policy: "Policy") -> "Origin":
    from services.cli.gather import Files
    from services.cli.lines import Reader

    if files:
        return Files(files, Reader.of(policy.sources, None))
    from services.cli.kafka import Topics
    from services.cli.running import here

    return Topics(here(shared)["kafka"], policy.sources)


def rows(shelf: "Shelf", texts: Sequence[Sequence[str]], *, differ: bool) -> Iterator[dict[str, Any]]:
    """A row per moment and person, `at` as it was asked; with `differ` only what two policies make different."""
    for index, person_id, said, accounts in shelf.rows():
        for text in texts[index]:
            row = {"at": text, "person_id": person_id}
            if not differ:
                yield {**row, **said, "accounts": accounts[0]}
            elif found := differences(*accounts):
                yield {**row, "accounts": found}


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """By target what differs, `from` our policy `to` the other; a target that one of them lacks has no account."""
    found: dict[str, Any] = {}
    for target in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(target, NONE), theirs.get(target, NONE)
        if changed := {name: {"from": one[name], "to": other[name]} for name in NONE if one[name] != other[name]}:
            found[target] = changed
    return found


def words(row: Mapping[str, Any]) -> str:
    """One row for people."""
    name = (row.get("person") or {}).get("display_name") or ""
    jobs = [
        " / ".join(filter(None, (worker["assignment"].get(part) for part in ("department_id", "title"))))
        for worker in row.get("workers", ())
        if worker["active"]
    ]
    accounts = [f"{target}: {_account(one)}" for target, one in row["accounts"].items()]
    return "  ".join(filter(None, (row["at"], row["person_id"], name, *jobs, *accounts)))


def _account(one: Mapping[str, Any]) -> str:
    if "status" in one and isinstance(one["status"], str):
        return " ".join(filter(None, (one["status"], one["username"], ",".join(one["grants"]))))
    return json.dumps({name: [change["from"], change["to"]] for name, change in one.items()}, ensure_ascii=False)


def report(shared: Common, summary: "Summary") -> None:
    """On standard error: sources nobody declared, lines that are no events; then the answer is no."""
    for urn in sorted(summary.undeclared):
        click.echo(t("replay.undeclared", source=urn), err=True)
    for one in sorted(summary.refused):
        said = {"line": one.line, "id": one.id, "outcome": "refused", "problem": one.problem}
        text = json.dumps(said, ensure_ascii=False) if shared.json else t("send.line", line=one.line, why=one.words())
        click.echo(text, err=True)
    if more := summary.refusals - len(summary.refused):
        click.echo(t("replay.more_refused", n=more), err=True)
    if summary.refusals:
        raise AnswerError(t("error.refused", n=summary.refusals))


COMMANDS = by_name(replay)

"""`tenure policy`: is the file right, what may stand in it, does it do what is meant; and make it effective.

Only `apply` needs something running; no secret is needed.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from services.cli.client import Api
from services.cli.command import Common, Group, by_name, common
from services.cli.errors import AnswerError, UsageError
from services.cli.files import read_text
from services.cli.messages import t
from services.cli.running import find as running
from services.cli.up import policy_file

if TYPE_CHECKING:
    from services.provisioner.policy.load import Policy

policy = Group("policy", key="policy")
APPLY = "/v1/policy/apply"


@policy.command("check", key="policy_check")
@common
def check(shared: Common) -> None:
    file = policy_file(shared)
    found = _loaded(shared, file)
    warnings = [one._asdict() for one in found.warnings]
    said = {"ok": True, "version": found.version, "problems": [], "warnings": warnings}
    lines = [f"{file.name}:{one}" for one in found.warnings]
    shared.answer(said, "\n".join([*lines, t("policy.fine", file=file, version=found.version)]))


def _loaded(shared: Common, file: Path) -> "Policy":
    from services.provisioner.connectors.registry import KINDS
    from services.provisioner.policy.load import PolicyError, load

    try:
        return load(read_text(file), KINDS, name=file.name)
    except FileNotFoundError:
        raise UsageError(t("error.no_policy", file=file)) from None
    except PolicyError as exc:
        problems = [one._asdict() for one in exc.problems]
        shared.answer({"ok": False, "problems": problems, "warnings": []}, str(exc))
        raise AnswerError(t("error.policy_wrong", n=len(problems))) from None


@policy.command("test", key="policy_test")
@click.argument("file", type=click.Path(path_type=Path))
@common
def test(shared: Common, file: Path) -> None:
    from services.provisioner.policy import claims

    found = _loaded(shared, policy_file(shared))
    try:
        told = claims.read_claims(read_text(file), file.name)
        wrong = list(claims.check(found, told))
    except FileNotFoundError:
        raise UsageError(t("error.no_claims", file=file)) from None
    except ValueError as exc:
        raise UsageError(str(exc)) from None
    said = {"ok": not wrong, "claims": len(told.claims), "failed": [one._asdict() for one in wrong]}
    shared.answer(said, lambda: "\n".join([*map(str, wrong), t("policy.tested", n=len(told.claims))]))
    if wrong:
        raise AnswerError(t("error.claims_wrong", n=len({one.number for one in wrong})))


@policy.command("apply", key="policy_apply")
@click.option("--reason", required=True, help=t("option.reason"))
@click.option("--preview", is_flag=True, help=t("option.preview_policy"))
@click.option("--yes", is_flag=True, help=t("option.yes_policy"))
@common
def apply(shared: Common, reason: str, *, preview: bool, yes: bool) -> None:
    file = policy_file(shared)
    _loaded(shared, file)
    body = {"text": read_text(file), "reason": reason}
    with Api(running(shared)) as api:
        if preview or (not yes and sys.stdin.isatty()):
            asked = {**body, "preview": True}
            found = api.worked(APPLY, asked, asked)
            shared.answer(found, lambda: _words(found)) if preview else click.echo(_words(found), err=True)
            if preview:
                return
            click.confirm(t("policy.confirm"), abort=True, err=True)
        done = api.worked(APPLY, body, body)
    shared.answer(done, lambda: f"{_words(done)}\n{t('policy.applied', version=done['version'], n=done['people'])}")


def _words(found: Mapping[str, Any]) -> str:
    """What a policy changes, for people: a line, and one for each thing to do beside."""
    changes = ", ".join(f"{kind} {n}" for kind, n in found["changes"].items()) or t("policy.no_change")
    lines = [t("policy.changes", version=found["version"], n=found["changed"], of=found["people"], changes=changes)]
    lines += [t("policy.will_hold", kind=kind, n=n) for kind, n in found["held"].items()]
    lines += [t("policy.restart", name=name) for name in found["restart"]]
    return "\n".join(lines)


@policy.command("schema", key="policy_schema")
@click.option("--claims", is_flag=True, help=t("option.claims"))
@common
def schema(shared: Common, claims: bool) -> None:  # noqa: ARG001 - it is JSON either way; click's flag
    from services.provisioner.policy.claims import schema as of_claims

    if claims:
        click.echo(json.dumps(of_claims(), indent=2, ensure_ascii=False))
        return
    from services.provisioner.connectors.registry import KINDS
    from services.provisioner.policy.schema import text

    click.echo(text(KINDS), nl=False)


COMMANDS = by_name(policy)

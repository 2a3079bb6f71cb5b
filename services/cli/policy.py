"""`tenure policy`: is the file right, and what may stand in it. Needs no secret and nothing running."""

import click

from services.cli.command import Common, Group, by_name, common
from services.cli.errors import AnswerError, UsageError
from services.cli.files import read_text
from services.cli.messages import t
from services.cli.up import policy_file

policy = Group("policy", key="policy")


@policy.command("check", key="policy_check")
@common
def check(shared: Common) -> None:
    from services.provisioner.connectors.registry import KINDS
    from services.provisioner.policy.load import PolicyError, load

    file = policy_file(shared)
    try:
        found = load(read_text(file), KINDS, name=file.name)
    except FileNotFoundError:
        raise UsageError(t("error.no_policy", file=file)) from None
    except PolicyError as exc:
        problems = [one._asdict() for one in exc.problems]
        shared.answer({"ok": False, "problems": problems, "warnings": []}, str(exc))
        raise AnswerError(t("error.policy_wrong", n=len(problems))) from None
    warnings = [one._asdict() for one in found.warnings]
    said = {"ok": True, "version": found.version, "problems": [], "warnings": warnings}
    lines = [f"{file.name}:{one}" for one in found.warnings]
    shared.answer(said, "\n".join([*lines, t("policy.fine", file=file, version=found.version)]))


@policy.command("schema", key="policy_schema")
@common
def schema(shared: Common) -> None:  # noqa: ARG001 - it is JSON either way
    from services.provisioner.connectors.registry import KINDS
    from services.provisioner.policy.schema import text

    click.echo(text(KINDS), nl=False)


COMMANDS = by_name(policy)

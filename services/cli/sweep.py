"""`tenure sweep`: a whole target against what is known of it; exit status 1 when something differs."""

from typing import Any

import click

from services.cli.client import Api
from services.cli.command import Command, Common, by_name, common, print_rows
from services.cli.errors import AnswerError
from services.cli.messages import t
from services.cli.running import find


@click.command("sweep", cls=Command, key="sweep")
@click.argument("target", required=False)
@click.option("--repair", is_flag=True, help=t("option.repair"))
@common
def sweep(shared: Common, target: str | None, repair: bool) -> None:
    with Api(find(shared)) as api:
        targets = [target] if target else sorted(api.get("/v1/status")["targets"])
        lines = [line for name in targets for line in done(api, "sweep", target=name, repair=repair)["lines"]]
    rows = lines if shared.json else [{**line, "fields": " ".join(line["fields"])} for line in lines]
    print_rows(rows, shared, ("target", "kind", "native_id", "person_id", "fields"), t("sweep.clean"))
    if lines:
        raise AnswerError(t("error.sweep_differs", n=len(lines)))


def done(api: Api, what: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The answer of work on a whole target."""
    return api.worked(f"/v1/{what}", body, {"target": body["target"]})


COMMANDS = by_name(sweep)

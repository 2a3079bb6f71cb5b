"""The installation that is meant: `--url` and `--token`, else what `tenure up` wrote into DIR/run.json."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.cli.command import Common
from services.cli.errors import UsageError
from services.cli.files import read_object
from services.cli.messages import t

RUN = "run.json"


@dataclass(frozen=True, slots=True)
class Running:
    """Where the operator API is and whose token opens it. `said` is run.json, empty where none was read."""

    url: str
    token: str
    said: dict[str, Any]


def find(shared: Common) -> Running:
    """Raises UsageError when nothing says where Tenure is."""
    said = {} if shared.url and shared.token else read(shared.data) or {}
    url, token = shared.url or said.get("provisioner"), shared.token or said.get("operator_token")
    if not url or not token:
        raise UsageError(t("error.not_running", folder=shared.data))
    # The token of our own file is never sent to an address that somebody else named.
    if not shared.token and url.rstrip("/") != said["provisioner"]:
        raise UsageError(t("error.other_url"))
    return Running(url.rstrip("/"), token, said)


def here(shared: Common) -> dict[str, Any]:
    """What `tenure up` wrote; raises UsageError when it does not run."""
    said = read(shared.data)
    if said is None:
        raise UsageError(t("error.not_running", folder=shared.data))
    return said


def read(folder: Path) -> dict[str, Any] | None:
    """run.json, or None where there is none."""
    try:
        return read_object(folder / RUN)
    except FileNotFoundError:
        return None

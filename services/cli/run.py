"""`tenure ingest`, `provisioner`, `notifier`, `sandbox`: one service as this process."""

import os
import sys

import click

from services.cli.command import Command, Common, by_name, common
from services.cli.messages import t


def _become(shared: Common, *module: str) -> None:
    """Replace this process: signals and exit status are the service's own."""
    environment = dict(os.environ)
    if shared.config:
        environment["TENURE_CONFIG"] = str(shared.config)
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", *module], environment)  # noqa: S606 - our own module


@click.command("ingest", cls=Command, key="ingest")
@common
def ingest(shared: Common) -> None:
    _become(shared, "services.ingest")


@click.command("provisioner", cls=Command, key="provisioner")
@common
def provisioner(shared: Common) -> None:
    _become(shared, "services.provisioner")


@click.command("notifier", cls=Command, key="notifier")
@common
def notifier(shared: Common) -> None:
    _become(shared, "services.notifier")


@click.command("sandbox", cls=Command, key="sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help=t("option.sandbox_port"))
@click.option("--host", default="127.0.0.1", show_default=True, help=t("option.sandbox_host"))
@click.option("--sandbox-config", type=click.Path(exists=True, allow_dash=True), help=t("option.sandbox_config"))
@common
def sandbox(shared: Common, port: int, host: str, sandbox_config: str | None) -> None:
    _become(
        shared,
        "sandbox",
        "--host",
        host,
        "--port",
        str(port),
        *(("--config", sandbox_config) if sandbox_config else ()),
    )


COMMANDS = by_name(ingest, provisioner, notifier, sandbox)

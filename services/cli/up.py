"""`tenure up`: everything on this machine until interrupted."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from services.cli.client import Api
from services.cli.command import CONFIG, Command, Common, by_name, common
from services.cli.errors import UsageError
from services.cli.files import read_object, read_text
from services.cli.messages import t
from services.cli.rehearsal import moment
from services.cli.running import find

SAMPLE = Path(__file__).parent / "sample" / "tenure.yaml"


def policy_file(shared: Common) -> Path:
    """`--config`, else ./tenure.yaml, else the built-in sample."""
    return shared.config or (CONFIG if CONFIG.exists() else SAMPLE)


def policy_version(file: Path) -> str | None:
    """None for a file that is not there or faulty: that is told as such."""
    from services.provisioner.connectors.registry import KINDS
    from services.provisioner.policy.load import PolicyError, load

    try:
        return load(read_text(file), KINDS, name=file.name).version
    except (FileNotFoundError, PolicyError):
        return None


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM unwinds as Ctrl-C does; a second one of either is the machine's own and ends us at once."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@click.command("up", cls=Command, key="up")
@click.option("--sandbox", is_flag=True, help=t("option.sandbox"))
@click.option("--kafka", metavar="HOST:PORT", help=t("option.kafka"))
@click.option("--database", metavar="DSN", help=t("option.database"))
@click.option("--clock", metavar="T", help=t("option.clock"))
@click.option("--speed", type=click.FloatRange(0, 10_000_000), help=t("option.speed"))
@click.option(
    "--sandbox-config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=t("option.sandbox_config")
)
@common
def up(
    shared: Common,
    *,
    sandbox: bool,
    kafka: str | None,
    database: str | None,
    clock: str | None,
    speed: float | None,
    sandbox_config: Path | None,
) -> None:
    from services.cli.installation import Installation, Options

    if speed is not None and clock is None:
        raise UsageError(t("error.speed_without_clock"))
    options = Options(
        policy_file(shared), shared.data, sandbox, kafka, database, moment(clock) if clock else None, speed or 0.0,
        sandbox_config=read_object(sandbox_config) if sandbox_config else {},
    )  # fmt: skip
    announced = False
    with interruptible(), Installation(options, say=lambda line: click.echo(line, err=True)) as running:
        said = running.ready
        shared.answer(said, t("up.ready", events=said["events"], provisioner=said["provisioner"], data=shared.data))
        announced = True
        if said["embedded_broker"]:
            click.echo(t("up.embedded"), err=True)
        with Api(find(shared)) as api:
            in_force = api.get("/v1/status")["policy"]
        if in_force != policy_version(options.config):
            click.echo(t("up.not_applied", file=options.config, in_force=in_force), err=True)
        running.watch()
    if not announced:
        raise click.Abort


COMMANDS = by_name(up)

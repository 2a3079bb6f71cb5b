"""`tenure`, also `python -m services.cli`. Exit status 0 done, 1 it ran and the answer is no, 2 wrong use."""

import errno
import sys
from collections.abc import Sequence

import click

from services.cli.command import LazyGroup
from services.cli.errors import CommandError
from services.kit.errors import KitError
from services.kit.errors import UsageError as KitUsageError

MODULES = {
    "init": "setup", "demo": "demo", "up": "up", "clock": "rehearsal",
    "send": "send", "status": "books", "wait": "books", "todo": "books",
    "withdraw": "withdraw", "roster": "roster", "replay": "replay", "plan": "plan",
    "find": "people", "person": "people", "stop": "people", "allow": "people",
    "grant": "exceptions", "revoke": "exceptions", "extend": "exceptions", "retain": "exceptions",
    "identify": "identity",
    "pause": "targets", "continue": "targets", "holds": "holds", "inbox": "waiting", "quarantine": "waiting",
    "sweep": "sweep", "adopt": "adopt",
    "doctor": "doctor", "policy": "policy", "operator": "setup", "topics": "upkeep", "migrate": "upkeep",
    "ingest": "run", "provisioner": "run", "notifier": "run", "sandbox": "run",
}  # fmt: skip
"""Command → module of this package that has it, in the order of the help."""

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ENOENT}


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; answers the exit status."""
    try:
        LazyGroup(MODULES).main(args=arguments, prog_name="tenure", standalone_mode=False)
    except (click.ClickException, click.Abort, KeyboardInterrupt) as exc:
        return _ended_by_click(exc)
    except (CommandError, KitError) as exc:
        return _say(str(exc), 2 if isinstance(exc, KitUsageError) else getattr(exc, "status", 1))
    except BrokenPipeError:
        sys.stdout = None  # nobody reads; Python would complain again at exit
        return 1
    except OSError as exc:
        if exc.errno not in FULL:
            raise
        return _say(": ".join(filter(None, (exc.strerror, str(exc.filename or "")))), 2)
    return 0


def _ended_by_click(exc: BaseException) -> int:
    if isinstance(exc, click.exceptions.NoArgsIsHelpError):
        click.echo(exc.format_message())
        return 0
    if isinstance(exc, click.ClickException):
        exc.show()
        return 2
    return 130


def _say(line: str, status: int) -> int:
    click.echo(f"tenure: {line}", err=True)
    return status


def main() -> None:
    sys.exit(run())


if __name__ == "__main__":
    main()

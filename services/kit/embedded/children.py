"""How a child process learns that its parent is gone, also after a kill -9.

Our own children read their standard input: a pipe of the parent's, which the kernel closes with it. Foreign programs
get a parent-death signal on Linux; elsewhere they run under `guard`, which reads the pipe for them.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if _LINUX else None


def on_parents_death(call: Callable[[], None]) -> None:
    """Call once standard input ends."""

    def wait() -> None:
        while os.read(0, 1):  # not sys.stdin: its lock would be held at exit
            pass
        call()

    threading.Thread(target=wait, name="parent", daemon=True).start()


def spawn(
    command: Sequence[str | Path],
    log: Path,
    *,
    user: int | None = None,
    group: int | None = None,
    env: Mapping[str, str] | None = None,
    piped: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program that ends with us: SIGINT when we are gone. Output goes to `log`.

    `piped` keeps standard output for us to read, and our folder. Elsewhere than on Linux it runs under `guard`.
    To be called from a thread that lives as long as the program: Linux watches the thread that started it.
    """
    whole = [*map(str, command)] if _LINUX else [sys.executable, "-m", __name__, *map(str, command)]
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603 - our own command
            whole,
            stdin=subprocess.PIPE if not _LINUX else subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else out,
            stderr=out,
            cwd=None if piped else "/",
            env=None if env is None else dict(env),
            user=user,
            group=group,
            extra_groups=None if user is None else [],
            preexec_fn=_die_with_parent if _LINUX else None,  # noqa: PLW1509 - one system call, no lock of Python's
        )


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def guard(command: Sequence[str]) -> int:
    """Run a program until it ends or standard input does."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command
    on_parents_death(lambda: child.send_signal(signal.SIGINT))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    return child.wait()


if __name__ == "__main__":
    sys.exit(guard(sys.argv[1:]))

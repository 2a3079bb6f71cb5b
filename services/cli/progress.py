"""A line that moves on a terminal, once something takes longer than a moment."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.cli.command import Common

QUIET_SECONDS = 1.0


def watched(shared: Common) -> bool:
    """Whether a person looks at a terminal."""
    return not shared.json and sys.stderr.isatty()


@contextmanager
def progress(*, shown: bool) -> Iterator[Callable[[object], None]]:
    """Call what this gives with a few words or a count whenever something moved; silent where not `shown`."""
    if not shown:
        yield lambda _said: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    bar, begun = Progress(*columns, console=Console(stderr=True), transient=True), time.monotonic()
    task = bar.add_task("")

    def show(said: object) -> None:
        bar.update(task, description=str(said))
        if time.monotonic() - begun > QUIET_SECONDS and not bar.live.is_started:
            bar.start()

    try:
        yield show
    finally:
        bar.stop()

"""What `tenure replay` makes of a long history a second, and its memory, beside a bare read of the same file."""

import os
from pathlib import Path

from benchmarks import replay
from benchmarks.company import folder
from benchmarks.figures import Figure, Goal


def measure(*, quick: bool) -> list[Figure]:
    with folder() as place:
        file: Path = place / "events.jsonl"
        count = replay.written(file, 2_000 if quick else replay.FACTS)
        plain = replay.bare(file)
        seconds, peak, rows = replay.measured(file)
    if not rows:
        raise RuntimeError("nobody was replayed: the figures mean nothing")
    return [
        Figure(
            f"facts replayed a second, of {count:,}",
            count / seconds,
            "1/s",
            "`json.loads` of the same lines",
            count / plain,
            Goal(10_000),
        ),
        Figure(
            "peak memory of a replay, all processes",
            peak,
            "MB",
            "the process that measures",
            replay.memory(os.getpid()),
            Goal(300, better="less"),
        ),
    ]

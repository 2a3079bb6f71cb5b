"""docs/performance.md, from one run."""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure, shown

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

TEXT = """# Performance

Measured on {date} by one run of `make bench`{quick}: {machine}, everything (broker, database, services, what loads \
them) on this one machine, on the embedded broker and the embedded PostgreSQL. The machine is noisy: others work on \
it too, so read the ratios, not the figures. Every baseline was measured in the same run as the figure beside it.

| what | goal | measured | baseline | ratio | goal met | how to run |
|--|--|--|--|--|--|--|
{rows}
{failures}
What a figure counts, and what stands beside it, says the first paragraph of each file in `benchmarks/`.
`make bench` runs them all and writes this page; `make bench ARGS="--only people"` runs one and shows it, `ARGS=--quick`
all with tiny sizes.
"""


def write(found: Mapping[str, Sequence[Figure]], failed: Mapping[str, str], *, quick: bool) -> Path:
    PAGE.write_text(text(found, failed, quick=quick, now=datetime.now(UTC), machine=_machine()), encoding="utf-8")
    return PAGE


def text(
    found: Mapping[str, Sequence[Figure]], failed: Mapping[str, str], *, quick: bool, now: datetime, machine: str
) -> str:
    """The whole page. What failed is named: a missing row must not look like a row that nobody thought of."""
    rows = [_row(name, figure) for name, figures in found.items() for figure in figures]
    failures = [f"- `{name}` {why}: no figures.\n" for name, why in failed.items()]
    return TEXT.format(
        date=f"{now:%Y-%m-%d}", machine=machine, rows="\n".join(rows), failures="\n" + "".join(failures),
        quick=" with `--quick`, so with sizes that only show that it runs" if quick else "",
    )  # fmt: skip


def _row(name: str, one: Figure) -> str:
    beside = f"{one.baseline}: {shown(one.beside)} {one.unit}" if one.beside is not None else one.baseline
    cells = (
        one.what,
        str(one.goal or ""),
        f"{shown(one.value)} {one.unit}".rstrip(),
        beside.rstrip(),
        shown(one.ratio),
        one.verdict,
        f"`--only {name}`",
    )
    return f"| {' | '.join(cells)} |"


def _machine() -> str:
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"

"""Keeps the contract as a version releases it: `python -m tools.release_contracts 0.1.0`.

Copies schemas and golden messages to `contracts/released/<version>`, where they are never changed again: what senders
wrote and subscribers were built upon. `--again` replaces a version that nobody has got yet.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.compatibility import CONTRACTS, RELEASED
from tools.contracts import differences, files

PARTS = ("schemas", "samples")


def keep(version: str, *, again: bool = False, released: Path = RELEASED) -> Path:
    """Copy today's contract; raises FileExistsError for a version that is there already."""
    folder = released / version
    if again:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for part in PARTS:
        shutil.copytree(CONTRACTS / part, folder / part)
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.release_contracts", description=__doc__)
    parser.add_argument("version")
    parser.add_argument("--again", action="store_true", help="replace what was kept; only before anybody has it")
    options = parser.parse_args(arguments)
    if stale := differences(files()):
        sys.stderr.write(f"run `python -m tools.contracts` first: {', '.join(stale)}\n")
        return 1
    try:
        keep(options.version, again=options.again)
    except FileExistsError:
        sys.stderr.write(f"{options.version} is kept already and is never changed\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

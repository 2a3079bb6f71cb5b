"""`python -m ops.grafana.make [--check]`: writes dashboards/*.json from boards.py, or says which differ (status 1)."""

import sys
from collections.abc import Mapping
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from ops.grafana.boards import all_boards

FOLDER = Path(__file__).parent / "dashboards"


def written() -> Mapping[Path, str]:
    """File → what should stand in it."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return {FOLDER / f"{name}.json": encoder.encode(board.build()) + "\n" for name, board in all_boards().items()}


def different() -> list[Path]:
    """Files that are missing, other than generated, or no longer generated."""
    wanted, there = written(), set(FOLDER.glob("*.json"))
    wrong = [file for file, text in wanted.items() if file not in there or file.read_text(encoding="utf-8") != text]
    return sorted([*wrong, *(there - wanted.keys())])


def main() -> int:
    if "--check" in sys.argv:
        wrong = different()
        sys.stderr.writelines(f"{file.name} differs: python -m ops.grafana.make\n" for file in wrong)
        return int(bool(wrong))
    FOLDER.mkdir(exist_ok=True)
    for file, text in written().items():
        file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

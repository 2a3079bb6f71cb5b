"""Benchmarks are no part of the installed package: they are found where they stand."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))

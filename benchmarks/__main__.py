"""`python -m benchmarks [--only NAME] [--quick] [--write]`: each benchmark in a process of its own, each bounded."""

import argparse
import importlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, from_json, shown, to_json
from benchmarks.page import write

BENCHMARKS = {
    "fold": 15, "usernames": 30, "replayed": 260, "intake": 60, "people": 100, "leaver": 160, "calls": 60, "quota": 60,
    "start": 45, "growth": 300,
}  # fmt: skip
"""Seconds that each may take at most, eighteen minutes together; one that takes longer says so and has no figures."""

TIDY_SECONDS = 15.0


def main() -> None:
    options = _options()
    if options.child:
        module = importlib.import_module(f"benchmarks.{options.child}")
        print(json.dumps(to_json(module.measure(quick=options.quick))))
        return
    found: dict[str, list[Figure]] = {}
    failed: dict[str, str] = {}
    for name in [options.only] if options.only else BENCHMARKS:
        begun = time.monotonic()
        try:
            found[name] = _run(name, quick=options.quick)
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as exc:
            failed[name] = "took too long" if isinstance(exc, subprocess.TimeoutExpired) else "failed"
        _say(name, found.get(name, ()), failed.get(name), time.monotonic() - begun)
    if options.write:
        print(f"written: {write(found, failed, quick=options.quick)}")
    sys.exit(bool(failed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", choices=BENCHMARKS, help="this one alone")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, not how fast")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    parser.add_argument("--child", choices=BENCHMARKS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write needs them all: a page of one run")
    return options


def _run(name: str, *, quick: bool) -> list[Figure]:
    """The figures of one benchmark. One that takes too long is interrupted, so that it can tidy up behind itself."""
    command = [sys.executable, "-m", "benchmarks", "--child", name, *(["--quick"] if quick else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent) as child:
        try:
            out, _ = child.communicate(timeout=BENCHMARKS[name])
        except BaseException:
            child.send_signal(signal.SIGINT)
            try:
                child.communicate(timeout=TIDY_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()  # what it started ends with it
            raise
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return from_json(json.loads(out.splitlines()[-1]))


def _say(name: str, figures: Sequence[Figure], failure: str | None, seconds: float) -> None:
    print(f"{name} ({seconds:.0f} s){': ' + failure if failure else ''}", flush=True)
    for one in figures:
        beside = f"{one.baseline} {shown(one.beside)}, ratio {shown(one.ratio)}"
        judged = f" | {one.goal}: {one.verdict}" if one.goal else ""
        print(f"  {one.what:<58} {shown(one.value):>9} {one.unit:<5} | {beside}{judged}", flush=True)


if __name__ == "__main__":
    main()

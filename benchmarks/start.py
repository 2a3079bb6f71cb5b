"""Cold start of `tenure up` until it announces itself, and the memory of each service then.

Beside the start stand broker and database alone, started one after the other; beside each service's memory a Python
that has only imported the two client libraries.
"""

import json
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks import policies
from benchmarks.company import folder
from benchmarks.figures import Figure, Goal
from benchmarks.machine import family, resident_mb
from services.kit.embedded.broker import EmbeddedBroker
from services.kit.embedded.children import spawn
from services.kit.embedded.postgres import EmbeddedPostgres

SERVICES = ("ingest", "provisioner", "notifier")
READY_SECONDS = 60.0
BARE = "import aiokafka, asyncpg; print(flush=True); input()"


def measure(*, quick: bool) -> list[Figure]:  # noqa: ARG001 - it has no size
    cold, again, memory = _started()
    parts, bare = _parts_alone(), _bare_python()
    figures = [
        Figure("`tenure up` to ready, new database", cold, "s", "broker and database alone", parts),
        Figure("`tenure up` to ready, database kept", again, "s", "new database", cold),
    ]
    text = "Python with the client libraries"
    return figures + [
        Figure(f"memory of {name} (RSS)", memory[name], "MB", text, bare, Goal(200, better="less")) for name in SERVICES
    ]


def _started() -> tuple[float, float, Mapping[str, float]]:
    with folder() as place:
        config = place / "tenure.yaml"
        config.write_text(policies.memory({"one": 0.0}), encoding="utf-8")
        cold, _ = _up(place, config)
        again, memory = _up(place, config)
    return cold, again, memory


def _up(place: Path, config: Path) -> tuple[float, Mapping[str, float]]:
    """Seconds to the announcement, and the services' memory then; the installation is ended."""
    command = [
        sys.executable,
        "-m",
        "services.cli",
        "--json",
        "--config",
        str(config),
        "--data",
        str(place / "data"),
        "up",
    ]
    begun = time.perf_counter()
    with spawn(command, place / "log", piped=True) as up:  # it ends with us, whatever happens to us
        try:
            if up.stdout is None:
                raise RuntimeError("no output to read")
            with selectors.DefaultSelector() as selector:
                selector.register(up.stdout, selectors.EVENT_READ)
                line = up.stdout.readline() if selector.select(READY_SECONDS) else b""
            seconds = time.perf_counter() - begun
            if not json.loads(line)["ready"]:
                raise RuntimeError("it did not get ready")
            return seconds, _memory(up.pid)
        finally:
            up.send_signal(signal.SIGTERM)


def _memory(pid: int) -> dict[str, float]:
    """By service, from the command lines of the children."""
    found: dict[str, float] = {}
    for one in family(pid):
        words = Path(f"/proc/{one}/cmdline").read_bytes().decode().split("\0")
        found |= {name: resident_mb(one) for name in SERVICES if f"services.{name}" in words}
    return found


def _parts_alone() -> float:
    begun = time.perf_counter()
    with folder() as place, EmbeddedBroker(), EmbeddedPostgres(place / "postgres"):
        return time.perf_counter() - begun


def _bare_python() -> float:
    with subprocess.Popen([sys.executable, "-c", BARE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bare:
        if bare.stdout is None:
            raise RuntimeError("no output to read")
        bare.stdout.readline()
        megabytes = resident_mb(bare.pid)
        bare.communicate(b"\n")
    return megabytes

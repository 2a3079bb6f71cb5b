"""Real Prometheus and Alertmanager for tests, on ports of their own, gone with the test."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml
from shipped import OPS, load

from services.kit.embedded.children import spawn

PARTS = Path(__file__).parent / "parts" / "usr" / "bin"
T = TypeVar("T")


def program(name: str) -> str:
    """Installed, or unpacked by prepare.sh."""
    found = shutil.which(name) or shutil.which(name, path=str(PARTS))
    assert found, f"{name} is missing: run tests/ops/prepare.sh"
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(look: Callable[[], T | None], seconds: float, what: Callable[[], str]) -> T:
    """Look until there is something to see; AssertionError says what never came."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:g} s: {what()}")


class Prometheus:
    """Made by `prometheus`."""

    def __init__(self, port: int) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)

    def ready(self) -> bool:
        try:
            return self._http.get("/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    def ask(self, query: str) -> list[float]:
        """The values of an instant query; what is no number is left out."""
        answer = self._http.get("/api/v1/query", params={"query": query}).json()
        assert answer["status"] == "success", answer
        values = [float(one["value"][1]) for one in answer["data"]["result"]]
        return [value for value in values if value == value]  # noqa: PLR0124 - NaN is not itself

    def close(self) -> None:
        self._http.close()


@contextmanager
def prometheus(
    folder: Path, jobs: Mapping[str, tuple[str, str]], *, rules: str | None = None, alertmanager: int | None = None
) -> Iterator[Prometheus]:
    """Scrapes each second; `jobs` are the shipped ones, each with its address (host:port) and path."""
    config = load(OPS / "prometheus" / "prometheus.yml")
    assert [job["job_name"] for job in config["scrape_configs"]] == list(jobs)
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"] = [
        {"job_name": name, "metrics_path": path, "static_configs": [{"targets": [address]}]}
        for name, (address, path) in jobs.items()
    ]
    targets = [f"127.0.0.1:{alertmanager}"] if alertmanager else []
    config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": targets}]}]}
    shipped = (OPS / "prometheus" / "rules.yml").read_text(encoding="utf-8")
    (folder / "rules.yml").write_text(rules or shipped, encoding="utf-8")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    port = free_port()
    command = [program("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
               f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    with _process(command, folder / "prometheus.log"):
        server = Prometheus(port)
        until(server.ready, 30, (folder / "prometheus.log").read_text)
        yield server
        server.close()


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[int]:
    """Yields its port."""
    (folder / "alertmanager.yml").write_text(config, encoding="utf-8")
    port = free_port()
    command = [program("prometheus-alertmanager"), f"--config.file={folder}/alertmanager.yml",
               f"--storage.path={folder}/alertmanager", f"--web.listen-address=127.0.0.1:{port}",
               "--cluster.listen-address="]  # fmt: skip

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with _process(command, folder / "alertmanager.log"):
        until(listens, 30, (folder / "alertmanager.log").read_text)
        yield port


@contextmanager
def _process(command: Sequence[str], log: Path) -> Iterator[None]:
    child = spawn(command, log)
    try:
        yield
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def as_lines(events: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    for event in events:
        yield json.dumps(event).encode()

"""A whole installation, as `tenure up` starts it, for the length of a `with`."""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks import events
from benchmarks.machine import cpu_seconds, family_cpu
from services.cli.installation import Installation, Options
from services.kit.broker import Outgoing


class Company:
    """Services, stores and sandbox as processes of their own."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.ready: dict[str, Any] = installation.ready
        self._http = httpx.Client(
            timeout=90, trust_env=False, headers={"authorization": f"Bearer {self.ready['operator_token']}"}
        )

    def send(self, records: Sequence[Outgoing]) -> None:
        asyncio.run(events.publish(self.ready["kafka"], records))

    def settle(self, seconds: float = 300.0) -> dict[str, Any]:
        """Wait until nothing is in progress; the books. Raises TimeoutError."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            answer = self._http.get(f"{self.ready['provisioner']}/v1/wait", params={"timeout": 60})
            books: dict[str, Any] = answer.raise_for_status().json()
            if books["settled"]:
                return books
        raise TimeoutError("not everything settled")

    def provisioner_cpu(self) -> float:
        return cpu_seconds(self.installation.services["provisioner"].pid)

    def database_cpu(self) -> float:
        postgres = self.installation.postgres
        return family_cpu(postgres.pid) if postgres else 0.0

    def calls(self, platform: str) -> list[dict[str, Any]]:
        """Every call that the platform's stand-in saw, oldest first."""
        url = f"{self.ready['sandbox'][platform]['url']}/_sandbox/calls"
        calls: list[dict[str, Any]] = self._http.get(url).raise_for_status().json()
        return calls


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that the store's own user can enter; it goes at the end."""
    with tempfile.TemporaryDirectory(prefix="tenure-bench-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@contextmanager
def running(policy: str, *, sandbox: bool = False) -> Iterator[Company]:
    with folder() as place:
        config = place / "tenure.yaml"
        config.write_text(policy, encoding="utf-8")
        with Installation(Options(config, place / "data", sandbox=sandbox)) as installation:
            yield Company(installation)

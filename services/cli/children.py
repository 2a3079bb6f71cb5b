"""One process of an installation: started, announced, watched and started again where it was."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.cli.errors import CommandError
from services.cli.messages import t
from services.kit.embedded.children import spawn

START_SECONDS = 60.0
REST_SECONDS = 1.0
"""Between two starts of a child that ends by itself, so that one that cannot run does not eat the machine."""


@dataclass(slots=True)
class Child:
    """A service as a process. `ready` is its announcement; a restart takes the same port, not before `rest` seconds."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    ready: dict[str, Any] = field(default_factory=dict)
    restarts: int = 0
    rest: float = REST_SECONDS
    _process: subprocess.Popen[bytes] | None = None
    _started: float = 0.0

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    @property
    def pid(self) -> int:
        if self._process is None:
            raise CommandError(t("error.child_not_started", name=self.name))
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start without waiting; `wait_ready` waits. Called again it takes the port that it had."""
        env, command = {**os.environ, **self.env}, [*self.command]
        if self.ready:
            port = self.url.rpartition(":")[2]
            env["TENURE_PORT"] = port
            command = [
                port if before == "--port" else word for before, word in zip(["", *command], command, strict=False)
            ]
        self._started = time.monotonic()
        self._process = spawn([sys.executable, "-m", *command], self.log, env=env, piped=True)

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait for the announcement; raises CommandError with the last lines of the log."""
        process = self._process
        if process is None or process.stdout is None:
            raise CommandError(t("error.child_not_started", name=self.name))
        until = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while (left := until - time.monotonic()) > 0:
                if not selector.select(left):
                    break
                line = process.stdout.readline()
                if not line:
                    break
                if line.startswith(b"{"):
                    self.ready = json.loads(line)
                    return
        self.stop(signal.SIGKILL)
        raise CommandError(t("error.child_failed", name=self.name, log=self.log, words=self.last_words()))

    def last_words(self) -> str:
        """The end of its log."""
        if not self.log.exists():
            return ""
        return self.log.read_bytes()[-800:].decode(errors="replace").strip()

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to stop without waiting."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30.0) -> None:
        """Ask it to stop and wait; whoever does not listen is killed."""
        self.end(number)
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    def restart_if_dead(self) -> bool:
        """Start it again if it ended by itself; whether it was. Does not wait: its address stays what it was."""
        if self._process is None or self.alive or time.monotonic() - self._started < self.rest:
            return False
        self.stop()
        self.restarts += 1
        self.start()
        return True

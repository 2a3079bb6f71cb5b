"""A whole installation on one machine: broker, store, sandbox and services as children of this process.

Everything ends with us, also after a kill -9. A service that ends by itself is started again where it was; a broker
that is gone takes its epoch along, so the services start anew with the next one.
"""

import asyncio
import fcntl
import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from services.cli import secrets as own_secrets
from services.cli.children import Child
from services.cli.errors import UsageError
from services.cli.files import read_text
from services.cli.messages import t
from services.kit.embedded.broker import EmbeddedBroker
from services.kit.embedded.postgres import EmbeddedPostgres

if TYPE_CHECKING:
    from services.kit.clock import ClockRow
    from services.provisioner.policy.load import Policy

SERVICES = ("provisioner", "ingest", "notifier")
OPERATOR = "local"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What `tenure up` was asked for. `database` and `kafka` name parts that run elsewhere."""

    config: Path
    data: Path
    sandbox: bool = False
    kafka: str | None = None
    database: str | None = None
    clock: datetime | None = None
    speed: float = 0.0
    sandbox_config: Mapping[str, Any] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


class Installation:
    """`start`, then `watch` until it is time to `stop`. To be used from the main thread: children watch it."""

    def __init__(self, options: Options, say: Say = lambda _line: None) -> None:
        self.options, self._say = options, say
        self.broker: EmbeddedBroker | None = None
        self.postgres: EmbeddedPostgres | None = None
        self.sandbox: Child | None = None
        self.services: dict[str, Child] = {}
        self.ready: dict[str, Any] = {}
        self._env: dict[str, str] = {}
        self._row: ClockRow | None = None
        self._held = ExitStack()

    # ------------------------------------------------------------ starting

    def start(self) -> dict[str, Any]:
        """Start everything; returns (and keeps in `run.json`) what `tenure up` announces."""
        text = self._policy_text()
        self._take_folder()
        token = self._make_secrets(text)
        with ThreadPoolExecutor(2) as pool:
            broker = pool.submit(self._start_broker)
            heavy = pool.submit(_import_store)
            policy = self._policy(text)
            self._start_sandbox(policy)
            dsn = self._start_database()
            heavy.result()
            kafka, epoch = broker.result()
        self._say(t("up.parts"))
        self._prepare_database(dsn)
        sandbox = self._sandbox_url()
        self._env |= self._settings(kafka, epoch, dsn, sandbox)
        self._start_services()
        self.ready = self._announcement(policy, kafka, dsn, token)
        self._write_ready()
        return self.ready

    def _policy_text(self) -> str:
        try:
            return read_text(self.options.config)
        except FileNotFoundError:
            raise UsageError(t("error.no_policy", file=self.options.config)) from None

    def _take_folder(self) -> None:
        """One installation a folder: the kernel lets go of the lock however we end."""
        # Our files are for us alone each; as root the store runs as another user, who has to get past this folder.
        self.options.data.mkdir(parents=True, exist_ok=True, mode=0o700 if os.geteuid() else 0o711)
        (self.options.data / "logs").mkdir(exist_ok=True, mode=0o700)
        lock = self._held.enter_context((self.options.data / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._held.close()
            raise UsageError(t("error.running_already", folder=self.options.data)) from None
        (self.options.data / "run.json").unlink(missing_ok=True)

    def _make_secrets(self, text: str) -> str:
        made = own_secrets.complete(text, self.options.data, {**os.environ, **self.options.env})
        token = made.pop(own_secrets.OPERATOR)
        own_secrets.add_operator(self.options.data / "operators.json", OPERATOR, token)
        self._env = {**made, **self.options.env}
        return token

    def _policy(self, text: str) -> "Policy":
        from services.provisioner.connectors.registry import KINDS
        from services.provisioner.policy.load import PolicyError, load

        try:
            policy = load(text, KINDS, name=self.options.config.name)
        except PolicyError as exc:
            raise UsageError(str(exc)) from None
        real = [name for name, target in policy.targets.items() if target.type != "memory" and not self.options.sandbox]
        if self.options.clock and real:
            raise UsageError(t("error.real_targets", targets=", ".join(real)))
        return policy

    def _start_broker(self) -> tuple[str, str]:
        if self.options.kafka:
            from services.kit.settings import ServiceSettings, read_settings
            from services.kit.topics import apply

            asyncio.run(apply(read_settings(ServiceSettings, kafka=self.options.kafka)))
            return self.options.kafka, "kafka"
        self.broker = EmbeddedBroker()
        return self.broker.start(), self.broker.epoch

    def _start_database(self) -> str:
        if self.options.database:
            return self.options.database
        if self.options.sandbox and (self.options.data / "postgres" / "data" / "PG_VERSION").exists():
            self._say(t("up.sandbox_is_new"))
        self.postgres = EmbeddedPostgres(self.options.data / "postgres")
        return self.postgres.start().get_secret_value()

    def _prepare_database(self, dsn: str) -> None:
        from services.cli.database import prepare

        self._row = asyncio.run(prepare(dsn, self.options.clock, self.options.speed))
        if self._row and not self.options.clock:
            self._say(t("up.rehearsal_goes_on", at=self._row.business_at.isoformat()))

    def _start_sandbox(self, policy: "Policy") -> None:
        if not self.options.sandbox:
            return
        from services.cli.announce import sandbox_config

        config = sandbox_config(policy, {**os.environ, **self._env}, self.options.sandbox_config)
        path = self.options.data / "sandbox.json"
        own_secrets.write_private(path, json.dumps(config))
        command = ("sandbox", "--port", "0", "--config", str(path))
        self.sandbox = Child("sandbox", command, {}, self.options.data / "logs" / "sandbox.log")
        self.sandbox.start()

    def _sandbox_url(self) -> str | None:
        if self.sandbox is None:
            return None
        self.sandbox.wait_ready()
        self._set_sandbox_clock()
        return self.sandbox.url

    def _set_sandbox_clock(self) -> None:
        if self.sandbox and self._row:
            from services.cli.rehearsal import post_row

            post_row(f"{self.sandbox.url}/wecom/_sandbox/clock", self._row)

    def _settings(self, kafka: str, epoch: str, dsn: str, sandbox: str | None) -> dict[str, str]:
        env = {
            "TENURE_KAFKA": kafka, "TENURE_BROKER_EPOCH": epoch, "TENURE_EMBEDDED_BROKER": str(self.broker is not None),
            "TENURE_DATABASE": dsn, "TENURE_CONFIG": str(self.options.config.resolve()),
            "TENURE_OPERATORS_FILE": str((self.options.data / "operators.json").resolve()),
        }  # fmt: skip
        if sandbox:
            from services.cli.announce import SANDBOXED

            env["TENURE_BASE_URLS"] = json.dumps({name: f"{sandbox}/{name}" for name in SANDBOXED})
        if self._row:
            env["TENURE_CLOCK"] = self._row.model_dump_json()
        return env

    def _start_services(self) -> None:
        for name in SERVICES:
            if name not in self.services:
                log = self.options.data / "logs" / f"{name}.log"
                self.services[name] = Child(name, (f"services.{name}",), {}, log)
            self.services[name].env = dict(self._env)
            self.services[name].start()
        for child in self.services.values():
            child.wait_ready()
            self._say(t("up.service", name=child.name))

    def _announcement(self, policy: "Policy", kafka: str, dsn: str, token: str) -> dict[str, Any]:
        from services.cli.announce import announcement

        urls = {name: child.url for name, child in self.services.items()}
        sandbox = json.loads((self.options.data / "sandbox.json").read_text()) if self.sandbox else None
        return announcement(
            policy, {**os.environ, **self._env}, urls, kafka=kafka, database=dsn, token=token,
            config=self.options.config.resolve(), embedded=self.broker is not None, clock=self._row,
            sandbox=(self.sandbox.url, sandbox) if self.sandbox and sandbox else None,
        )  # fmt: skip

    def _write_ready(self) -> None:
        own_secrets.write_private(self.options.data / "run.json", json.dumps(self.ready))

    # ------------------------------------------------------------ watching and stopping

    def watch(self, stopped: Callable[[], bool] = lambda: False, every: float = 0.2) -> None:
        """Keep everything running until `stopped()`."""
        while not stopped():
            self.mend()
            time.sleep(every)

    def mend(self) -> None:
        """Start again what ended by itself."""
        if self.postgres and not self.postgres.alive:
            self._say(t("up.store_ended"))
            self.postgres.start()
        if self.broker and not self.broker.alive:
            self._say(t("up.broker_ended"))
            self._new_epoch()
        for child in (self.sandbox, *self.services.values()):
            if child and child.restart_if_dead():
                self._say(t("up.child_ended", name=child.name))

    def _new_epoch(self) -> None:
        self._stop_services()
        if self.broker:
            self.broker.stop()
        self.broker = EmbeddedBroker()
        self._env |= {"TENURE_KAFKA": self.broker.start(), "TENURE_BROKER_EPOCH": self.broker.epoch}
        self.ready |= {"kafka": self.broker.address}
        self._write_ready()
        self._start_services()

    def _stop_services(self) -> None:
        """Ingest first: what it takes in the others still want to see."""
        if "ingest" in self.services:
            self.services["ingest"].stop()
        for child in self.services.values():
            child.end()
        for child in self.services.values():
            child.stop()

    def stop(self) -> None:
        """Everything in the opposite order; each inside its grace."""
        if self.ready:
            self._say(t("up.stopping"))
        self._stop_services()
        if self.sandbox:
            self.sandbox.stop()
        if self.broker:
            self.broker.stop()
        if self.postgres:
            self.postgres.stop()
        if self.ready:
            (self.options.data / "run.json").unlink(missing_ok=True)
        self._held.close()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()


def _import_store() -> None:
    """Half a second of imports, done while the database starts."""
    import services.cli.database  # noqa: F401 - imported for what comes after

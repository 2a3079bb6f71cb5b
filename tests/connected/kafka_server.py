"""A real Apache Kafka (KRaft) for tests, one node or a cluster: its own folder and ports, gone with the test run."""

import base64
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from services.kit.embedded.children import spawn

HERE = Path(__file__).parent / "kafka"
CLUSTER = "AAAAAAAAAAAAAAAAAAAAAQ"
JAVA = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
START_SECONDS = 60.0

PROPERTIES = """process.roles=broker,controller
node.id={node}
listeners={listeners},CONTROLLER://127.0.0.1:{controller}
advertised.listeners={listeners}
listener.security.protocol.map={protocols},CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers={controllers}
log.dirs={folder}/data
auto.create.topics.enable=false
default.replication.factor={copies}
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=8
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=6000
log.cleaner.dedupe.buffer.size=10485760
{more}
"""


@dataclass(frozen=True, slots=True)
class Doors:
    """Listeners beside the plain one: name to protocol, with the broker's `properties` for them.

    `scram` are users as kafka-storage takes them; `java` are options of the virtual machine.
    """

    protocols: Mapping[str, str] = field(default_factory=dict)
    properties: str = ""
    scram: Sequence[str] = ()
    java: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Seat:
    """A node's place among the controllers: its number, and the port and directory id of each node by number."""

    node: int
    controllers: Mapping[int, tuple[int, str]]

    def named(self, *, whole: bool) -> str:
        """All controllers as Kafka takes them: where to ask, or the `whole` first quorum."""
        return ",".join(
            f"{node}@127.0.0.1:{port}:{directory}" if whole else f"127.0.0.1:{port}"
            for node, (port, directory) in self.controllers.items()
        )


class ApacheKafka:
    """`start`, `kill` (as a crash), `start` again on the same data and ports, `stop`."""

    def __init__(self, folder: Path, doors: Doors | None = None, seat: Seat | None = None) -> None:
        self.folder, self._doors = folder, doors or Doors()
        self._seat = seat or seats(1)[0]
        self._protocols = {"PLAINTEXT": "PLAINTEXT", **self._doors.protocols}
        self._ports = {name: _free_port() for name in self._protocols}
        self.port = self._ports["PLAINTEXT"]
        self._child: subprocess.Popen[bytes] | None = None
        self._said = 0  # bytes of the log that earlier lives wrote

    @property
    def address(self) -> str:
        return self.door("PLAINTEXT")

    def door(self, name: str) -> str:
        """The address of a listener."""
        return f"127.0.0.1:{self._ports[name]}"

    def start(self) -> str:
        self.launch()
        self.wait_ready()
        return self.address

    def launch(self) -> None:
        """Start without waiting: the first node of a cluster is ready once most of them run."""
        if not (HERE / "libs" / ".complete").exists():
            raise RuntimeError("Apache Kafka's jars are missing: run tests/connected/prepare.sh")
        properties = self.folder / "server.properties"
        if not properties.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            properties.write_text(self._properties())
            self._format(properties)
        self._said = self.log.stat().st_size if self.log.exists() else 0
        self._child = spawn([*self._java(256, *self._doors.java), "kafka.Kafka", properties], self.log)

    def _properties(self) -> str:
        return PROPERTIES.format(
            listeners=",".join(f"{name}://{self.door(name)}" for name in self._ports),
            protocols=",".join(f"{name}:{protocol}" for name, protocol in self._protocols.items()),
            node=self._seat.node, controller=self._seat.controllers[self._seat.node][0],
            controllers=self._seat.named(whole=False), copies=len(self._seat.controllers),
            folder=self.folder, more=self._doors.properties,
        )  # fmt: skip

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child and child.poll() is None:
            child.send_signal(number)
            child.wait(30)

    def _java(self, megabytes: int, *more: str) -> tuple[str, ...]:
        logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.yaml'}"
        return (*JAVA, *more, f"-Xmx{megabytes}m", logging, "-cp", f"{HERE / 'libs'}/*")

    def _format(self, properties: Path) -> None:
        command: list[str | Path] = [
            *self._java(64),
            "kafka.tools.StorageTool",
            "format",
            "--initial-controllers",
            self._seat.named(whole=True),
            "-t",
            CLUSTER,
            "-c",
            properties,
        ]
        for user in self._doors.scram:
            command += ["--add-scram", user]
        made = subprocess.run(command, capture_output=True, check=False)
        if made.returncode:
            raise RuntimeError(made.stdout.decode() + made.stderr.decode())

    def wait_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._child is None or self._child.poll() is not None:
                break
            with socket.socket() as probe:
                said = self.log.read_bytes()[self._said :]
                if probe.connect_ex(("127.0.0.1", self.port)) == 0 and b"Kafka Server started" in said:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"Apache Kafka did not start: {self.log.read_text()[-1500:]}")


def seats(many: int) -> list[Seat]:
    """The places of a cluster of so many nodes, each broker and controller in one."""
    controllers = {number: (_free_port(), _directory()) for number in range(1, many + 1)}
    return [Seat(number, controllers) for number in controllers]


@contextmanager
def cluster(folder: Path, many: int = 3) -> Iterator[list[ApacheKafka]]:
    """Brokers that run, each on a port and in a folder of its own."""
    brokers = [ApacheKafka(folder / f"kafka-{seat.node}", seat=seat) for seat in seats(many)]
    try:
        for broker in brokers:
            broker.launch()
        for broker in brokers:
            broker.wait_ready()
        yield brokers
    finally:
        for broker in brokers:
            broker.kill()


def _directory() -> str:
    """A random id in Kafka's writing, which begins with no dash: `kafka-storage` would take it for an option."""
    return "A" + base64.urlsafe_b64encode(uuid4().bytes).decode()[1:22]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

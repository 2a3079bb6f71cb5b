"""Apache Kafka and Debian's PostgreSQL, each in a folder and on ports of its own, gone with the test."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka_server import ApacheKafka

from services.kit.embedded.postgres import EmbeddedPostgres

DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class RealParts:
    """Both running. `kill` and `start` of either keep its data and its address."""

    kafka: ApacheKafka
    postgres: EmbeddedPostgres

    @property
    def dsn(self) -> str:
        return self.postgres.dsn.get_secret_value()


def debians_binaries() -> Path:
    """Of the newest installed version."""
    found = sorted(DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if not found:
        raise RuntimeError("Debian's PostgreSQL is missing: run tests/connected/prepare.sh")
    return found[-1]


@contextmanager
def real_parts() -> Iterator[RealParts]:
    """To be used from the main thread: the servers end with the thread that starts them."""
    with tempfile.TemporaryDirectory(prefix="tenure-real-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)  # as root PostgreSQL runs as another user
        parts = RealParts(
            ApacheKafka(folder / "kafka"), EmbeddedPostgres(folder / "postgres", binaries=debians_binaries())
        )
        stack.callback(parts.kafka.stop)
        parts.kafka.start()
        stack.callback(parts.postgres.stop)
        parts.postgres.start()
        yield parts

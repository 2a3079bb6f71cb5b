"""The embedded broker: librdkafka's mock cluster, in a process of its own. For trying, developing and testing.

It lives in memory, keeps 5 MiB or 100,000 batches a partition and then drops the oldest without a word, takes one
member a group and has no admin API: topics are made when it starts. `python -m services.kit.embedded.broker` runs it.
"""

import argparse
import ctypes
import json
import secrets
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from contracts.topics import TOPICS
from services.kit.embedded.children import on_parents_death
from services.kit.errors import EmbeddedError

START_SECONDS = 20.0
DECLARED: Mapping[str, int] = {topic.name: topic.partitions for topic in TOPICS}


class EmbeddedBroker:
    """The broker as a child process, gone when we are. Each start is a new `epoch` with empty topics."""

    def __init__(self, topics: Mapping[str, int] = DECLARED) -> None:
        self.topics = topics
        self.epoch = f"embedded-{secrets.token_hex(8)}"
        self.address = ""
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start it and return its address, `host:port`; raises EmbeddedError with what it said."""
        named = [f"{name}:{partitions}" for name, partitions in self.topics.items()]
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__, "--with-parent", *named],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.address = _first_line(self._child)
        return self.address

    @property
    def pid(self) -> int:
        if self._child is None:
            raise EmbeddedError("the embedded broker was not started")
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def kill(self) -> None:
        """Cut it off at once, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with child:
            child.send_signal(number)
            child.wait(START_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _first_line(child: subprocess.Popen[bytes]) -> str:
    if child.stdout is None:
        raise EmbeddedError("the embedded broker has no output")
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        line = child.stdout.readline() if selector.select(START_SECONDS) else b""
    if not line:
        child.kill()
        child.wait()
        raise EmbeddedError("the embedded broker did not start: see its messages above")
    return str(json.loads(line)["kafka"])


def create(topics: Mapping[str, int]) -> str:
    """A cluster of one broker inside this process; returns its address. It lives until the process ends."""
    from confluent_kafka import cimpl  # noqa: PLC0415 - only the child needs the library

    library = ctypes.CDLL(cimpl.__file__)  # its own librdkafka stands behind it, wherever the wheel keeps it
    for function, result, arguments in (
        ("rd_kafka_conf_new", ctypes.c_void_p, []),
        ("rd_kafka_conf_set", ctypes.c_int, [ctypes.c_void_p, *[ctypes.c_char_p] * 3, ctypes.c_size_t]),
        ("rd_kafka_new", ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]),
        ("rd_kafka_mock_cluster_new", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int]),
        ("rd_kafka_mock_cluster_bootstraps", ctypes.c_char_p, [ctypes.c_void_p]),
        ("rd_kafka_mock_topic_create", ctypes.c_int, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]),
        ("rd_kafka_mock_group_initial_rebalance_delay_ms", None, [ctypes.c_void_p, ctypes.c_int32]),
    ):
        entry = getattr(library, function)
        entry.restype, entry.argtypes = result, arguments
    said = ctypes.create_string_buffer(512)
    conf = library.rd_kafka_conf_new()
    library.rd_kafka_conf_set(conf, b"log_level", b"3", said, len(said))  # its own client has no broker, and says so
    client = library.rd_kafka_new(0, conf, said, len(said))
    cluster = library.rd_kafka_mock_cluster_new(client, 1) if client else None
    if not cluster:
        raise EmbeddedError(f"the mock cluster did not start: {said.value.decode(errors='replace')}")
    library.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0)
    for name, partitions in topics.items():
        if code := library.rd_kafka_mock_topic_create(cluster, name.encode(), partitions, 1):
            raise EmbeddedError(f"topic {name} was not made: librdkafka code {code}")
    return str(library.rd_kafka_mock_cluster_bootstraps(cluster).decode())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m services.kit.embedded.broker", description=__doc__)
    parser.add_argument(
        "topics", nargs="*", metavar="NAME:PARTITIONS", help="topics to make; default: all declared ones"
    )
    parser.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    options = parser.parse_args(arguments)
    pairs = (text.rpartition(":") for text in options.topics)
    topics = {name: int(partitions) for name, _, partitions in pairs} or DECLARED
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    if options.with_parent:
        on_parents_death(stopped.set)
    sys.stdout.write(json.dumps({"ready": True, "kafka": create(topics)}) + "\n")
    sys.stdout.flush()
    stopped.wait()


if __name__ == "__main__":
    main()

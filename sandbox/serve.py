"""The sandbox on a real socket of 127.0.0.1, in this thread or in one of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn

from sandbox.app import build
from sandbox.platforms import PLATFORMS

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """Says when it takes calls."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


def _make(config: Mapping[str, Any], listener: socket.socket, on_ready: Callable[[], None]) -> _Server:
    # Cut connections are meant, and uvicorn would print each of them as an application error.
    settings = uvicorn.Config(build(config), log_level="critical", access_log=False, timeout_graceful_shutdown=1)
    server = _Server(settings, on_ready)
    server.config.load()
    listener.listen(512)
    return server


def bind(port: int = 0, host: str = HOST) -> tuple[socket.socket, str]:
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener, f"http://{host}:{listener.getsockname()[1]}"


def describe(url: str) -> dict[str, Any]:
    """What ``python -m sandbox`` prints in one line once it takes calls."""
    return {"ready": True, "url": url, **{name: {"url": f"{url}/{name}"} for name in PLATFORMS}}


def serve(config: Mapping[str, Any], port: int, on_ready: Callable[[str], None], host: str = HOST) -> None:
    """Serve until interrupted."""
    listener, url = bind(port, host)
    with suppress(KeyboardInterrupt):
        _make(config, listener, lambda: on_ready(url)).run(sockets=[listener])


@contextmanager
def running(config: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Serve from a thread of its own for the length of a ``with``; yields the address."""
    listener, url = bind()
    ready = threading.Event()
    server = _make(config or {}, listener, ready.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), name="sandbox", daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the sandbox did not start")
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()

"""Runs a service: its parts, its loops, its HTTP door, its signals and its graceful stop.

Order of a stop: no new HTTP request, those running end; the loops are cancelled; the parts are closed; all inside
`grace` seconds. This is the only place with a broad `except`: whatever escapes a service ends it with one clear line.
Exit status 0 stopped, 1 crashed, 2 wrong use, configuration or a folder that cannot be written.
"""

import asyncio
import contextlib
import errno
import gc
import json
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from services.kit import logging, tracing
from services.kit.errors import KitError, ReopenError, UsageError
from services.kit.settings import ServiceSettings, read_settings

Loop = Callable[[], Awaitable[None]]
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EADDRINUSE, errno.ENOENT}


@dataclass(frozen=True, slots=True)
class Service:
    """A service that is wired and open. `loops` run until the stop; one that ends or raises ends the service."""

    routes: Sequence[BaseRoute]
    loops: Mapping[str, Loop] = field(default_factory=dict)


S = TypeVar("S", bound=ServiceSettings)
Opened = contextlib.AbstractAsyncContextManager[Service]
Open = Callable[[S], Opened]


def run(name: str, kind: type[S], open_service: Open[S]) -> None:
    """Read settings, run the service until SIGTERM or SIGINT, exit. What `__main__.py` calls.

    `open_service(settings)` is an async context manager: it connects on entering and closes on leaving.
    """
    sys.exit(_outcome(name, kind, open_service))


def collect_rarely() -> None:
    """What is imported stays for ever, and a batch makes many values that form no circles.

    Python would look through them all after each seven hundred: a tenth of intake's processor time.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _outcome(name: str, kind: type[S], open_service: Open[S]) -> int:
    logging.configure(name)
    try:
        settings = read_settings(kind)
        logging.configure(name, settings.log_level)
        collect_rarely()
        asyncio.run(serve(name, settings, lambda: open_service(settings)))
    except UsageError as exc:
        return _say(f"{name}: {exc}", 2)
    except OSError as exc:
        if exc.errno in _UNWRITABLE:
            where = f": {exc.filename}" if exc.filename else ""
            return _say(f"{name}: {exc.strerror or type(exc).__name__}{where}", 2)
        return _crashed(exc)
    except KitError as exc:
        return _say(f"{name}: {exc}", 1)
    except Exception as exc:  # noqa: BLE001 - the one place: a crash becomes one line and an exit status
        return _crashed(exc)
    return 0


async def serve(
    name: str, settings: ServiceSettings, open_service: Callable[[], Opened], stop: asyncio.Event | None = None
) -> None:
    """Run until `stop` is set, a signal comes or a loop ends; raises what a loop or the service raised.

    A loop that raises ReopenError has the service closed and opened again: requests wait meanwhile.
    """
    stop = stop or asyncio.Event()
    with _signals(stop), _traces(name, settings.traces):
        listener = _listen(settings.host, settings.port)
        with contextlib.closing(listener):
            ready = cache(partial(_announce, name, f"http://{settings.host}:{listener.getsockname()[1]}"))  # said once
            while await _asks_for_another(open_service(), listener, stop, settings.grace, ready):
                logging.logger().info("service.reopens")


async def _asks_for_another(
    service: Opened, listener: socket.socket, stop: asyncio.Event, seconds: float, ready: Callable[[], None]
) -> bool:
    """Whether the service is to be opened again after this one has ended."""
    grace = _Grace(seconds)
    try:
        async with _closing_in_time(service, grace) as parts:
            door = _Door(Starlette(routes=list(parts.routes)), ready)
            with contextlib.closing(listener.dup()) as listening:  # the door closes what it is given
                await _serve_parts(parts, door, listening, stop, grace)
    except ReopenError:
        return True
    return False


@contextlib.contextmanager
def _traces(name: str, address: str | None) -> Iterator[None]:
    if address is None:
        yield
        return
    try:
        from services.kit import otel  # noqa: PLC0415 - an extra that few install, and not cheap to import
    except ImportError:
        raise UsageError("TENURE_TRACES needs OpenTelemetry's SDK: pip install 'tenure[traces]'") from None
    with otel.exported(name, address) as tracer, tracing.traced_by(tracer):
        yield


class _Grace:
    """The seconds that a stop may still take, counted from its beginning."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._until = seconds, 0.0

    def begin(self) -> None:
        self._until = self._until or time.monotonic() + self._seconds

    def left(self) -> float:
        return max(0.1, self._until - time.monotonic()) if self._until else self._seconds


async def _serve_parts(
    parts: Service, door: "_Door", listener: socket.socket, stop: asyncio.Event, grace: _Grace
) -> None:
    loops = [asyncio.create_task(_endless(loop_name, loop), name=loop_name) for loop_name, loop in parts.loops.items()]
    http = asyncio.create_task(door.serve(sockets=[listener]), name="http")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait([http, stopping, *loops], return_when=asyncio.FIRST_COMPLETED)
        logging.logger().info("service.stopping")
    finally:
        grace.begin()
        door.leave(grace.left() / 2)
        stopping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await http
        broken = [task for task in loops if task.done()]
        for task in loops:
            task.cancel()
        await asyncio.wait([stopping, *loops], timeout=grace.left())
    for task in broken:
        task.result()


async def _endless(name: str, loop: Loop) -> None:
    await loop()
    raise KitError(f"{name} ended by itself")


class _Door(uvicorn.Server):
    """uvicorn without its own signal handlers, which would end the process before our parts are closed."""

    def __init__(self, app: Starlette, on_ready: Callable[[], None]) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", server_header=False))
        self._on_ready = on_ready

    def leave(self, within: float) -> None:
        """Take no more requests and let those that run end."""
        self.config.timeout_graceful_shutdown = max(1, int(within))
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()


@contextlib.asynccontextmanager
async def _closing_in_time(service: Opened, grace: _Grace) -> AsyncIterator[Service]:
    parts = await service.__aenter__()
    try:
        yield parts
    finally:
        try:
            async with asyncio.timeout(grace.left()):
                await service.__aexit__(*sys.exc_info())
        except TimeoutError:
            logging.logger().warning("service.stop_timed_out")


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """A second signal is the machine's own: it ends us at once."""
    loop = asyncio.get_running_loop()

    def first(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        stop.set()

    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, first, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _listen(host: str, port: int) -> socket.socket:
    """Bound before the parts connect, so that a taken port is said at once; not listening until they are open."""
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        raise UsageError(f"cannot listen on {host}:{port}: {exc.strerror}") from exc
    return listener


def _announce(name: str, url: str) -> None:
    sys.stdout.write(json.dumps({"ready": True, "service": name, "url": url}) + "\n")
    sys.stdout.flush()


def _say(line: str, status: int) -> int:
    sys.stderr.write(logging.masked(line) + "\n")
    return status


def _crashed(exc: BaseException) -> int:
    logging.logger().error("service.crashed", error=type(exc).__qualname__, where=logging.place(exc))
    return 1

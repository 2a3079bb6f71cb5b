"""Children that die with us, and services that end as they should: real processes, loopback only."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from services.kit.embedded.broker import EmbeddedBroker
from services.kit.embedded.postgres import EmbeddedPostgres

DEBIAN = Path("/usr/lib/postgresql/15/bin")
PARENT = """
    import sys, time, pathlib
    from services.kit.embedded.broker import EmbeddedBroker
    from services.kit.embedded.postgres import EmbeddedPostgres
    broker, database = EmbeddedBroker({"t": 1}), EmbeddedPostgres(pathlib.Path(sys.argv[1]))
    broker.start(); database.start()
    print(broker.pid, database.pid, flush=True)
    time.sleep(600)
"""
SERVICE = """
    import asyncio, contextlib, os, sys
    from services.kit.app import Service, run
    from services.kit.health import Health
    from services.kit.settings import ServiceSettings

    async def loop():
        if os.environ["ENDS"] == "crash":
            raise ValueError("a name of somebody")
        if os.environ["ENDS"] == "full":
            raise OSError(28, "No space left on device", "/data/x")
        await asyncio.Event().wait()

    @contextlib.asynccontextmanager
    async def opened(settings):
        try:
            yield Service(Health().routes(), {"loop": loop})
        finally:
            sys.stderr.write("closed\\n")

    run("toy", ServiceSettings, opened)
"""


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "did not come true"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def script(text: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(text), *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of our own that the database's unprivileged user may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="tenure-") as path:
        Path(path).chmod(0o755)
        yield Path(path) / "db"


def test_a_killed_parent_takes_broker_and_database_along(folder):
    with script(PARENT, str(folder)) as parent:
        assert parent.stdout is not None
        broker, database = map(int, parent.stdout.readline().split())
        assert not gone(broker)
        assert not gone(database)
        parent.send_signal(signal.SIGKILL)
        until(lambda: gone(broker) and gone(database))


def test_the_broker_starts_anew_with_another_epoch():
    with EmbeddedBroker({"t": 1}) as first, EmbeddedBroker({"t": 1}) as second:
        assert first.alive
        assert first.address.startswith("127.0.0.1:")
        assert first.epoch != second.epoch


@pytest.mark.parametrize(
    "binaries",
    [
        None,
        pytest.param(
            DEBIAN, marks=pytest.mark.skipif(not DEBIAN.exists(), reason="Debian's PostgreSQL 15 is not here")
        ),
    ],
    ids=["wheel", "debian"],
)
async def test_the_database_keeps_its_rows_over_a_kill(folder, binaries):
    database = EmbeddedPostgres(folder, binaries=binaries)
    with database:
        connection = await asyncpg.connect(database.dsn.get_secret_value())
        await connection.execute("create table kept(i int); insert into kept values (1)")
        await connection.close()
        database.kill()
        again = EmbeddedPostgres(folder, binaries=binaries)
        until(lambda: not database.alive)
        with again:
            connection = await asyncpg.connect(again.dsn.get_secret_value())
            assert await connection.fetchval("select i from kept") == 1
            await connection.close()


async def test_the_database_starts_again_though_a_session_of_the_killed_one_is_still_at_work(folder):
    with EmbeddedPostgres(folder) as database:
        busy = await asyncpg.connect(database.dsn.get_secret_value())
        work = asyncio.ensure_future(busy.fetch("select count(*) from generate_series(1, 3000000)"))
        other = await asyncpg.connect(database.dsn.get_secret_value())
        running = (
            "select count(*) from pg_stat_activity where query like '%generate_series%' and pid <> pg_backend_pid()"
        )
        while not await other.fetchval(running):
            pass
        database.kill()
        database.start()
        again = await asyncpg.connect(database.dsn.get_secret_value())
        assert await again.fetchval("select 1") == 1
        await again.close()
        await asyncio.gather(work, return_exceptions=True)
        for lost in (busy, other):
            lost.terminate()


async def test_nobody_enters_the_database_without_its_password(folder):
    with EmbeddedPostgres(folder) as database:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://tenure:wrong@127.0.0.1:{database.port}/postgres")
        assert (folder / "password").stat().st_mode & 0o077 == 0


def test_a_service_announces_itself_and_closes_on_a_signal():
    with script(SERVICE, TENURE_KAFKA="127.0.0.1:1", ENDS="no") as service:
        assert service.stdout is not None
        assert service.stderr is not None
        ready = json.loads(service.stdout.readline())
        assert (ready["ready"], ready["service"]) == (True, "toy")
        assert httpx.get(ready["url"] + "/healthz").status_code == 200
        service.send_signal(signal.SIGTERM)
        assert service.wait(20) == 0
        assert "closed" in service.stderr.read()


@pytest.mark.parametrize(
    ("ends", "status", "line"),
    [("crash", 1, "service.crashed"), ("full", 2, "toy: No space left on device: /data/x")],
    ids=["a crash is status 1", "a full disk is one clear line and status 2"],
)
def test_how_a_service_ends(ends, status, line):
    with script(SERVICE, TENURE_KAFKA="127.0.0.1:1", ENDS=ends) as service:
        _, errors = service.communicate(timeout=20)
        assert service.returncode == status
        assert line in errors
        assert "closed" in errors
        assert "somebody" not in errors


def test_wrong_settings_are_status_2():
    with script(SERVICE, TENURE_KAFKA="", ENDS="no") as service:
        _, errors = service.communicate(timeout=20)
        assert service.returncode == 2
        assert errors.startswith("toy: settings are wrong: TENURE_KAFKA")


def test_a_taken_port_is_said_in_one_line():
    with script(SERVICE, TENURE_KAFKA="a:1", ENDS="no") as first:
        assert first.stdout is not None
        port = json.loads(first.stdout.readline())["url"].rpartition(":")[2]
        with script(SERVICE, TENURE_KAFKA="a:1", TENURE_PORT=port, ENDS="no") as second:
            _, errors = second.communicate(timeout=20)
            assert second.returncode == 2
            assert f"cannot listen on 127.0.0.1:{port}" in errors
        first.terminate()
        first.wait(20)

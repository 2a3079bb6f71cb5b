"""Everything that `tenure doctor` names, provoked: each finding is said with what helps."""

import asyncio
import json
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import asyncpg
import httpx
import pytest

from sandbox.serve import running
from services.cli import checks
from services.cli.__main__ import run
from services.cli.up import SAMPLE
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.migrate import OWNERS, migrate

CONFIG = {
    "wecom": {"corp_id": "ww0001", "agent_id": 1000002, "contact_secret": "s-contact", "app_secret": "app"},
    "dingtalk": {"app_key": "dk0001", "agent_id": "1", "app_secret": "ding"},
}
SECRETS = {"ACME_HR_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "WECOM_CONTACT_SECRET": "s-contact",
           "WECOM_APP_SECRET": "app", "DINGTALK_APP_SECRET": "ding"}  # fmt: skip
BOOKS = {"targets": {"wecom": {"paused": False, "reason": None}}, "balanced": True, "replicas": ["provisioner-1"]}


class Provisioner(ThreadingHTTPServer):
    """What doctor asks a provisioner: `ready` and `status` are its answers, `date` its clock where that is another."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answers)
        self.ready, self.status, self.date = {"ok": True, "checks": {}}, BOOKS, None
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Provisioner

    def do_GET(self):
        operator = self.headers.get("authorization") == "Bearer token"
        known = {
            "/readyz": (200 if self.server.ready["ok"] else 503, self.server.ready),
            "/v1/status": (200, self.server.status) if operator else (401, {"title": "not an operator"}),
        }
        status, body = known[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def date_time_string(self, _timestamp=None):
        return self.server.date or super().date_time_string()

    def log_message(self, *_said):
        pass


class World:
    """An installation in which everything is well until a case spoils it."""

    def __init__(self, folder, url, provisioner, monkeypatch):
        self.folder, self.url, self.provisioner, self.env = folder, url, provisioner, monkeypatch
        self.policy = folder / "tenure.yaml"
        self.policy.write_text(SAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
        self.arguments = []
        for name, value in {**SECRETS, "WECOM_URL": f"{url}/wecom", "DINGTALK_URL": f"{url}/dingtalk"}.items():
            monkeypatch.setenv(name, value)
        for name in ("TENURE_URL", "TENURE_TOKEN", "TENURE_KAFKA", "TENURE_DATABASE", "TENURE_OPERATORS_FILE"):
            monkeypatch.delenv(name, raising=False)
        self.say(provisioner=provisioner.url, operator_token="token")
        (folder / "operators.json").write_text(json.dumps({"operators": {"li": "0" * 64}}))

    def say(self, **more):
        file = self.folder / "run.json"
        before = json.loads(file.read_text()) if file.exists() else {"config": str(self.policy)}
        file.write_text(json.dumps(before | more))

    def edit(self, old, new):
        text = self.policy.read_text(encoding="utf-8")
        assert old in text
        self.policy.write_text(text.replace(old, new, 1), encoding="utf-8")

    def console(self, platform, **order):
        httpx.post(f"{self.url}/{platform}/_sandbox/console", json=order, trust_env=False).raise_for_status()

    def fault(self, platform, **fault):
        httpx.post(f"{self.url}/{platform}/_sandbox/faults", json=[fault], trust_env=False).raise_for_status()


@pytest.fixture
def world(tmp_path, monkeypatch):
    with running(CONFIG) as url:
        provisioner = Provisioner()
        thread = Thread(target=provisioner.serve_forever, daemon=True)
        thread.start()
        yield World(tmp_path, url, provisioner, monkeypatch)
        provisioner.shutdown()
        thread.join()
        provisioner.server_close()


@pytest.fixture
def look(world, capsys):
    """What doctor finds that is not fine: (level, check, subject, what helps)."""

    def look():
        status = run(["doctor", "--json", "--lang", "en", "--data", str(world.folder), "--config", str(world.policy),
                      *world.arguments])  # fmt: skip
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert status == any(row["level"] == "problem" for row in rows)
        assert all(row["next"] for row in rows if row["level"] != "ok")
        assert not any(secret in json.dumps(rows) for secret in ("whsec_", "s-contact", "geheim"))
        return {(row["level"], row["check"], row["subject"]): row["next"] for row in rows if row["level"] != "ok"}

    return look


ALWAYS = {("note", "customer_contact", "wecom")}
"""Nobody can ask WeCom whether its console was told once."""


def test_where_everything_is_well_nothing_is_found(look):
    assert look().keys() == ALWAYS


# ------------------------------------------------------------ how each comes about


def no_policy(world):
    world.policy.unlink()


def a_mistake_in_the_policy(world):
    world.edit("mode: enforce", "mode: enfroce")


def a_secret_nobody_set(world):
    world.env.delenv("DINGTALK_APP_SECRET")


def a_target_that_only_looks(world):
    world.edit("mode: enforce", "mode: observe")


def nobody_may_give_orders(world):
    (world.folder / "operators.json").unlink()


def operators_that_cannot_be_read(world):
    (world.folder / "operators.json").write_text("{")


def nothing_runs(world):
    (world.folder / "run.json").unlink()


def a_service_that_is_gone(world):
    world.say(notifier="http://127.0.0.1:1")


def a_service_that_is_not_ready(world):
    world.provisioner.ready = {"ok": False, "checks": {"store": {"ok": False, "detail": "unreachable"}}}


def a_clock_that_is_off(world):
    world.provisioner.date = "Sun, 01 Mar 2026 00:00:00 GMT"


def a_token_that_is_refused(world):
    world.say(operator_token="old")


def a_paused_target(world):
    world.provisioner.status = BOOKS | {"targets": {"wecom": {"paused": True, "reason": "gettoken:40001"}}}


def books_without_a_broker(world):
    world.provisioner.status = BOOKS | {"balanced": None}


def books_that_do_not_balance(world):
    world.provisioner.status = BOOKS | {"balanced": False}


def two_replicas_of_one_name(world):
    world.provisioner.status = BOOKS | {"replicas": ["provisioner-1", "provisioner-1", "provisioner-2"]}


def a_wrong_secret(world):
    world.env.setenv("WECOM_CONTACT_SECRET", "geheim")


def a_missing_permission(world):
    world.fault("wecom", kind="errcode", path="department/get", code=48002, times=None)


def a_missing_permission_point(world):
    world.fault("dingtalk", kind="errcode", path="topapi/v2/department/get", code=60011, times=None)


def an_address_that_is_not_trusted(world):
    world.console("wecom", op="trusted_ips", ips=["192.0.2.7"])


def a_platform_that_is_gone(world):
    world.env.setenv("DINGTALK_URL", "http://127.0.0.1:1")


def a_database_that_is_gone(world):
    world.say(database=f"postgresql://u:geheim@127.0.0.1:1/x?host={world.folder}")


def the_embedded_broker(world):
    world.say(kafka="127.0.0.1:1", embedded_broker=True)


def a_kafka_that_is_gone(world):
    world.env.setenv("TENURE_KAFKA", "127.0.0.1:1")


CASES = [
    (no_policy, ("problem", "policy", "{policy}"), "tenure init"),
    (a_mistake_in_the_policy, ("problem", "policy", "tenure.yaml"), "tenure policy check"),
    (a_secret_nobody_set, ("problem", "secrets", "tenure.yaml"), "set the variable"),
    (a_target_that_only_looks, ("note", "mode", "wecom"), "targets.wecom.mode: enforce"),
    (nobody_may_give_orders, ("problem", "operators", "{folder}/operators.json"), "tenure operator add NAME"),
    (operators_that_cannot_be_read, ("problem", "operators", "{folder}/operators.json"), "tenure operator add"),
    (nothing_runs, ("note", "installation", "{folder}"), "tenure up"),
    (a_service_that_is_gone, ("problem", "service", "notifier"), "tenure up"),
    (a_service_that_is_not_ready, ("problem", "service", "provisioner"), "logs/provisioner.log"),
    (a_clock_that_is_off, ("problem", "clock", "provisioner"), "NTP"),
    (a_token_that_is_refused, ("problem", "operator_api", "{provisioner}"), "tenure operator add NAME"),
    (a_paused_target, ("problem", "paused", "wecom"), "tenure continue wecom"),
    (books_without_a_broker, ("problem", "books", "kafka"), "logs/provisioner.log"),
    (books_that_do_not_balance, ("note", "books", "provisioner"), "tenure wait"),
    (two_replicas_of_one_name, ("problem", "replicas", "provisioner-1"), "TENURE_PROCESS_NAME"),
    (a_wrong_secret, ("problem", "secret", "wecom"), "tenure continue wecom"),
    (a_missing_permission, ("problem", "permission", "wecom"), "permission in the console"),
    (a_missing_permission_point, ("problem", "permission", "dingtalk"), "permission in the console"),
    (an_address_that_is_not_trusted, ("problem", "address", "wecom"), "trust this machine's address"),
    (a_platform_that_is_gone, ("problem", "target", "dingtalk"), "the address of dingtalk"),
    (a_database_that_is_gone, ("problem", "database", "PostgreSQL"), "its address"),
    (the_embedded_broker, ("note", "kafka", "127.0.0.1:1"), "tenure up --kafka HOST:PORT"),
    (a_kafka_that_is_gone, ("problem", "kafka", "127.0.0.1:1"), "the broker runs"),
]


@pytest.mark.parametrize(("spoil", "finding", "helps"), CASES, ids=[case[0].__name__ for case in CASES])
def test_what_is_wrong_is_said_with_what_helps_and_nothing_else_is(world, look, spoil, finding, helps):
    spoil(world)
    places = {"folder": world.folder, "policy": world.policy, "provisioner": world.provisioner.url}
    wanted = tuple(word.format(**places) for word in finding)
    found = look()
    assert helps in found[wanted]
    assert found.keys() - ALWAYS == {wanted}


# ------------------------------------------------------------ the database and the disk


@pytest.fixture(scope="module")
def server():
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder)) as running:
        yield running.dsn.get_secret_value()


def of_database(dsn):
    async def collect():
        return [(one.level, one.check, one.subject, one.next) async for one in checks.of_database(dsn)]

    return asyncio.run(collect())


def told(dsn, statement):
    async def tell():
        connection = await asyncpg.connect(dsn)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(tell())


def problems(dsn):
    return {(check, subject): step for level, check, subject, step in of_database(dsn) if level == "problem"}


def test_tables_that_are_older_than_the_code_are_named_until_they_are_migrated(server):
    assert problems(server) == {("database", owner): "tenure migrate" for owner in OWNERS}
    for owner in OWNERS:
        asyncio.run(migrate(server, owner))
    assert problems(server) == {}


def test_a_database_that_may_lose_a_commit_is_named(server):
    told(server, "ALTER DATABASE postgres SET synchronous_commit = off")
    try:
        found = problems(server)
    finally:
        told(server, "ALTER DATABASE postgres RESET synchronous_commit")
    assert "synchronous_commit = off" in found["durability", "PostgreSQL"]


def test_a_snapshot_that_is_held_is_named_with_the_session_that_ends_it(server):
    async def held():
        connection = await asyncpg.connect(server, server_settings={"application_name": "a report"})
        async with connection.transaction(isolation="repeatable_read"):
            await connection.fetchval("SELECT 1")
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            found = [one async for one in checks.of_database(server, longest=0.0) if one.check == "snapshot"]
        await connection.close()
        return pid, found

    pid, (found,) = asyncio.run(held())
    assert (found.level, found.next) == ("problem", f"psql -c 'SELECT pg_terminate_backend({pid})'")
    assert "a report" in found.detail


@pytest.mark.parametrize(
    ("free", "total", "level"), [(4, 100, "problem"), (4, 30, "ok"), (20, 1000, "ok")], ids=["full", "small", "large"]
)
def test_a_disk_is_nearly_full_when_little_is_free_in_share_and_in_size(tmp_path, free, total, level):
    size = checks.GIGABYTE
    [found] = checks.of_disk(tmp_path, lambda _folder: (total * size, (total - free) * size, free * size))
    assert found.level == level
    assert [*checks.of_disk(tmp_path / "none")] == []

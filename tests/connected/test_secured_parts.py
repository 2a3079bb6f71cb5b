"""Any cluster by configuration: every way to log in to a real Kafka, and TLS to a real PostgreSQL."""

import asyncio
import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from real_parts import debians_binaries
from secured_kafka import certificates, secured_kafka
from staff import departments, hired
from world import SPEEDY, running

from contracts.topics import HR_EVENTS
from services.kit.broker import Outgoing, make_broker, publish_in_order, started, subscribe
from services.kit.database import DatabaseGoneError, Line
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.settings import ServiceSettings
from services.kit.topics import TopicsError, apply, diff

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]
PASSWORD = "n0t-a-real-one"


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    with secured_kafka(tmp_path_factory.mktemp("secured"), PASSWORD) as parts:
        yield parts


@pytest.fixture(autouse=True)
async def _hung_up():
    """aiokafka leaves a refused connection without waiting for TLS's goodbye: it ends with the test that opened it."""
    yield
    for one in gc.get_objects():
        if isinstance(one, asyncio.Transport):
            one.abort()
    for _ in range(3):  # turns of the loop, in which what was aborted is closed
        await asyncio.sleep(0)


def ways(secured):
    """Settings by listener."""
    tls = {"kafka_tls": True, "kafka_ca": secured.keys / "ca.pem"}
    login = {**tls, "kafka_user": "tenure", "kafka_password": secured.password}
    oauth = {"kafka_sasl": "oauthbearer", "kafka_token_url": f"{secured.url}/token", "kafka_token_scope": "kafka"}
    mutual = {"kafka_certificate": secured.keys / "client.crt", "kafka_key": secured.keys / "client.key"}
    return {
        "plain": ("PLAIN", {**login, "kafka_sasl": "plain"}),
        "scram-256": ("SCRAM", {**login, "kafka_sasl": "scram-sha-256"}),
        "scram-512": ("SCRAM", {**login, "kafka_sasl": "scram-sha-512"}),
        "oauth": ("OAUTH", {**login, **oauth}),
        "mutual": ("MUTUAL", {**tls, **mutual}),
    }


def access(secured, way, **other):
    door, found = ways(secured)[way]
    return ServiceSettings(kafka=(secured.kafka.door(door),), **{**found, **other})


@pytest.mark.parametrize("way", ["plain", "scram-256", "scram-512", "oauth", "mutual"])
async def test_topics_are_made_and_records_pass_however_we_log_in(secured, way):
    settings, got = access(secured, way), asyncio.Queue()
    await apply(settings)
    assert await diff(settings) == []
    broker = make_broker(settings, way)

    @subscribe(broker, HR_EVENTS.name, group=f"secured-{way}")
    async def take(records):
        for record in records:
            got.put_nowait(record.value)

    async with started(broker, settings):
        await publish_in_order(broker, [Outgoing(HR_EVENTS.name, b"k", way.encode())])
        async with asyncio.timeout(60):
            while await got.get() != way.encode():
                pass


async def test_a_token_serves_many_connections(secured):
    before = secured.tokens.asked
    settings = access(secured, "oauth")
    await diff(settings)
    await diff(settings)
    assert secured.tokens.asked == before + 1


WRONG = {
    "password": ("scram-512", {"kafka_password": "another"}, "refuses our login: check TENURE_KAFKA_USER"),
    "kind of login": ("scram-512", {"kafka_sasl": "plain"}, "check TENURE_KAFKA_SASL"),
    "client's secret": ("oauth", {"kafka_password": "another"}, "TENURE_KAFKA_TOKEN_URL answers 401 'invalid_client'"),
    "no certificate": ("mutual", {"kafka_certificate": None, "kafka_key": None}, "TENURE_KAFKA_CERTIFICATE"),
    "no TLS": ("mutual", {"kafka_certificate": None, "kafka_key": None, "kafka_ca": None, "kafka_tls": False},
               "check TENURE_KAFKA_TLS"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_wrong_with_a_login_is_said_in_one_line_without_the_secret(secured, wrong):
    way, other, said = WRONG[wrong]
    settings = access(secured, way, **other)
    with pytest.raises(TopicsError) as caught:
        await diff(settings)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not {PASSWORD, "another"} & set(str(caught.value).split())


async def test_a_broker_that_is_down_does_not_hide_why_the_others_refuse(secured):
    door = secured.kafka.door("SCRAM")
    settings = access(secured, "scram-512", kafka_password="another")
    with pytest.raises(TopicsError, match="check TENURE_KAFKA_USER"):
        await diff(settings.model_copy(update={"kafka": ("127.0.0.1:1", door)}))


async def test_a_broker_of_another_name_is_refused(secured):
    settings = access(secured, "scram-512")
    elsewhere = secured.kafka.door("SCRAM").replace("127.0.0.1", "localhost")
    with pytest.raises(TopicsError, match=r"Hostname mismatch.*check TENURE_KAFKA_CA and the name"):
        await diff(settings.model_copy(update={"kafka": (elsewhere,)}))


async def test_an_authority_that_we_do_not_know_is_refused(secured):
    settings = access(secured, "scram-512", kafka_ca=secured.keys / "stranger.pem")
    with pytest.raises(TopicsError, match="check TENURE_KAFKA_CA"):
        await diff(settings)


@pytest.fixture(scope="module")
def encrypted_postgres():
    """It takes nobody without TLS. Yields its address and the folder of its authority."""
    with tempfile.TemporaryDirectory(prefix="tenure-tls-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root PostgreSQL runs as another user
        keys, server = certificates(folder / "keys"), EmbeddedPostgres(folder / "pg", binaries=debians_binaries())
        server.start()
        server.stop()
        for file in ("broker.crt", "broker.key"):
            shutil.copy(keys / file, server.data / file)
            (server.data / file).chmod(0o600)
            os.chown(server.data / file, server.data.stat().st_uid, server.data.stat().st_gid)
        with (server.data / "postgresql.conf").open("a") as conf:
            conf.write("ssl = on\nssl_cert_file = 'broker.crt'\nssl_key_file = 'broker.key'\n")
        (server.data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        with server:
            yield server.dsn.get_secret_value(), keys


def test_a_whole_installation_lives_on_encrypted_parts(secured, encrypted_postgres, monkeypatch):
    dsn, keys = encrypted_postgres
    door, found = ways(secured)["scram-512"]
    for name, value in found.items():
        monkeypatch.setenv(f"TENURE_{name.upper()}", str(value))
    database = f"{dsn}?sslmode=verify-full&sslrootcert={keys / 'ca.pem'}"
    with running(env=SPEEDY, kafka=secured.kafka.door(door), database=database) as world:
        world.send([*departments(), hired("W001", "+8613800000001", "2026-01-05", "D-SAL", "sales")])
        world.settle()
        assert {platform: [one.open for one in world.accounts(platform)] for platform in ("wecom", "dingtalk")} == {
            "wecom": [True], "dingtalk": [True],
        }  # fmt: skip


async def test_a_database_of_another_authority_is_refused(encrypted_postgres):
    dsn, keys = encrypted_postgres
    wrong = Line(f"{dsn}?sslmode=verify-full&sslrootcert={keys / 'stranger.pem'}", 1, "public")
    with pytest.raises(DatabaseGoneError, match="SSLCertVerificationError"):
        await wrong.value("SELECT 1")
    right = Line(f"{dsn}?sslmode=verify-full&sslrootcert={keys / 'ca.pem'}", 1, "public")
    assert await right.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    await right.close()

"""Any cluster by configuration: every way to log in to a real Kafka, and TLS to a real PostgreSQL."""

import asyncio
import gc
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from real_parts import debians_binaries
from secured_kafka import certificates, secured_kafka, served
from staff import departments, hired
from world import SPEEDY, running

from contracts.topics import HR_EVENTS
from services.kit.broker import Outgoing, make_broker, publish_in_order, started, subscribe
from services.kit.database import Line
from services.kit.embedded.postgres import EmbeddedPostgres
from services.kit.settings import ServiceSettings
from services.kit.topics import TopicsError, apply, diff

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]
PASSWORD = "n0t-a-real-one"


def tenure(*words, env):
    """The command, as a process of its own."""
    command = [sys.executable, "-m", "services.cli", "--lang", "en", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **env})


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
        "former": ("MUTUAL", {**tls, **{name: path.with_stem("former") for name, path in mutual.items()}}),
        "expired": ("EXPIRED", tls),
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


async def test_a_token_endpoint_of_a_private_authority(secured):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(secured.keys / "broker.crt", secured.keys / "broker.key")
    with served(secured.tokens, context) as url:
        private = {"kafka_token_url": f"{url}/token", "kafka_token_ca": secured.keys / "ca.pem"}
        before = secured.tokens.asked
        await diff(access(secured, "oauth", **private))
        assert secured.tokens.asked == before + 1
        with pytest.raises(TopicsError, match=r"certificate.*check TENURE_KAFKA_TOKEN_CA"):
            await diff(access(secured, "oauth", **{**private, "kafka_token_ca": None}))


def test_the_command_shows_and_makes_topics_behind_a_login(secured, tmp_path):
    door, found = ways(secured)["scram-512"]

    def topics(word, **other):
        env = {f"TENURE_{name.upper()}": str(value) for name, value in {**found, **other}.items()}
        return tenure("--data", tmp_path, "topics", word, "--kafka", secured.kafka.door(door), env=env)

    assert topics("apply").returncode == 0
    assert topics("diff").returncode == 0
    refused = topics("diff", kafka_password="another")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "check TENURE_KAFKA_USER" in refused.stderr.splitlines()[-1]
    assert "another" not in refused.stderr


WRONG = {
    "password": ("scram-512", {"kafka_password": "another"}, "refuses our login: check TENURE_KAFKA_USER"),
    "kind of login": ("scram-512", {"kafka_sasl": "plain"}, "check TENURE_KAFKA_SASL"),
    "client's secret": ("oauth", {"kafka_password": "another"}, "TENURE_KAFKA_TOKEN_URL answers 401 'invalid_client'"),
    "no certificate": ("mutual", {"kafka_certificate": None, "kafka_key": None}, "TENURE_KAFKA_CERTIFICATE"),
    "expired": ("expired", {}, "certificate has expired: check TENURE_KAFKA_CA, and the name and the dates"),
    "our own expired": ("former", {}, "TENURE_KAFKA_CERTIFICATE and its dates"),
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
    with pytest.raises(TopicsError, match=r"Hostname mismatch.*check TENURE_KAFKA_CA, and the name"):
        await diff(settings.model_copy(update={"kafka": (elsewhere,)}))


async def test_an_authority_that_we_do_not_know_is_refused(secured):
    settings = access(secured, "scram-512", kafka_ca=secured.keys / "stranger.pem")
    with pytest.raises(TopicsError, match="check TENURE_KAFKA_CA"):
        await diff(settings)


class Encrypted:
    """Debian's PostgreSQL that takes nobody without TLS; `serve` starts it anew with another certificate or demand."""

    def __init__(self, folder):
        self.keys = certificates(folder / "keys")
        self._server = EmbeddedPostgres(folder / "pg", binaries=debians_binaries())
        self._server.start()
        self._server.stop()
        with (self._server.data / "postgresql.conf").open("a") as conf:
            conf.write("ssl = on\nssl_cert_file = 'own.crt'\nssl_key_file = 'own.key'\nssl_ca_file = 'ca.crt'\n")

    @contextmanager
    def serve(self, certificate="broker", login="scram-sha-256"):
        """Its address for whom `login` lets in, without a parameter."""
        for theirs, own in ((f"{certificate}.crt", "own.crt"), (f"{certificate}.key", "own.key"), ("ca.pem", "ca.crt")):
            shutil.copy(self.keys / theirs, self._server.data / own)
            (self._server.data / own).chmod(0o600)
            os.chown(self._server.data / own, self._server.data.stat().st_uid, self._server.data.stat().st_gid)
        (self._server.data / "pg_hba.conf").write_text(f"hostssl all all 127.0.0.1/32 {login}\n")
        with self._server:
            yield self._server.dsn.get_secret_value()

    def asked(self, address, ca="ca.pem", mode="verify-full", own=None):
        """The address with what is wanted of TLS; `own` names a certificate of ours."""
        mine = f"&sslcert={self.keys / own}.crt&sslkey={self.keys / own}.key" if own else ""
        return f"{address}?sslmode={mode}&sslrootcert={self.keys / ca}{mine}"


@pytest.fixture(scope="module")
def postgres():
    with tempfile.TemporaryDirectory(prefix="tenure-tls-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root PostgreSQL runs as another user
        yield Encrypted(folder)


def test_a_whole_installation_lives_on_encrypted_parts(secured, postgres, monkeypatch):
    door, found = ways(secured)["scram-512"]
    for name, value in found.items():
        monkeypatch.setenv(f"TENURE_{name.upper()}", str(value))
    with (
        postgres.serve(login="cert") as address,
        running(env=SPEEDY, kafka=secured.kafka.door(door), database=postgres.asked(address, own="client")) as world,
    ):
        world.send([*departments(), hired("W001", "+8613800000001", "2026-01-05", "D-SAL", "sales")])
        world.settle()
        assert {platform: [one.open for one in world.accounts(platform)] for platform in ("wecom", "dingtalk")} == {
            "wecom": [True], "dingtalk": [True],
        }  # fmt: skip


SERVED = {
    "another authority": ({}, {"ca": "stranger.pem"}, "chain: check sslrootcert, and the name"),
    "an expired certificate": ({"certificate": "expired"}, {}, "certificate has expired: check sslrootcert"),
    "another host's certificate": ({"certificate": "elsewhere"}, {}, "mismatch.*: check sslrootcert, and the name"),
    "no certificate of ours": ({"login": "cert"}, {}, "check user, sslmode, sslcert and sslkey"),
    "an expired one of ours": ({"login": "cert"}, {"own": "former"}, "it hangs up: check the authority and the dates"),
}


@pytest.mark.parametrize("case", SERVED)
def test_what_is_wrong_with_the_way_to_the_database_is_said_in_one_line_without_the_address(case, postgres):
    served, asked, said = SERVED[case]
    with postgres.serve(**served) as address:
        refused = tenure("migrate", env={"TENURE_DATABASE": postgres.asked(address, **asked)})
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert re.search(said, line), line
    assert address.split(":")[2].split("@")[0] not in line


async def test_a_certificate_of_ours_is_enough_where_the_database_asks_for_one(postgres):
    with postgres.serve(login="cert") as address:
        line = Line(postgres.asked(address, own="client"), 1, "public")
        assert await line.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        await line.close()


async def test_the_name_is_checked_only_where_the_address_says_so(postgres):
    with postgres.serve(certificate="elsewhere") as address:
        line = Line(postgres.asked(address, mode="verify-ca"), 1, "public")
        assert await line.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        await line.close()

"""Half a login is refused at start; a token is asked for once and replaced before its end."""

import asyncio
import json

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from services.kit.errors import UsageError
from services.kit.settings import ServiceSettings, read_settings
from services.kit.tokens import UNSAID, ClientCredentials, TokenError

URL = "https://id.example.com/token"

HALF = [
    ({"SASL": "scram-sha-512"}, "needs TENURE_KAFKA_USER and TENURE_KAFKA_PASSWORD"),
    ({"SASL": "scram-sha-512", "USER": "t"}, "needs TENURE_KAFKA_USER and TENURE_KAFKA_PASSWORD"),
    ({"USER": "t", "PASSWORD": "hush"}, "need TENURE_KAFKA_SASL"),
    ({"SASL": "plain", "USER": "t", "PASSWORD": "hush"}, "needs TENURE_KAFKA_TLS=true"),
    ({"SASL": "oauthbearer", "USER": "t", "PASSWORD": "hush", "TLS": "true"}, "needs TENURE_KAFKA_TOKEN_URL"),
    ({"SASL": "oauthbearer", "USER": "t", "PASSWORD": "hush", "TLS": "true", "TOKEN_URL": "http://id.example.com"},
     "must be https"),
    *(({"SASL": "oauthbearer", "USER": "t", "PASSWORD": "hush", "TLS": "true", "TOKEN_URL": url}, "must be https")
      for url in ("http://127.0.0.1.example.com/token", "http://localhost@id.example.com/token")),
    ({"SASL": "oauthbearer", "USER": "t", "PASSWORD": "hush", "TOKEN_URL": URL}, "needs TENURE_KAFKA_TLS=true"),
    ({"SASL": "kerberos"}, "TENURE_KAFKA_SASL"),
    ({"CA": "/ca.pem"}, "need TENURE_KAFKA_TLS=true"),
    ({"TLS": "true", "TOKEN_CA": "/ca.pem"}, "TENURE_KAFKA_TOKEN_CA needs TENURE_KAFKA_SASL=oauthbearer"),
    ({"TLS": "true", "CERTIFICATE": "/us.pem"}, "TENURE_KAFKA_CERTIFICATE and TENURE_KAFKA_KEY go together"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "said"), HALF)
def test_half_a_login_is_refused_at_start(monkeypatch, given, said):
    monkeypatch.setenv("TENURE_KAFKA", "a:9093")
    for name, value in given.items():
        monkeypatch.setenv(f"TENURE_KAFKA_{name}", value)
    with pytest.raises(UsageError, match=said) as caught:
        read_settings(ServiceSettings)
    assert "hush" not in str(caught.value)


def test_the_embedded_broker_takes_no_login():
    with pytest.raises(ValueError, match="the embedded broker knows neither"):
        ServiceSettings(kafka=("a:1",), embedded_broker=True, kafka_tls=True)


def test_a_file_that_cannot_be_used_is_named_by_its_setting(tmp_path):
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    for ca in (tmp_path / "missing.pem", broken):
        with pytest.raises(UsageError, match="TENURE_KAFKA_CA"):
            ServiceSettings(kafka=("a:1",), kafka_tls=True, kafka_ca=ca).client()
        oauth = {"kafka_sasl": "oauthbearer", "kafka_user": "t", "kafka_password": "hush", "kafka_token_url": URL}
        with pytest.raises(UsageError, match="TENURE_KAFKA_TOKEN_CA"):
            ServiceSettings(kafka=("a:1",), kafka_tls=True, kafka_token_ca=ca, **oauth).client()


def test_a_key_with_a_pass_phrase_is_refused_and_nobody_is_asked_for_it(tmp_path):
    made = trustme.CA().issue_cert("tenure@example.com")
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hush"))
    (tmp_path / "key").write_bytes(locked)
    made.cert_chain_pems[0].write_to_path(tmp_path / "crt")
    with pytest.raises(UsageError, match="TENURE_KAFKA_KEY has a pass phrase"):
        ServiceSettings(
            kafka=("a:1",), kafka_tls=True, kafka_certificate=tmp_path / "crt", kafka_key=tmp_path / "key"
        ).client()


def test_a_secret_is_in_no_picture_of_the_settings():
    settings = ServiceSettings(kafka=("a:1",), kafka_sasl="scram-sha-256", kafka_user="t", kafka_password="hush")
    assert "hush" not in repr(settings)
    assert settings.client()["sasl_plain_password"] == "hush"
    assert settings.client()["security_protocol"] == "SASL_PLAINTEXT"  # SCRAM never sends the password


def credentials(answer, clock=lambda: 0.0):
    return ClientCredentials(URL, "tenure", "hush", transport=httpx.MockTransport(answer), now=clock)


async def test_a_token_is_asked_for_once_and_replaced_before_its_end():
    asked, now = [], [0.0]

    def answer(request):
        asked.append(request)
        return httpx.Response(200, json={"access_token": f"t{len(asked)}", "expires_in": 600})

    tokens = credentials(answer, lambda: now[0])
    assert await asyncio.gather(*(tokens.token() for _ in range(5))) == ["t1"] * 5
    now[0] = 539.0
    assert await tokens.token() == "t1"
    now[0] = 540.0
    assert await tokens.token() == "t2"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(401, json={"error": "invalid_client", "error_description": "hush"}), "401 'invalid_client'"),
        (httpx.Response(200, json={}), "answers 200 without a token"),
        (httpx.Response(502, text="<html>hush"), "no answer that can be read"),
        (httpx.Response(200, json=["access_token"]), "answers 200 without a token"),
    ],
)
async def test_no_token_is_said_without_what_the_other_said(answer, said):
    with pytest.raises(TokenError, match=said) as caught:
        await credentials(lambda _: answer).token()
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "seconds"), [("600", 600), ("soon", UNSAID), (None, UNSAID), (float("inf"), UNSAID), (-1, UNSAID)]
)
async def test_a_life_that_is_no_number_is_taken_for_unsaid(said, seconds):
    asked, now = [], [0.0]

    def answer(_):
        asked.append(now[0])
        return httpx.Response(200, text=json.dumps({"access_token": "t", "expires_in": said}))

    tokens = credentials(answer, lambda: now[0])
    for now[0] in (0.0, seconds * 0.9 - 1, seconds * 0.9):
        await tokens.token()
    assert asked == [0.0, seconds * 0.9]


async def test_a_token_endpoint_that_is_gone_is_asked_again():
    answers = iter([httpx.ConnectError("gone"), httpx.Response(200, json={"access_token": "t"})])

    def answer(_):
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    tokens = credentials(answer)
    with pytest.raises(TokenError, match="ConnectError"):
        await tokens.token()
    assert await tokens.token() == "t"

"""A Kafka with one listener for each way to log in, its authority, and a token endpoint with its keys."""

import base64
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import trustme
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from kafka_server import ApacheKafka, Doors
from listener import Asked, listening

LOGIN = "org.apache.kafka.common.security"
PROPERTIES = """
ssl.keystore.type=PEM
ssl.keystore.location={keys}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={keys}/ca.pem
listener.name.mutual.ssl.client.auth=required
listener.name.expired.ssl.keystore.type=PEM
listener.name.expired.ssl.keystore.location={keys}/expired.pem
listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
listener.name.scram.scram-sha-256.sasl.jaas.config={login}.scram.ScramLoginModule required;
listener.name.scram.scram-sha-512.sasl.jaas.config={login}.scram.ScramLoginModule required;
listener.name.plain.sasl.enabled.mechanisms=PLAIN
listener.name.plain.plain.sasl.jaas.config={login}.plain.PlainLoginModule required user_tenure="{password}";
listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER
listener.name.oauth.oauthbearer.sasl.jaas.config={login}.oauthbearer.OAuthBearerLoginModule required;
listener.name.oauth.oauthbearer.sasl.server.callback.handler.class=\
{login}.oauthbearer.OAuthBearerValidatorCallbackHandler
listener.name.oauth.oauthbearer.sasl.oauthbearer.jwks.endpoint.url={jwks}
listener.name.oauth.oauthbearer.sasl.oauthbearer.expected.audience=kafka
listener.name.oauth.oauthbearer.sasl.oauthbearer.expected.issuer=urn:tenure:test
"""
PROTOCOLS = {"SCRAM": "SASL_SSL", "PLAIN": "SASL_SSL", "OAUTH": "SASL_SSL", "MUTUAL": "SSL", "EXPIRED": "SSL"}
PAST = {"not_before": datetime(2020, 1, 1, tzinfo=UTC), "not_after": datetime(2021, 1, 1, tzinfo=UTC)}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class TokenEndpoint:
    """Changes client credentials for a signed token, as RFC 6749 4.4 says, and shows its key as a JWK set."""

    secret: str
    asked: int = 0
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def keys(self) -> dict[str, object]:
        public = self._key.public_key().public_numbers()
        number = {name: _b64(value.to_bytes((value.bit_length() + 7) // 8)) for name, value in
                  (("n", public.n), ("e", public.e))}  # fmt: skip
        return {"keys": [{"kty": "RSA", "kid": "one", "alg": "RS256", "use": "sig", **number}]}

    def answer(self, authorization: str, form: dict[str, list[str]]) -> tuple[int, dict[str, object]]:
        self.asked += 1
        if authorization != "Basic " + base64.b64encode(f"tenure:{self.secret}".encode()).decode():
            return 401, {"error": "invalid_client"}
        assert form == {"grant_type": ["client_credentials"], "scope": ["kafka"]}
        return 200, {"access_token": self._token(), "token_type": "Bearer", "expires_in": 600}

    def _token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": "urn:tenure:test",
            "sub": "tenure",
            "aud": "kafka",
            "scope": "kafka",
            "iat": now,
            "exp": now + 600,
        }
        parts = [_b64(json.dumps(part).encode()) for part in ({"alg": "RS256", "kid": "one"}, claims)]
        signature = self._key.sign(".".join(parts).encode(), padding.PKCS1v15(), SHA256())
        return ".".join([*parts, _b64(signature)])


@contextmanager
def served(endpoint: TokenEndpoint, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The endpoint's address: `/token` and `/keys` below it."""

    def said(asked: Asked) -> tuple[int, bytes]:
        if asked.method == "GET":
            return 200, json.dumps(endpoint.keys()).encode()
        status, body = endpoint.answer(asked.headers.get("authorization", ""), parse_qs(asked.body.decode()))
        return status, json.dumps(body).encode()

    with listening(said, tls) as address:
        yield address


@dataclass(frozen=True, slots=True)
class Secured:
    """`keys` is what `certificates` made."""

    kafka: ApacheKafka
    keys: Path
    tokens: TokenEndpoint
    url: str
    password: str


def certificates(folder: Path) -> Path:
    """An authority (ca.pem), one that signed nothing (stranger.pem), and what the first signed, NAME.crt and .key each.

    `broker` is for 127.0.0.1, `expired` was, `elsewhere` is for another host; `client` and `former` are tenure's, the
    second one expired. NAME.pem is key and certificate in one.
    """
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "stranger.pem")
    made = {
        "broker": authority.issue_cert("127.0.0.1"),
        "expired": authority.issue_cert("127.0.0.1", **PAST),
        "elsewhere": authority.issue_cert("db.example.com"),
        "client": authority.issue_cert("tenure@example.com", common_name="tenure"),
        "former": authority.issue_cert("tenure@example.com", common_name="tenure", **PAST),
    }
    for name, one in made.items():
        _write(folder, name, one)
    return folder


def _write(folder: Path, name: str, made: trustme.LeafCert) -> None:
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # the only form that Kafka reads
    chain = b"".join(blob.bytes() for blob in made.cert_chain_pems)
    for suffix, content in (("key", pem), ("crt", chain), ("pem", pem + chain)):
        (folder / f"{name}.{suffix}").write_bytes(content)
    (folder / f"{name}.key").chmod(0o600)


@contextmanager
def secured_kafka(folder: Path, password: str) -> Iterator[Secured]:
    keys, tokens = certificates(folder / "keys"), TokenEndpoint(password)
    with served(tokens) as url:
        properties = PROPERTIES.format(keys=keys, login=LOGIN, password=password, jwks=f"{url}/keys")
        users = [f"{kind}=[name=tenure,password={password}]" for kind in ("SCRAM-SHA-256", "SCRAM-SHA-512")]
        allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={url}/keys"
        kafka = ApacheKafka(folder / "kafka", Doors(PROTOCOLS, properties, users, [allowed]))
        try:
            kafka.start()
            yield Secured(kafka, keys, tokens, url, password)
        finally:
            kafka.stop()

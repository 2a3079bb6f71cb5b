"""How Kafka is reached: addresses, TLS and SASL from settings, in the form that every client of ours takes.

FastStream and aiokafka take no PEM files and no token endpoint; this is the one place that makes what they do take.
"""

import ssl
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from faststream.security import BaseSecurity, SASLOAuthBearer, SASLPlaintext, SASLScram256, SASLScram512
from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode

from services.kit.errors import UsageError
from services.kit.tokens import ClientCredentials

Mechanism = Literal["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"]
READABLE: Final = ("plain", "oauthbearer")
"""These send the secret itself."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class KafkaAccess(BaseSettings):
    """Where Kafka is and who we are there."""

    kafka: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        min_length=1,
        description="Kafka brokers to begin with, `host:port`, several separated by commas.",
    )
    embedded_broker: bool = Field(
        default=False,
        description="The broker is the embedded one: small, in memory, without an admin API. Set by `tenure up`.",
    )
    kafka_tls: bool = Field(default=False, description="Speak TLS with Kafka, and check its certificate and name.")
    kafka_ca: Path | None = Field(
        default=None, description="Path of the PEM file with the authorities that sign Kafka's certificates."
    )
    kafka_certificate: Path | None = Field(
        default=None, description="Path of the PEM file with our own certificate and its chain, for mutual TLS."
    )
    kafka_key: Path | None = Field(default=None, description="Path of the PEM file with that certificate's key.")
    kafka_sasl: Mechanism | None = Field(
        default=None, description="How we log in to Kafka: plain, scram-sha-256, scram-sha-512 or oauthbearer."
    )
    kafka_user: str | None = Field(default=None, description="Our name at Kafka; with oauthbearer the client id.")
    kafka_password: SecretStr | None = Field(
        default=None, description="The password of that name; with oauthbearer the client's secret."
    )
    kafka_token_url: str | None = Field(
        default=None, description="With oauthbearer: where client credentials are changed for a token (https)."
    )
    kafka_token_scope: str | None = Field(default=None, description="With oauthbearer: the scope to ask for.")
    kafka_token_ca: Path | None = Field(
        default=None,
        description="Path of the PEM file with the authorities that sign the token endpoint's certificate.",
    )

    kafka_replicas: int = Field(
        default=0, ge=0, le=9,
        description="Replicas of each topic, all but one of which must have a record; 0 leaves both to the cluster.",
    )  # fmt: skip

    @property
    def in_sync(self) -> int:
        """How many replicas must have a record before it is acknowledged, as far as these settings know."""
        return max(1, self.kafka_replicas - 1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """A half-configured login is refused at start, not at the first connection."""
        for wrong, said in self._half():
            if wrong:
                raise ValueError(said)
        return self

    def _half(self) -> tuple[tuple[bool, str], ...]:
        oauth = self.kafka_sasl == "oauthbearer"
        keys = self.kafka_ca or self.kafka_certificate or self.kafka_key
        return (
            (self.embedded_broker and (self.kafka_tls or self.kafka_sasl is not None),
             "the embedded broker knows neither TENURE_KAFKA_TLS nor TENURE_KAFKA_SASL"),
            (bool(keys) and not self.kafka_tls,
             "TENURE_KAFKA_CA, _CERTIFICATE and _KEY need TENURE_KAFKA_TLS=true"),
            ((self.kafka_certificate is None) != (self.kafka_key is None),
             "TENURE_KAFKA_CERTIFICATE and TENURE_KAFKA_KEY go together"),
            (self.kafka_sasl is None and bool(self.kafka_user or self.kafka_password or self.kafka_token_url),
             "TENURE_KAFKA_USER, _PASSWORD and _TOKEN_URL need TENURE_KAFKA_SASL"),
            (self.kafka_token_ca is not None and not oauth,
             "TENURE_KAFKA_TOKEN_CA needs TENURE_KAFKA_SASL=oauthbearer"),
            (self.kafka_sasl is not None and not (self.kafka_user and self.kafka_password),
             f"TENURE_KAFKA_SASL={self.kafka_sasl} needs TENURE_KAFKA_USER and TENURE_KAFKA_PASSWORD"),
            (oauth and not self.kafka_token_url,
             "TENURE_KAFKA_SASL=oauthbearer needs TENURE_KAFKA_TOKEN_URL"),
            (oauth and not _confidential(self.kafka_token_url or ""),
             "TENURE_KAFKA_TOKEN_URL must be https, or on this machine"),
            (self.kafka_sasl in READABLE and not self.kafka_tls,
             f"TENURE_KAFKA_SASL={self.kafka_sasl} sends a secret as it is: it needs TENURE_KAFKA_TLS=true"),
        )  # fmt: skip

    @cached_property
    def _tls(self) -> ssl.SSLContext | None:
        if not self.kafka_tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.kafka_ca)
            if self.kafka_certificate:
                context.load_cert_chain(self.kafka_certificate, self.kafka_key, password=_locked)
        except OSError as exc:  # an unreadable file; ssl.SSLError, which says what is wrong with its content
            names = "TENURE_KAFKA_CA, TENURE_KAFKA_CERTIFICATE or TENURE_KAFKA_KEY"
            raise UsageError(f"{names}: {exc.strerror or type(exc).__name__}") from None
        return context

    @cached_property
    def _tokens(self) -> ClientCredentials | None:
        if self.kafka_sasl != "oauthbearer":
            return None
        try:
            context = ssl.create_default_context(cafile=self.kafka_token_ca)
        except OSError as exc:
            raise UsageError(f"TENURE_KAFKA_TOKEN_CA: {exc.strerror or type(exc).__name__}") from None
        return ClientCredentials(self.kafka_token_url or "", *self._login(), scope=self.kafka_token_scope, tls=context)

    def _login(self) -> tuple[str, str]:
        return self.kafka_user or "", self.kafka_password.get_secret_value() if self.kafka_password else ""

    def client(self) -> dict[str, Any]:
        """Arguments that any client of aiokafka takes. Raises UsageError for a file that cannot be used."""
        found: dict[str, Any] = {"bootstrap_servers": list(self.kafka)}
        if self._tls:
            found |= {"security_protocol": "SSL", "ssl_context": self._tls}
        if self.kafka_sasl:
            user, password = self._login()
            found |= {
                "security_protocol": "SASL_SSL" if self._tls else "SASL_PLAINTEXT",
                "sasl_mechanism": self.kafka_sasl.upper(),
                "sasl_plain_username": user,
                "sasl_plain_password": password,
                "sasl_oauth_token_provider": self._tokens,
            }
        return found

    def stream(self) -> dict[str, Any]:
        """Arguments that FastStream's broker takes for the same. Raises UsageError as `client` does."""
        return {"security": self._security(), "sasl_oauth_token_provider": self._tokens}

    def _security(self) -> BaseSecurity:
        match self.kafka_sasl:
            case None:
                return BaseSecurity(self._tls)
            case "oauthbearer":
                return SASLOAuthBearer(self._tls)
            case "plain":
                return SASLPlaintext(*self._login(), self._tls)
            case "scram-sha-256":
                return SASLScram256(*self._login(), self._tls)
            case "scram-sha-512":
                return SASLScram512(*self._login(), self._tls)


def _confidential(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"})


def _locked() -> str:
    """Asked for the pass phrase of a key; without it OpenSSL would ask whoever sits at the terminal."""
    raise UsageError("TENURE_KAFKA_KEY has a pass phrase: give a file without one, readable by the service alone")

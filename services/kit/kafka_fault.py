"""Why there is no Kafka to be had, in one line with what to check: aiokafka's clients keep the reason to themselves."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

from services.kit.kafka_access import KafkaAccess
from services.kit.tokens import TokenError

SECONDS: Final = 5.0
_Told = tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], str]]
TOLD: Final[Sequence[_Told]] = (
    (TokenError, str),
    ((AuthenticationFailedError, SaslAuthenticationFailed),
     lambda _: "it refuses our login: check TENURE_KAFKA_USER and TENURE_KAFKA_PASSWORD"),
    ((UnsupportedSaslMechanismError, IllegalSaslStateError),
     lambda _: "it does not take this kind of login: check TENURE_KAFKA_SASL"),
    (ssl.SSLCertVerificationError,
     lambda exc: f"{exc.verify_message}: check TENURE_KAFKA_CA, and the name and the dates in its certificate"),
    (ssl.SSLError,
     lambda exc: f"{exc.reason}: check that this port speaks TLS, and TENURE_KAFKA_CERTIFICATE"),
    (KafkaConnectionError,
     lambda _: "it hangs up: check TENURE_KAFKA_TLS, TENURE_KAFKA_SASL, and TENURE_KAFKA_CERTIFICATE and its dates"),
)  # fmt: skip


async def why_not(access: KafkaAccess) -> str:
    """Asks every broker once more; one that speaks says more than one that is down.

    The broker's own words are left out: they may repeat what we sent.
    """
    found = await asyncio.gather(*(_refusal(access, broker) for broker in access.kafka))
    told = (say(exc) for exc in found for kind, say in TOLD if isinstance(exc, kind))
    other = "it answers now" if None in found else type(found[0]).__name__
    return f"no Kafka at {', '.join(access.kafka)}: {next(told, other)}"


async def _refusal(access: KafkaAccess, broker: str) -> Exception | None:
    host, _, port = broker.rpartition(":")
    arguments = {name: value for name, value in access.client().items() if name != "bootstrap_servers"}
    try:
        async with asyncio.timeout(SECONDS):
            (await create_conn(host, int(port), client_id="tenure-why", **arguments)).close()
    except (KafkaError, OSError, TimeoutError, ValueError) as exc:
        return exc
    return None

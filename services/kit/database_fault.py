"""Why there is no PostgreSQL to be had, in one line with what to check in its address.

Its own words are left out, since they name users and hosts, and so is the address, which holds the password.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

import asyncpg

REFUSALS: Final = (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a try to connect may raise."""
TOLD: Final[Sequence[tuple[type[Exception], Callable[[Any], str]]]] = (
    (ssl.SSLCertVerificationError,
     lambda exc: f"{exc.verify_message.rstrip('.')}: check sslrootcert, and the name and the dates in its certificate"),
    (ssl.SSLError, lambda exc: f"{getattr(exc, 'reason', None) or 'no TLS'}: check sslcert and sslkey"),
    (asyncpg.InvalidPasswordError, lambda _: "it refuses our login: check user and password"),
    (asyncpg.InvalidAuthorizationSpecificationError,
     lambda _: "it does not let us in this way: check user, sslmode, sslcert and sslkey, and its pg_hba.conf"),
    (asyncpg.InvalidCatalogNameError, lambda _: "it has no such database: check the name at the end"),
    (asyncpg.ConnectionDoesNotExistError,
     lambda _: "it hangs up: check the authority and the dates of the certificate that sslcert names"),
    (socket.gaierror, lambda _: "nobody knows its host: check the name"),
    (ConnectionRefusedError, lambda _: "nobody listens there: check host and port, and that it runs"),
    (ConnectionResetError, lambda _: "it hangs up: check host and port"),
    (ConnectionError, lambda _: "it speaks no TLS: check sslmode"),  # asyncpg, without a class of its own
    (FileNotFoundError, lambda _: "a file is missing: check sslrootcert, sslcert and sslkey"),
    (PermissionError, lambda _: "a file is not ours to read: check sslrootcert, sslcert and sslkey"),
    (ValueError, lambda _: "the address cannot be read: check how it is written"),
)  # fmt: skip


def why_not(exc: Exception) -> str:
    """`exc` is what connecting raised; one that nobody foresaw is named by its kind."""
    said = next((say(exc) for kind, say in TOLD if isinstance(exc, kind)), None)
    return f"{said} (TENURE_DATABASE)" if said else type(exc).__name__

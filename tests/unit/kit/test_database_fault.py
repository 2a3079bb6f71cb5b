"""What connecting to PostgreSQL raised is said with what to check, and without a word of the address."""

import socket
import ssl

import asyncpg
import pytest

from services.cli.__main__ import run
from services.kit.database import DatabaseGoneError, Line
from services.kit.database_fault import why_not
from services.notifier.errors import StoreGoneError

ADDRESS = "mei:hush@db.example.com"


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (asyncpg.InvalidPasswordError(ADDRESS), "check user and password"),
        (asyncpg.InvalidAuthorizationSpecificationError(ADDRESS), "pg_hba.conf"),
        (asyncpg.InvalidCatalogNameError(ADDRESS), "no such database"),
        (asyncpg.ConnectionDoesNotExistError(ADDRESS), "hangs up"),
        (ssl.SSLError(1, ADDRESS), "check sslcert and sslkey"),
        (ConnectionRefusedError(111, ADDRESS), "nobody listens there"),
        (ConnectionError(f"PostgreSQL server at {ADDRESS} rejected SSL upgrade"), "check sslmode"),
        (socket.gaierror(-2, ADDRESS), "nobody knows its host"),
        (FileNotFoundError(2, ADDRESS), "a file is missing"),
        (ValueError(ADDRESS), "cannot be read"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_the_reason_names_what_to_check(raised, said):
    found = why_not(raised)
    assert said in found
    assert "TENURE_DATABASE" in found
    assert not [word for word in ("mei", "hush", "db.example.com") if word in found]


def test_what_nobody_foresaw_is_named_by_its_kind():
    assert why_not(TimeoutError(ADDRESS)) == "TimeoutError"


async def test_a_use_says_it_with_its_own_error():
    line = Line("postgresql://mei:hush@127.0.0.1:1/tenure", 1, "public", gone=StoreGoneError)
    with pytest.raises(StoreGoneError, match="nobody listens there"):
        await line.value("SELECT 1")
    assert issubclass(StoreGoneError, DatabaseGoneError)


def test_the_command_says_it_in_one_line(capsys):
    assert run(["migrate", "--database", "postgresql://mei:hush@127.0.0.1:1/tenure"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "tenure: nobody listens there: check host and port, and that it runs (TENURE_DATABASE)"

"""A policy's variables may come from files, as a container's secrets do."""

from pathlib import Path

import pytest

from services.kit.errors import UsageError
from services.kit.settings import Environment


def test_a_variable_beats_its_file_and_a_file_an_unset_or_empty_variable(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the file\n", encoding="utf-8")
    both = Environment({"A": "as it stands", "A_FILE": str(secret), "B": "", "B_FILE": str(secret)})
    assert both["A"] == "as it stands"
    assert both["B"] == "from the file"


def test_what_is_named_nowhere_is_unset() -> None:
    assert Environment({"A": "1"}).get("B") is None
    assert set(Environment({"A": "1", "B_FILE": "/b"})) >= {"A", "B"}


def test_a_file_that_is_not_there_is_wrong_use_and_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="SECRET_FILE"):
        _ = Environment({"SECRET_FILE": str(tmp_path / "none")})["SECRET"]

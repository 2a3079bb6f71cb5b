"""What a caller sent, read the way DingTalk reads it.

Query, form and JSON come down to one mapping. A form has strings only, so numbers and booleans may be strings, and
lists and objects JSON inside a string; lists of ids are comma-separated in one string.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sandbox.dingtalk.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

INVALID = 40035
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class Params:
    """Read-only view of one call's parameters; JSON null counts as absent. A wrong type raises RefusedError."""

    def __init__(self, values: Mapping[str, object]) -> None:
        """Take the merged mapping."""
        self._values = {name: value for name, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def without(self, name: str) -> Params:
        return Params({other: value for other, value in self._values.items() if other != name})

    def as_sent(self) -> dict[str, object]:
        return dict(self._values)

    def text(self, name: str, *, limit: int | None = None, refuse: int = INVALID) -> str | None:
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool | list | dict) or (limit is not None and len(str(value)) > limit):
            raise RefusedError(refuse)
        return str(value)

    def needed_text(self, name: str, *, limit: int | None = None, refuse: int = INVALID) -> str:
        value = self.text(name, limit=limit, refuse=refuse)
        if not value:
            raise RefusedError(refuse)
        return value

    def number(self, name: str, *, refuse: int = INVALID) -> int | None:
        value = self._values.get(name)
        if value is None or value == "":
            return None
        return as_number(value, refuse)

    def needed_number(self, name: str, *, refuse: int = INVALID) -> int:
        value = self.number(name, refuse=refuse)
        if value is None:
            raise RefusedError(refuse)
        return value

    def flag(self, name: str) -> bool | None:
        value = self._values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return value
        known = BOOLEANS.get(str(value).lower())
        if known is None:
            raise RefusedError(INVALID)
        return known

    def csv(self, name: str, *, limit: int, refuse: int = INVALID) -> list[str] | None:
        """Return the parts of a comma-separated string without repetitions; empty for an empty string."""
        value = self.text(name, refuse=refuse)
        if value is None:
            return None
        parts = list(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        if len(parts) > limit:
            raise RefusedError(refuse)
        return parts

    def csv_numbers(self, name: str, *, limit: int, refuse: int = INVALID) -> list[int] | None:
        parts = self.csv(name, limit=limit, refuse=refuse)
        return None if parts is None else [as_number(part, refuse) for part in parts]

    def structure(self, name: str, *, refuse: int = INVALID) -> object:
        """Return a list or object, sent as such or as JSON in a string; None when absent."""
        value = self._values.get(name)
        if isinstance(value, str) and value:
            try:
                value = json.loads(value)
            except ValueError:
                raise RefusedError(refuse) from None
        if value is None or value == "":
            return None
        if not isinstance(value, list | dict):
            raise RefusedError(refuse)
        return value


def as_number(value: object, refuse: int = INVALID) -> int:
    """Return the whole number that a number or a string of digits says."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return int(value) if isinstance(value, str) else _refused(refuse)
    except ValueError:
        return _refused(refuse)


def _refused(code: int) -> int:
    raise RefusedError(code)

"""A call that passed the gates, with typed access to what it carries."""

from dataclasses import dataclass
from typing import Any

from sandbox.exchange import Request
from sandbox.wecom.errors import WeComError, bad_field
from sandbox.wecom.model import App


@dataclass(frozen=True)
class Ask:
    request: Request
    app: App

    @property
    def body(self) -> dict[str, Any]:
        return self.request.body if isinstance(self.request.body, dict) else {}

    def query(self, name: str) -> str:
        return self.request.query.get(name, "")

    def number(self, name: str, refusal: int) -> int:
        """A whole number from the query; ``refusal`` is the code for one that is missing or none."""
        try:
            return int(self.query(name))
        except ValueError:
            raise WeComError(refusal) from None

    def integer(self, name: str) -> int | None:
        """A whole number from the body, None when absent."""
        value = self.body.get(name)
        if value is None:
            return None
        return whole(value, name)

    def texts(self, name: str) -> list[str]:
        """A list of strings from the body, empty when absent."""
        value = self.body.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise bad_field(name)
        return value

    def integers(self, name: str) -> list[int]:
        value = self.body.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_field(name)
        return [whole(item, name) for item in value]


def whole(value: Any, name: str) -> int:  # noqa: ANN401 - JSON
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_field(name)
    return value

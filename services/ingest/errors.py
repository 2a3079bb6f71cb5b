"""Why a request was refused, named by who acts next; each is one RFC 9457 problem.

Refused
├── the sender's developer
│   ├── MalformedError         400  no readable JSON, or no CloudEvents
│   ├── UnknownSourceError     404  no such name under `sources`
│   ├── TooLargeError          413  body, batch or one event over its limit
│   ├── WrongTypeError         415  a content type or encoding we do not take
│   └── UnreadableError        422  events whose fields are wrong: each is named
├── the sender's operator
│   └── UnauthenticatedError   401  no, wrong or stale signature; no or wrong token
└── nobody: the sender repeats
    ├── TooSlowError           408  the body did not come in time
    └── UnavailableError       503  Kafka is gone, the embedded broker is full, or too many requests are running

A problem names fields and says what is wrong with them; it never quotes a value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong field: `index` is the event's place in a batch (0 for a single one), `field` a dotted path."""

    index: int
    field: str
    problem: str

    def to_json(self) -> dict[str, Any]:
        return {"index": self.index, "field": self.field, "problem": self.problem}


class Refused(Exception):  # noqa: N818 - the base of problems, not an error of ours
    """A request that was not accepted: nothing of it was published, unless it is an UnavailableError."""

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str, errors: Iterable[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.detail, self.errors = detail, tuple(errors)

    def headers(self) -> dict[str, str]:
        return {}

    def to_json(self) -> dict[str, Any]:
        """The problem details of RFC 9457, with `errors` naming every wrong field."""
        body = {"type": f"urn:tenure:problem:{self.code}", "title": self.title, "status": self.status}
        return {**body, "detail": self.detail, "errors": [error.to_json() for error in self.errors]}


class MalformedError(Refused):
    status, code, title = 400, "malformed", "The request cannot be read"


class UnauthenticatedError(Refused):
    status, code, title = 401, "unauthenticated", "The sender is not known"

    def __init__(self, detail: str, *, challenge: str) -> None:
        super().__init__(detail)
        self._challenge = challenge

    def headers(self) -> dict[str, str]:
        return {"www-authenticate": self._challenge}


class UnknownSourceError(Refused):
    status, code, title = 404, "unknown-source", "There is no such source"


class TooSlowError(Refused):
    status, code, title = 408, "too-slow", "The body did not come in time"


class TooLargeError(Refused):
    status, code, title = 413, "too-large", "The request is too large"


class WrongTypeError(Refused):
    status, code, title = 415, "wrong-content-type", "This content type is not taken"


class UnreadableError(Refused):
    status, code, title = 422, "unreadable-fields", "Fields of the events are wrong"


class UnavailableError(Refused):
    """Events may or may not be stored; repeating the same request is safe, since duplicates are dropped by id."""

    status, code, title = 503, "unavailable", "Events cannot be taken now"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self._retry_after = retry_after

    def headers(self) -> dict[str, str]:
        return {"retry-after": str(self._retry_after)}

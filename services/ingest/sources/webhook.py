"""An HR system that posts CloudEvents: signed by Standard Webhooks, or with a bearer token.

Modes: structured, batch and, for bearer only, binary (a signature covers id, time stamp and body, not `ce-*` headers).
A second key lets one be replaced without a gap. https://www.standardwebhooks.com, CloudEvents HTTP binding 1.0.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from services.ingest.errors import (
    FieldProblem,
    MalformedError,
    TooLargeError,
    UnauthenticatedError,
    WrongTypeError,
)
from services.ingest.strict_json import Limits, Place, StrictJSONError, parse, path
from services.kit.errors import UsageError
from services.kit.sources import SourceConfig

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_PREFIX = "whsec_"
_ID, _TIME, _SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"

Headers = Mapping[str, str]
"""By lower-case name; a header that came twice has its values joined by a comma, as HTTP says."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a request may hold. `window` is how far a signature's time may lie from ours, both ways."""

    json: Limits = field(default_factory=Limits)
    batch: int = 1000
    window: timedelta = timedelta(minutes=5)


class Webhook:
    """One source. `admit` looks at the headers before the body is read, `verify` at both."""

    def __init__(self, name: str, config: SourceConfig, rules: Rules) -> None:
        """Raises UsageError for keys that cannot be used; never says what they are."""
        self.name, self.config, self._rules = name, config, rules
        secrets = [secret.get_secret_value() for secret in config.secrets]
        if not secrets:
            raise UsageError(f"sources.{name}: needs `secrets`, or anybody could send")
        signed = config.auth == "signature"
        self._keys = [_key(name, secret) if signed else secret.encode() for secret in secrets]

    def admit(self, headers: Headers, now: datetime) -> None:
        """Refuse who certainly may not send; raises UnauthenticatedError."""
        if self.config.auth == "bearer":
            self._check_token(headers.get("authorization", ""))
            return
        missing = [name for name in (_ID, _TIME, _SIGNATURE) if not headers.get(name)]
        if missing:
            raise self._unknown(f"missing headers: {', '.join(missing)}")
        if not _is_near(headers[_TIME], now, self._rules.window):
            raise self._unknown("the signature is stale: its time is too far from ours")

    def verify(self, headers: Headers, body: bytes) -> None:
        """Compare the signature with the body; raises UnauthenticatedError."""
        if self.config.auth == "bearer":
            return
        signed = b".".join((headers[_ID].encode(), headers[_TIME].encode(), body))
        expected = [hmac.digest(key, signed, "sha256") for key in self._keys]
        given = [_decoded(one.removeprefix("v1,")) for one in headers[_SIGNATURE].split() if one.startswith("v1,")]
        # Every pair is compared, so that the time taken tells nothing.
        if not any([hmac.compare_digest(ours, theirs) for ours in expected for theirs in given]):  # noqa: C419
            raise self._unknown("no signature fits the body")

    def events(self, headers: Headers, body: bytes) -> Sequence[object]:
        """The request's events in structured form, not judged yet; raises Refused."""
        kind, charset = _content_type(headers.get("content-type", ""))
        if charset not in {"", "utf-8", "us-ascii"}:
            raise WrongTypeError("the charset must be UTF-8")
        if kind == STRUCTURED:
            return [self._parsed(body)]
        if kind == BATCH:
            return self._batch(body)
        if "ce-specversion" in headers:
            return [self._binary(kind, headers, body)]
        raise WrongTypeError(f"the content type must be {STRUCTURED} or {BATCH}")

    def _batch(self, body: bytes) -> Sequence[object]:
        events = self._parsed(body, outer=1)
        if not isinstance(events, list):
            raise MalformedError("a batch must be a list of events")
        if len(events) > self._rules.batch:
            raise TooLargeError(f"a batch may hold {self._rules.batch} events, this one holds {len(events)}")
        return events

    def _binary(self, kind: str, headers: Headers, body: bytes) -> object:
        if self.config.auth != "bearer":
            raise WrongTypeError(
                "binary mode is only for sources with a bearer token: a signature leaves ce-* headers out"
            )
        if kind and kind != "application/json" and not kind.endswith("+json"):
            raise WrongTypeError("data must be application/json")
        event: dict[str, Any] = {
            name[3:]: _percent_decoded(name, value) for name, value in headers.items() if name.startswith("ce-")
        }
        return event | {"data": self._parsed(body, field="data")}

    def _parsed(self, body: bytes, *, field: str = "", outer: int = 0) -> Any:  # noqa: ANN401 - any JSON value
        limits = Limits(self._rules.json.depth + outer, self._rules.json.text)
        try:
            return parse(body, limits)
        except StrictJSONError as exc:
            problems = [_located(problem.place, problem.problem, field, outer) for problem in exc.problems]
            raise MalformedError("the JSON cannot be taken", problems) from None

    def _check_token(self, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        fits = [hmac.compare_digest(key, token.strip().encode()) for key in self._keys]
        if scheme.lower() != "bearer" or not any(fits):
            raise self._unknown("no token, or a wrong one")

    def _unknown(self, detail: str) -> UnauthenticatedError:
        return UnauthenticatedError(detail, challenge="Bearer" if self.config.auth == "bearer" else "StandardWebhooks")


def _key(name: str, secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX) + "==", validate=False)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise UsageError(f"sources.{name}: a signing key must be {_PREFIX} and base64")
    return key


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_near(text: str, now: datetime, window: timedelta) -> bool:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):  # noqa: PLR2004 - seconds since 1970
        return False
    return abs(now.timestamp() - int(text)) <= window.total_seconds()


def _content_type(header: str) -> tuple[str, str]:
    kind, *parameters = (part.strip() for part in header.split(";"))
    named = dict(parameter.lower().partition("=")[::2] for parameter in parameters)
    return kind.lower(), named.get("charset", "").strip('"')


def _percent_decoded(name: str, value: str) -> str:
    """CloudEvents HTTP binding, 3.1.3.2: header values are percent-encoded UTF-8."""
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise MalformedError("a header cannot be read", [FieldProblem(0, name[3:], "is not UTF-8")]) from None


def _located(place: Place, problem: str, field: str, outer: int) -> FieldProblem:
    """A place inside the body as an event's index and a field of it."""
    first = place[0] if outer and place else 0
    index = first if isinstance(first, int) else 0
    inner = place[outer:]
    return FieldProblem(index, path((field, *inner) if field else inner), problem)

"""Logs: one JSON object a line on standard error. Names are `noun.verb_past`; ids are bound once.

`bind(event_id=…, person_id=…, target=…)` holds for the current task. Libraries speak through the same lines, from
WARNING up. Texts that look like `access_token=…` are masked wherever they stand. Of an exception a line holds the kind
and the place, never its text: foreign errors quote the values they choke on.
"""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger, Processor

_SECRETS = re.compile(
    r"(?i)((?:access_token|corpsecret|appsecret|client_secret|secret|password|token|key)=)[^&\s\"',;)]+"
)
MAX_REMEMBERED = 500
MASK = r"\1***"


def masked(text: str) -> str:
    """The text without the values of query parameters that hold secrets."""
    return _SECRETS.sub(MASK, text)


def _mask(value: Any) -> Any:  # noqa: ANN401 - any logged value
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _mask(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(item) for item in value]
    return value


def mask_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
    """Take secrets out of every text of a log line (a structlog processor)."""
    return {key: _mask(value) for key, value in event.items()}


def place(exc: BaseException, frames: int = 8) -> list[str]:
    """Where it was raised: the innermost frames, without their values."""
    found = traceback.extract_tb(exc.__traceback__)[-frames:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in found]


def name_exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
    """Put kind and place of an exception in place of its text (a structlog processor)."""
    given = event.pop("exc_info", None)
    exc = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(exc, BaseException):
        event["error"], event["where"] = type(exc).__qualname__, place(exc)
        event["event"] = str(event["event"]).replace(str(exc) or "\n", "…")
    return event


def first_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
    """Keep the first line of a library's text: asyncio writes exceptions with all they say below it."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


class _Once(logging.Filter):
    """Lets a library say the same thing once in ten seconds: in an outage aiokafka says it dozens of times a second."""

    def __init__(self, seconds: float = 10.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._said: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        what = (record.name, str(record.msg))
        if record.created - self._said.get(what, 0.0) < self._seconds:
            return False
        if len(self._said) >= MAX_REMEMBERED:
            self._said.clear()
        self._said[what] = record.created
        return True


def configure(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send our lines and those of the libraries to `stream` (standard error); called once by `app.run`."""
    out = stream or sys.stderr

    def name_service(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
        event["service"] = service
        return event

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        name_service,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_exception,
        mask_secrets,
    ]
    to_json = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, to_json],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, first_line, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, to_json],
        )
    )
    handler.addFilter(_Once())
    root = logging.getLogger()
    root.handlers, root.level = [handler], logging.WARNING
    logging.captureWarnings(capture=True)


def logger() -> FilteringBoundLogger:
    return cast("FilteringBoundLogger", structlog.get_logger())


def bind(**ids: str | int | None) -> AbstractContextManager[None]:
    """Put ids on every line of this task for the length of a `with`."""
    return structlog.contextvars.bound_contextvars(**ids)

"""Files that people edit: what cannot be read is one clear line, never a trace."""

import json
from pathlib import Path
from typing import Any

from services.cli.errors import UsageError
from services.cli.messages import t


def read_text(path: Path) -> str:
    """The whole file as UTF-8; raises UsageError if it is something else. A missing file is the caller's to explain."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(t("error.not_utf8", file=path)) from None


def read_object(path: Path) -> dict[str, Any]:
    """A JSON object; raises UsageError if it is none."""
    try:
        found = json.loads(read_text(path))
    except ValueError as exc:
        raise UsageError(t("error.not_json", file=path, why=exc)) from None
    if not isinstance(found, dict):
        raise UsageError(t("error.not_json", file=path, why=type(found).__name__))
    return found

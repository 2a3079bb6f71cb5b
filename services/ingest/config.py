"""The `sources` of the policy file; ingest reads nothing else of it."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import ValidationError

from services.kit.errors import UsageError
from services.kit.sources import SourceConfig, expand


def read_sources(file: Path, environment: Mapping[str, str]) -> dict[str, SourceConfig]:
    """Every source by its name; raises UsageError with the place of what is wrong, never a secret."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no policy file {file}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise UsageError(f"{file}{where} is not YAML") from None
    declared = document.get("sources") if isinstance(document, dict) else None
    if not isinstance(declared, dict) or not declared:
        raise UsageError(f"{file}: `sources` must declare at least one HR system")
    return {str(name): _source(str(name), fields, environment) for name, fields in declared.items()}


def _source(name: str, fields: object, environment: Mapping[str, str]) -> SourceConfig:
    try:
        return SourceConfig.model_validate(expand(fields, environment, f"sources.{name}"))
    except ValidationError as exc:
        wrong = [".".join(("sources", name, *map(str, error["loc"]))) + f": {error['msg']}" for error in exc.errors()]
        raise UsageError("; ".join(wrong)) from None

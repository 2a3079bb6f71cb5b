"""Settings: read once from the environment (and files for secrets) in `__main__.py`, then passed down in pieces.

Every field `x` is read from `TENURE_X`, or from the file that `TENURE_X_FILE` names, or from the file `tenure_x` in
the folder that `TENURE_SECRETS_DIR` names, in this order.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from services.kit.errors import UsageError
from services.kit.kafka_access import KafkaAccess

PREFIX = "TENURE_"


class _Files(PydanticBaseSettingsSource):
    """Values from files: a container's secrets are mounted, not put into the environment."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - its signature
        path = self._path(field_name)
        return (None if path is None else path.read_text(encoding="utf-8").strip()), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}

    @staticmethod
    def _path(name: str) -> Path | None:
        if named := os.environ.get(f"{PREFIX}{name.upper()}_FILE"):
            return Path(named)
        folder = os.environ.get(f"{PREFIX}SECRETS_DIR")
        mounted = Path(folder) / f"{PREFIX}{name}".lower() if folder else None
        return mounted if mounted and mounted.is_file() else None


class ServiceSettings(KafkaAccess):
    """What every service needs; a service adds its own fields in its `settings.py`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    database: SecretStr | None = Field(
        default=None,
        description="PostgreSQL's address, `postgresql://user:password@host:port/name`. Services with tables need it. "
        "With TLS: `?sslmode=verify-full&sslrootcert=PATH`, and `&sslcert=PATH&sslkey=PATH` for our own certificate.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="Address the HTTP door listens on. Change it only behind a firewall or a reverse proxy.",
    )
    port: int = Field(
        default=0, ge=0, le=65535, description="Port of the HTTP door; 0 takes any free one and announces it."
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="Least severe log line written: DEBUG, INFO, WARNING or ERROR. Libraries stay at WARNING.",
    )
    config: Path = Field(
        default=Path("tenure.yaml"), description="The policy file. A service reads only its own parts of it."
    )
    broker_epoch: str = Field(
        default="kafka",
        description="Names the broker whose offsets are meant; the embedded broker has a new one at every start.",
    )
    traces: str | None = Field(
        default=None,
        pattern="^https?://",
        description="An OpenTelemetry receiver (OTLP over HTTP), such as `http://collector:4318`; none: no traces.",
    )
    grace: float = Field(
        default=20.0, gt=0, description="Seconds a stop may take; what is still running then is cancelled."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no .env file is read: nothing sets us unseen
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - ours also knows TENURE_X_FILE
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _Files(settings_cls)


class Environment(Mapping[str, str]):
    """The variables that a policy's `${NAME}` names: `NAME`, else what stands in the file that `NAME_FILE` names.

    A container's secrets are mounted, not put into the environment. Raises UsageError for a file that cannot be read.
    """

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def __getitem__(self, name: str) -> str:
        if value := self._variables.get(name):
            return value
        file = self._variables[f"{name}_FILE"]
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as exc:
            raise UsageError(f"{name}_FILE: {file}: {exc.strerror}") from None

    def __iter__(self) -> Iterator[str]:
        return iter({name.removesuffix("_FILE") for name in self._variables} | {*self._variables})

    def __len__(self) -> int:
        return sum(1 for _ in self)


S = TypeVar("S", bound=ServiceSettings)


def read_settings(kind: type[S], **given: Any) -> S:  # noqa: ANN401 - fields of any kind
    """The settings, but for what is `given`; raises UsageError that names every wrong variable, never its value."""
    try:
        return kind(**given)
    except ValidationError as exc:
        raise UsageError("settings are wrong: " + "; ".join(map(_said, exc.errors()))) from None


def _said(error: Mapping[str, Any]) -> str:
    where = ".".join(map(str, error["loc"])).upper()
    return f"{PREFIX}{where}: {error['msg']}" if where else str(error["msg"])  # several at once name themselves

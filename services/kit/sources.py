"""How an HR system is declared under `sources:` of the policy file. Ingest and the provisioner's policy use it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, StringConstraints

from contracts.base import Id
from contracts.envelope import Source as SourceUrn
from services.kit.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
T = TypeVar("T")


def parse_duration(value: object) -> object:
    """`90s`, `10m`, `24h` or `3d` as a timedelta; anything else as it is, for pydantic to judge."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d+)([smhd])", value.strip())):
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    return value


@cache
def zones() -> frozenset[str]:
    """The names of the IANA list; reading them takes a while, so it is done once."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in zones():
        raise ValueError("is no time zone of the IANA list")
    return name


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Hour = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class SourceConfig(BaseModel):
    """One HR system. Its name under `sources:` is the last part of its address at ingest."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    type: Literal["webhook"] = "webhook"
    source: SourceUrn
    """The CloudEvents `source` of all its events."""
    secrets: tuple[SecretStr, ...] = ()
    """Signing keys (Standard Webhooks, `whsec_…`) or bearer tokens; several while one is being replaced."""
    auth: Literal["signature", "bearer"] = "signature"
    id_space: Id | None = None
    """Whose numbers its `worker_id`s are; default the source itself."""
    leave_date_means: Literal["first_moment_gone", "last_day_worked"] = "first_moment_gone"
    leave_at: Hour = "00:00"
    """Local time of day at which a leave given as a date takes effect; 00:00 after a last day worked is its end."""
    zone: Zone = "UTC"
    """Zone of its dates where an event names none."""
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] = "CN"
    """Country of mobile numbers written without a country code."""
    expect_every: Duration | None = None
    """A silence longer than this is reported; it never means a leave."""
    owns: tuple[str, ...] | None = None
    """The only fields (`person.mobile`) that are taken from it; None takes all."""
    rank: int = 0
    """At one instant the source with the highest rank wins."""

    @property
    def space(self) -> str:
        return self.id_space or self.source


def expand(value: T, environment: Mapping[str, str], place: str) -> T:
    """The value with every `${NAME}` in its texts replaced; raises UsageError naming the variable and the place."""
    return _expand(value, environment, place)  # type: ignore[no-any-return]


def _expand(value: Any, environment: Mapping[str, str], place: str) -> Any:  # noqa: ANN401 - any YAML value
    if isinstance(value, str):
        for name in _VARIABLE.findall(value):
            if not environment.get(name):
                raise UsageError(f"{place}: the environment variable {name} is not set")
        return _VARIABLE.sub(lambda match: environment[match[1]], value)
    if isinstance(value, dict):
        return {key: _expand(item, environment, f"{place}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, environment, f"{place}[{index}]") for index, item in enumerate(value)]
    return value

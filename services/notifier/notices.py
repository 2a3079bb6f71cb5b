"""What the notifier reads of the policy file: `notify`, the targets it sends through, and the zones of the sources.

The keys are those of the policy's schema; a test keeps the two readings in step.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, model_validator

from services.kit.errors import UsageError
from services.kit.sources import Zone

ChannelName = Literal["wecom", "dingtalk", "webhook"]
Locale = Literal["zh-CN", "en"]
WECOM_LIMIT, DINGTALK_LIMIT = 1000, 100
"""Recipients of one message (WeCom doc 90236; DingTalk "asynchronous sending of enterprise session messages")."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ItNotice(_Section):
    """Where the IT team is told."""

    channel: ChannelName
    to: Annotated[tuple[str, ...], Field(max_length=WECOM_LIMIT)] = ()
    url: str | None = None
    secret: SecretStr | None = None

    @model_validator(mode="after")
    def _complete(self) -> "ItNotice":
        if self.channel == "webhook" and not (self.url and self.secret):
            raise ValueError("a webhook needs `url` and `secret`")
        if self.channel != "webhook" and not self.to:
            raise ValueError("needs `to`: the native ids of those who are told")
        if self.channel == "dingtalk" and len(self.to) > DINGTALK_LIMIT:
            raise ValueError(f"DingTalk takes at most {DINGTALK_LIMIT} in `to`")
        return self


class ManagerNotice(_Section):
    channels: tuple[Literal["wecom", "dingtalk"], ...] = ("wecom", "dingtalk")


class Notices(_Section):
    """`notify` of the policy file. Without it nobody is told; confirmations and audit flow all the same."""

    it: ItNotice | None = None
    manager: ManagerNotice | None = None
    locale: Locale = "zh-CN"

    @property
    def channels(self) -> frozenset[str]:
        found = {str(name) for name in self.manager.channels} if self.manager else set()
        return frozenset(found | ({self.it.channel} if self.it else set()))


class _Target(BaseModel):
    """Of a target only what a message needs; the rest is the connector's."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    base_url: str | None = None


class WeComApp(_Section):
    agent_id: int
    secret: SecretStr


class WeComTarget(_Target):
    type: Literal["wecom"]
    corp_id: str
    app: WeComApp


class DingTalkTarget(_Target):
    type: Literal["dingtalk"]
    app_key: str
    app_secret: SecretStr
    agent_id: int
    oapi_base_url: str | None = None


_READ = frozenset(WeComTarget.model_fields) | frozenset(DingTalkTarget.model_fields)
"""What is not read needs no variable here, such as a secret that only the connector uses."""

ChatTarget = Annotated[WeComTarget | DingTalkTarget, Field(discriminator="type")]
_CHAT: TypeAdapter[WeComTarget | DingTalkTarget] = TypeAdapter(ChatTarget)
_ZONE: TypeAdapter[str] = TypeAdapter(Zone)


@dataclass(frozen=True, slots=True)
class Installation:
    """`targets`: those a message may go through, by name. `zones`: in which zone a source's dates are shown."""

    notices: Notices = field(default_factory=Notices)
    targets: Mapping[str, WeComTarget | DingTalkTarget] = field(default_factory=dict)
    zones: Mapping[str, ZoneInfo] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, str]:
        return {name: target.type for name, target in self.targets.items()}


def read_installation(file: Path, environment: Mapping[str, str]) -> Installation:
    """Raises UsageError with the place of what is wrong, never a secret. Only what messages need must be set."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist; `tenure init` writes one") from None
    except (UnicodeDecodeError, yaml.YAMLError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise UsageError(f"{file}{where} is not YAML") from None
    return installation(document if isinstance(document, dict) else {}, environment)


def installation(document: Mapping[str, Any], environment: Mapping[str, str]) -> Installation:
    """The same from the parsed document."""
    notices = _checked(Notices.model_validate, document.get("notify") or {}, environment, "notify")
    targets = {
        str(name): _checked(_CHAT.validate_python, _known(fields), environment, f"targets.{name}")
        for name, fields in _sections(document, "targets")
        if fields.get("type") in notices.channels
    }
    channel = notices.it.channel if notices.it else "webhook"
    if channel != "webhook" and channel not in {target.type for target in targets.values()}:
        raise UsageError(f"notify.it: channel {channel} needs a target of that type")
    zones = {
        str(fields.get("source")): ZoneInfo(
            _checked(_ZONE.validate_python, fields["zone"], environment, f"sources.{name}.zone")
        )
        for name, fields in _sections(document, "sources")
        if fields.get("zone")
    }
    return Installation(notices, targets, zones)


def _sections(document: Mapping[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    found = document.get(name)
    return [(str(k), v) for k, v in found.items() if isinstance(v, dict)] if isinstance(found, dict) else []


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key in _READ}


def _checked(validate: Any, fields: object, environment: Mapping[str, str], place: str) -> Any:  # noqa: ANN401 - any model
    try:
        return validate(expand(fields, environment, place))
    except ValidationError as exc:
        wrong = [".".join((place, *map(str, error["loc"]))) + f": {error['msg']}" for error in exc.errors()]
        raise UsageError("; ".join(wrong)) from None


def expand(value: Any, environment: Mapping[str, str], place: str) -> Any:  # noqa: ANN401 - any YAML value
    """The value with `${NAME}` and `${NAME:-default}` replaced; a key whose value comes to nothing is dropped.

    An empty variable counts as unset. Raises UsageError that names the variable and the place.
    """
    if isinstance(value, Mapping):
        found = {key: expand(item, environment, f"{place}.{key}") for key, item in value.items()}
        return {key: item for key, item in found.items() if item != "" or value[key] == ""}
    if isinstance(value, list):
        return [expand(item, environment, f"{place}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replacement(found: re.Match[str]) -> str:
        text = environment.get(found[1]) or found[2]
        if text is None:
            raise UsageError(f"{place}: the environment variable {found[1]} is not set")
        return str(text)

    return _VARIABLE.sub(replacement, value)

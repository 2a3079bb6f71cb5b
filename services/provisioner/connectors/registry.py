"""The kinds of target there are. A kind's code is imported when the kind is used.

What a kind can do is asked of a connector that is opened and never called: opening does no I/O, so policy can be
checked without secret or network.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from services.platforms.gate import Gate, OpenGate
from services.platforms.quotas import UNBOUNDED, Quota
from services.provisioner.connectors.base import Connector


class OpenConnector(Connector, Protocol):
    """A connector that somebody owns, who closes it."""

    async def close(self) -> None:
        """Let go of connections. Nothing is called afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of target, `type` in the policy: its configuration, its limits, and how it is opened."""

    name: str
    config: type[BaseModel]
    quota: Quota
    _open: Callable[[str, Any, Gate], OpenConnector]

    def open(self, target: str, config: BaseModel, gate: Gate) -> OpenConnector:
        """A connector for the target, without I/O. `config` is of this kind's model."""
        if not isinstance(config, self.config):
            raise TypeError(f"{self.name} is configured by {self.config.__name__}")
        return self._open(target, config, gate)

    def abilities(self, config: BaseModel) -> Connector:
        """What a target so configured declares: fields, closing, residue, refusal and so on. Never called."""
        return self.open(self.name, config, OpenGate())


def _wecom() -> Kind:
    from services.platforms.wecom import QUOTA  # noqa: PLC0415 - a kind costs only who uses it
    from services.provisioner.connectors.wecom import WeComConfig, open_wecom  # noqa: PLC0415 - the same

    return Kind("wecom", WeComConfig, QUOTA, open_wecom)


def _dingtalk() -> Kind:
    from services.platforms.dingtalk import QUOTA  # noqa: PLC0415 - a kind costs only who uses it
    from services.provisioner.connectors.dingtalk import DingTalkConfig, open_dingtalk  # noqa: PLC0415 - the same

    return Kind("dingtalk", DingTalkConfig, QUOTA, open_dingtalk)


def _memory() -> Kind:
    from services.provisioner.connectors.memory import MemoryConfig, open_memory  # noqa: PLC0415 - the same

    return Kind("memory", MemoryConfig, UNBOUNDED, open_memory)


class _Kinds(Mapping[str, Kind]):
    """Kinds by name, made on first use."""

    def __init__(self, makers: Mapping[str, Callable[[], Kind]]) -> None:
        self._makers = makers
        self._made: dict[str, Kind] = {}

    def __getitem__(self, name: str) -> Kind:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


KINDS: Mapping[str, Kind] = _Kinds({"wecom": _wecom, "dingtalk": _dingtalk, "memory": _memory})

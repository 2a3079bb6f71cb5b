"""One configured target as the passes see it: its connector, its lists, and what policy says about the whole of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.provisioner.act.lists import Lists
from services.provisioner.connectors.base import Connector
from services.provisioner.model import Mode


@dataclass(frozen=True, slots=True)
class Target:
    """`under` is the native department of people without one; `departments` how far we manage the tree."""

    name: str
    platform: str
    connector: Connector
    mode: Mode = "observe"
    match: Sequence[str] = ()
    username: str | None = None
    departments: Literal["none", "link", "full"] = "none"
    under: str = "/"
    lists: Lists = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lists", Lists(self.connector))

    @property
    def top(self) -> str:
        """The native id of the department `under` names; `/` is the platform's own root."""
        return self.connector.root if self.under == "/" else self.under

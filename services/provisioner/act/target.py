"""One configured target as the passes see it: its connector, its lists, and what policy says about the whole of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.platforms.errors import NeedsPersonError
from services.provisioner.act.lists import Lists
from services.provisioner.connectors.base import Field
from services.provisioner.connectors.registry import OpenConnector
from services.provisioner.model import Case, Mode, Verb


@dataclass(frozen=True, slots=True)
class Target:
    """`under` names the department of people without one; `departments` says how far we manage the tree."""

    name: str
    platform: str
    connector: OpenConnector
    mode: Mode = "observe"
    match: Sequence[str] = ()
    username: str | None = None
    departments: Literal["none", "link", "full"] = "none"
    under: str = "/"
    space_of: Callable[[str], str] = str
    """Source (URN) → whose worker numbers the `leader_ids` of its departments are."""
    closes: Mapping[Case, tuple[Verb, ...]] = field(default_factory=dict)
    lists: Lists = field(init=False)
    _top: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lists", Lists(self.connector))

    @property
    def fields(self) -> Mapping[str, Field]:
        return self.connector.fields

    @property
    def closing(self) -> Mapping[Case, tuple[Verb, ...]]:
        """How accounts are closed here: the platform's way, unless policy names another that it has."""
        return {**self.connector.closing, **self.closes}

    async def top(self) -> str:
        """The native id of the department `under` names, a path such as `/Group/Shanghai`; `/` is the platform's root.

        Raises NeedsPersonError when there is no such department.
        """
        if not self._top:
            self._top.append(await self._found())
        return self._top[0]

    async def _found(self) -> str:
        names = [name for name in self.under.split("/") if name]
        shown = await self.connector.departments() if names else ()
        here = self.connector.root
        for name in names:
            below = [d.native_id for d in shown if d.parent == here and d.name == name]
            if not below:
                raise NeedsPersonError("no_such_department", "departments", "under_not_found")
            here = below[0]
        return here

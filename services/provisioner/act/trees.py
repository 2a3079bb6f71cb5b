"""The tree of departments at an instant, folded again only when a fact was added or time passed a change."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.provisioner.facts.departments import Departments, departments
from services.provisioner.facts.order import instant_of
from services.provisioner.model import Fact
from services.provisioner.store.port import Questions

KEPT = 8
"""Earlier trees kept: overlaps ask for those of the last days, the same for everybody."""


@dataclass(slots=True)
class Trees:
    store: Questions
    _version: int = -1
    _folded_at: datetime | None = None
    _tree: Departments = field(default_factory=Departments)
    _facts: tuple[Fact, ...] = ()
    turns: Sequence[datetime] = ()
    """When the tree changed or will change, ascending."""
    _earlier: dict[int, Departments] = field(default_factory=dict)

    async def at(self, now: datetime) -> Departments:
        version = await self.store.department_version()
        if version != self._version or not self._still(now):
            facts = await self.store.department_facts()
            self._tree = departments(facts, now)
            self._facts, self.turns = facts, sorted({instant_of(fact) for fact in facts})
            self._version, self._folded_at, self._earlier = version, now, {}
        return self._tree

    def earlier(self, at: datetime) -> Departments:
        """The tree as it was at that instant, by the facts of the last look."""
        turn = bisect_right(self.turns, at)
        if turn not in self._earlier:
            if len(self._earlier) >= KEPT:
                self._earlier.pop(next(iter(self._earlier)))
            self._earlier[turn] = departments(self._facts, at)
        return self._earlier[turn]

    def _still(self, now: datetime) -> bool:
        changed = self._tree.next_change
        return self._folded_at is not None and self._folded_at <= now and (changed is None or now < changed)

"""The tree of departments at an instant, folded again only when a fact was added or time passed a change."""

from dataclasses import dataclass, field
from datetime import datetime

from services.provisioner.facts.departments import Departments, departments
from services.provisioner.store.port import Questions


@dataclass(slots=True)
class Trees:
    store: Questions
    _version: int = -1
    _folded_at: datetime | None = None
    _tree: Departments = field(default_factory=Departments)

    async def at(self, now: datetime) -> Departments:
        version = await self.store.department_version()
        if version != self._version or not self._still(now):
            self._tree = departments(await self.store.department_facts(), now)
            self._version, self._folded_at = version, now
        return self._tree

    def _still(self, now: datetime) -> bool:
        changed = self._tree.next_change
        return self._folded_at is not None and self._folded_at <= now and (changed is None or now < changed)

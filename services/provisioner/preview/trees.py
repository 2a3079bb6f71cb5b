"""The tree of departments at any instant, folded once for each stretch in which it stays the same."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from services.provisioner.facts.departments import Departments, departments
from services.provisioner.facts.order import instant_of
from services.provisioner.model import Fact, WorkerKey

KEPT = 1_000_000
"""Departments kept in memory over all folded trees."""


class Asked:
    """A tree that remembers its answers: the same are wanted for every person. What policy asks, and no more."""

    def __init__(self, tree: Departments) -> None:
        self.tree = tree
        self._paths: dict[str, tuple[str, ...]] = {}

    def path(self, department_id: str) -> tuple[str, ...]:
        if department_id not in self._paths:
            self._paths[department_id] = self.tree.path(department_id)
        return self._paths[department_id]

    def name(self, department_id: str) -> str:
        return self.tree.name(department_id)

    def effective(self, department_id: str) -> str:
        return self.path(department_id)[-1]

    def led_by(self, workers: Iterable[WorkerKey], space_of: Callable[[str], str]) -> frozenset[str]:
        return self.tree.led_by(workers, space_of)


class Trees:
    """A tree is kept as long as there is room. `turns` are the instants at which it can change, ascending."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._facts = tuple(facts)
        self.turns: Sequence[datetime] = sorted({instant_of(fact) for fact in self._facts})
        self._kept: dict[int, Asked] = {}
        self._room = max(4, KEPT // max(1, len(self._facts)))

    def at(self, at: datetime) -> Asked:
        index = bisect_right(self.turns, at)
        tree = self._kept.get(index)
        if tree is None:
            if len(self._kept) >= self._room:
                self._kept.pop(next(iter(self._kept)))
            tree = self._kept[index] = Asked(departments(self._facts, at))
        return tree

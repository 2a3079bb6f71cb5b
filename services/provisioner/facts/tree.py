"""Where departments hang, and where people of closed ones count. Total on any input: no question loops or fails."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Node(Protocol):
    @property
    def parent_id(self) -> str | None: ...
    @property
    def successor_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Tree:
    """`parents` gives each known department the one above it, None at the top; `successors` who took over whom."""

    parents: Mapping[str, str | None] = field(default_factory=dict)
    successors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, nodes: Mapping[str, Node]) -> "Tree":
        """Hang every department under its parent, or whoever took over from it.

        An unknown parent, or an unknown successor of one, is the top until known. Where a parent was closed in favour
        of something below itself, its children move up to its own parent. A circle that closing made is cut at its
        smallest id.
        """
        successors = {i: node.successor_id for i, node in nodes.items() if node.successor_id is not None}
        raw = {i: node.parent_id if node.parent_id in nodes else None for i, node in nodes.items()}
        tree = cls(_cut(raw), successors)
        return cls(_cut({i: tree._above(i) for i in nodes}), successors)

    def effective(self, department_id: str) -> str:
        seen = {department_id}
        while (after := self.successors.get(department_id)) is not None and after not in seen:
            seen.add(after)
            department_id = after
        return department_id

    def parent(self, department_id: str) -> str | None:
        return self.parents.get(department_id)

    def path(self, department_id: str) -> tuple[str, ...]:
        found = [self.effective(department_id)]
        while (above := self.parents.get(found[-1])) is not None:
            found.append(above)
        return tuple(reversed(found))

    def below(self, department_id: str) -> frozenset[str]:
        """The department, all under it, and the closed ones that count in any of them."""
        found = {i for i in self.parents if department_id in self.path(i)}
        return frozenset(found | {i for i in self.successors if self.effective(i) in found} | {department_id})

    def parents_first(self, rank: Callable[[str], Any]) -> list[str]:
        """Every known department after the one above it; siblings in the order of `rank`."""
        children: dict[str | None, list[str]] = {}
        for i in sorted(self.parents, key=rank):
            children.setdefault(self.parents[i], []).append(i)
        found, row = [], children.get(None, [])
        while row:
            found += row
            row = [child for i in row for child in children.get(i, ())]
        return found

    def _above(self, department_id: str) -> str | None:
        parent = self.parents[department_id]
        while parent is not None:
            after = self.effective(parent)
            if after != department_id and not (after != parent and self._is_under(after, parent)):
                return after if after in self.parents else None
            parent = self.parents.get(parent)
        return None

    def _is_under(self, department_id: str, top: str) -> bool:
        above: str | None = department_id
        while above is not None:
            if above == top:
                return True
            above = self.parents.get(above)
        return False


def _cut(parents: dict[str, str | None]) -> dict[str, str | None]:
    for i in sorted(parents):
        if returns(parents.get, i):
            parents[i] = None
    return parents


def returns(after: Callable[[str], str | None], start: str) -> bool:
    """Whether going on from here, one after the other, comes back here."""
    seen: set[str] = set()
    place = after(start)
    while place is not None and place not in seen:
        if place == start:
            return True
        seen.add(place)
        place = after(place)
    return False

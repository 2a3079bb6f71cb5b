"""The pure planner of departments: parents first, deletions children first; nothing that is not ours is deleted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.provisioner.connectors.base import NativeDepartment


@dataclass(frozen=True, slots=True)
class Wanted:
    """A department as it should be.

    `parent` is an HR id, None under the top; `leaders` native account ids that are in it already, or None where the
    platform keeps leaders with the members.
    """

    department_id: str
    name: str
    parent: str | None
    order: int | None = None
    leaders: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DepartmentStep:
    """create, update or delete; `parent` is an HR department id or None for the top."""

    verb: Literal["create_department", "update_department", "delete_department"]
    department_id: str
    native_id: str | None = None
    name: str | None = None
    parent: str | None = None
    moves: bool = False
    order: int | None = None
    leaders: tuple[str, ...] | None = None


def plan_departments(
    wanted: Sequence[Wanted],
    closed: Sequence[str],
    links: Mapping[str, str],
    shown: Sequence[NativeDepartment],
    top: str,
    fitting: Callable[[str], str],
) -> Iterator[DepartmentStep]:
    """`wanted` stands parents before children; `closed` lists HR ids whose native department should go."""
    native = {d.native_id: d for d in shown}
    names = _names(wanted, fitting)
    for department in wanted:
        linked = links.get(department.department_id)
        there = native.get(linked) if linked else None
        name = names[department.department_id]
        if there is None:
            yield DepartmentStep(
                "create_department",
                department.department_id,
                name=name,
                parent=department.parent,
                order=department.order,
            )
            continue
        parent = links.get(department.parent) if department.parent else top
        moves = parent is None or parent != there.parent
        renamed = name if name != there.name else None
        reordered = department.order if department.order not in (None, there.order) else None
        led = department.leaders if department.leaders not in (None, there.leaders) else None
        if moves or renamed or reordered is not None or led is not None:
            yield DepartmentStep(
                "update_department",
                department.department_id,
                there.native_id,
                renamed,
                department.parent,
                moves,
                reordered,
                led,
            )
    depth = _depths(shown)
    going = [(links[d], d) for d in closed if links.get(d) in native]
    for native_id, department_id in sorted(going, key=lambda pair: -depth.get(pair[0], 0)):
        yield DepartmentStep("delete_department", department_id, native_id)


def _names(wanted: Sequence[Wanted], fitting: Callable[[str], str]) -> dict[str, str]:
    """Names as the platform takes them; a sibling's equal name gets ` (id)`."""
    taken: set[tuple[str | None, str]] = set()
    names: dict[str, str] = {}
    for department in wanted:
        name = fitting(department.name)
        if (department.parent, name) in taken:
            name = fitting(f"{name} ({department.department_id})")
        taken.add((department.parent, name))
        names[department.department_id] = name
    return names


def _depths(shown: Sequence[NativeDepartment]) -> dict[str, int]:
    depth: dict[str, int] = {}
    for department in shown:
        depth[department.native_id] = depth.get(department.parent or "", -1) + 1
    return depth

"""What was of one person, as far as policy asks: earlier states, and what people decided about them.

Nothing here is remembered from one pass to the next: the same facts, decisions and trees give the same answer, so
that what runs since an earlier moment (an overlap, an exception) needs no book of its own.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from contracts.decisions import Decision
from services.provisioner.facts.departments import departments
from services.provisioner.facts.order import instant_of
from services.provisioner.model import Fact, PersonState, WorkerKey
from services.provisioner.policy.cel import Condition, Context, Departments, midnight

D = TypeVar("D", bound=Decision)


class _Flat:
    """The tree for whoever does not ask about it."""

    def path(self, department_id: str) -> tuple[str, ...]:
        return (department_id,)

    def name(self, department_id: str) -> str:
        return department_id

    def effective(self, department_id: str) -> str:
        return department_id

    def led_by(self, workers: Iterable[WorkerKey], space_of: Callable[[str], str]) -> frozenset[str]:  # noqa: ARG002 - the protocol's
        return frozenset()


_FLAT = _Flat()


class Line(Protocol):
    """A folded timeline."""

    @property
    def instants(self) -> Sequence[datetime]: ...
    def state(self, at: datetime) -> PersonState: ...


@dataclass(slots=True)
class Past:
    """`tree_at` answers the tree of departments as it was at an earlier instant; `turns` when it changed, ascending."""

    line: Line
    tree_at: Callable[[datetime], Departments]
    decisions: tuple[Decision, ...] = ()
    turns: Sequence[datetime] = ()
    _contexts: dict[tuple[datetime, bool], tuple[PersonState, Context]] = field(default_factory=dict)

    def told(self, kind: type[D], at: datetime) -> list[D]:
        """The decisions of a kind that are true at that instant, oldest first."""
        found = [d for d in self.decisions if isinstance(d, kind) and d.effective_at <= at]
        return sorted(found, key=lambda d: (d.effective_at, d.recorded_at, d.decision_id))

    def seen(self, at: datetime, *, placed: bool = True) -> tuple[PersonState, Context]:
        """The person at an earlier instant, as conditions see them; those that read no department need no tree."""
        if (at, placed) not in self._contexts:
            state = self.line.state(at)
            tree = self.tree_at(at) if placed else _FLAT
            self._contexts[at, placed] = (state, Context(state, tree, at))
        return self._contexts[at, placed]

    def changes(self, after: datetime, until: datetime, *, placed: bool = False) -> list[datetime]:
        """The instants in (after, until] at which the person's state changed, or the tree if `placed`, ascending."""
        found: set[datetime] = set()
        for instants in (self.line.instants, self.turns if placed else ()):
            found.update(instants[bisect_right(instants, after) : bisect_right(instants, until)])
        return sorted(found)

    def stretches(
        self, condition: Condition, since: datetime | None, until: datetime, *, placed: bool
    ) -> Iterator[tuple[datetime, PersonState, Context]]:
        """Backwards from `until` to `since`: the beginning of each stretch in which the condition's answer is one.

        Without `since` all that is known. `placed`: whether it, or what is asked with it, reads the department.
        """
        since = since or min(until, *self.line.instants[:1])
        begins = [since, *self.changes(since, until, placed=placed)]
        for begin, end in reversed(list(zip(begins, [*begins[1:], None], strict=True))):
            state, context = self.seen(begin, placed=placed)
            days = {day for place in (context, *context.others) for day in condition.turns(place)}
            turns = sorted({midnight(day, state.zone) for day in days})
            within = [at for at in turns if begin < at <= until and (end is None or at < end)]
            yield from ((at, *self.seen(at, placed=placed)) for at in reversed(within))
            yield begin, state, context


def past_of(line: Line, tree: Sequence[Fact], decisions: tuple[Decision, ...]) -> Past:
    """The past by the facts of the departments; a tree is folded only for an instant that is asked about."""
    turns = sorted({instant_of(fact) for fact in tree})
    return Past(line, lambda at: departments(tree, at), decisions, turns)

"""What was of one person, as far as policy asks: earlier states, and what people decided about them.

Nothing here is remembered from one pass to the next: the same facts, decisions and trees give the same answer, so
that what runs since an earlier moment (an overlap, an exception) needs no book of its own.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from contracts.decisions import Decision
from services.provisioner.facts.departments import departments
from services.provisioner.facts.order import instant_of
from services.provisioner.model import Fact, PersonState
from services.provisioner.policy.cel import Condition, Context, Departments, midnight

BEGINNING = datetime.min.replace(tzinfo=UTC)

D = TypeVar("D", bound=Decision)


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
    _contexts: dict[datetime, tuple[PersonState, Context]] = field(default_factory=dict)

    def told(self, kind: type[D], at: datetime) -> list[D]:
        """The decisions of a kind that are true at that instant, oldest first."""
        found = [d for d in self.decisions if isinstance(d, kind) and d.effective_at <= at]
        return sorted(found, key=lambda d: (d.effective_at, d.recorded_at, d.decision_id))

    def seen(self, at: datetime) -> tuple[PersonState, Context]:
        """The person at an earlier instant, as conditions see them."""
        if at not in self._contexts:
            state = self.line.state(at)
            self._contexts[at] = (state, Context(state, self.tree_at(at), at))
        return self._contexts[at]

    def changes(self, after: datetime, until: datetime) -> list[datetime]:
        """The instants in (after, until] at which the person's state or the tree changed, ascending."""
        found: set[datetime] = set()
        for instants in (self.line.instants, self.turns):
            found.update(instants[bisect_right(instants, after) : bisect_right(instants, until)])
        return sorted(found)

    def stretches(
        self, condition: Condition, since: datetime, until: datetime
    ) -> Iterator[tuple[datetime, PersonState, Context]]:
        """Backwards from `until` to `since`: the beginning of each stretch in which the condition's answer is one."""
        begins = [since, *self.changes(since, until)]
        for begin, end in reversed(list(zip(begins, [*begins[1:], None], strict=True))):
            state, context = self.seen(begin)
            days = {day for place in (context, *context.others) for day in condition.turns(place)}
            turns = sorted({midnight(day, state.zone) for day in days})
            within = [at for at in turns if begin < at <= until and (end is None or at < end)]
            yield from ((at, *self.seen(at)) for at in reversed(within))
            yield begin, state, context


def past_of(line: Line, tree: Sequence[Fact], decisions: tuple[Decision, ...]) -> Past:
    """The past by the facts of the departments; a tree is folded only for an instant that is asked about."""
    turns = sorted({instant_of(fact) for fact in tree})
    return Past(line, lambda at: departments(tree, at), decisions, turns)

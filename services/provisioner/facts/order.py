"""The total order within a timeline. It never depends on arrival.

Effective instant; source (the preferred one last, then by name); sequence (missing first); kind; time; id.
"""

from datetime import datetime

from contracts import hr
from services.provisioner.model import Fact

Key = tuple[int, str, int, int, datetime, str]


def instant_of(fact: Fact) -> datetime:
    """When the fact takes effect. An immediate leave ends access when HR said so, if that is earlier."""
    if isinstance(fact.body, hr.Left) and fact.body.immediate:
        return min(fact.effective_at, fact.time)
    return fact.effective_at


def key_at(fact: Fact, *, employed: bool) -> Key:
    """Where a fact stands among those of one instant; `employed` is the worker just before it."""
    sequence = fact.body.sequence
    return (
        fact.rank,
        fact.key.source,
        -1 if sequence is None else sequence,
        _kind(fact.body, employed=employed),
        fact.time,
        fact.key.id,
    )


def _kind(body: hr.Event, *, employed: bool) -> int:
    # Who is employed leaves before being hired anew; who is not is hired before leaving.
    if isinstance(body, (hr.Left, hr.DepartmentClosed)):
        return 0 if employed else 3
    return 1 if isinstance(body, (hr.Hired, hr.Stated)) else 2

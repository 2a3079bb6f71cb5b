"""What it costs to know a person: read, fold, desire and plan, beside a bare parse of the same bytes.

The best of five rounds each, on one core, without disk or network. Plans are made for every target of the sample
policy, as a first account needs them.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from benchmarks.figures import Figure
from services.cli.company import SOURCE, story
from services.cli.up import SAMPLE
from services.platforms.gate import OpenGate
from services.provisioner.connectors.memory import MemoryConfig, open_memory
from services.provisioner.connectors.registry import KINDS
from services.provisioner.facts.departments import departments
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.read import read_fact
from services.provisioner.model import Fact
from services.provisioner.plan.planner import plan
from services.provisioner.plan.wish import wish
from services.provisioner.policy.desired import desired
from services.provisioner.policy.load import Policy, load

ROUNDS = 5
NOW = datetime(2026, 6, 1, tzinfo=UTC)
LINKS = {"D-SALES": "2", "D-ADMIN": "3", "D-IT": "4"}
Message = tuple[dict[str, str], bytes]
Histories = Sequence[Sequence[Message]]


def history(number: int) -> list[Message]:
    """One person: a hire, eight moves between sales and administration, a new name."""
    who = {"worker_id": f"W{number:06}"}
    person = {"family_name": "王", "given_name": "梅", "display_name": "王梅", "mobile": f"+861380{number:07}"}
    facts = [("hired", "2025-01-01", {"person": person, "assignment": {"department_id": "D-IT", "job_function": "it"}})]
    for month in range(2, 10):
        function, place = (("sales", "D-SALES"), ("administration", "D-ADMIN"))[month % 2]
        move = {"assignment": {"department_id": place, "job_function": function, "title": f"Grade {month}"}}
        facts.append(("transferred", f"2025-{month:02}-01", move))
    facts.append(("updated", "2025-12-01", {"person": {"display_name": "王小梅"}}))
    said = [(kind, {"effective_at": at, **who, **data}) for kind, at, data in facts]
    return [_message(f"e{number}-{n}", kind, data) for n, (kind, data) in enumerate(said)]


def _message(event_id: str, kind: str, data: Mapping[str, object]) -> Message:
    attributes = {"specversion": "1.0", "id": event_id, "source": SOURCE, "type": f"hr.worker.{kind}.v1",
                  "time": "2025-01-01T00:00:00Z"}  # fmt: skip
    return attributes, json.dumps(data, ensure_ascii=False).encode()


def read(messages: Sequence[Message]) -> list[Fact]:
    facts = [read_fact(attributes, value, id_space_of=lambda source: source, now=NOW) for attributes, value in messages]
    return [fact for fact in facts if isinstance(fact, Fact)]


def best(work: Callable[[Histories], int], histories: Histories) -> tuple[float, int]:
    """Seconds of the quickest round (the others were disturbed), and what the work counted."""
    rounds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        count = work(histories)
        rounds.append((time.perf_counter() - begun, count))
    return min(rounds)


def bare(histories: Histories) -> int:
    """The loop that does least: parse what was written."""
    return sum(len(json.loads(value)) for messages in histories for _, value in messages)


def folded(histories: Histories) -> int:
    return sum(timeline(read(messages)).state(NOW).active for messages in histories)


@cache
def sample_policy() -> Policy:
    """Compiling the conditions is done once a process, not once a person."""
    return load(SAMPLE.read_text(encoding="utf-8"), KINDS)


def planned(histories: Histories) -> int:
    """Steps for everybody on every target of the sample policy, as a first account would need them."""
    policy, tree = sample_policy(), departments(read([_as_message(one) for one in story()[0].events[:6]]), NOW)
    target, steps = open_memory("memory", MemoryConfig(), OpenGate()), 0
    for messages in histories:
        state = timeline(read(messages)).state(NOW)
        for name in policy.targets:
            made = wish(desired(policy, state, tree, name, NOW), "wangm", LINKS, "1", managed=True)
            steps += len(plan(made, None, target).steps)
    return steps


def measure(*, quick: bool) -> list[Figure]:
    people = 50 if quick else 500
    histories = [history(number) for number in range(people)]
    (plain, _), (fold, seen), (whole, steps) = (best(work, histories) for work in (bare, folded, planned))
    if not seen or not steps:
        raise RuntimeError("nothing was folded or planned: the figures mean nothing")
    facts, text = people * len(histories[0]), "bare parse of the same bytes"
    decided = (whole - fold) / people * 1e6
    return [
        Figure("facts read and folded a second", facts / fold, "1/s", text, facts / plain),
        Figure("desired and plan, a person of 10 facts", decided, "µs", "reading and folding", fold / people * 1e6),
    ]


def _as_message(event: dict[str, Any]) -> Message:
    attributes = {name: str(value) for name, value in event.items() if name != "data"}
    return attributes, json.dumps(event["data"], ensure_ascii=False).encode()

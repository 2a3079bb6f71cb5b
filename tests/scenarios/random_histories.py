"""Histories drawn at random, told once as they happened and once as HR systems tell things.

What happened is drawn forwards, by a walk that knows what may follow what, so that the true state at each date is known
without folding anything. How it is heard adds what changes nothing: repeats, a wrong revision before the right one,
facts that are taken back, facts taken back and reinstated, and any order.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from services.provisioner.facts.read import read_fact
from services.provisioner.model import Fact

SPACE, ZONE = "acme", "Asia/Shanghai"
HR, PAYROLL = "urn:hr:acme", "urn:hr:payroll"
FIRST, NOW = date(2025, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)
DEPARTMENTS, TITLES, POSITIONS = "ABCD", ("clerk", "lead", "head"), ("A2", "A3")
MAY_FOLLOW = {
    "none": ("hired",),
    "gone": ("hired", "hired", "stated"),
    "employed": ("transferred", "transferred", "updated", "assignment_started", "absence_started", "left", "left"),
    "away": ("absence_ended", "absence_ended", "transferred", "left"),
}


@dataclass
class State:
    """What is true of a worker."""

    status: str = "none"
    department: str | None = None
    title: str | None = None
    name: str = ""
    others: dict[str, str] = field(default_factory=dict)

    def shown(self):
        there = self.status in ("employed", "away")
        return (
            (there, self.status == "away", self.department, self.title, self.name, dict(self.others)) if there else ()
        )


@dataclass
class Drawn:
    """`true` is by worker and whose it is, the date at which it begins, and what holds from then on."""

    clean: list[dict]
    heard: list[dict]
    true: dict[tuple[str, str], dict[str, tuple]]
    linked: bool
    reissued: bool


def drawn(seed: int) -> Drawn:
    dice = random.Random(f"history {seed}")
    workers = [f"W{n}" for n in range(1, dice.choice((2, 2, 3, 4)))]
    clean, true = list(_departments(dice)), {}
    linked = len(workers) > 1 and dice.random() < 0.3
    for worker in workers:
        human = "W1" if linked and worker == "W2" else worker
        clean += _life(dice, worker, human, true.setdefault((worker, f"{SPACE}/{human}"), {}))
    reissued = not linked and dice.random() < 0.35
    if reissued:
        clean += _reissued(dice, true)
    if linked:
        days = true["W2", f"{SPACE}/W1"]
        day = dice.choice((min(days), *days))
        clean.append(_event(dice, HR, "worker.linked", day, worker_id="W2", person_id=f"{SPACE}/W1"))
    heard = [one for event in clean for one in _as_heard(dice, event)]
    dice.shuffle(heard)
    return Drawn(clean, heard, true, linked, reissued)


def fact_of(event: dict) -> Fact:
    """As intake reads it; both sources number their workers alike."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    value = json.dumps(event["data"], ensure_ascii=False).encode()
    found = read_fact(attributes, value, id_space_of=lambda _source: SPACE, now=NOW)
    assert isinstance(found, Fact), found
    return found


# ---------------------------------------------------------------- what happened


def _reissued(dice, true) -> Iterator[dict]:
    """A number that two humans have one after the other; HR names the second one, and perhaps the first."""
    first = dice.choice((None, "P7"))
    before = true.setdefault(("W7", f"{SPACE}/p/P7" if first else f"{SPACE}/W7"), {})
    yield from _life(dice, "W7", "W7", before, person=first, leaves=True)
    begins = date.fromisoformat(max(before)) + timedelta(days=dice.randint(0, 20))
    yield from _life(dice, "W7", "W8", true.setdefault(("W7", f"{SPACE}/p/P8"), {}), person="P8", day=begins)


def _life(dice, worker, human, true, *, person=None, leaves=False, day=None) -> Iterator[dict]:
    """Facts of one worker on rising dates, each possible where it stands; hires name the person, if there is one."""
    state, day = State(), day or FIRST + timedelta(days=dice.randrange(30))
    for left in range(dice.randint(1, 7), -1, -1):
        if not left and (not leaves or state.status == "gone"):
            return
        kind = dice.choice(MAY_FOLLOW[state.status]) if left else "left"
        if kind == "assignment_started" and state.others:
            kind = dice.choice(("assignment_started", "assignment_ended"))
        source = HR if kind in ("hired", "stated", "left") else dice.choice((HR, PAYROLL))
        said = _say(dice, kind, human, state, day)
        if person and kind in ("hired", "stated"):
            said["person_id"] = person
        yield _event(dice, source, f"worker.{kind}", day.isoformat(), worker_id=worker, **said)
        true[day.isoformat()] = state.shown()
        day += timedelta(days=dice.randint(1, 40))


def _say(dice, kind, human, state, day) -> dict:
    """What the fact says; the state becomes what it makes of it."""
    if kind in ("hired", "stated"):
        return _begin(dice, kind, human, state, day)
    if kind.startswith("assignment"):
        return _second_place(dice, kind, state)
    if kind == "transferred":
        field_, values = dice.choice((("department", DEPARTMENTS), ("title", (*TITLES, None))))
        value = dice.choice(values)
        setattr(state, field_, value)
        return {"assignment": {"department_id" if field_ == "department" else field_: value}}
    if kind == "updated":
        state.name = dice.choice("赵钱孙") + human
        return {"person": {"display_name": state.name}}
    state.status, said = {
        "absence_started": ("away", {"kind": "suspension"}),
        "absence_ended": ("employed", {}),
        "left": ("gone", {"reason": "resigned"}),
    }[kind]
    return said


def _begin(dice, kind, human, state, day) -> dict:
    state.status, state.others = "employed", {}
    state.department, state.title = dice.choice(DEPARTMENTS), dice.choice(TITLES)
    state.name = dice.choice("王李张") + human
    contact = {"mobile": f"+86138{int(human[1:]):08}", "personal_email": f"{human.lower()}@example.net"}
    return {
        "person": {"display_name": state.name, **contact},
        "employment": {"starts_at": day.isoformat()} if kind == "stated" else {},
        "assignment": {"department_id": state.department, "title": state.title},
    }


def _second_place(dice, kind, state) -> dict:
    if kind == "assignment_ended":
        position = dice.choice(sorted(state.others))
        del state.others[position]
        return {"assignment_id": position}
    position = dice.choice([p for p in POSITIONS if p not in state.others] or POSITIONS)
    state.others[position] = dice.choice(DEPARTMENTS)
    return {"assignment_id": position, "assignment": {"department_id": state.others[position]}}


def _departments(dice) -> Iterator[dict]:
    day = FIRST
    for name in DEPARTMENTS:
        yield _event(
            dice, HR, "department.changed", day.isoformat(), department_id=name, name=f"Dept {name}", parent_id=None
        )
    for _ in range(dice.randint(0, 3)):
        day += timedelta(days=dice.randint(1, 60))
        above, name = sorted(dice.sample(DEPARTMENTS, 2))  # no circle: that waits for a person
        data = {"department_id": name, "name": f"Dept {name}{day:%m%d}", "parent_id": above}
        yield _event(dice, HR, "department.changed", day.isoformat(), **data)


def _event(dice, source, kind, effective_at, /, **data) -> dict:
    told = date.fromisoformat(effective_at) + timedelta(days=dice.randint(-30, 30))
    return {
        "specversion": "1.0", "id": f"e{dice.getrandbits(48):x}", "source": source, "type": f"hr.{kind}.v1",
        "time": f"{told}T09:00:00+08:00", "data": {"effective_at": effective_at, "zone": ZONE, "revision": 1, **data},
    }  # fmt: skip


# ---------------------------------------------------------------- how it is heard


def _as_heard(dice, event) -> Iterator[dict]:
    """The fact, and around it what in the end says nothing more."""
    match dice.randrange(8):
        case 0:
            yield from [event] * dice.randint(2, 3)
        case 1:
            yield _wrong(dice, event, 1)
            yield event | {"data": event["data"] | {"revision": 2}}
        case 2:
            yield event
            yield from _reinstated(dice, event)
        case 3:
            false = _wrong(dice, event, 1) | {"id": f"f{dice.getrandbits(48):x}"}
            yield from (event, false, *_taken_back(dice, false))
        case _:
            yield event


def _wrong(dice, event, revision) -> dict:
    """The same fact on another day, and under another title where it names one."""
    day = date.fromisoformat(event["data"]["effective_at"]) + timedelta(days=dice.choice((-9, -2, 3, 17)))
    data = event["data"] | {"effective_at": day.isoformat(), "revision": revision}
    if data.get("employment"):
        data["employment"] = {"starts_at": day.isoformat()}
    if "assignment" in data:
        data["assignment"] = data["assignment"] | {"title": "wrong"}
    return event | {"data": data}


def _reinstated(dice, event) -> Iterator[dict]:
    """Taken back, once or by two withdrawals, and each of these too; one in three of them twice over."""
    for _ in range(dice.choice((1, 1, 2))):
        undoing = _withdrawal(dice, event)
        again = _withdrawal(dice, undoing)
        yield from (undoing, again)
        if dice.random() < 0.33:
            yield from _reinstated(dice, again)


def _taken_back(dice, event) -> Iterator[dict]:
    """Before its first moment; one in three is reinstated and taken back again, one in four taken back twice."""
    undoing = _withdrawal(dice, event)
    yield undoing
    if dice.random() < 0.25:
        yield _withdrawal(dice, event)
    if dice.random() < 0.33:
        reinstating = _withdrawal(dice, undoing)
        yield from (reinstating, _withdrawal(dice, reinstating))


def _withdrawal(dice, event) -> dict:
    at = date.fromisoformat(event["data"]["effective_at"]) - timedelta(days=5)
    data = {"effective_at": at.isoformat(), "zone": ZONE, "revision": 1, "event_id": event["id"]}
    return event | {
        "id": f"w{dice.getrandbits(48):x}",
        "type": "hr.event.withdrawn.v1",
        "time": f"{at}T09:00:00+08:00",
        "data": data,
    }


# ---------------------------------------------------------------- what stands, told without folding anything


def key_of(event: dict) -> tuple[str, int]:
    return event["id"], event["data"]["revision"]


def stand(events: list[dict]) -> set[tuple[str, int]]:
    """The newest revisions that nobody has withdrawn, but by a withdrawal that is withdrawn itself."""
    newest: dict[str, int] = {}
    by: dict[str, set[str]] = {}
    for event in events:
        ident, revision = key_of(event)
        newest[ident] = max(revision, newest.get(ident, 0))
        if event["type"] == "hr.event.withdrawn.v1":
            by.setdefault(event["data"]["event_id"], set()).add(ident)

    def stands(ident: str) -> bool:
        return not any(stands(undoing) for undoing in by.get(ident, ()))

    return {(ident, revision) for ident, revision in newest.items() if stands(ident)}

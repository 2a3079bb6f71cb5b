"""What a run leaves behind, held against the facts: accounts, call logs, books, confirmations, audit."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from staff import DEPARTMENTS, ROLES, SOURCE, TAGS, Event, Standing, standings
from world import Seen, World

from contracts.topics import AUDIT, CONFIRMATIONS

PLATFORMS = ("wecom", "dingtalk")
CREATE, DELETE = ("user/create", "topapi/v2/user/create"), ("user/delete", "topapi/v2/user/delete")
OF_ONE = {*CREATE, *DELETE, "user/get", "user/update", "topapi/v2/user/get", "topapi/v2/user/update"}
"""Calls about one person; lists that several share (tags, roles) are left out."""


def accounts_are_right(world: World, events: Iterable[Event]) -> None:
    """Everybody employed is in, in the right place with the right grants; everybody else is out; nobody twice."""
    people = standings(events)
    for platform, by_function, finance in (("wecom", TAGS, True), ("dingtalk", ROLES, False)):
        shown = world.accounts(platform)
        for twice in (Counter(one.mobile for one in shown), Counter(one.name for one in shown)):
            assert max(twice.values(), default=1) == 1, f"two accounts on {platform}: {twice.most_common(3)}"
        known = {one.mobile: one for one in shown}
        wrong = {
            worker: (_worth(standing, by_function, finance=finance), _shown(known.get(standing.mobile)))
            for worker, standing in people.items()
        }
        differences = {worker: pair for worker, pair in wrong.items() if pair[0] != pair[1]}
        told = [_told(world, platform, worker) for worker in differences]
        assert not differences, f"{platform}, wanted and shown: {differences}; Tenure says: {told}"
        assert {one.mobile for one in shown} <= {standing.mobile for standing in people.values()}


def _told(world: World, platform: str, worker: str) -> object:
    """What Tenure itself says of somebody whose account is wrong."""
    card = world.ask("/v1/person", id=worker)
    account = card["accounts"].get(platform)
    steps = [
        tuple(step.get(key) for key in ("verb", "result", "code", "entitlement", "at"))
        for step in card["steps"]
        if step["target"] == platform
    ]
    return worker, account, [(one["id"], one["state"], one["reason"]) for one in card["events"]], steps


def _worth(standing: Standing, by_function: dict[str, set[str]], *, finance: bool) -> tuple[object, ...]:
    if not standing.employed:
        return (False, frozenset())
    return (True, frozenset(standing.grants(by_function, finance=finance)), DEPARTMENTS[standing.department])


def _shown(seen: Seen | None) -> tuple[object, ...]:
    if seen is None or not seen.open:
        return (False, seen.grants if seen else frozenset())
    return (True, seen.grants, *seen.departments)


def calls_never_met(world: World) -> None:
    """No two calls about one person on one target at once: P3, from the platforms' own logs."""
    for platform in PLATFORMS:
        by_person: dict[str, list[dict[str, Any]]] = {}
        for call in world.calls(platform):
            if call["path"] in OF_ONE and len(call["person"]) == 1:
                by_person.setdefault(call["person"][0], []).append(call)
        for calls in by_person.values():
            for one, other in itertools.pairwise(sorted(calls, key=lambda call: call["at"])):
                assert one["ended"] <= other["at"], f"two at once on {platform}: {one} and {other}"


def nobody_was_made_twice(world: World) -> None:
    """A second account may only follow a deletion."""
    for platform in PLATFORMS:
        there: Counter[str] = Counter()
        for call in world.calls(platform):
            done = call["errcode"] == 0
            if done and call["path"] in CREATE:
                name = call["body"]["name"]
                there[name] += 1
                assert there[name] == 1, f"made twice on {platform}: {call['person']}"
            elif done and call["path"] in DELETE:
                there -= Counter({_name_of(world, platform, call["person"][0]): 1})


def _name_of(world: World, platform: str, native_id: str) -> str:
    made = [call for call in world.calls(platform) if call["path"] in CREATE and call["person"] == [native_id]]
    return str(made[0]["body"]["name"])


def books_are_right(world: World, books: dict[str, Any], events: Sequence[Event]) -> None:
    """Each fact once, every further copy a duplicate, nothing that was answered 202 missing."""
    assert books["confirmed"] + books["superseded"] == len(events), books
    assert books["duplicate"] == books["accepted"] - len(events), books
    assert books["accepted"] >= world.accepted, (books, world.accepted)


def everything_was_told_once(world: World, events: Sequence[Event]) -> None:
    """A confirmation an event and an audit log without a gap, repeats (same id) dropped.

    An event that had no effect before others were known was told so first, in a record that names the reason.
    """
    wanted = {f"{SOURCE}/{one['id']}/1" for one in events}
    world.until(lambda: wanted <= set(world.ids(CONFIRMATIONS)), 60, "a confirmation of every event")
    further = set(world.ids(CONFIRMATIONS)) - wanted
    assert not {one for one in further if not any(one.startswith(f"{event}/") for event in wanted)}
    world.until(lambda: _quiet(world), 60, "the notifier through with everything")
    numbers = {json.loads(record.value)["metadata"]["sequence"]: record for record in world.records(AUDIT)}
    assert sorted(numbers) == list(range(min(numbers), min(numbers) + len(numbers)))
    assert len({dict(record.headers)["ce_id"] for record in numbers.values()}) == len(numbers)


def _quiet(world: World) -> bool:
    told = world.http.get(world.ready["notifier"] + "/status").json()
    return told.get("outbox") == 0 and told.get("lag") == 0

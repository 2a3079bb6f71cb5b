"""What Apache Kafka keeps is all there is to know: a replay of its topics, decisions among them, equals the run."""

import json

import pytest
from staff import departments, hired, left, moved

from contracts.topics import DECISIONS
from services.cli.__main__ import run

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]
AT = "2099-01-01T00:00:00+08:00"
"""After everything that was decided, which happens when the test runs."""
LIKE = {"mobile": "+8613700000001", "display_name": "王伟一"}


def hire(worker, mobile, at="2026-03-02", **more):
    return hired(worker, mobile, at, "D-SAL", "sales", **more)


@pytest.fixture
def tenure(world, capsys):
    def command(*words):
        capsys.readouterr()
        assert run(["--json", "--data", str(world.installation.options.data), *words]) == 0, capsys.readouterr().err
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return command


@pytest.fixture
def decided(world):
    """Of six people one moved, one left, one is stopped; two new numbers were doubted, and one of them was decided."""
    people = [hire("P1", LIKE["mobile"], display_name=LIKE["display_name"])]
    people += [hire(f"P{n}", f"+861370000000{n}") for n in (2, 3, 4)]
    world.send([*departments(), *people])
    world.settle()
    moves = [moved("P2", "2026-04-01", "D-ADM", "administration"), left("P3", "2026-04-10")]
    world.send([*moves, *(hire(worker, at="2026-04-20", **LIKE) for worker in ("P5", "P6"))])
    world.settle()
    assert world.order("/v1/stop", {"person": "P4", "reason": "lost laptop"}).status_code == 200
    same = {"worker": "P5", "person": "P1", "reason": "asked HR"}
    assert world.order("/v1/identify", same).status_code == 200
    world.settle()


@pytest.mark.usefixtures("decided")
def test_a_replay_of_the_topics_with_their_decisions_shows_what_the_run_has(world, tenure):
    kinds = {json.loads(record.value)["kind"] for record in world.records(DECISIONS)}
    assert {"person_identified", "access_stopped", "username_given"} <= kinds
    rows = tenure("replay", "--from", "kafka", "--at", AT)
    assert rows == tenure("replay", "--from", "store", "--at", AT)
    workers = {row["person_id"].rpartition("/")[2]: [w["worker_id"] for w in row["workers"]] for row in rows}
    assert workers == {"P1": ["P1", "P5"], "P2": ["P2"], "P3": ["P3"], "P4": ["P4"], "P6": ["P6"]}
    status = {row["person_id"].rpartition("/")[2]: row["accounts"]["wecom"]["status"] for row in rows}
    assert status == {"P1": "active", "P2": "active", "P3": "suspended", "P4": "suspended", "P6": "none"}
    for row in rows:
        live = world.ask("/v1/person", id=row["person_id"])["accounts"]
        names = {target: (one["username"], sorted(one["grants"])) for target, one in row["accounts"].items()}
        assert names == {target: (live[target]["username"], sorted(live[target]["grants"])) for target in names}
    [doubted] = [worker for row in rows for worker in row["workers"] if "doubt" in worker]
    assert (doubted["worker_id"], doubted["doubt"]) == ("P6", "identity_like:urn:hr:acme/P1")

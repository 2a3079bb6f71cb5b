"""The embedded broker killed: a new epoch with empty topics, in which everything that was taken in still stands."""

import os
import signal

import evidence
import pytest
from staff import departments, hired, left, moved
from world import running

from services.cli.messages import t


@pytest.mark.faults
def test_after_the_embedded_brokers_end_services_go_on_with_what_was_taken_in():
    with running() as world:
        before = [
            *departments(),
            hired("W001", "+8613800000001", "2026-03-02", "D-SAL", "sales"),
            hired("W002", "+8613800000002", "2026-03-02", "D-ADM", "administration"),
        ]
        world.send(before)
        first = world.settle()
        evidence.everything_was_told_once(world, before)
        broker = world.installation.broker
        assert broker
        os.kill(broker.pid, signal.SIGKILL)
        world.until(lambda: world.installation.broker not in (None, broker), 60, "another broker")
        assert t("up.broker_ended") in world.said
        after = [moved("W001", "2026-04-01", "D-PAY", "finance"), left("W002", "2026-04-01")]
        world.send(after)
        books = world.settle()
        assert books["accepted"] == first["accepted"] + len(after)
        evidence.accounts_are_right(world, [*before, *after])
        evidence.nobody_was_made_twice(world)
        evidence.books_are_right(world, books, [*before, *after])
        evidence.everything_was_told_once(world, [*before, *after])

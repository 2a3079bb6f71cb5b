"""A replay's memory does not grow with its history: what it knows of everybody lies on disk."""

import pytest

from benchmarks import replay

pytestmark = [pytest.mark.histories, pytest.mark.timeout(1200)]
FACTS, TIMES, ROOM_MB, LIMIT_MB = 20_000, 4, 60, 300


def test_four_times_the_history_is_replayed_in_the_same_memory(tmp_path):
    peaks = []
    for facts in (FACTS, TIMES * FACTS):
        file = tmp_path / "events.jsonl"
        replay.written(file, facts)
        _, peak, rows = replay.measured(file)
        assert rows == facts // replay.A_PERSON
        peaks.append(peak)
    small, large = peaks
    assert large < small + ROOM_MB, peaks
    assert large < LIMIT_MB, peaks

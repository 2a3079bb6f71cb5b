"""The unread tail of the embedded broker never passes its bound."""

import pytest
from aiokafka import TopicPartition

from services.ingest.tail import FOREIGN_RECORD, Bound, Tail, TailFullError, size_of
from services.kit.broker import Outgoing

ONE = Outgoing("t", b"key", b"x" * 97)
SIZE = size_of(ONE)
PLACE = TopicPartition("t", 0)


def tail(records: float = 3, batches: int = 100) -> Tail:
    return Tail({"t": 1}, Bound(int(records * SIZE), batches))


def send(to: Tail, *offsets: int) -> None:
    to.reserve([ONE] * len(offsets))
    to.settle([ONE] * len(offsets), offsets)


def test_what_is_read_makes_room():
    found = tail()
    send(found, 0, 1, 2)
    with pytest.raises(TailFullError, match="3 records are unread"):
        found.reserve([ONE])
    found.refresh({PLACE: 3}, {PLACE: 1})
    send(found, 3)
    with pytest.raises(TailFullError):
        found.reserve([ONE])


def test_what_is_on_its_way_counts_and_what_failed_does_not():
    found = tail()
    found.reserve([ONE] * 3)
    with pytest.raises(TailFullError):
        found.reserve([ONE])
    found.settle([ONE] * 3, None)
    found.reserve([ONE])


def test_records_of_others_count_by_an_assumed_size():
    found = Tail({"t": 1}, Bound(2 * FOREIGN_RECORD, 100))
    found.refresh({PLACE: 2}, {})
    assert found.largest() == 2 * FOREIGN_RECORD
    with pytest.raises(TailFullError):
        found.reserve([ONE])
    found.refresh({PLACE: 2}, {PLACE: 2})
    found.reserve([ONE])


def test_batches_are_bounded_too():
    found = tail(records=1000, batches=2)
    send(found, 0, 1)
    with pytest.raises(TailFullError):
        found.reserve([ONE])


def test_one_request_larger_than_the_bound_goes_into_an_empty_partition():
    found = tail(records=0.5)
    send(found, 0)
    with pytest.raises(TailFullError):
        found.reserve([ONE])


def test_a_refused_request_takes_no_room_anywhere():
    found = Tail({"t": 1, "other": 1}, Bound(SIZE, 100))
    send(found, 0)
    with pytest.raises(TailFullError):
        found.reserve([Outgoing("other", b"k", b"x"), ONE])
    assert found.largest() == SIZE

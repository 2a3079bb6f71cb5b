"""The unread tail of the embedded broker: what intake has not read yet, a partition.

That broker keeps 5 MiB or 100,000 batches a partition and drops the oldest without a word, so nothing more is sent to a
partition whose tail would pass `Bound`. Bytes are counted before compression: an upper bound of what is kept.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.partitioner import DefaultPartitioner

from services.kit.broker import Outgoing

RECORD_OVERHEAD = 100
FOREIGN_RECORD = 1_000
"""Assumed size of a record that others sent, or we before a restart."""

_partitioner = DefaultPartitioner()


class TailFullError(Exception):
    """A partition would hold more unread records than is safe; repeat once intake has read on."""


@dataclass(frozen=True, slots=True)
class Bound:
    size: int = 3_000_000
    batches: int = 50_000


@dataclass(slots=True)
class _Partition:
    """`sent` are our acknowledged records that intake has not committed: offset and bytes, `size` their sum."""

    sent: deque[tuple[int, int]] = field(default_factory=deque)
    size: int = 0
    pending: int = 0
    pending_size: int = 0
    read: int = 0
    end: int = 0

    def unread(self) -> tuple[int, int]:
        """Records and bytes, those on their way included."""
        foreign = max(0, self.end - self.read - len(self.sent))
        return foreign + len(self.sent) + self.pending, foreign * FOREIGN_RECORD + self.size + self.pending_size


class Tail:
    """Counts what was sent against what the intake group has committed, refreshed by the publisher's loop."""

    def __init__(self, partitions: Mapping[str, int], bound: Bound) -> None:
        self._counts, self._bound = partitions, bound
        self._partitions: dict[TopicPartition, _Partition] = defaultdict(_Partition)

    def place(self, record: Outgoing) -> TopicPartition:
        """The partition a record goes to, by the rule that the producer uses too."""
        every = list(range(self._counts[record.topic]))
        return TopicPartition(record.topic, _partitioner(record.key, every, every))

    def reserve(self, records: Sequence[Outgoing]) -> None:
        """Take room for all of them, or raise TailFullError and take none. An empty tail takes any one request."""
        wanted: dict[TopicPartition, list[int]] = defaultdict(list)
        for record in records:
            wanted[self.place(record)].append(size_of(record))
        for place, sizes in wanted.items():
            count, size = self._partitions[place].unread()
            full = count + len(sizes) > self._bound.batches or size + sum(sizes) > self._bound.size
            if count and full:
                raise TailFullError(f"{place.topic} partition {place.partition}: {count} records are unread")
        for place, sizes in wanted.items():
            self._partitions[place].pending += len(sizes)
            self._partitions[place].pending_size += sum(sizes)

    def settle(self, records: Sequence[Outgoing], offsets: Sequence[int] | None) -> None:
        """Give the room of a request back; `offsets` of its records if they were acknowledged, else None."""
        for number, record in enumerate(records):
            partition = self._partitions[self.place(record)]
            partition.pending -= 1
            partition.pending_size -= size_of(record)
            if offsets is not None:
                partition.sent.append((offsets[number], size_of(record)))
                partition.size += size_of(record)
                partition.end = max(partition.end, offsets[number] + 1)

    def refresh(self, ends: Mapping[TopicPartition, int], read: Mapping[TopicPartition, int]) -> None:
        """Take over the broker's end offsets and the group's committed ones (the next to read)."""
        for place, end in ends.items():
            partition = self._partitions[place]
            partition.end = max(partition.end, end)
            partition.read = max(partition.read, read.get(place, 0))
            # Answers come out of order, so offsets are not sorted here: a few stay one round longer.
            while partition.sent and partition.sent[0][0] < partition.read:
                partition.size -= partition.sent.popleft()[1]

    def largest(self) -> int:
        """Bytes of the fullest partition, for the metric."""
        return max((partition.unread()[1] for partition in self._partitions.values()), default=0)


def size_of(record: Outgoing) -> int:
    headers = sum(len(name) + len(value) for name, value in record.headers)
    return len(record.key) + len(record.value) + headers + RECORD_OVERHEAD

"""What was told and heard, in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.provisioner.store.memory_tables import Base
from services.provisioner.store.port import Message


class MemoryAttention(Base):
    """Implements `port.Attending`."""

    _attended: frozenset[str]

    async def attended(self) -> frozenset[str]:
        return self._attended

    async def attend(self, new: Collection[str], over: Collection[str], messages: Sequence[Message]) -> None:
        self._attended = (self._attended | frozenset(new)) - frozenset(over)
        self._publish(tuple(messages))

    async def heard(self) -> Mapping[str, datetime]:
        return dict(self._tables.heard)

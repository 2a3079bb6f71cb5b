"""What sweeps and first contact read, in memory: the same rules as on PostgreSQL."""

from collections.abc import Sequence
from itertools import islice

from services.provisioner.model import AccountState
from services.provisioner.store.memory_tables import Base
from services.provisioner.store.port import Kept, Swept


class MemorySweeps(Base):
    """Implements `port.Sweeping`."""

    _sweeps: dict[str, Swept]

    async def accounts_on(self, target: str, after: str, limit: int) -> Sequence[Kept]:
        tables = self._tables
        persons = sorted(person for person, where in tables.accounts if where == target and person > after)
        return [Kept(p, tables.accounts[p, target], self._at_rest(p, target)) for p in islice(persons, limit)]

    async def locked_on(self, target: str) -> Sequence[Kept]:
        kept = await self.accounts_on(target, "", len(self._tables.accounts))
        locked = (AccountState.SUSPENDED, AccountState.STRIPPED)
        return [one for one in kept if one.account.closed_by_us and one.account.observed.state in locked]

    def _at_rest(self, person_id: str, target: str) -> bool:
        row = self._tables.rows.get((person_id, target))
        return row is None or (row.holder is None and (row.due_at is None or row.due_at > self._business_now()))

    async def last_sweep(self, target: str) -> Swept | None:
        if target in self._sweeps:
            return self._sweeps[target]
        checks = [a.checked_at for (_, where), a in self._tables.accounts.items() if where == target and a.checked_at]
        return Swept(min(checks), {}) if checks else None

    async def swept(self, target: str, sweep: Swept) -> None:
        self._sweeps[target] = sweep

"""The policy in force, in memory."""

from services.provisioner.store.memory_tables import Base
from services.provisioner.store.port import PolicyInForce


class MemoryPolicy(Base):
    """Implements `port.Governing`."""

    async def policy_in_force(self) -> PolicyInForce | None:
        return self._tables.policy.get(True)

    async def first_policy(self, policy: PolicyInForce) -> PolicyInForce:
        return self._tables.policy.setdefault(True, policy)

    async def looked(self, version: str) -> None:
        policy = self._tables.policy.get(True)
        if policy and policy.version == version:
            self._tables.policy[True] = policy._replace(looked=True)

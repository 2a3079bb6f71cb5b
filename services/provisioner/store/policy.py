"""The policy in force, and who may claim under it."""

from typing import Any

from services.kit.database import Line
from services.provisioner.store.port import PolicyInForce

_READ = "SELECT version, text, looked FROM policy"
_FIRST = "INSERT INTO policy (version, text, looked) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_ENFORCE = """INSERT INTO policy (version, text, looked) VALUES ($1, $2, $3)
ON CONFLICT (one) DO UPDATE SET version = excluded.version, text = excluded.text, looked = excluded.looked"""


class PostgresPolicy:
    """Implements `port.Governing`."""

    _other: Line

    async def policy_in_force(self) -> PolicyInForce | None:
        rows = await self._other.fetch(_READ)
        return PolicyInForce(**rows[0]) if rows else None

    async def first_policy(self, policy: PolicyInForce) -> PolicyInForce:
        await self._other.fetch(_FIRST, *policy)
        (row,) = await self._other.fetch(_READ)
        return PolicyInForce(**row)

    async def looked(self, version: str) -> None:
        await self._other.fetch("UPDATE policy SET looked = true WHERE version = $1", version)


async def enforce(connection: Any, policy: PolicyInForce) -> None:  # noqa: ANN401 - asyncpg
    await connection.execute(_ENFORCE, *policy)

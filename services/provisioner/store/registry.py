"""Names given for ever, whose an account is, and which native departments are ours."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.kit.database import Line


class PostgresRegistry:
    """A name is compared case folded, and never given to a second person on its target."""

    _other: Line

    async def reserve(self, target: str, person_id: str, candidates: Sequence[str]) -> str | None:
        async def work(connection: Any) -> str | None:  # noqa: ANN401 - asyncpg
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('tenure.name'), hashtext($1))", person_id)
            given: str | None = await connection.fetchval(
                "SELECT name FROM name WHERE target = $1 AND person_id = $2", target, person_id
            )
            if given is not None:
                return given
            folded = [name.casefold() for name in candidates]
            rows = await connection.fetch(
                "SELECT folded FROM name WHERE target = $1 AND folded = ANY($2::text[])", target, folded
            )
            gone = {row["folded"] for row in rows}
            for name in candidates:
                if name.casefold() in gone:
                    continue
                # Somebody may take it in this very moment: then the next.
                taken = await connection.fetchval(
                    """INSERT INTO name (target, folded, name, person_id) VALUES ($1, $2, $3, $4)
                    ON CONFLICT (target, folded) DO NOTHING RETURNING name""",
                    target,
                    name.casefold(),
                    name,
                    person_id,
                )
                if taken is not None:
                    return name
            return None

        return await self._other.run(work)

    async def refuse_name(self, target: str, person_id: str, native_id: str) -> None:
        await self._other.fetch(
            """INSERT INTO name AS n (target, folded, name) VALUES ($1, $2, $3)
            ON CONFLICT (target, folded) DO UPDATE SET person_id = NULL WHERE n.person_id = $4""",
            target,
            native_id.casefold(),
            native_id,
            person_id,
        )

    async def linked(self, target: str, native_id: str) -> str | None:
        person_id: str | None = await self._other.value(
            "SELECT person_id FROM account WHERE folded = $2 AND target = $1 ORDER BY native_id = $3 DESC LIMIT 1",
            target,
            native_id.casefold(),
            native_id,
        )
        return person_id

    async def department_links(self, target: str) -> Mapping[str, str]:
        rows = await self._other.fetch("SELECT department_id, native_id FROM department WHERE target = $1", target)
        return {row["department_id"]: row["native_id"] for row in rows}

    async def link_department(self, target: str, department_id: str, native_id: str | None) -> None:
        if native_id is None:
            forget = "DELETE FROM department WHERE target = $1 AND department_id = $2"
            await self._other.fetch(forget, target, department_id)
            return
        await self._other.fetch(
            """INSERT INTO department (target, department_id, native_id) VALUES ($1, $2, $3)
            ON CONFLICT (target, department_id) DO UPDATE SET native_id = excluded.native_id""",
            target,
            department_id,
            native_id,
        )

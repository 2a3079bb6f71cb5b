"""Asks the account of somebody who left for a mobile or e-mail that a newcomer needs; see `plan.numbers`."""

from datetime import datetime

from services.platforms import gate
from services.provisioner.act.identify import folded
from services.provisioner.act.target import Target
from services.provisioner.plan import numbers
from services.provisioner.store.port import Mark, Seen, Store


async def ask(
    store: Store, target: Target, owner: str, field: str, newcomer: str, at: datetime, *, deletes: bool
) -> bool:
    """Whether it will be let go: its owner is gone for good, and nothing keeps it. The owner's row is marked due."""
    facts, decisions = await store.facts_of(owner)
    state = (await folded(owner, facts, decisions, store)).state(at)
    stored = (await store.accounts_of(owner)).get(target.name)
    gone = not state.active and state.next_hire_at is None
    if not gone or stored is None or not numbers.can_let_go(
        stored, field, target.fields, decisions, at, deletes=deletes
    ):  # fmt: skip
        return False
    async with store.intake() as tx:
        await tx.mark([Mark(owner, gate.EVERYDAY, at)], [target.name])
        await tx.see(target.name, [Seen(owner, stored.checked_at, numbers.asked(stored, field, newcomer))])
    return True

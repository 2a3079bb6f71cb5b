"""A link that was announced: at its date the worker goes over to the person whom HR named."""

from collections.abc import Sequence
from datetime import datetime

from services.platforms import gate
from services.provisioner.store.port import Claim, Mark, PersonFile, Store


async def turned(claim: Claim, file: PersonFile, at: datetime, store: Store, targets: Sequence[str]) -> PersonFile:
    """The person's file as it is once every link that counts by then has moved its worker; all concerned are due."""
    if file.turns_at is None or file.turns_at > at:
        return file
    async with store.intake() as tx:
        persons = await tx.turn(claim.person_id, at)
        persons |= await tx.doubting(persons)
        await tx.mark([Mark(person_id, gate.EVERYDAY, at) for person_id in sorted(persons)], targets)
    return await store.load(claim)

"""At intake: what new facts announce is kept in their own transaction, so that no step is taken uncounted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.provisioner.act.trees import Trees
from services.provisioner.model import Fact
from services.provisioner.plan.announce import Lens, announcement
from services.provisioner.policy.load import Policy
from services.provisioner.store.guard_values import Change, News
from services.provisioner.store.port import Announcing


@dataclass(slots=True)
class Announcer:
    """Costs a fold and policy's word for each person touched; only there where the policy has guards."""

    policy: Policy
    trees: Trees

    async def __call__(self, tx: Announcing, news: Mapping[str, Sequence[Fact]], now: datetime) -> None:
        """Keep what the facts bring for these people. Before the marks of the transaction."""
        if not news:
            return
        lens = Lens(self.policy, await self.trees.at(now))
        changes: list[Change] = []
        lapsed: list[tuple[str, str]] = []
        for person_id, known in (await tx.histories(news)).items():
            if not known.facts:
                continue  # all of them belong to somebody else now
            said = announcement(person_id, known, news[person_id], now, lens)
            changes += said.changes
            lapsed += [(person_id, kind) for kind in sorted(said.lapsed)]
        await tx.announce(News(tuple(sorted(news)), now, tuple(changes), tuple(lapsed)))

"""Who is that, what do they have, why, and what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import hr
from services.kit.clock import Clock
from services.provisioner.act.identify import folded
from services.provisioner.facts.departments import departments
from services.provisioner.facts.fold import timeline
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Fact, PersonState
from services.provisioner.policy.desired import desired
from services.provisioner.policy.load import Policy
from services.provisioner.policy.past import past_of
from services.provisioner.store.port import Store, StoredAccount, TargetRow


@dataclass(slots=True)
class People:
    store: Store
    policy: Policy
    clock: Clock

    async def find(self, text: str) -> list[dict[str, Any]]:
        """Persons whose id, name, mobile or e-mail is or starts with the text: ids and display name."""
        found = []
        for card in await self.store.find(text):
            facts, decisions = await self.store.facts_of(card.person_id)
            state = timeline(facts, decisions).state(self.clock.business_now())
            found.append(
                {
                    "person_id": card.person_id,
                    "display_name": state.person.display_name,
                    "active": state.active,
                    "workers": [w.worker_id for w in card.workers],
                    "accounts": dict(card.native_ids),
                }
            )
        return found

    async def card(self, person_id: str, at: datetime | None = None) -> dict[str, Any]:
        """Everything about one person: state, accounts and why, timeline, events, what comes next."""
        now = at or self.clock.business_now()
        facts, decisions = await self.store.facts_of(person_id)
        line = await folded(person_id, facts, decisions, self.store)
        state = line.state(now)
        tree_facts = await self.store.department_facts()
        tree, past = departments(tree_facts, now), past_of(line, tree_facts, decisions)
        rows = {row.target: row for row in await self.store.rows_of(person_id)}
        accounts = await self.store.accounts_of(person_id)
        wanted = {name: desired(self.policy, state, tree, name, now, past) for name in self.policy.targets}
        next_change = line.next_change(now)
        return {
            "person_id": person_id,
            "at": now.isoformat(),
            "active": state.active,
            "stopped": state.stopped,
            "unidentified": state.unidentified,
            "absent": [{"kind": absence.kind, "since": absence.since.isoformat()} for absence in state.absent],
            "person": state.person.model_dump(exclude_none=True),
            "workers": [*_workers(state)],
            "accounts": {name: _account(accounts.get(name), rows.get(name), wanted[name].grants) for name in wanted},
            "timeline": [_entry(fact, line) for fact in sorted(facts, key=lambda f: (f.effective_at, f.time))],
            "events": [
                {
                    "id": e.key.id,
                    "source": e.key.source,
                    "revision": e.key.revision,
                    "type": e.type,
                    "state": e.state,
                    "reason": e.reason,
                }
                for e in await self.store.events_of(person_id)
            ],
            "decisions": [d.model_dump(mode="json") for d in decisions],
            "steps": [s.model_dump(mode="json", exclude_none=True) for s in await self.store.steps_of(person_id, 50)],
            "next": next_change.isoformat() if next_change else None,
        }


def _workers(state: PersonState) -> list[dict[str, Any]]:
    return [
        {
            "worker_id": w.worker.worker_id,
            "id_space": w.worker.id_space,
            "active": w.active,
            "primary": w == state.primary,
            "unidentified": w.unidentified,
            "employment": w.employment.model_dump(exclude_none=True),
            "assignment": w.assignment.model_dump(exclude_none=True),
            "other_assignments": [
                {
                    "assignment_id": o.assignment_id,
                    "kind": o.kind,
                    "assignment": o.assignment.model_dump(exclude_none=True),
                }
                for o in w.other_assignments
            ],
        }
        for w in state.workers
    ]


def _account(stored: StoredAccount | None, row: TargetRow | None, reasons: Mapping[str, Any]) -> dict[str, Any]:
    account = stored.observed if stored else None
    return {
        "status": account.state.value if account else "none",
        "username": account.native_id if account else None,
        "grants": {
            name: {"rule": reasons[name].rule, "facts": list(reasons[name].facts)} if name in reasons else None
            for name in sorted(account.grants if account else ())
        },
        "attributes": dict(account.attributes) if account else {},
        "departments": list(account.departments) if account else [],
        "checked_at": stored.checked_at.isoformat() if stored and stored.checked_at else None,
        "verdict": row.verdict if row else "new",
        "reason": row.reason if row else None,
    }


def _entry(fact: Fact, line: Timeline) -> dict[str, Any]:
    verdict = line.verdicts.get(fact.key)
    return {
        "id": fact.key.id,
        "source": fact.key.source,
        "revision": fact.key.revision,
        "type": hr.NAMES[type(fact.body)],
        "effective_at": fact.effective_at.isoformat(),
        "recorded_at": fact.recorded_at.isoformat(),
        "verdict": verdict.kind.value if verdict else None,
        "reason": verdict.reason if verdict else None,
    }

"""Who is that, what do they have, why, and what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import hr
from contracts.decisions import Decision
from contracts.provisioning import StepTaken
from services.kit.clock import Clock
from services.provisioner.act.identify import folded
from services.provisioner.facts.departments import departments
from services.provisioner.facts.timeline import Timeline
from services.provisioner.model import Desired, Fact, PersonState
from services.provisioner.operators.taken import Taken, shown, taken
from services.provisioner.policy.desired import desired
from services.provisioner.policy.load import Policy
from services.provisioner.policy.past import past_of
from services.provisioner.store.port import OpenEvent, Store, StoredAccount, TargetRow

STEPS_SHOWN = 50
PAGE = 5000
_Recorded = tuple[tuple[Fact, ...], tuple[Decision, ...], list[OpenEvent], list[StepTaken]]


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
            line = await folded(card.person_id, facts, decisions, self.store)
            state = line.state(self.clock.business_now())
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

    async def batch(self, name: str, after: int) -> dict[str, Any]:
        """The events of an import that nobody has withdrawn, a page of them; `next` is where the following begins."""
        found = await self.store.batch(name, after, PAGE)
        fields = ("source", "id", "worker_id", "reinstated")
        events = [{name: getattr(one, name) for name in fields} for one in found]
        return {"batch": name, "events": events, "next": found[-1].number if len(found) == PAGE else None}

    async def card(
        self, person_id: str, at: datetime | None = None, known_at: datetime | None = None
    ) -> dict[str, Any]:
        """Everything about one person at a moment: state, accounts and why, timeline, events, what comes next.

        With `known_at` only what was recorded by then counts, and accounts are as our steps had left them.
        """
        now = at or known_at or self.clock.business_now()
        facts, decisions, events, steps = await self._recorded(person_id, known_at)
        line = await folded(person_id, facts, decisions, self.store)
        state = line.state(now)
        tree_facts = [fact for fact in await self.store.department_facts() if _by(fact.recorded_at, known_at)]
        tree, past = departments(tree_facts, now), past_of(line, tree_facts, decisions)
        wanted = {name: desired(self.policy, state, tree, name, now, past) for name in self.policy.targets}
        did = taken(steps)
        accounts = await self._accounts(person_id, did, known_at)
        next_change = line.next_change(now)
        return {
            "person_id": person_id,
            "at": now.isoformat(),
            "known_at": known_at.isoformat() if known_at else None,
            "active": state.active,
            "stopped": state.stopped,
            "unidentified": state.unidentified,
            "absent": [{"kind": absence.kind, "since": absence.since.isoformat()} for absence in state.absent],
            "person": state.person.model_dump(exclude_none=True),
            "workers": [*_workers(state)],
            "accounts": {
                name: accounts[name] | _why(accounts[name]["grants"], one, did.get(name, Taken()))
                for name, one in wanted.items()
            },
            "timeline": [_entry(fact, line) for fact in sorted(facts, key=lambda f: (f.effective_at, f.time))],
            "events": [_event(event) for event in events],
            "decisions": [d.model_dump(mode="json") for d in decisions],
            "steps": [s.model_dump(mode="json", exclude_none=True) for s in steps[-STEPS_SHOWN:]],
            "next": next_change.isoformat() if next_change else None,
        }

    async def _recorded(self, person_id: str, known_at: datetime | None) -> _Recorded:
        facts, decisions = await self.store.facts_of(person_id)
        events, steps = await self.store.events_of(person_id), await self.store.steps_of(person_id)
        return (
            tuple(fact for fact in facts if _by(fact.recorded_at, known_at)),
            tuple(decision for decision in decisions if _by(decision.recorded_at, known_at)),
            [event for event in events if _by(event.accepted_at, known_at)],
            [step for step in steps if _by(step.at, known_at)],
        )

    async def _accounts(
        self, person_id: str, did: Mapping[str, Taken], known_at: datetime | None
    ) -> dict[str, dict[str, Any]]:
        """As remembered, or as our steps had left them."""
        if known_at is not None:
            return {name: _left(did.get(name, Taken())) for name in self.policy.targets}
        rows = {row.target: row for row in await self.store.rows_of(person_id)}
        stored = await self.store.accounts_of(person_id)
        return {name: _account(stored.get(name), rows.get(name)) for name in self.policy.targets}


def _by(at: datetime, known_at: datetime | None) -> bool:
    return known_at is None or at <= known_at


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


def _account(stored: StoredAccount | None, row: TargetRow | None) -> dict[str, Any]:
    account = stored.observed if stored else None
    return {
        "status": account.state.value if account else "none",
        "username": account.native_id if account else None,
        "grants": sorted(account.grants if account else ()),
        "attributes": dict(account.attributes) if account else {},
        "departments": list(account.departments) if account else [],
        "checked_at": stored.checked_at.isoformat() if stored and stored.checked_at else None,
        "verdict": row.verdict if row else "new",
        "reason": row.reason if row else None,
    }


def _left(did: Taken) -> dict[str, Any]:
    """What a read-back showed then is not kept: attributes and departments are those of today, so they are left out."""
    return {
        "status": did.state.value, "username": did.native_id, "grants": sorted(did.grants), "attributes": {},
        "departments": [], "checked_at": None, "verdict": None, "reason": None,
    }  # fmt: skip


def _why(grants: Sequence[str], wanted: Desired, did: Taken) -> dict[str, Any]:
    """The step behind the account; the rule, facts and step behind each grant; what policy says of that moment."""
    reasons = wanted.grants
    return {
        "grants": {
            name: {
                "rule": reasons[name].rule, "facts": list(reasons[name].facts), "step": shown(did.grants.get(name)),
            } if name in reasons else None
            for name in grants
        },
        "step": shown(did.step),
        "wanted": {"access": wanted.access, "grants": sorted(reasons)},
    }  # fmt: skip


def _event(event: OpenEvent) -> dict[str, Any]:
    return {
        "id": event.key.id, "source": event.key.source, "revision": event.key.revision, "type": event.type,
        "state": event.state, "reason": event.reason,
    }  # fmt: skip


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

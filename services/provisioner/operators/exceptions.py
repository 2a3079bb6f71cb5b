"""Exceptions as operators make them: a grant, a refusal, a longer overlap, a legal hold; each a decision with an end.

What is decided is folded like HR's facts; what policy does not allow is refused here, and bounded again by the fold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.decisions import Decision, ExceptionEnded, ExceptionGranted, OverlapExtended, Retained
from services.platforms import gate
from services.provisioner.act.identify import folded
from services.provisioner.operators.errors import NothingToChangeError, OperatorError, UnknownTargetError
from services.provisioner.operators.operations import Operations
from services.provisioner.plan.decided import stamped
from services.provisioner.policy.desired import desired
from services.provisioner.policy.overlap import overlap
from services.provisioner.policy.past import Past, past_of
from services.provisioner.policy.rules import Birthright, Policy

Answer = dict[str, Any]


@dataclass(slots=True)
class Exceptions:
    """`refusals`: per target, why it cannot give an entitlement, or None if it can."""

    operations: Operations
    policy: Policy
    refusals: Mapping[str, Callable[[str], str | None]]

    async def grant(self, text: str, target: str, entitlement: str, until: datetime, by: str, reason: str) -> Answer:
        """Give an entitlement until then, whatever the job; a rule that denies it wins, so that is refused."""
        self._nameable(target, entitlement)
        person_id, past, now = await self._about(text)
        self._allowed(until, now)
        wanted = desired(self.policy, past.line.state(now), past.tree_at(now), target, now, past)
        rule = wanted.denied[entitlement].rule if entitlement in wanted.denied else ""
        if rule.startswith("birthright."):
            raise OperatorError(f"{rule} denies {entitlement}, and a rule that denies wins; change the rule")
        made = ExceptionGranted(
            **stamped(person_id, by, reason, now), target=target, entitlement=entitlement, until=until
        )
        return await self._decided(made, until)

    async def revoke(
        self, text: str, target: str, entitlement: str, until: datetime | None, by: str, reason: str
    ) -> Answer:
        """Refuse an entitlement until then, whoever grants it; without an end, end the exceptions that give it."""
        self._nameable(target, entitlement)
        person_id, past, now = await self._about(text)
        if until is None:
            return await self._end(person_id, past, target, entitlement, by, reason, now)
        self._allowed(until, now)
        made = ExceptionGranted(
            **stamped(person_id, by, reason, now), target=target, entitlement=entitlement, deny=True, until=until
        )
        return await self._decided(made, until, gate.URGENT)

    async def extend(self, text: str, rule: str, until: datetime, by: str, reason: str) -> Answer:
        """Let an overlap last until then. It must run, or the rule must hold still."""
        section = next((r for r in self.policy.birthrights if r.name == rule and r.grants), None)
        if section is None:
            known = ", ".join(r.name for r in self.policy.birthrights if r.grants)
            raise OperatorError(f"{rule!r} is no rule that grants anything; these are: {known}")
        person_id, past, now = await self._about(text)
        self._allowed(until, now)
        if not self._extendable(section, past, now):
            raise NothingToChangeError(f"{rule} holds no longer and its overlap is over; `tenure grant` gives anew")
        return await self._decided(
            OverlapExtended(**stamped(person_id, by, reason, now), rule=rule, until=until), until
        )

    async def retain(self, text: str, until: datetime, by: str, reason: str) -> Answer:
        """Delete nothing of this person before then, a legal hold; policy's longest exception does not bound it."""
        person_id, _, now = await self._about(text)
        if until <= now:
            raise OperatorError(f"the end {until.isoformat()} is past")
        return await self._decided(Retained(**stamped(person_id, by, reason, now), until=until), until)

    # ------------------------------------------------------------ parts

    async def _about(self, text: str) -> tuple[str, Past, datetime]:
        person_id, store = await self.operations.identify(text), self.operations.store
        facts, decisions = await store.facts_of(person_id)
        line = await folded(person_id, facts, decisions, store)
        past = past_of(line, await store.department_facts(), decisions)
        return person_id, past, self.operations.clock.business_now()

    def _nameable(self, target: str, entitlement: str) -> None:
        if target not in self.policy.targets:
            raise UnknownTargetError(target, sorted(self.policy.targets))
        if said := self.refusals[target](entitlement):
            raise OperatorError(f"{target} cannot give {entitlement!r}: {said}")

    def _allowed(self, until: datetime, now: datetime) -> None:
        if until <= now:
            raise OperatorError(f"the end {until.isoformat()} is past")
        latest = self.policy.bounded(now, until)
        if latest < until:
            raise OperatorError(f"policy allows no exception beyond {latest.isoformat()} (exceptions.longest)")

    def _extendable(self, rule: Birthright, past: Past, now: datetime) -> bool:
        if rule.holds(past.seen(now)[1]):
            return True
        accounts = (self.policy.accounts[target] for target in rule.grants)
        return any(overlap(self.policy, rule, one, past, now) for one in accounts)

    async def _end(
        self, person_id: str, past: Past, target: str, entitlement: str, by: str, reason: str, now: datetime
    ) -> Answer:
        ended = {d.decision for d in past.told(ExceptionEnded, now)}
        given = [
            d
            for d in past.told(ExceptionGranted, now)
            if (d.target, d.entitlement) == (target, entitlement) and d.decision_id not in ended and d.until > now
        ]
        if not given:
            raise NothingToChangeError(
                f"no exception is about {entitlement}; with an end, a refusal until then is made"
            )
        for decision in given:
            end = ExceptionEnded(**stamped(person_id, by, reason, now), decision=decision.decision_id)
            await self.operations.decide(end, gate.URGENT)
        return {"person_id": person_id, "ended": [decision.decision_id for decision in given]}

    async def _decided(self, decision: Decision, until: datetime, lane: int = gate.EVERYDAY) -> Answer:
        await self.operations.decide(decision, lane)
        return {
            "person_id": decision.person_id,
            "decision_id": decision.decision_id,
            "until": until.isoformat(),
        }

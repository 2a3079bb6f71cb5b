"""Making a policy effective: whom it changes is counted whole, then it comes into force, and that is a decision.

POST /v1/policy/apply {text, reason, preview?, job?}; answers `{"job": id}` while it counts: ask again with it.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from contracts.base import Text
from contracts.decisions import PolicyApplied
from services.provisioner.act.trees import Trees
from services.provisioner.connectors.registry import KINDS
from services.provisioner.operators.api import Handler, read_body
from services.provisioner.operators.errors import OperatorError
from services.provisioner.operators.jobs import Answer, Jobs
from services.provisioner.operators.operations import Operations
from services.provisioner.plan import guards
from services.provisioner.plan.announce import Lens, policy_change
from services.provisioner.plan.decided import stamped, told
from services.provisioner.policy.load import Policy, PolicyError, expand, load
from services.provisioner.store.guard_values import POLICY, Change, Counted, News, Stretch
from services.provisioner.store.port import PolicyInForce

EVERYBODY = "#policy"
"""The `person_id` of a decision that concerns everybody."""
LOT = 100
"""People counted in one transaction, so that nobody waits long behind it."""
_READ_BY: Mapping[str, tuple[str, ...]] = {"ingest": ("sources",), "notifier": ("notify", "sources", "targets")}
"""What the other services read of the file, when they start."""


class FaultyPolicyError(OperatorError):
    title = "the policy is faulty"

    def __init__(self, error: PolicyError) -> None:
        problems = [one._asdict() for one in error.problems]
        super().__init__("nothing was changed; correct the file and apply it again", problems=problems)


class BehindError(OperatorError):
    status, title = 409, "another policy has come into force"

    def __init__(self, version: str) -> None:
        super().__init__(f"{version} is in force since; look at what this one would change now", version=version)


class ApplyBody(BaseModel):
    """`text` is the whole file. `preview`: say what would change, and change nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1, max_length=900_000)
    reason: Text
    preview: bool = False
    job: str | None = Field(default=None, max_length=64)


@dataclass(frozen=True, slots=True)
class Effective:
    """`policy` is the one that this process runs; `env` is where `${NAME}` of a file comes from."""

    operations: Operations
    policy: Policy
    trees: Trees
    env: Mapping[str, str]
    jobs: Jobs

    async def apply(self, text: str, by: str, reason: str, *, preview: bool = False) -> Answer:
        """Count whom the policy changes and, unless it is a preview, put it in force.

        Raises FaultyPolicyError; BehindError where the one that it was compared with is not in force any more.

        Every process opens again under it within a second or two; everybody is looked at from then on.
        """
        policy, now = self._read(text), self.operations.clock.business_now()
        changes, people = await self._counted(policy, now, preview=preview)
        kept = await self.operations.store.policy_in_force()
        if kept and kept.version != self.policy.version:
            raise BehindError(kept.version)
        if not preview:
            await self._enforce(policy, text, by, reason, now)
        return {
            "version": policy.version, "in_force": policy.version if not preview else self.policy.version,
            "people": people, "changed": len({change.person_id for change in changes}),
            "changes": dict(sorted(Counter(change.kind for change in changes).items())),
            "held": _held(policy, changes, people), "restart": _restarts(self.policy, policy),
        }  # fmt: skip

    def _read(self, text: str) -> Policy:
        try:
            policy = load(text, KINDS, name="policy")
            expand(policy, self.env)
        except PolicyError as exc:
            raise FaultyPolicyError(exc) from None
        return policy

    async def _counted(self, policy: Policy, now: datetime, *, preview: bool) -> tuple[list[Change], int]:
        """The changes that it brings now, and how many people are looked at; kept for the guards in lots."""
        people = await self.operations.store.persons()
        if policy.version == self.policy.version:
            return [], len(people)
        tree = await self.trees.at(now)
        in_force, lens = Lens(self.policy, tree), Lens(policy, tree)
        found = list[Change]()
        for begin in range(0, len(people), LOT):
            async with self.operations.store.intake() as tx:
                histories = await tx.histories(people[begin : begin + LOT])
                known = {person: one for person, one in histories.items() if one.facts}
                changes = [
                    change
                    for person, one in known.items()
                    for change in policy_change(person, one, now, in_force, lens)
                ]
                if policy.guards and not preview:
                    await tx.announce(News(tuple(sorted(known)), now, tuple(changes)))
            found += [change for change in changes if change.cause.startswith(POLICY)]
            await asyncio.sleep(0)  # lease, passes and requests go on meanwhile
        return found, len(people)

    async def _enforce(self, policy: Policy, text: str, by: str, reason: str, now: datetime) -> None:
        decision = PolicyApplied(**stamped(EVERYBODY, by, reason, now), version=policy.version)
        async with self.operations.store.intake() as tx:
            await tx.enforce(PolicyInForce(policy.version, text))
            await tx.decide(decision)
            await tx.publish(told(decision))

    def posts(self) -> list[tuple[str, Handler]]:
        return [("/v1/policy/apply", self._apply)]

    async def _apply(self, request: Request, by: str) -> Any:  # noqa: ANN401 - JSON
        said = ApplyBody.model_validate_json(await read_body(request))
        by = f"operator:{by}"
        return await self.jobs.ask(said.job, lambda: self.apply(said.text, by, said.reason, preview=said.preview))


def _held(policy: Policy, changes: Sequence[Change], active: int) -> dict[str, int]:
    """How many people of each kind the guards of this policy will hold, by these changes alone."""
    found: dict[str, int] = {}
    for guard in policy.guards:
        for kind in guard.steps:
            rows = tuple(Counted(c.due_at, 0, c.person_id, immediate=False) for c in changes if c.kind == kind)
            if rows and (guards.always(guard) or guards.slices(Stretch(rows, active, ()), kind, guard)):
                found[kind] = len({row.person_id for row in rows})
    return found


def _restarts(old: Policy, new: Policy) -> list[str]:
    """The services that are to be started again with the new file."""
    before, after = old.document.data, new.document.data
    return [name for name, parts in _READ_BY.items() if any(before.get(p) != after.get(p) for p in parts)]

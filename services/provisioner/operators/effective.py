"""Making a policy effective: everybody is looked at again under it, and that is a decision.

POST /v1/policy/apply {version, reason}
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from contracts.decisions import PolicyApplied
from services.platforms import gate
from services.provisioner.operators.api import Handler, read_body
from services.provisioner.operators.errors import OperatorError
from services.provisioner.operators.operations import Operations
from services.provisioner.plan.decided import stamped
from services.provisioner.store.port import Mark

EVERYBODY = "#policy"
"""The `person_id` of a decision that concerns everybody."""
LOT = 2000
"""People woken in one transaction, so that intake never waits long for it."""


class OtherPolicyError(OperatorError):
    status, title = 409, "Tenure runs another policy"

    def __init__(self, version: str) -> None:
        said = f"it was started with version {version}; start it again with this file, then apply"
        super().__init__(said, version=version)


class ApplyBody(BaseModel):
    """`version` is that of the file which the operator has before them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=256)


@dataclass(frozen=True, slots=True)
class Effective:
    """`version` is that of the policy which this process runs."""

    operations: Operations
    version: str

    async def apply(self, version: str, by: str, reason: str) -> dict[str, Any]:
        """Wake everybody, then record the decision: one that is known says that everybody was woken."""
        if version != self.version:
            raise OtherPolicyError(self.version)
        store, now = self.operations.store, self.operations.clock.business_now()
        people, targets = await store.persons(), list(self.operations.targets)
        for begin in range(0, len(people), LOT):
            async with store.intake() as tx:
                await tx.mark([Mark(person, gate.BULK, now) for person in people[begin : begin + LOT]], targets)
        decision = PolicyApplied(**stamped(EVERYBODY, by, reason, now), version=version)
        await self.operations.publish(decision)
        return {"version": version, "people": len(people), "decision_id": decision.decision_id}

    def posts(self) -> list[tuple[str, Handler]]:
        return [("/v1/policy/apply", self._apply)]

    async def _apply(self, request: Request, by: str) -> Any:  # noqa: ANN401 - JSON
        said = ApplyBody.model_validate_json(await read_body(request))
        return await self.apply(said.version, f"operator:{by}", said.reason)

"""The operators' API for whole targets. Both answer `{"job": id}` while they run: ask again with it.

POST /v1/sweep {target, repair?, job?} · /v1/adopt {target, apply?, map?: {person: native_id}, job?}
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.provisioner.act.sweep import Sweep
from services.provisioner.operators.adoption import Adoption, OnlyObservedError
from services.provisioner.operators.api import Handler, read_body
from services.provisioner.operators.errors import AmbiguousPersonError, UnknownPersonError, UnknownTargetError
from services.provisioner.operators.jobs import Answer, Jobs
from services.provisioner.operators.operations import Operations
from services.provisioner.plan.first_contact import KINDS, Match


class SweepBody(BaseModel):
    """`repair`: whoever differs is looked at again, and treated as policy says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str = Field(min_length=1, max_length=128)
    repair: bool = False
    job: str | None = Field(default=None, max_length=64)


class AdoptBody(BaseModel):
    """`map`: native id by any id of a person, the company's own list. `apply`: remember what is linked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str = Field(min_length=1, max_length=128)
    apply: bool = False
    map: dict[str, str] = Field(default_factory=dict)
    job: str | None = Field(default=None, max_length=64)


@dataclass(frozen=True, slots=True)
class WholeTargets:
    """Each handler is a line."""

    operations: Operations
    sweeps: Mapping[str, Sweep]
    adoption: Adoption
    jobs: Jobs

    def posts(self) -> list[tuple[str, Handler]]:
        return [("/v1/sweep", self._sweep), ("/v1/adopt", self._adopt)]

    async def _sweep(self, request: Request, _by: str) -> Any:  # noqa: ANN401 - JSON
        said = SweepBody.model_validate_json(await read_body(request))
        return await self.jobs.ask(said.job, lambda: self.sweep(said.target, repair=said.repair))

    async def _adopt(self, request: Request, by: str) -> Any:  # noqa: ANN401
        said = AdoptBody.model_validate_json(await read_body(request))
        operator = f"operator:{by}" if said.apply else None
        return await self.jobs.ask(said.job, lambda: self.adopt(said.target, said.map, operator))

    async def sweep(self, target: str, *, repair: bool) -> Answer:
        """A line for each that differs, and how many there are of each kind. Raises UnknownTargetError."""
        if target not in self.sweeps:
            raise UnknownTargetError(target, sorted(self.sweeps))
        report = await self.sweeps[target].run(self.operations.clock.business_now(), repair=repair)
        if repair:
            self.operations.woken()
        return {"lines": [{"target": target, **asdict(line)} for line in report.lines], "totals": dict(report.counts)}

    async def adopt(self, target: str, said: Mapping[str, str], by: str | None) -> Answer:
        """A line each, and totals; `by` names who applies it. Raises UnknownTargetError, OnlyObservedError."""
        found = self.adoption.targets.get(target)
        if found is None:
            raise UnknownTargetError(target, sorted(self.adoption.targets))
        if by and found.mode == "observe":
            raise OnlyObservedError(target)
        stated, wrong = await self._persons(said)
        lines = [*wrong, *await self.adoption.look(found, stated, by)]
        counts = Counter(line.kind for line in lines)
        totals = {kind: counts[kind] for kind in KINDS}
        return {"lines": [{"target": target, **asdict(line)} for line in lines], "totals": totals, "applied": bool(by)}

    async def _persons(self, said: Mapping[str, str]) -> tuple[dict[str, str], list[Match]]:
        """Native id by person, and a line for each id that names nobody or several people."""
        stated, wrong = dict[str, str](), list[Match]()
        for text, native_id in said.items():
            try:
                stated[await self.operations.identify(text)] = native_id
            except (UnknownPersonError, AmbiguousPersonError) as exc:
                word = "nobody" if isinstance(exc, UnknownPersonError) else "several_people"
                wrong.append(Match("ambiguous", native_id, None, ("map", word)))
        return stated, wrong

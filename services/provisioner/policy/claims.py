"""Claims about a policy: people with a history, and what each should have at which moment. Pure.

The histories are events of the HR contract, folded and judged by the functions of production.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contracts import hr
from services.provisioner.facts.dates import instant
from services.provisioner.facts.fold import timeline
from services.provisioner.model import Desired, Fact, FactKey, WorkerKey
from services.provisioner.policy.desired import desired
from services.provisioner.policy.models import Entitlement, Name
from services.provisioner.policy.past import Past, past_of
from services.provisioner.policy.problems import PolicyError
from services.provisioner.policy.rules import Policy
from services.provisioner.policy.yaml_at import read

SPACE = "claims"
JUST = timedelta(microseconds=1)
_KINDS: Mapping[str, type[Any]] = {
    name.split(".")[2]: model for model, name in hr.NAMES.items() if name.startswith("hr.worker.")
}
Moment = str
Grants = dict[Name, tuple[Entitlement, ...]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Happened(BaseModel):
    """One event of the HR contract. The keys beside these are those of its type, such as person or assignment."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)

    at: Moment
    """The local date or time at which it takes effect."""
    event: str
    """The type: hired, transferred, updated, left, absence_started and so on."""

    @model_validator(mode="after")
    def _known(self) -> "Happened":
        if self.event not in _KINDS:
            raise ValueError(f"unknown event {self.event}; known are {', '.join(sorted(_KINDS))}")
        if unknown := list(_unknown(_KINDS[self.event], self.model_extra or {})):
            raise ValueError(f"unknown: {', '.join(unknown)}")
        try:
            self.body("W1", "UTC")
        except ValidationError as error:
            said = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False))
            raise ValueError("; ".join(said)) from None
        return self

    def body(self, worker_id: str, zone: str) -> Any:  # noqa: ANN401 - one of the contract's events
        """The event as HR would send it; a hire without a person is of somebody of whom nothing is known."""
        person: dict[str, Any] = {"person": {}} if self.event in ("hired", "stated") else {}
        data = {"worker_id": worker_id, "effective_at": self.at, "zone": zone, **person, **(self.model_extra or {})}
        return _KINDS[self.event].model_validate(data)


class Claim(_Part):
    """What is so of a person at a moment."""

    who: str
    at: Moment
    until: Moment | None = None
    """Until when all of `has` stays: at this moment none of it is there any more."""
    has: Grants = Field(default_factory=dict)
    has_not: Grants = Field(default_factory=dict)
    access: dict[Name, Literal["open", "prepared", "closed"]] = Field(default_factory=dict)


class Unit(_Part):
    parent: str | None = None
    name: str | None = None


class Claims(_Part):
    """A file of claims for `tenure policy test`."""

    zone: str = "Asia/Shanghai"
    departments: dict[str, Unit] = Field(default_factory=dict)
    """The tree, by id; a department that is not here hangs directly under the top."""
    people: dict[str, tuple[Happened, ...]]
    """Each person's history."""
    claims: tuple[Claim, ...] = Field(min_length=1)


class Failed(NamedTuple):
    """A claim that is not so. `number` counts from 1."""

    number: int
    who: str
    text: str

    def __str__(self) -> str:
        return f"claim {self.number}, {self.who}: {self.text}"


def read_claims(text: str, name: str) -> Claims:
    """Read a file. Raises PolicyError with every problem and its place."""
    document = read(text, name)
    try:
        return Claims.model_validate(document.data)
    except ValidationError as error:
        found = [document.problem(_path(one["loc"]), one["msg"]) for one in error.errors(include_input=False)]
        raise PolicyError(found, name) from None


def schema() -> dict[str, Any]:
    """The JSON Schema of a file of claims."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Claims.model_json_schema()}


def check(policy: Policy, claims: Claims) -> Iterator[Failed]:
    """The claims that are not so under that policy. Raises ValueError for an unknown person, target or date."""
    tree = tuple(_tree(claims))
    pasts = {who: _past(who, history, claims.zone, tree) for who, history in claims.people.items()}
    for number, claim in enumerate(claims.claims, 1):
        if claim.who not in pasts:
            raise ValueError(f"claim {number}: nobody here is called {claim.who}")
        judge = _Judge(policy, pasts[claim.who], claims.zone)
        yield from (Failed(number, claim.who, text) for text in judge.wrong(claim))


class _Judge(NamedTuple):
    policy: Policy
    past: Past
    zone: str

    def wrong(self, claim: Claim) -> Iterator[str]:
        at = instant(claim.at, self.zone)
        yield from self._at(claim, at, claim.at)
        if claim.until is not None:
            end = instant(claim.until, self.zone)
            kept = Claim(who=claim.who, at=claim.at, has=claim.has)
            yield from self._at(kept, end - JUST, f"just before {claim.until}")
            yield from self._at(Claim(who=claim.who, at=claim.at, has_not=claim.has), end, claim.until)

    def _at(self, claim: Claim, at: datetime, said: str) -> Iterator[str]:
        for target in sorted({*claim.has, *claim.has_not, *claim.access}):
            wanted = self._wanted(target, at)
            access = claim.access.get(target)
            if access is not None and access != wanted.access:
                yield f"{said}: access on {target} is {wanted.access}, not {access} ({wanted.reason.rule})"
            for name in claim.has.get(target, ()):
                if name not in wanted.grants:
                    why = wanted.denied[name].rule if name in wanted.denied else wanted.reason.rule
                    yield f"{said}: has not {name} on {target} ({why})"
            for name in claim.has_not.get(target, ()):
                if name in wanted.grants:
                    yield f"{said}: has {name} on {target} ({wanted.grants[name].rule})"

    def _wanted(self, target: str, at: datetime) -> Desired:
        if target not in self.policy.targets:
            raise ValueError(f"no target is called {target}; targets are: {', '.join(self.policy.targets)}")
        return desired(self.policy, self.past.line.state(at), self.past.tree_at(at), target, at, self.past)


def _past(who: str, history: tuple[Happened, ...], zone: str, tree: tuple[Fact, ...]) -> Past:
    facts = [_fact(who, number, happened, zone) for number, happened in enumerate(history)]
    return past_of(timeline(facts, person_id=f"{SPACE}/{who}"), tree, ())


def _fact(who: str, number: int, happened: Happened, zone: str) -> Fact:
    return _made(f"{who}-{number}", happened.body(who, zone), happened.at, zone, WorkerKey(SPACE, who))


def _tree(claims: Claims) -> Iterator[Fact]:
    first = "1970-01-01"
    above = {unit.parent: Unit() for unit in claims.departments.values() if unit.parent is not None}
    for department_id, unit in {**above, **claims.departments}.items():
        body = hr.DepartmentChanged(
            department_id=department_id,
            name=unit.name or department_id,
            parent_id=unit.parent,
            effective_at=first,
            extra={},
        )
        yield _made(department_id, body, first, claims.zone, None)


def _made(ident: str, body: hr.Event, on: str, zone: str, worker: WorkerKey | None) -> Fact:
    at = instant(on, zone)
    return Fact(FactKey(SPACE, ident, 1), body, at, zone, at, at.astimezone(UTC), "", worker)


def _unknown(model: type[BaseModel], data: Mapping[str, Any]) -> Iterator[str]:
    """Fields that the contract does not have: HR systems send more than it takes, authors of claims only err."""
    for name, value in data.items():
        field = model.model_fields.get(name)
        if field is None:
            yield name
        elif isinstance(value, Mapping):
            parts = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
            inner = next((part for part in parts if issubclass(part, BaseModel)), None)
            yield from (f"{name}.{one}" for one in _unknown(inner, value)) if inner else ()


def _path(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    return tuple(part for part in location if part != "[key]")

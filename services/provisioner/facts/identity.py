"""Whose worker this is, by what facts name. What they leave open is judged in `marks`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from contracts import hr
from contracts.decisions import PersonIdentified
from services.provisioner.model import Fact, WorkerKey

BEGINS = (hr.Hired, hr.Stated)
"""What can begin an employment."""
TENURE = "tenure"
"""Who decided, where it was no operator."""


class Naming(NamedTuple):
    """A fact that names the person of its worker; a `link` exists to do that and nothing else."""

    effective_at: datetime
    time: datetime
    person_id: str
    link: bool = False


def whole_person_id(id_space: str, person_id: str | None) -> str | None:
    """`P-881` is `{id_space}/p/P-881`; with a `/` it is whole already."""
    if person_id is None or "/" in person_id:
        return person_id
    return f"{id_space}/p/{person_id}"


def own_person_id(worker: WorkerKey) -> str:
    """The person a worker is as long as no fact names another."""
    return f"{worker.id_space}/{worker.worker_id}"


def naming_of(fact: Fact) -> Naming | None:
    if fact.person_id is None:
        return None
    return Naming(fact.effective_at, fact.time, fact.person_id, isinstance(fact.body, hr.Linked))


class Said(NamedTuple):
    """What a worker's standing facts say of whose it is; `begun`: since when it is employed first, None if never."""

    namings: tuple[Naming, ...] = ()
    begun: datetime | None = None

    def acting(self, at: datetime) -> list[Naming]:
        """The namings that count at that instant.

        A link counts from its date on; where the employment begins no earlier, always: nothing of it was another's.
        """
        return [naming for naming in self.namings if not self._announced(naming, at)]

    def next_link(self, at: datetime) -> datetime | None:
        """The next instant from which another link counts."""
        return min((naming.effective_at for naming in self.namings if self._announced(naming, at)), default=None)

    def _announced(self, naming: Naming, at: datetime) -> bool:
        return naming.link and self.begun is not None and max(self.begun, at) < naming.effective_at


def said_by(live: Iterable[Fact]) -> Said:
    """What these facts of one worker, all standing, say."""
    live = list(live)
    namings = (naming for naming in map(naming_of, live) if naming is not None)
    begun = (fact.effective_at for fact in live if isinstance(fact.body, BEGINS))
    return Said(tuple(namings), min(begun, default=None))


def person_named(namings: Iterable[Naming]) -> str | None:
    """The person that a worker's standing facts name: HR's last link, else the first fact to name one; None if none."""
    namings = list(namings)
    links = [naming for naming in namings if naming.link]
    if links:
        return max(links).person_id
    return min(namings).person_id if namings else None


def decided_person(said: Iterable[PersonIdentified], *, linked: bool) -> str | None:
    """The person that decisions about one worker name: an operator's last word, else Tenure's first; None if none.

    Tenure's own word ends with HR's link (`linked`).
    """
    said = sorted(said, key=lambda decision: decision.recorded_at)
    operators = [decision for decision in said if decision.by != TENURE]
    if operators:
        return operators[-1].person_id
    return said[0].person_id if said and not linked else None


def whose(person_id: str, named: Mapping[str, str]) -> str:
    """Follow workers that are named as persons: `named` gives a worker's own person id the person it is named to be.

    A circle of them is the person of its smallest id.
    """
    seen: list[str] = []
    while person_id not in seen:
        seen.append(person_id)
        person_id = named.get(person_id, person_id)
    return min(seen[seen.index(person_id) :])

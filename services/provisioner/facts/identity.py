"""Whose worker this is. So far by what facts name alone; the identity rules judge here when they come."""

from collections.abc import Iterable

from services.provisioner.model import Fact, WorkerKey


def whole_person_id(id_space: str, person_id: str | None) -> str | None:
    """`P-881` is `{id_space}/p/P-881`; with a `/` it is whole already."""
    if person_id is None or "/" in person_id:
        return person_id
    return f"{id_space}/p/{person_id}"


def own_person_id(worker: WorkerKey) -> str:
    """The person a worker is as long as no fact names another."""
    return f"{worker.id_space}/{worker.worker_id}"


def person_named(live: Iterable[Fact]) -> str | None:
    """The person that a worker's facts name: the standing fact first in effective instant and time; None if none."""
    naming = [fact for fact in live if fact.person_id is not None]
    return min(naming, key=lambda fact: (fact.effective_at, fact.time, fact.key)).person_id if naming else None

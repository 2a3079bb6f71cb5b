"""What is read of a person (or of the departments) in memory."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from contracts.decisions import Decision
from contracts.provisioning import StepTaken
from services.provisioner.model import Fact
from services.provisioner.store.memory_tables import KeptEvent, Tables
from services.provisioner.store.port import DEPARTMENTS, OpenEvent, StoredAccount, TargetRow
from services.provisioner.store.routing import Ident


def idents_of(tables: Tables, person_id: str) -> Iterable[Ident]:
    """The ids that belong to the person's workers, or to departments."""
    if person_id == DEPARTMENTS:
        return tables.of_departments
    workers = tables.of_person.get(person_id, frozenset())
    return {ident for worker in workers for ident in tables.of_worker.get(worker, ())}


def facts_of(tables: Tables, person_id: str) -> tuple[Fact, ...]:
    """Oldest recorded first."""
    keys = {key for ident in idents_of(tables, person_id) for key in tables.facts_of.get(ident, ())}
    return tuple(tables.facts[key] for key in sorted(keys, key=tables.fact_no.__getitem__))


def decisions_of(tables: Tables, person_id: str) -> tuple[Decision, ...]:
    found = [d for d in tables.decisions.values() if d.person_id == person_id]
    return tuple(sorted(found, key=lambda d: (d.recorded_at, d.decision_id)))


def events_of(tables: Tables, person_id: str, *, only_open: bool) -> tuple[OpenEvent, ...]:
    numbers = sorted(n for ident in idents_of(tables, person_id) for n in tables.events_of.get(ident, ()))
    kept: list[KeptEvent] = [tables.events[number] for number in numbers]
    shown = [event.shown() for event in kept if not (only_open and event.final)]
    return tuple(event for event in shown if event is not None)


def steps_of(tables: Tables, person_id: str, limit: int) -> tuple[StepTaken, ...]:
    outcomes = tables.outcomes.get(person_id, {})
    return tuple(outcomes[number] for number in sorted(outcomes)[-limit:])


def rows_of(tables: Tables, person_id: str) -> tuple[TargetRow, ...]:
    targets = sorted(tables.targets_of.get(person_id, frozenset()))
    return tuple(
        tables.rows[person_id, target].shown(target) for target in targets if (person_id, target) in tables.rows
    )


def turns_at(tables: Tables, person_id: str) -> datetime | None:
    dates = (tables.workers[worker].turns_at for worker in tables.of_person.get(person_id, ()))
    return min((at for at in dates if at is not None), default=None)


def accounts_of(tables: Tables, person_id: str) -> Mapping[str, StoredAccount]:
    targets = sorted(tables.targets_of.get(person_id, frozenset()))
    return {target: tables.accounts[person_id, target] for target in targets if (person_id, target) in tables.accounts}

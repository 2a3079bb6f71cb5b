"""Facts in few words: what HR says of Mei and Wei."""

# ruff: noqa: A002 - an event's `id` is called so, and the words of a fact read in their order

from datetime import datetime

from contracts import hr
from contracts.decisions import AccessAllowed, AccessStopped, ConflictSettled, PersonIdentified
from services.provisioner.facts.dates import instant
from services.provisioner.facts.identity import whole_person_id
from services.provisioner.facts.read import digest_of
from services.provisioner.model import Fact, FactKey, VerdictKind, WorkerKey

ZONE = "Asia/Shanghai"
SOURCE = "urn:hr:acme"
SALES, OFFICE = {"department_id": "D-SALES", "title": "sales"}, {"department_id": "D-ADMIN", "title": "office"}
MEI = {"display_name": "Mei", "mobile": "+8613800000001"}


def at(text: str) -> datetime:
    return instant(text, ZONE)


def told(model, effective_at, *, id, source=SOURCE, time=None, recorded=None, rank=0, person_id=None, **data):
    """A fact; `time` and `recorded` are local, by default the effective moment."""
    zone = data.pop("zone", ZONE)
    worker = data.get("worker_id")
    named = {"person_id": person_id} if person_id else {}
    body = model.model_validate({"effective_at": effective_at, **named, **data})
    sent = at(time or effective_at)
    return Fact(
        key=FactKey(source, id, body.revision),
        body=body,
        effective_at=instant(effective_at, zone),
        zone=zone,
        time=sent,
        recorded_at=at(recorded) if recorded else sent,
        digest=digest_of(body),
        worker=WorkerKey(SOURCE, worker) if worker else None,
        person_id=whole_person_id(SOURCE, person_id),
        rank=rank,
    )


def hired(effective_at, id="hire", worker="W1", person=MEI, assignment=SALES, employment=None, **more):
    more |= {"person": person, "assignment": assignment, "employment": employment or {}}
    return told(hr.Hired, effective_at, id=id, worker_id=worker, **more)


def stated(effective_at, id="record", worker="W1", person=MEI, assignment=SALES, employment=None, **more):
    more |= {"person": person, "assignment": assignment, "employment": employment or {}}
    return told(hr.Stated, effective_at, id=id, worker_id=worker, **more)


def moved(effective_at, id="move", worker="W1", assignment=OFFICE, **more):
    return told(hr.Transferred, effective_at, id=id, worker_id=worker, assignment=assignment, **more)


def updated(effective_at, id="update", worker="W1", person=None, **more):
    return told(hr.Updated, effective_at, id=id, worker_id=worker, person=person or {}, **more)


def left(effective_at, id="leave", worker="W1", **more):
    return told(hr.Left, effective_at, id=id, worker_id=worker, **more)


def started(effective_at, assignment_id="A2", id="start", worker="W1", assignment=OFFICE, **more):
    more |= {"assignment_id": assignment_id, "assignment": assignment}
    return told(hr.AssignmentStarted, effective_at, id=id, worker_id=worker, **more)


def ended(effective_at, assignment_id="A2", id="end", worker="W1", **more):
    return told(hr.AssignmentEnded, effective_at, id=id, worker_id=worker, assignment_id=assignment_id, **more)


def away(effective_at, kind="suspension", id="away", worker="W1", **more):
    return told(hr.AbsenceStarted, effective_at, id=id, worker_id=worker, kind=kind, **more)


def back(effective_at, kind=None, id="back", worker="W1", **more):
    return told(hr.AbsenceEnded, effective_at, id=id, worker_id=worker, kind=kind, **more)


def linked(effective_at, person_id=f"{SOURCE}/W1", id="link", worker="W2", **more):
    return told(hr.Linked, effective_at, id=id, worker_id=worker, person_id=person_id, **more)


def withdrawn(event_id, effective_at="2026-01-01", id="withdrawal", **more):
    return told(hr.Withdrawn, effective_at, id=id, event_id=event_id, **more)


def stopped(effective_at, id="stop", recorded=None):
    return _decided(AccessStopped, effective_at, id, recorded)


def allowed(effective_at, id="allow", recorded=None):
    return _decided(AccessAllowed, effective_at, id, recorded)


def identified(effective_at, id="same", worker="W1", recorded=None, by="operator:li"):
    moment = at(effective_at)
    return PersonIdentified(
        decision_id=id, person_id=f"{SOURCE}/W1", by=by, effective_at=moment,
        recorded_at=at(recorded) if recorded else moment, id_space=SOURCE, worker_id=worker,
    )  # fmt: skip


def settled(fact):
    return ConflictSettled(
        decision_id="c", person_id="p", by="tenure", effective_at=fact.recorded_at, recorded_at=fact.recorded_at,
        source=fact.key.source, event_id=fact.key.id, revision=fact.key.revision, digest=fact.digest,
    )  # fmt: skip


def _decided(model, effective_at, id, recorded):
    moment = at(effective_at)
    return model(
        decision_id=id, person_id="p", by="operator:li", effective_at=moment,
        recorded_at=at(recorded) if recorded else moment,
    )  # fmt: skip


def verdict_of(line, fact) -> tuple[VerdictKind, str]:
    return tuple(line.verdicts[fact.key])

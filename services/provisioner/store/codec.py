"""Values to and from the text that the database keeps.

A fact's body is written with only the fields that were set, so that absent (keep) and null (clear) stay two things.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from contracts import hr
from contracts.decisions import AnyDecision, Decision
from contracts.provisioning import StepTaken, TargetResult
from services.provisioner.model import Fact, FactKey, Step, WorkerKey
from services.provisioner.store.port import StoredAccount

_STEPS = TypeAdapter(tuple[Step, ...])
_ACCOUNT = TypeAdapter(StoredAccount)
_DECISION: TypeAdapter[Decision] = TypeAdapter(AnyDecision)

Headers = tuple[tuple[str, bytes], ...]


def clean(text: str) -> str:
    """The text as PostgreSQL takes it: unreadable messages may hold what no text column does."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "\ufffd")


def pack(headers: Headers) -> str:
    """Headers as ASCII JSON; each byte is one character, so that any bytes come back as they were."""
    return json.dumps([[clean(name), value.decode("latin-1")] for name, value in headers]) if headers else "[]"


def unpack(packed: str) -> Headers:
    return tuple((name, value.encode("latin-1")) for name, value in json.loads(packed))


def carried(traceparent: str | None) -> Headers:
    """What an event's row keeps of its record's headers: where its trace goes on."""
    return (("traceparent", traceparent.encode()),) if traceparent else ()


def traceparent_of(headers: Headers) -> str | None:
    return next((value.decode("ascii", "replace") for name, value in headers if name == "traceparent"), None)


def body_text(body: hr.Event) -> str:
    return body.model_dump_json(exclude_unset=True)


def read_fact(row: Mapping[str, Any]) -> Fact:
    """A row of `fact`."""
    worker = None if row["worker_id"] is None else WorkerKey(row["id_space"], row["worker_id"])
    body: Any = hr.TYPES[row["type"]].model_validate_json(row["body"])
    return Fact(
        key=FactKey(row["source"], row["id"], row["revision"]),
        body=body,
        effective_at=row["effective_at"],
        zone=row["zone"],
        time=row["time"],
        recorded_at=row["recorded_at"],
        digest=row["digest"],
        worker=worker,
        person_id=row["person_id"],
        rank=row["rank"],
    )


def steps_text(steps: Sequence[Step]) -> str:
    return _STEPS.dump_json(tuple(steps)).decode()


def read_steps(text: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(json.loads(text))


def account_text(account: StoredAccount) -> str:
    return _ACCOUNT.dump_json(account).decode()


def read_account(text: str) -> StoredAccount:
    return _ACCOUNT.validate_json(text)


def decision_text(decision: Decision) -> str:
    return decision.model_dump_json(exclude_unset=False)


def read_decision(text: str) -> Decision:
    return _DECISION.validate_json(text)


def read_taken(text: str) -> StepTaken:
    return StepTaken.model_validate_json(text)


def read_result(text: str | None) -> TargetResult | None:
    return None if text is None else TargetResult.model_validate_json(text)

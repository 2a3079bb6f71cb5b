"""The histories beside the repository: their events as facts, their true states, and how a row of a state is made."""

import csv
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from contracts import hr
from services.provisioner.facts.dates import instant
from services.provisioner.facts.fold import Timeline, timeline
from services.provisioner.facts.history import history
from services.provisioner.facts.read import read_fact
from services.provisioner.model import Fact, PersonState, WorkerState

SHARED = Path(os.environ.get("TENURE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
DATA = SHARED / "data"
ZONE = "Asia/Shanghai"
NOW = datetime(2026, 6, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """A history as one way of telling it. `columns` are those that facts can answer."""

    name: str
    file: str
    state: str
    columns: tuple[str, ...]
    how: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return DATA / self.name


JOB = ("employee_id", "department_id", "title")
PLAIN = (
    Told("adventureworks-hr", "adventureworks-hr.jsonl", "adventureworks-hr", (*JOB, "manager_id")),
    Told("employees-db", "employees-db-sample.jsonl", "employees-db-sample", JOB),
    Told("k8s-membership", "k8s-membership-to-2019-09.jsonl.gz", "k8s-membership-to-2019-09", JOB),
    Told("figurant-200", "figurant-200.jsonl", "figurant-200",
         (*JOB, "employment_type", "manager_id", "given_name", "family_name")),
    Told("company-zh-150", "company-zh-150.jsonl", "company-zh-150",
         (*JOB, "employment_type", "manager_id", "name", "mobile", "email")),
)  # fmt: skip
ZH = PLAIN[-1]
DISORDERED = Told(ZH.name, "company-zh-150.disordered.jsonl.gz", ZH.state, ZH.columns, ("--disordered",))


def shuffled(told: Told, seed: int) -> Told:
    return Told(told.name, told.file, told.state, told.columns, (*told.how, "--shuffle", str(seed)))


@cache
def facts(told: Told) -> tuple[Fact, ...]:
    """Events made by the adapter beside the data, read as intake reads them."""
    program = [sys.executable, str(DATA / "to_contract.py"), str(told.folder / told.file), "--zone", ZONE, *told.how]
    made = subprocess.run(program, capture_output=True, check=True, text=True, encoding="utf-8")
    found = []
    for line in made.stdout.splitlines():
        event = json.loads(line)
        value = json.dumps(event.pop("data"), ensure_ascii=False).encode()
        fact = read_fact(event, value, id_space_of=lambda source: source, now=NOW)
        assert isinstance(fact, Fact), f"{event['id']}: {fact}"
        found.append(fact)
    return tuple(found)


@cache
def timelines(told: Told) -> tuple[Timeline, ...]:
    return tuple(timeline(own) for own in history(facts(told)).persons.values())


def oracle(told: Told) -> dict[str, dict[str, object]]:
    text = (told.folder / f"{told.state}.oracle.json").read_text(encoding="utf-8")
    dates: dict[str, dict[str, object]] = json.loads(text)["dates"]
    return dates


def columns_of(told: Told) -> list[str]:
    text = (told.folder / f"{told.state}.oracle.json").read_text(encoding="utf-8")
    columns: list[str] = json.loads(text)["columns"]
    return columns


def true_rows(told: Told, day: str) -> list[dict[str, str]]:
    path = told.folder / f"{told.state}.state-{day}.csv"
    raw = path.read_bytes() if path.exists() else gzip.decompress(path.with_suffix(".csv.gz").read_bytes())
    return list(csv.DictReader(io.StringIO(raw.decode())))


def moment(day: str) -> datetime:
    """The first moment of the day: whatever takes effect on it has done so."""
    return instant(day, ZONE)


def folded_rows(told: Told, at: datetime) -> Iterator[dict[str, str]]:
    for line in timelines(told):
        state = line.state(at)
        for worker in state.workers:
            if worker.active:
                row = _row(state, worker)
                yield {name: row[name] for name in told.columns}


def _row(state: PersonState, worker: WorkerState) -> dict[str, str]:
    person, job = state.person, worker.assignment
    values = {
        "employee_id": worker.worker.worker_id, "department_id": job.department_id, "title": job.title,
        "manager_id": job.manager_id, "employment_type": worker.employment.type, "name": person.display_name,
        "given_name": person.given_name, "family_name": person.family_name,
        "mobile": person.mobile.removeprefix("+86") if person.mobile else None, "email": person.personal_email,
    }  # fmt: skip
    return {name: value or "" for name, value in values.items()}


def in_order(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return sorted(
        rows, key=lambda row: (int(row["employee_id"]) if row["employee_id"].isdigit() else 0, row["employee_id"])
    )


def sha256_of(rows: Iterable[dict[str, str]], columns: Iterable[str]) -> str:
    names = list(columns)
    text = "".join("|".join(row[name] for name in names) + "\n" for row in in_order(rows))
    return hashlib.sha256(text.encode()).hexdigest()


def unsupported(told: Told) -> list[Fact]:
    kinds = hr.AssignmentStarted | hr.AssignmentEnded | hr.AbsenceStarted | hr.AbsenceEnded | hr.Linked
    return [fact for fact in facts(told) if isinstance(fact.body, kinds)]

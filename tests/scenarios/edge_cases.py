"""The edge cases beside the repository, played as Kafka would deliver them, on the in-memory store and a platform."""

import importlib.util
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from company import Company
from platforms import InMemory, InSandbox

from contracts.topics import HR_DEPARTMENTS, HR_EVENTS
from services.kit.clock import Fixed
from services.provisioner.act.sweep import Sweep, owned_on
from services.provisioner.act.trees import Trees
from services.provisioner.facts.dates import instant
from services.provisioner.facts.fold import timeline
from services.provisioner.model import VerdictKind, WorkerKey

SHARED = Path(os.environ.get("TENURE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
ACME, PAYROLL, ZONE = "urn:hr:acme", "urn:hr:payroll", "Asia/Shanghai"
POLICY = """
sources: {acme: {type: webhook, source: "urn:hr:acme", secrets: ["x"], zone: Asia/Shanghai}}
targets: {crm: {SETTINGS, mode: enforce}, wiki: {type: memory, mode: %s}}
accounts:
  crm:
    match: [mobile_and_name]
    requires: has(person.mobile) || has(person.personal_email)
    username: "{family.pinyin}{given.initials}"
    attributes:
      name: person.display_name
      mobile: {value: person.mobile, write: on_create}
      email: {value: person.personal_email, write: on_create}
      TITLE: assignment.title
  wiki: {}
departments: {crm: {manage: full, under: "/"}}
birthright:
  sales: {when: '"D-SALES" in department.path', grants: {crm: ["RIGHT:customer_contact", "RIGHT:sales_data"]}}
  office: {when: '"D-ADMIN" in department.path', grants: {crm: ["RIGHT:office", "RIGHT:internal_notice"]}}
"""
DELIVERED = {
    "applied": ("confirmed", None),
    "cancelled": ("superseded", "withdrawn_by:"),
    "superseded": ("superseded", "revised"),
    "duplicate": ("duplicate", "duplicate"),
    "conflict": ("inbox", "conflict"),
    "rejected": ("quarantined", ""),
    "overtaken": ("superseded", ""),
    "inbox": ("inbox", ""),
    "withdrawn_again": ("duplicate", "already_withdrawn"),
}
"""The state in the books, and how its reason begins."""


TRIES = 12


@cache
def cases():
    """By id; empty where the folder is not beside the repository."""
    path = SHARED / "data" / "edge-cases.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {case["id"]: case for case in map(json.loads, lines)}


@cache
def _contract():
    spec = importlib.util.spec_from_file_location("to_contract", SHARED / "data" / "to_contract.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def moment(text):
    """A date's noon, so that all that takes effect on it has; or the time it says."""
    return instant(text if "T" in text else f"{text}T12:00", ZONE)


@dataclass
class Played:
    """What became of a case: the state of each delivery just after it and in the end, the accounts at each probe."""

    company: Company
    platform: InMemory | InSandbox
    at_once: list[str] = field(default_factory=list)
    states: list[tuple[str, str | None]] = field(default_factory=list)
    shown: dict[datetime, dict[str, dict]] = field(default_factory=dict)


async def play(case, platform=None):
    """Deliver when HR recorded it, or on the effective date; look at the accounts at every moment the case names.

    Without a `platform` it is played on one in memory.
    """
    platform = platform or InMemory()
    translator = _contract().Translator(ACME, ZONE)
    told = [(_heard(event), event) for event in case["given"]]
    for number in range(1, len(told)):  # in the order of the case: nothing is heard before what stands above it
        told[number] = (max(told[number][0], told[number - 1][0]), told[number][1])
    policy = POLICY.replace("SETTINGS", platform.settings).replace("TITLE", platform.title)
    policy = policy.replace("RIGHT", platform.right)
    company = Company(policy_text=policy, clock=Fixed(told[0][0] - timedelta(days=1)))
    company.intake.id_space_of = lambda urn: ACME if urn == PAYROLL else urn
    platform.open(company)
    played, places = Played(company, platform), []
    probes = sorted(_probes(case))
    for at, event in told:
        while probes and probes[0] < at:
            await _look(played, case, probes.pop(0))
        await _until(company, at)
        if event.get("type") == "platform":
            await _happens(played, event)
            continue
        places.append(await _deliver(company, translator, event))
        await (company.settle() if "meanwhile" in event else _patiently(company))
        played.at_once.append((await _state(company, places[-1]))[0])
    for probe in probes:
        await _look(played, case, probe)
    played.states = [await _state(company, place) for place in places]
    return played


def last_moment(case):
    dates = [e.get("effective_date") for e in case["given"]] + [e.get("recorded_at") for e in case["given"]]
    return max(moment(date) for date in dates if isinstance(date, str)) + timedelta(hours=1)


def _probes(case):
    found = {last_moment(case)}
    for expected in case["expect"]["accounts"].values():
        for key in ("active_on", "active_at", "disabled_at"):
            found |= {moment(text) for text in expected.get(key, ())}
        found |= {moment(expected["as_of"])} if "as_of" in expected else set()
    return found


def _heard(event):
    if "recorded_at" in event:
        return instant(event["recorded_at"], ZONE)
    date = event.get("effective_date")
    return instant(date, ZONE) if isinstance(date, str) else datetime(2000, 1, 1, tzinfo=UTC)


async def _until(company, at):
    """Go from due moment to due moment, as time does."""
    while (due := await company.store.next_due(company.clock.business)) is not None and due <= at:
        await company.settle(until=due)
    await company.settle(until=max(at, company.clock.business))


async def _patiently(company):
    """Until nothing is due, and for a while what is tried again."""
    await company.settle()
    for _ in range(TRIES):
        if all(row.verdict != "retry" for row in company.store._tables.rows.values()):
            return
        await company.settle(until=company.clock.business + timedelta(minutes=1))


async def _happens(played, event):
    """What somebody does on the platform, or our own look at all of it."""
    company, platform, what = played.company, played.platform, dict(event["what"])
    if event["does"] == "looks":
        target = company.targets["crm"]
        sweep = Sweep(company.store, target, owned_on(company.policy, target), Trees(company.store))
        await sweep.run(company.clock.business, repair=True)
        await _patiently(company)
        return
    if "worker" in what:
        person = await company.store.person_of(WorkerKey(ACME, what.pop("worker")))
        what["native_id"] = (await company.store.accounts_of(person))["crm"].observed.native_id
    links = await company.store.department_links("crm")
    what |= {key: links.get(what[key], what[key]) for key in ("number", "under", "to") if key in what}
    await getattr(platform, event["does"])(**what)


async def _deliver(company, translator, event):
    """Where the event itself, not what comes with it, stands in the topic."""
    if "raw" in event:
        record = company.record(event["raw"].encode(), [("ce_id", b"raw"), ("ce_source", ACME.encode())])
        await company.intake.take_in([record])
        return record.offset
    place = None
    for made in translator.translate(event):
        made |= {**event.get("attributes", {}), "data": made["data"] | event.get("data", {})}
        headers = [(f"ce_{name}", str(made[name]).encode()) for name in ("specversion", "id", "source", "type", "time")]
        topic = HR_DEPARTMENTS if made["type"].startswith("hr.department.") else HR_EVENTS
        record = company.record(json.dumps(made["data"]).encode(), headers, topic)
        await company.intake.take_in([record])
        place = record.offset if place is None or made["id"] == event["event_id"] else place
        if not isinstance(event.get("employee_id", ""), str):
            break  # the adapter itself cannot go on with such a number
    return place


async def _state(company, offset):
    """The state in the books and its reason, unless the timeline says since that the fact stands no more."""
    [found] = [kept for kept in company.store._tables.events.values() if kept.new.offset == offset]
    if found.state == "confirmed" and found.new.fact.worker is not None:
        tables = company.store._tables
        person = tables.workers[tables.subjects[found.key[:2]].owner.worker].person_id
        verdict = timeline(*await company.store.facts_of(person)).verdicts[found.key]
        if verdict.kind in (VerdictKind.SUPERSEDED, VerdictKind.WITHDRAWN):
            return "superseded", verdict.reason
    return found.state, found.reason


async def _look(played, case, at):
    await _until(played.company, at)
    found = {worker: await _account(played, worker) for worker in case["expect"]["accounts"]}
    played.shown[at] = found


async def _account(played, worker_id):
    """What the platform shows of a worker, in the words of the cases; `row` is why it is so."""
    company, platform = played.company, played.platform
    person = await company.store.person_of(WorkerKey(ACME, worker_id))
    stored = (await company.store.accounts_of(person)).get("crm") if person else None
    native = stored.observed.native_id if stored else None
    account = await platform.shown(native) if native else None
    rows = await company.rows(person) if person else {}
    verdict, reason = rows.get("crm", ("settled", None))
    row = f"{verdict}:{reason}" if reason else verdict
    if account is None:
        return {"status": {"waiting": "parked", "inbox": "conflict"}.get(verdict, "none"), "row": row}
    tree, everybody = await platform.departments(), await platform.everybody()
    leaf = tree.get(account.departments[0]) if account.departments else None
    links = {there: ours for ours, there in (await company.store.department_links("crm")).items()}
    return {
        "status": "active" if account.state.open else "disabled",
        "username": account.native_id,
        "display_name": account.attributes.get("name"),
        "mobile": account.attributes.get("mobile"),
        "email": account.attributes.get("email"),
        "title": account.attributes.get(platform.title),
        "department_id": links.get(account.departments[0]) if account.departments else None,
        "department_name": leaf.name if leaf else None,
        "rights": {name.partition(":")[2] for name in account.grants},
        "of_that_name": sum(a.attributes.get("name") == account.attributes.get("name") for a in everybody),
        "row": row,
    }

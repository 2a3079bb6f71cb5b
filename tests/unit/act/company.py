"""A small company for scenarios: facts in, passes run until nothing is due, on the in-memory store and target.

The same parts as production, except that records come from a list and time from a fixed clock.
"""

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from contracts.envelope import Attributes, to_headers
from contracts.topics import HR_DEPARTMENTS, HR_EVENTS
from services.kit.clock import Fixed
from services.platforms.gate import OpenGate
from services.provisioner.act.announcer import Announcer
from services.provisioner.act.case import open_case
from services.provisioner.act.departments import DepartmentPass
from services.provisioner.act.reconcile import Pass
from services.provisioner.act.target import Target
from services.provisioner.act.trees import Trees
from services.provisioner.act.turns import turned
from services.provisioner.act.watch import Watch
from services.provisioner.connectors.memory import MemoryConfig, MemoryPlatform, open_memory
from services.provisioner.connectors.registry import KINDS
from services.provisioner.handlers import Intake
from services.provisioner.policy.load import load
from services.provisioner.store.memory import MemoryStore
from services.provisioner.store.port import DEPARTMENTS
from services.provisioner.store.postgres import PostgresStore

POLICY = """
sources: {acme: {type: webhook, source: "urn:hr:acme", secrets: ["x"], zone: Asia/Shanghai}}
targets: {crm: {type: memory, mode: enforce}, wiki: {type: memory, mode: %s}}
accounts:
  crm:
    requires: has(person.mobile)
    match: [native_id, mobile_and_name]
    username: "{family.pinyin}{given.initials}"
    attributes: {name: person.display_name, mobile: {value: person.mobile, write: on_create}, title: assignment.title}
  wiki: {attributes: {name: person.display_name}}
departments: {crm: {manage: full, under: "/"}}
birthright:
  sales: {when: assignment.job_function == "sales", grants: {crm: ["tag:sales"]}}
  office: {when: assignment.job_function == "administration", grants: {crm: ["tag:office"]}}
"""
START = datetime(2026, 3, 1, tzinfo=UTC)


class Pauses:
    def __init__(self):
        self.paused = {}

    async def pause(self, target, by, reason):
        self.paused[target] = (by, reason)

    async def block(self, target, seconds, api):
        """The gate of these tests is open."""


@dataclass
class Company:
    wiki: str = "observe"
    more: str = ""
    """Further sections of the policy."""
    policy_text: str = POLICY
    clock: Fixed = field(default_factory=lambda: Fixed(START))
    crm: MemoryPlatform = field(default_factory=MemoryPlatform)
    numbers: itertools.count = field(default_factory=itertools.count)
    kept: PostgresStore | None = None
    """Where everything is remembered, if not in memory."""

    def __post_init__(self):
        self.pauses = Pauses()
        in_memory = MemoryStore(lambda: self.clock.machine, lambda target: target in self.pauses.paused)
        self.store = self.kept or in_memory
        self.gate = OpenGate()
        self.text = self.policy_text % self.wiki + self.more
        self.policy = load(self.text, KINDS)
        self.targets = {
            "crm": self._target("crm", self.crm, departments="full"),
            "wiki": self._target("wiki", MemoryPlatform(), mode=self.wiki),
        }
        self.intake = Intake(
            self.store, self.clock, "e1", list(self.targets), lambda s: s, zone_of=lambda _s: "Asia/Shanghai"
        )
        self.run_under(self.text)

    def run_under(self, text):
        """As a process does that opens (again) under that policy."""
        self.text, self.policy = text, load(text, KINDS)
        guarded = bool(self.policy.guards)
        self.watch = Watch(self.store, self.policy.guards, self.policy.version) if guarded else None
        self.intake.announce = Announcer(self.policy, Trees(self.store)) if guarded else None

    def _target(self, name, platform, *, departments="none", mode="enforce"):
        rule = self.policy.accounts[name]
        connector = open_memory(name, MemoryConfig(), self.gate, platform)
        return Target(
            name, "memory", connector, mode, match=rule.match, username=rule.username, departments=departments,
        )  # fmt: skip

    # -------------------------------------------------- HR

    async def say(self, kind, eid, /, **given):
        """Deliver an event as Kafka would."""
        await self.intake.take_in([self.event(kind, eid, **given)])

    def event(
        self,
        kind,
        eid,
        /,
        *,
        revision=1,
        time="2026-02-01T09:00:00+08:00",
        source="urn:hr:acme",
        recorded_at=None,
        **data,
    ):
        """An event as a record of Kafka."""
        department = kind.startswith("department")
        type_ = {"withdrawn": "hr.event.withdrawn.v1"}.get(
            kind, f"hr.{kind}.v1" if department else f"hr.worker.{kind}.v1"
        )
        body = {"effective_at": "2026-02-01", "revision": revision, **data}
        attributes = Attributes(specversion="1.0", id=eid, source=source, type=type_, time=time, recordedat=recorded_at)
        topic = HR_DEPARTMENTS if department else HR_EVENTS
        return self.record(json.dumps(body).encode(), to_headers(attributes), topic)

    async def raw(self, value, headers, topic=HR_EVENTS):
        await self.intake.take_in([self.record(value, headers, topic)])

    def record(self, value, headers, topic=HR_EVENTS):
        return SimpleNamespace(
            topic=topic.name, partition=0, offset=next(self.numbers), value=value, headers=headers, key=None
        )

    async def hire(
        self, eid, worker_id="W1", *, family="王", given="伟", mobile="+8613800000001", function="sales", **more
    ):
        person = {"family_name": family, "given_name": given, "display_name": family + given, "mobile": mobile}
        assignment = {
            "job_function": function,
            "department_id": more.pop("department", None),
            "title": more.pop("title", None),
        }
        await self.say("hired", eid, worker_id=worker_id, person=person, assignment=assignment, **more)

    # -------------------------------------------------- Tenure

    async def settle(self, until=None):
        """Run passes until nothing is due."""
        if until:
            self.clock.machine = self.clock.business = until
        process = await self.store.join("test", timedelta(days=36500))
        trees = Trees(self.store)
        for _ in range(200):
            claims = [
                c
                for name in self.targets
                for lane in (0, 1, 2)
                for c in await self.store.claim(process, name, lane, 50)
            ]
            if not claims:
                return
            for claim in claims:
                await (await self.opened(claim, process, trees)).run()
        raise AssertionError("passes never end")

    async def opened(self, claim, process, trees=None):
        """The pass of a claim, with what is known now."""
        target, at, trees = self.targets[claim.target], self.clock.business, trees or Trees(self.store)
        file = await turned(claim, await self.store.load(claim), at, self.store, list(self.targets))
        tree = await trees.at(at)
        if claim.person_id == DEPARTMENTS:
            return DepartmentPass(self.store, target, claim, process, file, at, tree)
        case = await open_case(claim.person_id, target.name, at, file, self.policy, tree, self.store, trees)
        return Pass(self.store, target, case, claim, process, self.pauses, self.watch)

    # -------------------------------------------------- what to look at

    def account(self, native_id):
        found = self.crm.accounts.get(native_id)
        if found is None:
            return None
        grants = sorted(name for name, members in self.crm.lists.items() if native_id in members)
        return (found.state.value, grants)

    async def events(self, person_id="urn:hr:acme/W1"):
        return {e.key.id: (e.state, e.reason) for e in await self.store.events_of(person_id)}

    async def rows(self, person_id="urn:hr:acme/W1"):
        return {row.target: (row.verdict, row.reason) for row in await self.store.rows_of(person_id)}

    async def books(self):
        return {state: n for state, n in (await self.store.books()).by_state.items() if n}

    async def told(self, kind):
        rows = await self.store.outbox(10_000)
        return [json.loads(m.value) for _, m in rows if dict(m.headers)["ce_type"].decode() == kind]

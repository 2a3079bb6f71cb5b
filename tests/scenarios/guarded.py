"""A firm with guards: many people told of in one lot, on the in-memory store and target."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from company import Company

from contracts.decisions import AccessStopped
from services.kit.clock import Fixed
from services.provisioner.operators.holds import Holds
from services.provisioner.plan.decided import told
from services.provisioner.store.port import Mark

ACME = "urn:hr:acme"
POLICY = """
sources: {acme: {type: webhook, source: "urn:hr:acme", secrets: ["x"], zone: Asia/Shanghai}}
targets: {crm: {type: memory, mode: enforce}, wiki: {type: memory, mode: %s}}
accounts: {crm: {attributes: {name: person.display_name, title: assignment.title}}, wiki: {}}
departments: {crm: {manage: full, under: "/"}}
birthright:
  sales: {when: assignment.job_function == "sales", grants: {crm: ["tag:sales"]}}
  office: {when: assignment.job_function == "administration", grants: {crm: ["tag:office"]}}
"""
GUARDS = """
guards:
  - {steps: [close, delete], within: 24h, more_than: 3%, and_at_least: 5}
  - {steps: [create, resume], within: 24h, more_than: 5%, and_at_least: 20}
  - {steps: [rename, move, revoke], within: 1h, more_than: 5%, and_at_least: 20}
  - {steps: [delete], more_than: 0, people: 2}
"""


def day(now, days):
    return (now + timedelta(days=days)).date().isoformat()


@dataclass
class Firm(Company):
    policy_text: str = POLICY
    more: str = GUARDS

    def __post_init__(self):
        super().__post_init__()
        self.holds = Holds(self.store, self.clock)

    @property
    def now(self):
        return self.clock.business

    def person(self, n, source=ACME):
        return f"{source}/W{n}"

    # -------------------------------------------------- HR

    async def take_in(self, events):
        """One lot, as intake takes it from Kafka: one transaction."""
        await self.intake.take_in(list(events))

    def _events(self, kind, numbers, again="", **more):
        more.setdefault("effective_at", self.now.isoformat())
        more.setdefault("time", self.now.isoformat())
        return [self.event(kind, f"{kind}-{n}{again}", worker_id=f"W{n}", **more) for n in numbers]

    def hires(self, numbers, again="", *, kind="hired", **more):
        return [
            self._events(
                kind,
                [n],
                again,
                person={"family_name": "王", "given_name": str(n), "display_name": f"王{n}"},
                assignment={"job_function": "sales"},
                **more,
            )[0]
            for n in numbers
        ]

    def statements(self, numbers):
        return self.hires(numbers, kind="stated")

    def leaves(self, numbers, again="", **more):
        return self._events("left", numbers, again, **more)

    def transfers(self, numbers, function):
        return self._events("transferred", numbers, assignment={"job_function": function})

    def withdrawals(self, numbers, of="left", again=""):
        return [self._events("withdrawn", [n], again, event_id=f"{of}-{n}")[0] for n in numbers]

    # -------------------------------------------------- time and operators

    async def later(self, machine=None, **by):
        """Let business time pass, and as much of the machine's unless told otherwise."""
        by = timedelta(**by)
        self.clock.business += by
        self.clock.machine += by if machine is None else machine
        await self.store.set_clock(self.clock.business, 0)

    async def until(self, at):
        await self.later(seconds=max(0.0, (at - self.now).total_seconds()))

    async def stop(self, n):
        stopped = AccessStopped(
            decision_id=str(uuid.uuid4()), person_id=self.person(n), by="operator:li", reason="lost laptop",
            effective_at=self.now, recorded_at=self.now,
        )  # fmt: skip
        async with self.store.intake() as tx:
            await tx.mark([Mark(self.person(n), 0, self.now)], list(self.targets))
            await tx.decide(stopped)
            await tx.publish(told(stopped))

    def change_policy(self, old, new):
        self.run_under(self.text.replace(old, new))

    async def wake_all(self):
        async with self.store.intake() as tx:
            await tx.mark([Mark(p, 1, self.now) for p in await self.store.persons()], list(self.targets))

    # -------------------------------------------------- what to look at

    def active(self):
        return sum(a.state.open for a in self.crm.accounts.values())

    def state(self, n):
        account = self.crm.accounts.get(f"w{n}")
        return account.state.value if account else None

    async def row(self, n, source=ACME):
        return (await self.rows(self.person(n, source)))["crm"]

    async def events_of(self, n):
        return list((await self.events(self.person(n))).values())


SHARED = Path(os.environ.get("TENURE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
K8S = SHARED / "data" / "k8s-membership"
CAUSE = "urn:hr:k8s-membership"


class Membership(Firm):
    """The members of a real project's organisations: 672 on the first day, and what came after."""

    @classmethod
    def told(cls):
        """The firm at the first event, and its events in lots by the moment at which they were told."""
        program = [sys.executable, str(SHARED / "data" / "to_contract.py"),
                   str(K8S / "k8s-membership-to-2019-09.jsonl.gz"), "--zone", "Asia/Shanghai"]  # fmt: skip
        made = subprocess.run(program, capture_output=True, check=True, text=True, encoding="utf-8").stdout
        events = [json.loads(line) for line in made.splitlines()]
        lots = [(datetime.fromisoformat(at), list(lot)) for at, lot in groupby(events, lambda event: event["time"])]
        return cls(clock=Fixed(lots[0][0])), lots

    def record_of(self, event):
        kind = event["type"].removeprefix("hr.").removeprefix("worker.").removesuffix(".v1")
        return self.event(kind, event["id"], time=event["time"], source=event["source"], **event["data"])

    def placed(self):
        """Worker → names of the departments they are in, of those who have access."""
        return {
            account.native_id: {self.crm.tree[d].name for d in account.departments}
            for account in self.crm.accounts.values()
            if account.state.open
        }

    @staticmethod
    def true_places():
        raw = gzip.decompress((K8S / "k8s-membership-to-2019-09.state-2019-09-30.csv.gz").read_bytes()).decode()
        return {row["employee_id"]: {row["department_id"]} for row in csv.DictReader(io.StringIO(raw))}

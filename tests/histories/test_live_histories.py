"""Two histories through ingest, Kafka, the provisioner and both sandboxes, compared with what their sources know.

At each of the oracle's dates the open accounts, read from the sandboxes, are exactly the people who are employed and
have what the target requires, in their departments, except those whose mobile or e-mail another account there holds;
these are in the inbox and name the holder, and who lacks something waits for it.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from histories import DATA, Told, oracle, true_rows
from otlp import receiving
from watched import watched

from services.cli.installation import Installation, Options

pytestmark = [pytest.mark.histories, pytest.mark.timeout(2400)]

HERE = Path(__file__).parent
OPEN_ON_WECOM = (1, 4)


@dataclass(frozen=True)
class History:
    told: Told
    start: str
    taken: int
    """How many people the history hires whose mobile or e-mail somebody else's account holds."""


def of(name: str, start: str, taken: int) -> History:
    return History(Told(name, f"{name}.jsonl", name, ()), start, taken)


HISTORIES = [of("company-zh-150", "2010-07-01T00:00:00+08:00", 3), of("figurant-200", "2009-10-01T00:00:00+08:00", 3)]


class Live:
    """An installation with a rehearsal's clock, spoken to as a person would: by the command."""

    def __init__(self, history: History, folder: Path, traces: str) -> None:
        folder.chmod(0o711)  # as root the store runs as another user
        self.folder, self.history = folder, history
        self.events = folder / "events.jsonl"
        script = DATA / "to_contract.py"
        made = subprocess.run(
            [sys.executable, script, history.told.folder / history.told.file], check=True, capture_output=True
        )
        self.events.write_bytes(made.stdout)
        policy = folder / "tenure.yaml"
        policy.write_text((HERE / "policy.yaml").read_text("utf-8").replace("NAME", history.told.name), "utf-8")
        clock, env = datetime.fromisoformat(history.start), {"TENURE_TRACES": traces}
        self.installation = Installation(Options(policy, folder / "data", sandbox=True, clock=clock, env=env))

    def tenure(self, *words: str) -> Any:
        command = [sys.executable, "-m", "services.cli", "--data", str(self.folder / "data"), "--json", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
        return json.loads(done.stdout.strip().splitlines()[-1])

    def state(self, platform: str) -> dict[str, Any]:
        url = self.installation.ready["sandbox"][platform]["url"]
        shown: dict[str, Any] = httpx.get(f"{url}/_sandbox/state", timeout=30).json()
        return shown

    def rows(self, worker_id: str) -> dict[str, tuple[str, str]]:
        person = self.tenure("person", worker_id)
        return {name: (a["verdict"], a["reason"]) for name, a in person["accounts"].items()}


@pytest.fixture(params=HISTORIES, ids=lambda history: history.told.name)
def live(request):
    with tempfile.TemporaryDirectory(prefix="tenure-test-") as folder, receiving() as receiver:
        live = Live(request.param, Path(folder), receiver.address)
        with live.installation, watched(live.installation) as heard:
            heard.sent(json.loads(line) for line in live.events.read_text("utf-8").splitlines())
            sent = live.tenure("send", str(live.events))
            assert sent["refused"] == 0
            yield live
        heard.scan({"traces": receiver.text})


def wecom_accounts(state):
    names = {number: d["name"] for number, d in state["departments"].items()}
    return {
        key: (m["status"] in OPEN_ON_WECOM, m["mobile"], m["email"], {names[str(d)] for d in m["department"]})
        for key, m in state["members"].items()
    }


def dingtalk_accounts(state):
    names = {number: d["name"] for number, d in state["departments"].items()}
    return {
        key: (True, f"+{u['state_code']}{u['mobile']}", u.get("email", ""), {names[str(d)] for d in u["dept_id_list"]})
        for key, u in state["users"].items()
    }


def holder(accounts, worker_id, contact):
    """Another account that has the person's mobile or e-mail."""
    marks = set(contact) - {None}
    return next((key for key, (_, m, e, _) in accounts.items() if key != worker_id and {m, e} & marks), None)


def contacts(events):
    """The mobile and e-mail that each hire names; no later event of these histories changes them."""
    hired = (json.loads(line) for line in events.read_text("utf-8").splitlines())
    return {
        e["data"]["worker_id"]: (e["data"]["person"].get("mobile"), e["data"]["person"].get("personal_email"))
        for e in hired
        if e["type"] == "hr.worker.hired.v1"
    }


def test_the_sandboxes_show_who_works_where_at_each_date(live):
    names, contact = department_names(live.events), contacts(live.events)
    met = set()
    for day in oracle(live.history.told):
        live.tenure("clock", "--until", f"{day}T12:00:00+08:00")
        employed = {row["employee_id"]: row for row in true_rows(live.history.told, day)}
        shown = {"wecom": wecom_accounts(live.state("wecom")), "dingtalk": dingtalk_accounts(live.state("dingtalk"))}
        for target, accounts in shown.items():
            able = {w for w in employed if contact[w][0] or (target == "wecom" and contact[w][1])}
            taken = {w for w in able if w not in accounts and holder(accounts, w, contact[w])}
            opened = {key for key, (is_open, *_) in accounts.items() if is_open}
            assert opened == able - taken, (day, target)
            wrong = {w: accounts[w][3] for w in opened if accounts[w][3] != {names[employed[w]["department_id"]]}}
            assert not wrong, (day, target)
            for w in taken:
                verdict, reason = live.rows(w)[target]
                assert (verdict, reason.split(":")[0] in ("mobile_taken", "email_taken")) == ("inbox", True), (day, w)
            for w in sorted(employed.keys() - able)[:5]:
                verdict, reason = live.rows(w)[target]
                assert (verdict, reason.startswith("requires:person.")) == ("waiting", True), (day, w, target)
            met |= taken
    assert len(met) <= live.history.taken
    books = live.tenure("status")
    assert books["balanced"], books


def department_names(events):
    changed = (json.loads(line) for line in events.read_text("utf-8").splitlines())
    return {
        e["data"]["department_id"]: e["data"]["name"].replace("/", "_").replace("-", "_")
        for e in changed
        if e["type"] == "hr.department.changed.v1"
    }

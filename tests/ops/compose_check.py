"""What tests/ops/compose.sh looks at, with Python's own library only: `compose_check.py WHAT [ARGUMENT…]`.

Each check reads standard input or an address and exits 1 with one line where something is not as it should be.
"""

import json
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).parents[2] / "services" / "cli" / "sample" / "first-steps.jsonl"
STATES = ("in_progress", "waiting", "held", "inbox", "quarantined", "confirmed", "superseded", "duplicate")
JOBS = {"migrate", "topics"}


def event(number: int, kind: str, worker: str, at: str, **data: Any) -> dict[str, Any]:
    body = {"worker_id": worker, "effective_at": at, **data}
    return {"specversion": "1.0", "id": f"later-{number:04}", "source": "urn:hr:acme", "type": f"hr.worker.{kind}.v1",
            "time": f"{at}T10:00:00+08:00", "subject": worker, "data": body}  # fmt: skip


LATER = {
    "move": event(1, "transferred", "W1001", "2026-04-01",
                  assignment={"department_id": "D-ADMIN", "job_function": "administration"}),
    "leave": event(2, "left", "W1001", "2026-05-01", reason="resignation"),
    "hire": event(3, "hired", "W1003", "2026-05-01", employment={"type": "employee"},
                  person={"family_name": "魏", "given_name": "强", "display_name": "魏强", "mobile": "+8613800001003"},
                  assignment={"department_id": "D-SALES", "job_function": "sales", "title": "客户经理"}),
}  # fmt: skip


def need(holds: bool, otherwise: str) -> None:
    if not holds:
        sys.exit(f"compose check: {otherwise}")


def last_line() -> Any:
    lines = sys.stdin.read().strip().splitlines()
    need(bool(lines), "nothing was said")
    return json.loads(lines[-1])


def events(which: str) -> None:
    sys.stdout.write(SAMPLE.read_text(encoding="utf-8") if which == "hires" else json.dumps(LATER[which]) + "\n")


def accepted() -> None:
    said = last_line()
    need(said["accepted"] == said["sent"] > 0, f"not all accepted: {said}")


def balanced() -> None:
    said = last_line()
    need(said["balanced"] is True, f"the books do not balance: {said}")
    need(said["accepted"] == sum(said[state] for state in STATES), f"the states do not add up: {said}")
    need(said["in_progress"] == 0, f"something is still in progress: {said}")


def confirmed(*wanted: str) -> None:
    told = [json.loads(line) for line in sys.stdin.read().splitlines() if line.startswith("{")]
    missing = set(wanted) - {one["event"]["id"] for one in told if one["state"] == "confirmed"}
    need(not missing, f"not confirmed yet: {sorted(missing)}")


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


def platforms(sandbox: str) -> None:
    """Effects once, and only what the facts and the stop say."""
    members = get(f"{sandbox}/wecom/_sandbox/state")["members"].values()
    status = {one["mobile"][-4:]: one["status"] for one in members}
    need(set(status) == {"1001", "1002", "1003"}, f"WeCom has other members: {status}")
    need(status["1001"] == status["1002"] == 2, f"a leaver or a stopped person is not suspended: {status}")
    need(status["1003"] in (1, 4), f"the hire has no open account: {status}")
    users = get(f"{sandbox}/dingtalk/_sandbox/state")["users"].values()
    phones = sorted(one["mobile"][-4:] for one in users)
    need(phones == ["1002", "1003"], f"DingTalk has other users: {phones}")
    stopped = next(one for one in users if one["mobile"].endswith("1002"))
    need(not stopped["roles"], "the stopped person kept a role")
    for platform, path in (("wecom", "user/create"), ("dingtalk", "v2/user/create")):
        calls = get(f"{sandbox}/{platform}/_sandbox/calls")
        made = [one for one in calls if path in one["path"] and one["errcode"] == 0]
        need(len(made) == 3, f"{platform}: {len(made)} accounts were asked for, not 3")


def prometheus(url: str) -> None:
    """It reads all three services, and no alert that means a loss is firing."""
    query = urllib.parse.urlencode({"query": "sum by (job) (up)"})
    found = {one["metric"]["job"]: one["value"][1] for one in get(f"{url}/api/v1/query?{query}")["data"]["result"]}
    need(set(found) == {"ingest", "provisioner", "notifier"}, f"Prometheus reads {found}")
    need(set(found.values()) == {"1"}, f"a service is not up: {found}")
    alerts = {one["labels"]["alertname"] for one in get(f"{url}/api/v1/alerts")["data"]["alerts"]}
    need(not alerts & {"TenureBooksUnbalanced", "TenureQuarantineGrowing"}, f"alerts: {alerts}")


def states() -> None:
    """Everything runs as healthy or has ended well, without root, on a read-only file system."""
    text = sys.stdin.read().strip()
    rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    for row in rows:
        ended_well = row["Service"] in JOBS and row["State"] == "exited" and row["ExitCode"] == 0
        need(ended_well or row.get("Health") == "healthy", f"{row['Service']} is {row['State']} {row.get('Health')}")
    need(
        {"kafka", "postgres", "ingest", "provisioner", "notifier"} <= {row["Service"] for row in rows}, "one is missing"
    )


CHECKS: dict[str, Callable[..., None]] = {
    each.__name__: each for each in (events, accepted, balanced, confirmed, platforms, prometheus, states)
}


def main(arguments: Sequence[str]) -> None:
    CHECKS[arguments[0]](*arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])

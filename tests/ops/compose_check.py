"""What tests/ops/compose.sh looks at, with Python's own library and our scanner: `compose_check.py WHAT [ARGUMENT…]`.

Each check reads standard input or an address and exits 1 with one line where something is not as it should be.
"""

import json
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scanner import Marks, Scanner, anybodys_mobile

STATES = ("in_progress", "waiting", "held", "inbox", "quarantined", "confirmed", "superseded", "duplicate")
JOBS = {"migrate", "topics"}
SERVICES = ("ingest", "provisioner", "notifier")


def event(event_id: str, kind: str, at: str, **data: Any) -> dict[str, Any]:
    subject = data.get("worker_id") or data["department_id"]
    return {"specversion": "1.0", "id": event_id, "source": "urn:hr:acme", "type": f"hr.{kind}.v1",
            "time": f"{at}T10:00:00+08:00", "subject": subject, "data": {**data, "effective_at": at}}  # fmt: skip


def hire(event_id: str, worker: str, names: str, at: str, department: str, function: str) -> dict[str, Any]:
    person = {
        "family_name": names[0],
        "given_name": names[1:],
        "display_name": names,
        "mobile": f"+861380000{worker[1:]}",
    }
    assignment = {"department_id": department, "job_function": function, "title": "职员"}
    employment = {"type": "employee"}
    return event(event_id, "worker.hired", at, worker_id=worker, person=person, employment=employment,
                 assignment=assignment)  # fmt: skip


OFFICE = {"department_id": "D-ADMIN", "job_function": "administration"}
EVENTS = {
    "hires": [
        event("first-0001", "department.changed", "2026-01-01", department_id="D-SALES", name="销售部"),
        event("first-0002", "department.changed", "2026-01-01", department_id="D-ADMIN", name="行政部"),
        hire("first-0003", "W1001", "王梅", "2026-03-01", "D-SALES", "sales"),
        hire("first-0004", "W1002", "李伟", "2026-03-01", "D-ADMIN", "administration"),
    ],
    "move": [event("later-0001", "worker.transferred", "2026-04-01", worker_id="W1001", assignment=OFFICE)],
    "leave": [event("later-0002", "worker.left", "2026-05-01", worker_id="W1001", reason="resignation")],
    "hire": [hire("later-0003", "W1003", "魏强", "2026-05-01", "D-SALES", "sales")],
    "second_move": [event("later-0004", "worker.transferred", "2026-06-01", worker_id="W1003", assignment=OFFICE)],
}


def need(holds: bool, otherwise: str) -> None:
    if not holds:
        sys.exit(f"compose check: {otherwise}")


def last_line() -> Any:
    lines = sys.stdin.read().strip().splitlines()
    need(bool(lines), "nothing was said")
    return json.loads(lines[-1])


def events(which: str) -> None:
    sys.stdout.writelines(json.dumps(one) + "\n" for one in EVENTS[which])


def accepted() -> None:
    said = last_line()
    need(said["accepted"] == said["sent"] > 0, f"not all accepted: {said}")


def balanced() -> None:
    said = last_line()
    need(said["balanced"] is True, f"the books do not balance: {said}")
    need(said["accepted"] == sum(said[state] for state in STATES), f"the states do not add up: {said}")
    need(said["in_progress"] == 0, f"something is still in progress: {said}")


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


def asked(url: str, query: str) -> dict[str, float]:
    answer = get(f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}")
    return {one["metric"]["job"]: float(one["value"][1]) for one in answer["data"]["result"]}


def prometheus(url: str, replicas: str) -> None:
    """It finds so many of each service, those just replaced too, and no alert that means a loss is firing."""
    ends, found = time.monotonic() + 300, dict[str, float]()
    while found != dict.fromkeys(SERVICES, float(replicas)):
        need(time.monotonic() < ends, f"Prometheus reads {found}, not {replicas} of each")
        time.sleep(2)
        found = asked(url, "sum by (job) (up) and min by (job) (up) == 1")
    memory = asked(url, "max by (job) (max_over_time(process_resident_memory_bytes[10m])) / 1e6")
    sys.stderr.write(f"compose: memory in MB: { {job: round(used) for job, used in memory.items()} }\n")
    told = get(f"{url}/api/v1/alerts")["data"]["alerts"]
    alerts = {one["labels"]["alertname"] for one in told if one["state"] == "firing"}
    need(not alerts & {"TenureBooksUnbalanced", "TenureQuarantineGrowing"}, f"alerts: {alerts}")


def states() -> None:
    """Everything runs as healthy or has ended well, without root, on a read-only file system."""
    text = sys.stdin.read().strip()
    rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    for row in rows:
        ended_well = row["Service"] in JOBS and row["State"] == "exited" and row["ExitCode"] == 0
        need(ended_well or row.get("Health") == "healthy", f"{row['Service']} is {row['State']} {row.get('Health')}")
    found = {row["Service"].removesuffix("-2") for row in rows}
    need({"kafka", "postgres", *SERVICES} <= found, f"only {sorted(found)} are here")


def logs(folder: str, secrets: str) -> None:
    """Nobody's mobile, no secret in what any container wrote (`NAME.log`): the sandbox's alone may."""
    places = {log.name: log.read_text(errors="replace") for log in Path(folder).glob("*.log")}
    written = {f"{name}.log" for name in ("kafka", "postgres", "prometheus", *JOBS, *SERVICES)}
    need(all(places.get(name) for name in written), f"logs are missing: {sorted(name for name in places)}")
    files = (file for file in Path(secrets).iterdir() if file.suffix != ".json")
    people = [
        one["data"]["person"]["mobile"] for chapter in EVENTS.values() for one in chapter if "person" in one["data"]
    ]
    marks = Marks(mobiles=tuple(people), secrets={file.name: file.read_text().strip() for file in files})
    found = [str(leak) for leak in Scanner(marks).scan(places)]
    found += [f"a mobile in {name}.log" for name in SERVICES if anybodys_mobile(places[f"{name}.log"])]
    need(not found, f"personal data or secrets where none may be: {found}")


CHECKS: dict[str, Callable[..., None]] = {
    each.__name__: each for each in (events, accepted, balanced, platforms, prometheus, states, logs)
}


def main(arguments: Sequence[str]) -> None:
    CHECKS[arguments[0]](*arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])

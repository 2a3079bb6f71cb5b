"""What a replay costs: facts a second and memory for a generated history, beside a bare read of the same file.

`python benchmarks/replay.py [FACTS]` (default 1,000,000) writes a history of ten facts a person, a few of them
corrected or taken back, replays it at one moment under the built-in sample policy as a command of its own, and prints
one line of JSON. `bare_seconds` is a loop of `json.loads` over the lines; `peak_mb` the largest sum of memory that all
processes of the command held at once (shared pages counted once), looked at ten times a second.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.cli.company import SOURCE

FACTS = 1_000_000
A_PERSON = 10
AT = "2025-12-31T00:00:00+08:00"
FAMILIES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"
MONTHS = tuple(f"2025-{month:02}-01" for month in range(1, 13))


def events(facts: int) -> Iterator[dict[str, Any]]:
    """People in the order of their numbers, month after month: as an HR system tells them, not grouped by person."""
    people = facts // A_PERSON
    for department in range(100):
        yield event(f"d{department}", "department.changed", MONTHS[0], {"department_id": f"D{department:02}"})
    for step in range(A_PERSON):
        for number in range(people):
            yield fact(number, step)


def fact(number: int, step: int) -> dict[str, Any]:
    """A hire, then moves; every 20th person is renamed, every 50th has a move corrected, every 10th leaves."""
    who, at = {"worker_id": f"W{number:07}"}, MONTHS[step]
    event_id = f"e{number}-{step}"
    if step == 0:
        name = FAMILIES[number % 20] + GIVEN[number // 20 % 20] + GIVEN[number // 400 % 20]
        person = {"family_name": name[0], "given_name": name[1:], "mobile": f"+86138{number:08}", "display_name": name}
        assignment = {"department_id": f"D{number % 100:02}", "job_function": "sales", "title": "Grade 0"}
        return event(event_id, "worker.hired", at, {**who, "person": person, "assignment": assignment})
    if step == A_PERSON - 1 and number % 10 == 0:
        return event(event_id, "worker.left", at, {**who, "reason": "resigned"})
    if step == 5 and number % 20 == 0:
        return event(event_id, "worker.updated", at, {**who, "person": {"display_name": f"王{number}"}})
    if step == 6 and number % 50 == 0:
        corrected = {"assignment": {"title": "Grade 5, corrected"}, "revision": 2}
        return event(f"e{number}-5", "worker.transferred", MONTHS[5], {**who, **corrected})
    if step == 7 and number % 50 == 1:
        return event(event_id, "event.withdrawn", at, {**who, "event_id": f"e{number}-6"})
    assignment = {"title": f"Grade {step}", "department_id": f"D{(number + step) % 100:02}"}
    return event(event_id, "worker.transferred", at, {**who, "assignment": assignment})


def event(event_id: str, kind: str, at: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"specversion": "1.0", "id": event_id, "source": SOURCE, "type": f"hr.{kind}.v1", "time": f"{at}T01:00:00Z",
            "data": {"effective_at": at, **data}}  # fmt: skip


def written(file: Path, facts: int) -> int:
    """How many lines there are."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for one in events(facts):
            out.write(json.dumps(one, ensure_ascii=False) + "\n")
            count += 1
    return count


def bare(file: Path) -> float:
    begun = time.perf_counter()
    with file.open("rb") as lines:
        for line in lines:
            json.loads(line)
    return time.perf_counter() - begun


def measured(file: Path) -> tuple[float, float, int]:
    """Seconds, peak of memory in MB, and rows of one replay."""
    command = [sys.executable, "-m", "services.cli", "--json", "replay", str(file), "--at", AT]
    begun, peak = time.perf_counter(), 0.0
    with (file.parent / "rows").open("wb") as out, subprocess.Popen(command, stdout=out) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(memory, family(process.pid))))
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(process.returncode)
    with (file.parent / "rows").open("rb") as rows:
        return time.perf_counter() - begun, peak, sum(1 for _ in rows)


def family(pid: int) -> list[int]:
    """The process and its children."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return []
    return [pid, *map(int, below)]


def memory(pid: int) -> float:
    """Resident memory in MB, what is shared divided among those who share it."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:  # it has just ended
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    facts = int(sys.argv[1]) if len(sys.argv) > 1 else FACTS
    with tempfile.TemporaryDirectory(prefix="tenure-bench-") as folder:
        file = Path(folder) / "events.jsonl"
        count = written(file, facts)
        plain = bare(file)
        seconds, peak, rows = measured(file)
        said = {
            "facts": count, "megabytes": round(file.stat().st_size / 1e6), "people": rows, "seconds": round(seconds, 1),
            "facts_per_second": round(count / seconds), "peak_mb": round(peak), "bare_seconds": round(plain, 1),
            "ratio": round(seconds / plain, 1),
        }  # fmt: skip
        print(json.dumps(said))


if __name__ == "__main__":
    main()

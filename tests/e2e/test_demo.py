"""`tenure demo` as a stranger runs it: everything embedded, both stand-ins, the end compared, nobody told of."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path
from threading import Thread

import pytest
from watched import Heard, secrets_of, written
from world import until

from services.cli.company import story


@pytest.mark.timeout(240)
def test_the_demo_ends_as_written_down():
    command = [sys.executable, "-m", "services.cli", "demo", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["ok"] is True
    assert said["confirmed"] > 60
    assert said["accounts"] >= 80
    assert said["seconds"] > 0
    books = said["books"]
    assert books["balanced"] is True
    assert said["events"] == books["accepted"]
    states = ("in_progress", "waiting", "held", "inbox", "quarantined", "confirmed", "superseded", "duplicate")
    assert books["accepted"] == sum(books[state] for state in states)
    assert (books["quarantined"], books["duplicate"]) == (1, 1)


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="tenure-test-") as name:
        Path(name).chmod(0o711)  # as root the store runs as another user
        yield Path(name)


@pytest.mark.timeout(240)
def test_neither_the_demo_nor_what_it_starts_writes_of_anybody(folder):
    """Kept, so that its parts still answer and its folder is there to look into."""
    command = [sys.executable, "-m", "services.cli", "--lang", "en", "demo", "--keep"]
    env = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        out, err = _lines(process.stdout), _lines(process.stderr)
        (data,) = until(lambda: list(folder.glob("tenure-demo-*")), 60, "its folder")
        until(lambda: any(str(data) in line for line in err) or process.poll() is not None, 180, "the end of the story")
        heard, ready = Heard(), json.loads((data / "run.json").read_text())
        heard.sent(event for chapter in story() for event in chapter.events)
        heard.secrets |= secrets_of(data, ready)
        places = written(data, ready)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert {"ingest.log", "provisioner.log", "notifier.log", "postgres.log"} <= set(places)
    assert len(out) > 20
    assert len(heard.marks["mobiles"]) > 30
    heard.scan(places | {"standard output": "".join(out), "standard error": "".join(err)})
    assert not data.exists()


def _lines(stream):
    """What is written to a stream, as it comes."""
    found = deque[str]()
    Thread(target=lambda: found.extend(stream), daemon=True).start()
    return found

"""`tenure demo` as a stranger runs it: everything embedded, both stand-ins, the end compared."""

import json
import subprocess
import sys

import pytest


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

"""The compose file for real. Minutes long."""

import shutil
import subprocess

import pytest
from shipped import ROOT

pytestmark = [pytest.mark.compose, pytest.mark.timeout(3000)]
SCRIPT = ROOT / "tests" / "ops" / "compose.sh"


def docker_answers():
    return (
        bool(shutil.which("docker"))
        and not subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    )


def test_nothing_is_lost_when_kafka_postgresql_and_every_service_stop_in_turn():
    assert docker_answers(), "the compose tests need a Docker engine: `docker info` finds none"
    run = subprocess.run([SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-12000:]

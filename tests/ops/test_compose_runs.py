"""The compose file for real. Minutes long."""

import os
import shutil
import subprocess

import pytest
from shipped import ROOT

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1500)]
SCRIPT = ROOT / "tests" / "ops" / "compose.sh"
ENGINE = "../shared/standins/with-engine"
"""Brings a Docker engine where there is none; TENURE_TEST_ENGINE names another, empty: Docker is here."""


def docker_answers():
    return (
        bool(shutil.which("docker"))
        and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    )


def test_nothing_is_lost_when_kafka_postgresql_and_every_service_stop_in_turn():
    engine = os.environ.get("TENURE_TEST_ENGINE", "" if docker_answers() else ENGINE)
    command = [*([engine] if engine else []), SCRIPT]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-12000:]

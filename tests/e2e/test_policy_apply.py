"""A policy is put in force while everything runs, and an edited file alone changes nothing."""

import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from staff import departments, hired
from world import POLICY, running

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def policy(tmp_path):
    file = tmp_path / "tenure.yaml"
    file.write_text(POLICY.read_text("utf-8"), "utf-8")
    return file


@pytest.fixture
def world(policy):
    with running(policy=policy) as world:
        world.send([*departments(), hired("W000", "+8613800000000", "2025-01-05", "D-SAL", "sales")])
        world.settle()
        yield world


def grants(world):
    return {grant for one in world.accounts("wecom") for grant in one.grants}


def edit(policy, old, new):
    policy.write_text(policy.read_text("utf-8").replace(old, new), "utf-8")


def test_an_applied_policy_is_followed_without_a_restart(world, policy, tenure):
    before = world.ask("/v1/status")["policy"]
    pids = {name: child.pid for name, child in world.installation.services.items()}
    edit(policy, '["tag:sales"]', '["tag:vip"]')
    config = ("--config", str(policy))
    shown = tenure("policy", "apply", "--preview", "--reason", "sales have vips", *config)[-1]
    assert (shown["changed"], shown["changes"], shown["in_force"]) == (1, {"revoke": 1}, before)
    assert any(row["check"] == "policy" and row["level"] == "note" for row in tenure("doctor", *config))
    assert grants(world) == {"sales"}

    done = tenure("policy", "apply", "--reason", "sales have vips", *config)[-1]
    world.until(lambda: grants(world) == {"vip"} or None, 60, "the new grant")
    assert world.ask("/v1/status")["policy"] == done["version"] != before
    world.send([hired("W001", "+8613800000001", "2025-01-05", "D-SAL", "sales")])
    world.settle()
    assert grants(world) == {"vip"}
    assert {name: child.pid for name, child in world.installation.services.items()} == pids


def test_an_edited_file_changes_nothing_over_a_restart_until_it_is_applied(world, policy):
    version = world.ask("/v1/status")["policy"]
    edit(policy, '["tag:sales"]', '["tag:vip"]')
    service = world.installation.services["provisioner"]
    service.stop()
    service.start()
    service.wait_ready()
    world.send([hired("W001", "+8613800000001", "2025-01-05", "D-SAL", "sales")])
    world.settle()
    assert grants(world) == {"sales"}
    assert world.ask("/v1/status")["policy"] == version
    assert "policy.file_differs" in service.log.read_text("utf-8")


@contextmanager
def up(data, policy):
    """The lines that the command says on standard error, once it is ready; it ends with the block."""
    command = [sys.executable, "-m", "services.cli", "--json", "up", "--data", str(data), "--config", str(policy)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert "ready" in child.stdout.readline(), child.stderr.read()
            yield child.stderr
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(60)


def test_up_says_that_the_file_before_it_is_not_in_force(policy):
    with tempfile.TemporaryDirectory(prefix="tenure-test-") as data:
        Path(data).chmod(0o711)  # as root the store runs as another user
        with up(data, policy):
            pass
        edit(policy, '["tag:sales"]', '["tag:vip"]')
        with up(data, policy) as said:
            assert any("tenure policy apply" in line for line in said)

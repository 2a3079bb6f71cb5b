"""Children: announced, started again where they were, and clear about why they did not start."""

import pytest

from services.cli.children import Child
from services.cli.errors import CommandError, UsageError
from services.cli.installation import Installation, Options
from services.cli.rehearsal import moment
from services.cli.up import SAMPLE

SERVICE = """
import json, os, signal, socket
listener = socket.create_server(("127.0.0.1", int(os.environ.get("TENURE_PORT", "0"))))
print(json.dumps({"ready": True, "url": "http://127.0.0.1:%d" % listener.getsockname()[1]}), flush=True)
signal.pause()
"""
BROKEN = "import sys; sys.exit('no store')"


@pytest.fixture
def child(tmp_path):
    """A service of a few lines; `python -m` finds it through PYTHONPATH."""

    def make(source):
        (tmp_path / "a_service.py").write_text(source)
        one = Child("a", ("a_service",), {"PYTHONPATH": str(tmp_path)}, tmp_path / "a.log")
        made.append(one)
        return one

    made = []
    yield make
    for one in made:
        one.stop()


def test_a_child_that_ends_by_itself_comes_again_on_its_port(child):
    one = child(SERVICE)
    one.rest = 0.0
    one.start()
    one.wait_ready()
    url, pid = one.url, one.pid
    one._process.kill()
    one._process.wait()
    assert one.restart_if_dead()
    one.wait_ready()
    assert one.url == url
    assert one.pid != pid
    assert one.alive
    assert not one.restart_if_dead()


def test_one_that_does_not_start_says_why(child):
    one = child(BROKEN)
    one.start()
    with pytest.raises(CommandError, match="no store"):
        one.wait_ready()


def test_one_that_cannot_run_is_not_started_again_at_once(child):
    one = child(BROKEN)
    one.start()
    one._process.wait()
    assert not one.restart_if_dead()


def test_a_stop_ends_it(child):
    one = child(SERVICE)
    one.start()
    one.wait_ready()
    process = one._process
    one.stop()
    assert process.poll() is not None
    assert not one.alive


# ---------------------------------------------------------------- what `up` refuses before anything runs


def test_a_policy_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="tenure init"):
        Installation(Options(tmp_path / "none.yaml", tmp_path)).start()


def test_two_in_one_folder(tmp_path):
    first, second = (Installation(Options(SAMPLE, tmp_path)) for _ in range(2))
    first._take_folder()
    with pytest.raises(UsageError):
        second._take_folder()
    first.stop()
    second._take_folder()
    second.stop()


def test_a_rehearsal_with_a_real_platform(tmp_path):
    one = Installation(Options(SAMPLE, tmp_path, clock=moment("2026-03-01")))
    with pytest.raises(UsageError, match="wecom, dingtalk"):
        one._policy(SAMPLE.read_text(encoding="utf-8"))

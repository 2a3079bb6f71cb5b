"""Rules and dashboards on a real Prometheus: real services behind the panels, a real Alertmanager behind the alerts."""

import re
import subprocess
import tempfile
from pathlib import Path

import pytest
from compose_check import EVENTS
from monitoring import alertmanager, as_lines, program, prometheus, until
from shipped import OPS, ROOT, RULE_TESTS, RULES, alerts, queries
from trouble import CALM, TROUBLE, Stage, Told, serving
from watched import watched

from services.cli.client import Api
from services.cli.installation import Installation, Options
from services.cli.running import Running
from services.cli.sender import Line, Sender

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]
POLICY = ROOT / "services" / "cli" / "sample" / "tenure.yaml"


@pytest.fixture(scope="module", autouse=True)
def parts():
    subprocess.run([ROOT / "tests" / "ops" / "prepare.sh"], check=True, timeout=280)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "rules", RULES],
        ["test", "rules", *RULE_TESTS],
        ["check", "config", "--syntax-only", OPS / "prometheus" / "prometheus.yml"],
    ],
    ids=["rules", "rule tests", "configuration"],
)
def test_promtool_finds_nothing_wrong(arguments):
    run = subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def receivers(url):
    """The shipped routing, at once, to receivers at `url`; url_file came with Alertmanager 0.26."""
    text = (OPS / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    text = re.sub(r"url_file: /run/secrets/alerts_(\w+)_url", rf'url: "{url}/\1"', text)
    assert text.count(url) == 2
    return re.sub(r"(group_wait|group_interval): \w+", r"\1: 1s", text)


def hurried():
    """The shipped rules with their windows and waits in seconds instead of minutes, so that a test sees them end."""
    scale = {"5m": "5s", "10m": "6s", "15m": "6s", "30m": "8s", "1h": "8s", "6h": "10s"}
    text = RULES.read_text(encoding="utf-8")
    text = re.sub(r"\[(\w+)\]", lambda found: f"[{scale[found[1]]}]", text)
    text = re.sub(r"\[(\w+):1m\]", lambda found: f"[{scale[found[1]]}:1s]", text)
    text = text.replace("offset 1h", "offset 8s")
    return re.sub(r"for: \w+", "for: 1s", text)


def test_every_alert_reaches_its_receiver_and_is_told_to_be_over(tmp_path):
    wanted = {(f"{rule['labels']['severity']}s", rule["alert"]) for rule in alerts()}
    stage, told = Stage(), Told()
    with serving(stage, told) as port, alertmanager(tmp_path, receivers(f"http://127.0.0.1:{port}")) as manager:
        jobs = {name: (f"127.0.0.1:{port}", f"/{name}") for name in ("ingest", "provisioner", "notifier")}
        with prometheus(tmp_path, jobs, rules=hurried(), alertmanager=manager) as server:
            until(lambda: server.ask("tenure:leavers_late:ratio_rate6h == 0") == [0.0], 60, lambda: "calm")
            assert server.ask('count(ALERTS{alertstate="firing"})') == []
            stage.phase = TROUBLE
            until(lambda: wanted <= told.firing, 90, lambda: f"fired: {sorted(wanted - told.firing)}")
            stage.phase = CALM
            until(lambda: wanted <= told.resolved, 90, lambda: f"cleared: {sorted(wanted - told.resolved)}")
    assert told.firing == wanted


@pytest.fixture
def installation():
    with tempfile.TemporaryDirectory(prefix="tenure-test-") as name:
        Path(name).chmod(0o711)  # as root the store runs as another user
        with Installation(Options(POLICY, Path(name), sandbox=True)) as running, watched(running) as heard:
            heard.sent(one for chapter in EVENTS.values() for one in chapter)
            yield running


def test_every_panel_shows_something_of_a_real_run(tmp_path, installation):
    said = installation.ready
    jobs = {name: (said[name].removeprefix("http://"), "/metrics") for name in ("ingest", "provisioner", "notifier")}
    api = Api(Running(said["provisioner"], said["operator_token"], said))
    with api, prometheus(tmp_path, jobs) as server:
        until(lambda: server.ask("sum(up)") == [3.0], 30, lambda: "three services")
        for chapter in ("hires", "move", "leave", "hire"):
            send(said, EVENTS[chapter])
            assert api.quiet(60)["settled"]
            count = api.get("/v1/status")["accepted"]
            until(lambda count=count: server.ask("max(tenure_events_accepted)") == [count], 30, lambda: "a scrape")
        empty = dict(queries())

        def all_answered():
            for where, query in list(empty.items()):
                if server.ask(query):
                    del empty[where]
            return not empty

        until(all_answered, 60, lambda: f"an answer to {empty}")
        firing = server.ask('count(ALERTS{alertstate="firing",alertname=~"Tenure.*"})')
    assert firing == []


def send(said, events):
    sender = Sender(said["events"], said["signing_secret"])
    lines = [Line(number, raw) for number, raw in enumerate(as_lines(events), start=1)]
    assert list(sender.send(lines))
    sender.close()
    assert sender.tally.accepted == len(events)

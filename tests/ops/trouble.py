"""An exporter that shows the metrics of all three services in calm or in trouble, and a receiver of alerts."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALM, TROUBLE = 0, 1
GAUGES = {
    'tenure_queue_age_seconds{target="wecom",lane="0"}': (0, 900),
    'tenure_persons_standing{target="wecom",verdict="retry"}': (0, 7),
    'tenure_held{target="wecom",kind="close"}': (0, 40),
    'tenure_drift{target="wecom",kind="drift"}': (0, 3),
    'tenure_oldest_check_seconds{target="wecom"}': (600, 90_000),
    'tenure_sweep_every_seconds{target="wecom"}': (21_600, 21_600),
    'tenure_persons_standing{target="wecom",verdict="inbox"}': (0, 2),
    'tenure_target_paused{target="wecom"}': (0, 0),
    'tenure_target_paused{target="dingtalk"}': (0, 1),
    'tenure_ingest_source_expected_seconds{source="acme-hr"}': (3600, 3600),
    "tenure_events_accepted": (100, 101),
    'tenure_events{state="confirmed"}': (100, 100),
    "tenure_intake_lag_records": (0, 20_000),
    "tenure_outbox_relay_seconds": (0, 600),
    "tenure_notifier_outbox_oldest_seconds": (0, 900),
    "tenure_notifier_lag_records": (0, 5),
    "tenure_message_oldest_unsent_seconds": (0, 9000),
    "tenure_oldest_snapshot_seconds": (0, 900),
}
"""Series → value in calm, in trouble."""

COUNTERS = {
    'tenure_no_access_left_seconds_bucket{target="wecom",le="300.0"}': (1, 0),
    'tenure_no_access_left_seconds_count{target="wecom"}': (1, 1),
    'tenure_intake_records_total{kind="new"}': (1, 0),
    'tenure_ingest_requests_refused_total{source="acme-hr",problem="unavailable"}': (0, 1),
    'tenure_ingest_requests_refused_total{source="acme-hr",problem="unauthenticated"}': (0, 1),
    'tenure_changes_by_others_total{target="wecom",kind="reopened_by_others"}': (0, 1),
    'tenure_changes_by_others_total{target="wecom",kind="missing"}': (0, 1),
    'tenure_messages_total{channel="wecom",result="failed"}': (0, 1),
    'tenure_notifier_unreadable_total{reason="schema"}': (0, 1),
}
"""Series → what a scrape adds in calm, in trouble."""

HEARD = 'tenure_ingest_source_heard_timestamp_seconds{source="acme-hr"}'
UNREADABLE = 'tenure_intake_records_total{kind="unreadable"}'


class Stage:
    """`phase` says which of the two is shown."""

    def __init__(self) -> None:
        self.phase = CALM
        self._counted: defaultdict[str, int] = defaultdict(int)

    def text(self) -> str:
        shown: dict[str, float] = {name: values[self.phase] for name, values in GAUGES.items()}
        for name, steps in COUNTERS.items():
            self._counted[name] += steps[self.phase]
            shown[name] = self._counted[name]
        self._counted[UNREADABLE] = max(self._counted[UNREADABLE], self.phase)
        shown[UNREADABLE] = self._counted[UNREADABLE]
        now = time.time()
        shown["tenure_process_time_seconds"] = now + 60 * self.phase
        shown[HEARD] = now - 7200 * self.phase
        return "".join(f"{name} {value}\n" for name, value in shown.items())


class Told:
    """What Alertmanager sent: receiver (`pages`, `tickets`) and alert name by status."""

    def __init__(self) -> None:
        self.firing, self.resolved = set[tuple[str, str]](), set[tuple[str, str]]()

    def take(self, receiver: str, body: bytes) -> None:
        for alert in json.loads(body)["alerts"]:
            found = self.firing if alert["status"] == "firing" else self.resolved
            found.add((receiver, alert["labels"]["alertname"]))


@contextmanager
def serving(stage: Stage, told: Told) -> Iterator[int]:
    """`GET /provisioner` shows the metrics, `/ingest` fails in trouble; `POST /pages` takes alerts. Yields the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            down = self.path == "/ingest" and stage.phase == TROUBLE
            self._answer(500 if down else 200, stage.text() if self.path == "/provisioner" else "")

        def do_POST(self) -> None:
            told.take(self.path.strip("/"), self.rfile.read(int(self.headers["content-length"])))
            self._answer(200, "")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="trouble", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

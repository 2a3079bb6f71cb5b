"""A door and an operator API on a real socket, and the run.json that names them."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Answers(ThreadingHTTPServer):
    """Answers by path what it was told (`routes`), and keeps what it was asked."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes, self.asked = {}, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Answers
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer(b"")

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, body):
        path = self.path.partition("?")[0]
        self.server.asked.append((self.command, self.path, body, dict(self.headers)))
        found = self.server.routes.get(path, (404, {"title": "no such path", "detail": path}))
        status, answer = found(body) if callable(found) else found
        raw = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_args):
        """Nothing on the terminal."""


@pytest.fixture
def server():
    with Answers() as one:
        thread = threading.Thread(target=one.serve_forever, args=(0.01,))
        thread.start()
        yield one
        one.shutdown()
        thread.join()


@pytest.fixture
def data(tmp_path, server):
    """A folder as `tenure up` leaves it while it runs."""
    said = {
        "ready": True,
        "ingest": server.url,
        "provisioner": server.url,
        "notifier": server.url,
        "operator_token": "token-of-local",
        "sources": {
            "acme-hr": {
                "source": "urn:hr:acme",
                "events": f"{server.url}/events/acme-hr",
                "auth": "signature",
                "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            }
        },
        "sandbox": {"wecom": {"url": f"{server.url}/wecom"}, "dingtalk": {"url": f"{server.url}/dingtalk"}},
    }
    (tmp_path / "run.json").write_text(json.dumps(said))
    return tmp_path


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch):
    for name in ("TENURE_URL", "TENURE_TOKEN", "TENURE_EVENTS_URL", "TENURE_SIGNING_SECRET", "TENURE_OPERATORS_FILE"):
        monkeypatch.delenv(name, raising=False)

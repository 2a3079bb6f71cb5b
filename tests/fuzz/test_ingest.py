"""Requests made from ingest's own OpenAPI document, right and wrong ones: what it takes keeps the contract."""

import asyncio
import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from schemathesis.generation import GenerationMode
from standardwebhooks import Webhook as Signer
from starlette.applications import Starlette

from contracts.envelope import Attributes, from_headers
from services.ingest.app import routes
from services.ingest.openapi import document
from services.ingest.publish import MemoryPublisher
from services.ingest.settings import IngestSettings
from services.ingest.sources.webhook import BATCH, STRUCTURED
from services.kit.clock import Fixed, Virtual
from services.kit.metrics import new_registry
from services.kit.sources import SourceConfig

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = f"whsec_{base64.b64encode(b'right.' * 6).decode()}"
WRONG = f"whsec_{base64.b64encode(b'wrong.' * 6).decode()}"
SOURCE = "urn:hr:acme"
POST = schemathesis.openapi.from_dict(document())["/events/{name}"]["POST"]
SCHEMAS = Path(__file__).parents[2] / "contracts" / "schemas"
CONTRACT = {
    path.stem: Draft202012Validator(json.loads(path.read_text(encoding="utf-8")), format_checker=FormatChecker())
    for path in SCHEMAS.glob("*.json")
}
FOUND = ("Traceback", 'File "', ".py", "pydantic", "Error:")
"""What an answer would hold that tells of our inside."""

fuzzed = settings(
    max_examples=100, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large,
                           HealthCheck.function_scoped_fixture],
)  # fmt: skip


class Ingest:
    """The real routes over a publisher in memory."""

    def __init__(self) -> None:
        self.publisher, registry = MemoryPublisher(), new_registry()
        config = SourceConfig.model_validate({"source": SOURCE, "secrets": [KEY], "zone": "Asia/Shanghai"})
        made = routes(IngestSettings(kafka="127.0.0.1:1"), {"acme-hr": config}, self.publisher,
                      Virtual(None, Fixed(NOW)), registry)  # fmt: skip
        transport = httpx.ASGITransport(Starlette(routes=made), raise_app_exceptions=False)
        self.http, self.loop = httpx.AsyncClient(transport=transport, base_url="http://ingest"), asyncio.Runner()

    def post(self, body: bytes, content_type: str, key: str | None = KEY, **headers: str) -> httpx.Response:
        signed = _signature(body, key) if key else {}
        before = len(self.publisher.records)
        whole = {"content-type": content_type} | signed | headers
        answer = self.loop.run(self.http.post("/events/acme-hr", content=body, headers=whole))
        judge(answer, self.publisher.records[before:])
        return answer


def _signature(body: bytes, key: str) -> dict[str, str]:
    try:
        sign = Signer(key).sign("m1", NOW, body.decode())
    except UnicodeDecodeError:
        sign = "v1,AAAA"
    return {"webhook-id": "m1", "webhook-timestamp": str(int(NOW.timestamp())), "webhook-signature": sign}


def judge(answer, published):
    """No failure of ours, nothing of our inside told; what is published was accepted and keeps the contract."""
    assert answer.status_code < 500, answer.text
    assert not [word for word in FOUND if word in answer.text], answer.text
    if answer.status_code != 202:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "errors"} == set(problem)
        assert problem["status"] == answer.status_code
        assert published == []
        return
    assert answer.json()["accepted"] == len(published)
    for record in published:
        attributes = from_headers(record.headers)
        Attributes.model_validate(attributes)
        assert [e.message for e in CONTRACT[attributes["type"]].iter_errors(json.loads(record.value))] == []
        assert attributes["source"] == SOURCE


@pytest.fixture(scope="module")
def ingest():
    made = Ingest()
    with made.loop:
        yield made


def ours(body):
    """The same events from the declared source and of a date it takes, so that judging goes on to the data."""
    if isinstance(body, list):
        return [ours(item) for item in body]
    if not isinstance(body, dict):
        return body
    data = body.get("data")
    dated = {**data, "effective_at": "2026-03-15", "zone": None} if isinstance(data, dict) else data
    return {**body, "source": SOURCE, "time": "2026-03-01T09:30:00Z", "data": dated, "datacontenttype": None}


def encoded(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, default=str).encode(errors="replace")


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("dressed", [False, True], ids=["as it comes", "from the declared source"])
def test_whatever_is_posted_is_taken_whole_or_refused_with_a_problem(ingest, mode, dressed):
    statuses = []

    @seed(20260301)
    @fuzzed
    @given(case=POST.as_strategy(generation_mode=mode))
    def post(case):
        body = ours(case.body) if dressed else case.body
        kind = case.media_type or STRUCTURED
        statuses.append(ingest.post(encoded(body), kind).status_code)

    post()
    assert len(statuses) >= 50
    if dressed and mode is GenerationMode.POSITIVE:
        assert 202 in statuses, "nothing was ever accepted: what is accepted was not tried"


@seed(20260302)
@fuzzed
@given(case=POST.as_strategy())
def test_what_carries_no_right_signature_is_never_taken(ingest, case):
    body = encoded(ours(case.body))
    for key in (None, WRONG):
        assert ingest.post(body, case.media_type, key).status_code == 401
    stale = _signature(body, KEY) | {"webhook-timestamp": "0"}
    assert ingest.post(body, case.media_type, None, **stale).status_code == 401
    altered = _signature(body + b" ", KEY)
    assert ingest.post(body, case.media_type, None, **altered).status_code == 401


@seed(20260303)
@fuzzed
@given(
    body=st.binary(max_size=300),
    kind=st.sampled_from([STRUCTURED, BATCH, "text/plain", "", "a/b;c"]),
    headers=st.dictionaries(
        st.sampled_from(["ce-id", "ce-specversion", "traceparent", "content-encoding", "x", "webhook-id"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40), max_size=4,
    ),
)  # fmt: skip
def test_any_bytes_and_headers_are_answered(ingest, body, kind, headers):
    ingest.post(body, kind, **headers)

"""The HTTP door over a publisher in memory: who may send, what is taken, and how each refusal is said."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook as Signer
from starlette.applications import Starlette

from contracts.hr import TYPES
from services.ingest.app import routes
from services.ingest.publish import MemoryPublisher
from services.ingest.settings import IngestSettings
from services.ingest.tail import TailFullError
from services.kit.clock import ClockRow, Fixed, Virtual
from services.kit.errors import PublishError, UsageError
from services.kit.metrics import new_registry
from services.kit.sources import SourceConfig

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD_KEY, NEW_KEY, STRANGER = (f"whsec_{base64.b64encode(word * 6).decode()}" for word in (b"old.", b"new.", b"bad."))
SIGNED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
BEARER = {"authorization": "Bearer token-1"}


def event(number: int = 1, source: str = "urn:hr:acme", **data: object) -> dict[str, object]:
    body = {"worker_id": f"W{number}", "effective_at": "2026-03-15", "person": {"display_name": "李梅"}} | data
    outer = {"specversion": "1.0", "id": f"evt-{number}", "source": source, "type": "hr.worker.hired.v1"}
    return outer | {"time": "2026-03-01T09:30:00+08:00", "data": body}


def signature(body: bytes, key: str = NEW_KEY, at: datetime = NOW) -> dict[str, str]:
    signed = (
        Signer(key).sign("msg-1", at, body.decode("latin-1"))
        if body.isascii()
        else Signer(key).sign("msg-1", at, body.decode())
    )
    return {"webhook-id": "msg-1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signed}


class Ingest:
    """The door and what came through it."""

    def __init__(self, **more: object) -> None:
        self.publisher, self.machine = MemoryPublisher(), Fixed(NOW)
        self.settings = IngestSettings(kafka="127.0.0.1:1", **more)
        sources = {
            "acme-hr": {"source": "urn:hr:acme", "secrets": [OLD_KEY, NEW_KEY], "zone": "Asia/Shanghai"},
            "open": {"source": "urn:hr:open", "secrets": ["token-0", "token-1"], "auth": "bearer"},
        }
        configured = {name: SourceConfig.model_validate(fields) for name, fields in sources.items()}
        clock = Virtual(self.settings.clock, self.machine)
        self.app = Starlette(routes=routes(self.settings, configured, self.publisher, clock, new_registry()))

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://ingest") as client:
            yield client

    async def post(
        self, content: object, headers: dict[str, str] | None = None, name: str = "acme-hr"
    ) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        whole = SIGNED | signature(body) | (headers or {}) if name == "acme-hr" else headers
        async with self.client() as client:
            return await client.post(f"/events/{name}", content=body, headers=whole)


def problem(response: httpx.Response, status: int) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert {"type", "title", "status", "detail", "errors"} == set(found)
    assert found["status"] == status
    return found


async def test_one_signed_event_is_accepted_and_published():
    ingest = Ingest()
    response = await ingest.post(event(salary=1))
    assert (response.status_code, response.json()) == (
        202,
        {"accepted": 1, "events": [{"id": "evt-1", "dropped": ["data.salary"]}]},
    )
    assert [(record.topic, record.key) for record in ingest.publisher.records] == [("hr.events", b"urn:hr:acme/W1")]
    assert dict(ingest.publisher.records[0].headers)["ce_recordedat"] == NOW.isoformat().encode()


async def test_a_batch_keeps_its_order():
    ingest = Ingest()
    response = await ingest.post([event(number) for number in range(50)], BATCH)
    assert response.json()["accepted"] == 50
    assert [dict(record.headers)["ce_id"] for record in ingest.publisher.records] == [b"evt-%d" % n for n in range(50)]


async def test_an_empty_batch_is_accepted():
    assert (await Ingest().post([], BATCH)).json() == {"accepted": 0, "events": []}


async def test_a_batch_is_all_or_nothing_and_names_the_bad_ones():
    ingest = Ingest()
    batch = [event(0), event(1, zone="x"), event(2), event(3) | {"id": ""}, "no event"]
    found = problem(await ingest.post(batch, BATCH), 422)
    assert [(error["index"], error["field"]) for error in found["errors"]] == [(1, "data.zone"), (3, "id"), (4, "")]
    assert ingest.publisher.records == []


async def test_binary_mode_is_taken_with_a_token():
    ingest = Ingest()
    raw = event(source="urn:hr:open") | {"subject": "李梅"}
    headers = {f"ce-{name}": str(item) for name, item in raw.items() if name != "data"}
    headers["ce-subject"] = "%E6%9D%8E%E6%A2%85"
    response = await ingest.post(raw["data"], headers | BEARER | {"content-type": "application/json"}, "open")
    assert response.status_code == 202, response.text
    assert dict(ingest.publisher.records[0].headers)["ce_subject"].decode() == "李梅"


async def test_binary_mode_is_refused_with_a_signature():
    headers = {"content-type": "application/json", "ce-specversion": "1.0", "ce-id": "x"}
    problem(await Ingest().post(event()["data"], headers), 415)


@pytest.mark.parametrize("key", [OLD_KEY, NEW_KEY], ids=["the old key", "the new key"])
async def test_both_keys_count_while_one_is_replaced(key):
    body = json.dumps(event()).encode()
    assert (await Ingest().post(body, signature(body, key))).status_code == 202


async def test_several_signatures_one_of_which_fits():
    body = json.dumps(event()).encode()
    headers = signature(body)
    headers["webhook-signature"] = f"v1,AAAA v2,x broken {headers['webhook-signature']}"
    assert (await Ingest().post(body, headers)).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": ""},
        {"webhook-id": "another"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "9" * 40},
        signature(json.dumps(event()).encode(), STRANGER),
    ],
)
async def test_a_wrong_signature_is_401(headers):
    ingest = Ingest()
    response = await ingest.post(event(), headers)
    problem(response, 401)
    assert response.headers["www-authenticate"]
    assert ingest.publisher.records == []


@pytest.mark.parametrize(
    ("away", "status"),
    [(-299, 202), (299, 202), (-301, 401), (301, 401)],
    ids=["late", "early", "too late", "too early"],
)
async def test_a_signature_holds_five_minutes_both_ways(away, status):
    body = json.dumps(event()).encode()
    response = await Ingest().post(body, signature(body, at=NOW + timedelta(seconds=away)))
    assert response.status_code == status
    if status == 401:
        assert "stale" in problem(response, 401)["detail"]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer wrong", "Basic token-1"])
async def test_a_wrong_token_is_401(token):
    problem(await Ingest().post(event(), {"authorization": token} | SIGNED, "open"), 401)


async def test_a_changed_body_is_401():
    body = json.dumps(event()).encode()
    problem(await Ingest().post(body.replace(b"W1", b"W2"), signature(body)), 401)


async def test_an_unknown_source_is_404():
    problem(await Ingest().post(event(), SIGNED, "nobody"), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"[1", ""),
        (b'{"id": "\xff"}', ""),
        (b'{"id": "a", "id": "b"}', "id"),
        (b'{"data": {"extra": {"x": NaN}}}', "data.extra.x"),
        (b'{"data": {"extra": "\\u0000"}}', "data.extra"),
        (b'{"data": {"\\ud800": 1}}', "data.\\ud800"),
        (b'{"a":' * 17 + b"1" + b"}" * 17, ".".join("a" * 16)),
        (b"[" * 100_000, ""),
    ],
)
async def test_malformed_json_is_400_with_its_place(body, field):
    latin = body.decode("latin-1")
    headers = {"webhook-id": "msg-1", "webhook-timestamp": str(int(NOW.timestamp()))}
    headers["webhook-signature"] = Signer(NEW_KEY).sign("msg-1", NOW, latin) if body.isascii() else ""
    ingest = Ingest()
    if body.isascii():
        response = await ingest.post(body, headers)
    else:
        response = await ingest.post(body, BEARER | SIGNED, "open")
    assert problem(response, 400)["errors"][0]["field"] == field


async def test_the_place_in_a_batch_is_the_events_index():
    body = b'[{"id": "a"}, {"id": "b", "data": {"n": NaN}}]'
    found = problem(await Ingest().post(body, BATCH), 400)
    assert found["errors"] == [
        {"index": 1, "field": "data.n", "problem": "is NaN or infinite, which JSON does not have"}
    ]


@pytest.mark.parametrize("wrong", ["text/plain", "application/json", "", "application/cloudevents+json; charset=gbk"])
async def test_a_wrong_content_type_is_415(wrong):
    problem(await Ingest().post(event(), {"content-type": wrong}), 415)


async def test_a_compressed_body_is_415():
    problem(await Ingest().post(event(), {"content-encoding": "gzip"}), 415)


async def test_a_large_body_is_413_without_being_read():
    ingest, read = Ingest(max_body_bytes=1000), []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            read.append(400)
            assert len(read) < 10, "it reads on and on"
            yield b" " * 400

    async with ingest.client() as client:
        response = await client.post("/events/open", content=endless(), headers=BEARER | SIGNED)
        problem(response, 413)
        assert sum(read) <= 1600
        announced = BEARER | SIGNED | {"content-length": "99999999999"}
        problem(await client.post("/events/open", content=b"x", headers=announced), 413)


async def test_a_body_that_does_not_come_is_408():
    ingest = Ingest(body_seconds=0.05)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        while True:
            yield b""
            await never.wait()

    never = asyncio.Event()
    async with ingest.client() as client:
        problem(await client.post("/events/open", content=stuck(), headers=BEARER | SIGNED), 408)


async def test_too_many_events_are_413():
    problem(await Ingest(max_batch_events=2).post([event()] * 3, BATCH), 413)


async def test_one_event_too_large_for_kafka_is_413_and_named():
    huge = event(extra={str(number): "x" * 4000 for number in range(300)})
    found = problem(await Ingest().post([event(), huge], BATCH), 413)
    assert found["errors"][0]["index"] == 1


@pytest.mark.parametrize(
    ("failure", "after"), [(PublishError("x"), "5"), (TailFullError("x"), "2")], ids=["Kafka gone", "broker full"]
)
async def test_503_says_when_to_repeat(failure, after):
    ingest = Ingest()
    ingest.publisher.failure = failure
    response = await ingest.post(event())
    problem(response, 503)
    assert response.headers["retry-after"] == after
    async with ingest.client() as client:
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200


async def test_one_request_too_many_is_503():
    ingest = Ingest(max_requests=1)

    class Nested(MemoryPublisher):
        async def publish(self, records):
            inner = await ingest.post(event(2))
            assert inner.headers["retry-after"] == "1"
            problem(inner, 503)
            await super().publish(records)

    ingest.publisher = Nested()
    sources = {"acme-hr": SourceConfig.model_validate({"source": "urn:hr:acme", "secrets": [NEW_KEY]})}
    clock = Virtual(None, ingest.machine)
    ingest.app = Starlette(routes=routes(ingest.settings, sources, ingest.publisher, clock, new_registry()))
    assert (await ingest.post(event())).status_code == 202
    assert (await ingest.post(event())).status_code == 202, "its place was not given back"


async def test_hostile_names_are_data():
    name = 'O\'Brien "x" {{7*7}} ${HOME} <b>\u202e😀; DROP TABLE'
    ingest = Ingest()
    assert (await ingest.post(event(person={"display_name": name}))).status_code == 202
    assert json.loads(ingest.publisher.records[0].value)["person"]["display_name"] == name


async def test_a_trace_goes_along():
    ingest, trace = Ingest(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert (await ingest.post(event(), {"traceparent": trace})).status_code == 202
    assert (await ingest.post(event(), {"traceparent": "no trace"})).status_code == 202
    assert [dict(record.headers).get("traceparent") for record in ingest.publisher.records] == [trace.encode(), None]


async def test_business_time_moves_only_in_a_rehearsal():
    async with Ingest().client() as client:
        assert (await client.post("/clock", json={})).status_code == 404
    then = datetime(2030, 1, 1, tzinfo=UTC)
    row = ClockRow(real_at=NOW, business_at=then, speed=0)
    ingest = Ingest(clock=row)
    async with ingest.client() as client:
        await ingest.post(event())
        later = row.model_copy(update={"business_at": then + timedelta(days=1)})
        assert (await client.post("/clock", content=later.model_dump_json())).status_code == 200
        await ingest.post(event())
        assert (await client.post("/clock", json={"speed": -1})).status_code == 422
    times = [dict(record.headers)["ce_recordedat"].decode() for record in ingest.publisher.records]
    assert times == ["2030-01-01T00:00:00+00:00", "2030-01-02T00:00:00+00:00"]


async def test_metrics_tell_accepted_and_refused():
    ingest = Ingest()
    await ingest.post(event(salary=1))
    await ingest.post(event(), SIGNED, "nobody")
    async with ingest.client() as client:
        text = (await client.get("/metrics")).text
    assert 'tenure_ingest_events_accepted_total{source="acme-hr",type="hr.worker.hired.v1"} 1.0' in text
    assert 'tenure_ingest_requests_refused_total{problem="unknown-source",source=""} 1.0' in text
    assert 'tenure_ingest_fields_dropped_total{source="acme-hr"} 1.0' in text


@pytest.mark.parametrize(
    "fields", [{"secrets": []}, {"secrets": ["whsec_"]}, {"secrets": ["§§§"]}], ids=["none", "empty", "no base64"]
)
def test_a_source_without_a_usable_key_is_refused_at_start(fields):
    source = SourceConfig.model_validate({"source": "urn:hr:acme"} | fields)
    settings = IngestSettings(kafka="127.0.0.1:1")
    with pytest.raises(UsageError, match=r"sources\.acme") as caught:
        routes(settings, {"acme": source}, MemoryPublisher(), Virtual(None), new_registry())
    assert "§§§" not in str(caught.value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2026-03-15", "W1", "hr.event.withdrawn.v1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
OUTER = ["id", "source", "type", "time", "subject", "traceparent", "recordedat", "data"]
INNER = ["worker_id", "effective_at", "zone", "revision", "sequence", "batch", "person", "person.mobile", "employment"]
PATHS = st.sampled_from([*OUTER, *(f"data.{name}" for name in [*INNER, "extra", "unknown"])])


@seed(4)
@settings(max_examples=200, deadline=None, database=None)
@given(st.dictionaries(PATHS, VALUES, max_size=3), st.sampled_from([SIGNED, BATCH]))
async def test_no_event_whatever_it_holds_is_a_server_error(changes, mode):
    raw = event(source="urn:hr:open")
    for place, item in changes.items():
        *outer, name = place.split(".")
        inner = raw["data"] if outer else raw
        if isinstance(inner, dict):
            inner[name] = item
    body = json.dumps([raw] if mode is BATCH else raw).encode()
    response = await Ingest().post(body, BEARER | mode, "open")
    assert response.status_code in {202, 400, 422}


@seed(5)
@settings(max_examples=150, deadline=None, database=None)
@given(st.binary(max_size=80) | st.text(alphabet='{}[]",:0e-.\\u d8NaIy\n', max_size=80).map(str.encode))
async def test_no_bytes_whatever_they_are_are_a_server_error(body):
    response = await Ingest().post(body, BEARER | BATCH, "open")
    assert response.status_code in {202, 400, 422}


async def test_the_openapi_document_tells_every_type_and_every_answer():
    async with Ingest().client() as client:
        document = (await client.get("/openapi.json")).json()
    post = document["paths"]["/events/{name}"]["post"]
    assert set(post["responses"]) == {"202", "400", "401", "404", "408", "413", "415", "422", "503"}
    one = post["requestBody"]["content"]["application/cloudevents+json"]["schema"]
    kinds = [kind["properties"] for kind in one["allOf"][1]["oneOf"]]
    assert {kind["type"]["const"] for kind in kinds} == set(TYPES)
    named = {kind["data"]["$ref"].rpartition("/")[2] for kind in kinds}
    assert named <= set(document["components"]["schemas"])

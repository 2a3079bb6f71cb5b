"""Requests made from the operators' OpenAPI document, right and wrong ones, at a live provisioner on PostgreSQL."""

import asyncio
import json
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from aiokafka import AIOKafkaProducer
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from staff import departments, hired
from starlette.routing import Route
from world import POLICY, running

from contracts.topics import HR_EVENTS
from services.provisioner.operators.api import Api
from services.provisioner.operators.effective import Effective
from services.provisioner.operators.exceptions_api import ExceptionHandlers
from services.provisioner.operators.identity_api import IdentityHandlers
from services.provisioner.operators.openapi import ORDERS, READS, document
from services.provisioner.operators.whole_api import WholeTargets

pytestmark = pytest.mark.timeout(400)

SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = [(path, method.upper()) for path, methods in document()["paths"].items() for method in methods]
INSIDE = ("Traceback", 'File "', ".py:", "asyncpg", "postgres", "pydantic")
"""What an answer would hold that tells of our inside."""

fuzzed = settings(
    max_examples=20, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)  # fmt: skip
texts = st.one_of(
    st.sampled_from(["W000", "P-1", "urn:hr:acme/W000", "#departments", "", "0", "-1", "1e400", "nan", "\0", "'; --",
                     "%", "\ud7ff", "9" * 30, "2026-02-30", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00-12:00"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)

ASKED = ["id", "text", "at", "cause", "kind", "target", "person"]
MOMENTS = ["2030-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "1969-12-31T23:59:59Z"]
GOOD = {
    "person": st.just("W000"), "target": st.sampled_from(["wecom", "dingtalk"]), "kind": st.just("close"),
    "entitlement": st.sampled_from(["tag:sales", "role:sales"]), "rule": st.sampled_from(["sales", "office"]),
    "until": st.sampled_from(MOMENTS), "business_at": st.sampled_from(MOMENTS), "speed": st.just(1),
}  # fmt: skip
"""Values that get a request past its first checks."""


def likely(path: str) -> st.SearchStrategy[dict[str, object]]:
    """A body with the fields of a path, most of them usable."""
    fields = {name: GOOD.get(name, texts) | texts for name in ORDERS[path].model_fields}
    return st.fixed_dictionaries(fields) | st.fixed_dictionaries({}, optional=fields)


async def _poison(address):
    producer = AIOKafkaProducer(bootstrap_servers=address)
    await producer.start()
    try:
        await producer.send_and_wait(HR_EVENTS.name, b"\xff no JSON", key=b"x")
    finally:
        await producer.stop()


@pytest.fixture(scope="module")
def world():
    with running() as world:
        world.send([*departments(), hired("W000", "+8613800000000", "2026-01-05", "D-SAL", "sales")])
        asyncio.run(_poison(world.ready["kafka"]))
        world.settle()
        yield world


def judge(answer: httpx.Response) -> None:
    assert answer.status_code < 500, f"{answer.request.method} {answer.request.url}: {answer.text}"
    assert not [word for word in INSIDE if word in answer.text], answer.text
    if answer.status_code >= 400 and answer.headers["content-type"].startswith("application/problem+json"):
        assert {"type", "title", "status", "detail"} <= answer.json().keys()
        assert answer.json()["status"] == answer.status_code


def test_the_document_names_every_route():
    none = dict.fromkeys(("operations", "todo", "people", "quarantine", "operators", "clock", "holds"))
    api = Api(**none).routes(
        (
            *ExceptionHandlers(None).posts(),
            *IdentityHandlers(None).posts(),
            *Effective(None, None, None, None, None).posts(),
            *WholeTargets(None, {}, None, None).posts(),
        )
    )
    routes = [route for route in api if isinstance(route, Route)]
    served = {(route.path.replace(":int", ""), method) for route in routes for method in route.methods - {"HEAD"}}
    assert served == set(OPERATIONS)


def test_the_document_is_served_and_what_it_says_is_there(world):
    assert world.http.get(world.ready["provisioner"] + "/openapi.json").json() == document()
    for path, method in OPERATIONS:
        answer = world.http.request(method, world.ready["provisioner"] + path.replace("{no}", "1"))
        assert answer.status_code == 401, f"{method} {path}"


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_any_request_is_answered(world, path, method, mode):
    operation = SCHEMA[path][method]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.path_parameters or operation.body):
        pytest.skip("takes nothing that could be wrong")

    @seed(20260311)
    @fuzzed
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        query = dict(case.query or {})
        if "timeout" in query and isinstance(query["timeout"], int | float):
            query["timeout"] = min(query["timeout"], 0.05)
        numbers = {name: quote(str(value), safe="") or "x" for name, value in (case.path_parameters or {}).items()}
        body = json.dumps(case.body, default=str).encode() if operation.body else None
        send(world, method, path.format(**numbers), body, query)

    ask()


def send(world, method, path, body=None, query=None, token=None):
    headers = {"authorization": f"Bearer {token or world.ready['operator_token']}", "content-type": "application/json"}
    try:
        request = world.http.build_request(
            method, world.ready["provisioner"] + path, params=query or None, content=body, headers=headers
        )
    except httpx.InvalidURL:
        return None
    answer = world.http.send(request)
    judge(answer)
    return answer


@seed(20260312)
@settings(fuzzed, max_examples=150)
@given(path=st.sampled_from(sorted(READS)), query=st.dictionaries(st.sampled_from(ASKED), texts, max_size=5), no=texts)
def test_any_query_is_answered(world, path, query, no):
    send(world, "GET", path.replace("{no}", quote(no, safe="") or "1"), query=query | {"timeout": "0"})


@seed(20260313)
@settings(fuzzed, max_examples=200)
@given(path=st.sampled_from(sorted(ORDERS)), no=st.integers(-1, 2**70), body=st.one_of(
    st.dictionaries(st.sampled_from(
        ["person", "reason", "target", "cause", "kind", "data", "business_at", "speed", "entitlement", "rule", "until",
         "version"]
    ), values, max_size=6).map(lambda body: json.dumps(body).encode()),
    values.map(lambda body: json.dumps(body).encode()), st.binary(max_size=100)))  # fmt: skip
def test_any_body_is_answered(world, path, no, body):
    send(world, "POST", path.replace("{no}", str(no)), body)


@seed(20260315)
@settings(fuzzed, max_examples=200)
@given(data=st.data(), path=st.sampled_from(sorted(ORDERS)))
def test_a_body_of_the_right_fields_is_answered(world, data, path):
    body = json.dumps(data.draw(likely(path))).encode()
    send(world, "POST", path.replace("{no}", "1"), body)


HOSTILE = ("\0", "x\0y", "\ud800", "\u2028\r\nforged: 1", "\U0010ffff" * 64, "'; DROP TABLE event; --", "{{7*7}}")
USUAL = {"person": "W000", "reason": "seen", "target": "wecom", "kind": "close", "cause": "left", "version": "1",
         "entitlement": "tag:sales", "rule": "sales", "until": MOMENTS[0], "business_at": MOMENTS[0], "speed": 1,
         "data": {"worker_id": "W000"}, "repair": True, "apply": True, "map": {"W000": "wei"},
         "job": None, "worker": "W000", "text": POLICY.read_text("utf-8"), "preview": True}  # fmt: skip


@pytest.mark.parametrize("path", sorted(ORDERS))
def test_a_hostile_text_in_any_field_is_answered(world, path):
    usual = {name: USUAL[name] for name in ORDERS[path].model_fields}
    for name in usual:
        for text in (*HOSTILE, {"nested": HOSTILE[0]}, [HOSTILE[1]], {HOSTILE[0]: HOSTILE[2]}):
            send(world, "POST", path.replace("{no}", "1"), json.dumps(usual | {name: text}).encode())


@seed(20260314)
@settings(fuzzed, max_examples=60)
@given(
    operation=st.sampled_from(OPERATIONS),
    scheme=st.sampled_from(["Bearer ", "bearer ", "Basic ", "", "Bearer", "Bearer  "]),
    token=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
)
def test_without_a_right_token_nothing_is_told_or_done(world, operation, scheme, token):
    path, method = operation
    headers = {"authorization": f"{scheme}{token}".strip() or "-", "content-type": "application/json"}
    answer = world.http.request(
        method, world.ready["provisioner"] + path.replace("{no}", "1"), headers=headers, content=b"{}"
    )
    assert answer.status_code == 401
    assert answer.json()["title"] == "not an operator"


def test_the_service_stands_after_all_that(world):
    assert world.answers("provisioner", "/healthz") == 200
    assert world.ask("/v1/status")["accepted"] >= 6
    log = (world.installation.options.data / "logs" / "provisioner.log").read_text()
    crashes = [line for line in log.splitlines() if "Exception in ASGI" in line or "service.crashed" in line]
    assert crashes == []

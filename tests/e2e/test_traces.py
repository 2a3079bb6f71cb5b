"""One trace from the request to the confirmation, and nobody named in it; off unless asked for, harmless when lost."""

import socket

import pytest
from staff import departments, hired, left, moved
from world import SPEEDY, running, until

from contracts.topics import CONFIRMATIONS

pytestmark = pytest.mark.timeout(240)
SENDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = bytes.fromhex("0af7651916cd43dd8448eb211c80319c")


def paths(spans):
    """Names from the root to each span."""
    by_id = {span.span_id: span for _, span in spans}

    def path(span):
        above = by_id.get(span.parent_span_id)
        return (*(path(above) if above else ()), span.name)

    return {path(span) for _, span in spans}


@pytest.fixture(scope="module")
def told():
    """Everything that was received of a hire with the sender's own trace, a move and a leave."""
    with running() as world:
        receiver = world.traces
        world.send(departments())
        world.settle()
        world.http.headers["traceparent"] = SENDER
        world.send([hired("W001", "+8613800000001", "2026-01-05", "D-SAL", "sales")])
        world.settle()
        del world.http.headers["traceparent"]
        world.send([moved("W001", "2026-01-07", "D-ADM", "administration")])
        world.settle()
        world.send([left("W001", "2026-01-08")])
        world.settle()
        until(lambda: len(receiver.named("confirm")) >= 3 and world.records(CONFIRMATIONS), 60, "confirmations")
        headers = [dict(record.headers) for record in world.records(CONFIRMATIONS)]
    return receiver, headers  # the services have ended, and have sent what they had


def test_one_trace_leads_from_the_request_to_the_platform_calls_and_the_confirmation(told):
    receiver, headers = told
    spans = receiver.trace(TRACE)
    assert {service for service, _ in spans} == {"tenure-ingest", "tenure-provisioner", "tenure-notifier"}
    found = paths(spans)
    request = ("POST /events/{name}",)
    assert request in found
    assert (*request, "intake hr.events") in found
    assert (*request, "intake hr.events", "pass", "user/create") in found
    assert (*request, "intake hr.events", "pass", "/topapi/v2/user/create") in found
    assert (*request, "intake hr.events", "confirm") in found
    (root,) = [span for _, span in spans if span.name == "POST /events/{name}"]
    assert root.parent_span_id == bytes.fromhex("b7ad6b7169203331"), "the sender's own span is above ours"
    assert any(header.get("traceparent", b"").split(b"-")[1] == TRACE.hex().encode() for header in headers)


def test_every_request_has_a_trace_of_its_own_and_each_confirmation_carries_it(told):
    receiver, headers = told
    requests = {span.trace_id.hex() for span in receiver.named("POST /events/{name}")}
    assert len(requests) == 4
    assert {header["traceparent"].decode().split("-")[1] for header in headers} == requests


def test_calls_say_where_and_what_was_answered(told):
    receiver, _ = told
    (create,) = receiver.named("user/create")
    shown = {one.key: one.value.string_value or one.value.int_value for one in create.attributes}
    assert shown == {"tenure.target": "wecom", "http.response.status_code": 200}


def test_nobody_is_named_in_a_trace(told):
    receiver, _ = told
    assert receiver.spans
    for personal in ("W001", "13800000001", "D-SAL", "access_token", "secret"):
        assert personal not in receiver.text


def test_a_receiver_that_is_gone_disturbs_nobody():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        gone = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with running(env={**SPEEDY, "TENURE_TRACES": gone}) as world:
            world.send([*departments(), hired("W001", "+8613800000001", "2026-01-05", "D-SAL", "sales")])
            world.settle()
            assert [one.open for one in world.accounts("wecom")] == [True]
            logs = world.installation.options.data / "logs"
            lines = [line for file in logs.iterdir() for line in file.read_text().splitlines()]
    assert not [line for line in lines if "Traceback" in line]
    assert len([line for line in lines if "traces.not_delivered" in line]) <= 3, "each service says it once"


def test_without_a_receiver_nothing_is_traced():
    with running(traced=False) as world:
        world.send(departments())
        world.settle()
        records = world.records(CONFIRMATIONS)
        assert records
        assert not [record for record in records if "traceparent" in dict(record.headers)]

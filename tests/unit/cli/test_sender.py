"""Posting events: batches, refusals, waiting, signatures."""

import json

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from services.cli.errors import CommandError, UsageError
from services.cli.sender import BATCH_BYTES, BATCH_EVENTS, Line, Sender, batches

URL = "http://ingest.test/events/acme-hr"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def event(number, **more):
    return Line(number, json.dumps({"id": f"e{number}", **more}).encode() + b"\n")


class Door:
    """Ingest as the sender sees it: refuses events with `wrong`, answers what it was told first."""

    def __init__(self, *answers):
        self.answers, self.batches, self.requests = list(answers), [], []

    def __call__(self, request):
        self.requests.append(request)
        if self.answers:
            return self.answers.pop(0)
        events = json.loads(request.content)
        bad = [index for index, one in enumerate(events) if one.get("wrong")]
        if bad:
            errors = [{"index": index, "field": "data.worker_id", "problem": "is required"} for index in bad]
            problem = {"type": "urn:x", "title": "Fields are wrong", "status": 422, "detail": "…", "errors": errors}
            return httpx.Response(422, json=problem)
        self.batches.append([one["id"] for one in events])
        answered = [{"id": one["id"], "dropped": one.get("dropped", [])} for one in events]
        return httpx.Response(202, json={"accepted": len(events), "events": answered})


class Time:
    def __init__(self):
        self.now, self.slept = 0.0, []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds

    def monotonic(self):
        return self.now


def sender(door, time=None, **more):
    time = time or Time()
    transport = httpx.MockTransport(door)
    return Sender(URL, SECRET, transport=transport, sleep=time.sleep, monotonic=time.monotonic, **more)


def send(door, lines, time=None, **more):
    one = sender(door, time, **more)
    reached = [*one.send(lines)]
    one.close()
    return one.tally.to_json(), reached


def test_everything_goes_out_in_order_in_batches_of_at_most_500():
    door = Door()
    said, reached = send(door, [event(n) for n in range(1, 1202)])
    assert [len(batch) for batch in door.batches] == [500, 500, 201]
    assert door.batches[2][-1] == "e1201"
    assert said == {"sent": 1201, "accepted": 1201, "refused": 0, "refusals": []}
    assert reached == [500, 1000, 1201]


def test_a_batch_stays_under_its_bytes_and_a_larger_line_stands_alone():
    small, large = Line(1, b"{}"), Line(2, b"x" * (BATCH_BYTES + 1))
    assert [[line.number for line in batch] for batch in batches([small, large, Line(3, b"{}")])] == [[1], [2], [3]]
    assert BATCH_EVENTS == 500


def test_refused_lines_are_named_and_the_rest_is_sent():
    door = Door()
    lines = [event(1), event(2, wrong=True), event(3), event(4, wrong=True)]
    said, _ = send(door, lines)
    assert door.batches == [["e1", "e3"]]
    assert (said["sent"], said["accepted"], said["refused"]) == (4, 2, 2)
    assert [one["line"] for one in said["refusals"]] == [2, 4]
    assert said["refusals"][0]["problem"]["status"] == 422
    assert said["refusals"][1]["problem"]["errors"] == [
        {"index": 0, "field": "data.worker_id", "problem": "is required"}
    ]


def test_a_problem_that_names_no_event_is_found_by_halves():
    def door(request):
        events = json.loads(request.content)
        if any(one["id"] == "e3" for one in events):
            return httpx.Response(413, json={"title": "too large", "status": 413})
        accepted.extend(one["id"] for one in events)
        return httpx.Response(202, json={"accepted": len(events), "events": []})

    accepted = []
    said, _ = send(door, [event(n) for n in range(1, 6)])
    assert accepted == ["e1", "e2", "e4", "e5"]
    assert [one["line"] for one in said["refusals"]] == [3]


def test_lines_that_are_no_json_are_refused_here_and_empty_ones_are_nothing():
    door = Door()
    lines = [
        Line(1, b'{"id": "e1"}\n'),
        Line(2, b"\n"),
        Line(3, b'{"id": \n'),
        Line(4, b"\xff\n"),
        Line(5, b"[" * 9999),
    ]
    said, _ = send(door, lines)
    assert door.batches == [["e1"]]
    assert [one["line"] for one in said["refusals"]] == [3, 4, 5]
    assert all(one["problem"]["status"] == 400 for one in said["refusals"])


def test_a_busy_door_is_waited_for_as_long_as_it_asks_and_the_same_batch_comes_again():
    time, door = Time(), Door(httpx.Response(503, headers={"retry-after": "7"}, json={}))
    said, _ = send(door, [event(1)], time)
    assert time.slept == [7.0]
    assert door.batches == [["e1"]]
    assert door.requests[0].content == door.requests[1].content
    assert said["accepted"] == 1


def test_without_progress_it_gives_up_and_says_from_which_line():
    def door(_request):
        raise httpx.ConnectError("refused")

    time = Time()
    one = sender(door, time, patience=20.0)
    with pytest.raises(CommandError, match="ConnectError") as caught:
        list(one.send([event(8)]))
    assert caught.value.status == 1
    assert "8" in str(caught.value)
    assert time.now <= 20.0


@pytest.mark.parametrize("status", [401, 404])
def test_an_answer_that_no_event_can_change_ends_it_as_wrong_configuration(status):
    door = Door(httpx.Response(status, json={"title": "no", "status": status, "detail": "why"}))
    with pytest.raises(UsageError, match=str(status)):
        send(door, [event(1), event(2)])
    assert len(door.requests) == 1


def test_each_try_is_signed_anew_by_standard_webhooks():
    door = Door(httpx.Response(503, headers={"retry-after": "0"}, json={}))
    send(door, [event(1, name="王梅")])
    first, second = door.requests
    for request in (first, second):
        Webhook(SECRET).verify(request.content, dict(request.headers))
        assert request.headers["content-type"] == "application/cloudevents-batch+json"
    assert first.headers["webhook-id"] != second.headers["webhook-id"]


def test_a_bearer_source_gets_its_token_and_no_signature():
    door = Door()
    one = Sender(URL, "tok", bearer=True, transport=httpx.MockTransport(door))
    list(one.send([event(1)]))
    assert door.requests[0].headers["authorization"] == "Bearer tok"
    assert "webhook-signature" not in door.requests[0].headers


def test_dropped_fields_are_remembered_by_name():
    one = sender(Door())
    list(one.send([event(1, dropped=["data.salary"]), event(2, dropped=["data.salary", "data.iban"])]))
    assert one.tally.dropped == {"data.salary", "data.iban"}

"""`tenure send` as it is run: its last line, its exit status, its place in a file."""

import io
import json

import pytest

from services.cli.__main__ import run


@pytest.fixture
def door(server):
    """Takes everything but events that say `wrong`."""
    taken = []

    def answer(body):
        events = json.loads(body)
        bad = [index for index, one in enumerate(events) if one.get("wrong")]
        if bad:
            return 422, {
                "title": "wrong",
                "status": 422,
                "errors": [{"index": n, "field": "data", "problem": "is bad"} for n in bad],
            }
        taken.extend(one["id"] for one in events)
        return 202, {"accepted": len(events), "events": [{"id": one["id"], "dropped": []} for one in events]}

    server.routes["/events/acme-hr"] = answer
    return taken


def lines(*events):
    return "".join(json.dumps(one) + "\n" for one in events)


def last_line(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_all_accepted_ends_with_0_and_the_sum(data, door, tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text(lines({"id": "1"}, {"id": "2"}))
    (tmp_path / "b.jsonl").write_text(lines({"id": "3"}))
    assert run(["send", str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"), "--data", str(data), "--json"]) == 0
    assert last_line(capsys) == {"sent": 3, "accepted": 3, "refused": 0, "refusals": []}
    assert door == ["1", "2", "3"]


def test_a_refused_line_ends_with_1_and_its_number_over_all_files(data, door, tmp_path, capsys):
    (tmp_path / "a.jsonl").write_text(lines({"id": "1"}, {"id": "2"}))
    (tmp_path / "b.jsonl").write_text(lines({"id": "3", "wrong": True}, {"id": "4"}))
    assert run(["--json", "send", str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl"), "--data", str(data)]) == 1
    said = last_line(capsys)
    assert (said["sent"], said["accepted"], said["refused"]) == (4, 3, 1)
    assert said["refusals"][0]["line"] == 3
    assert door == ["1", "2", "4"]


def test_standard_input(data, door, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines({"id": "1"}).encode())))
    assert run(["send", "-", "--data", str(data), "--json"]) == 0
    assert last_line(capsys)["accepted"] == 1
    assert door == ["1"]


def test_resume_sends_only_what_came_since(data, door, tmp_path, capsys):
    file = tmp_path / "a.jsonl"
    file.write_text(lines({"id": "1"}, {"id": "2"}))
    assert run(["send", str(file), "--data", str(data), "--resume"]) == 0
    file.write_text(lines({"id": "1"}, {"id": "2"}, {"id": "3"}))
    assert run(["send", str(file), "--data", str(data), "--resume"]) == 0
    assert door == ["1", "2", "3"]
    assert json.loads((tmp_path / "a.jsonl.sent").read_text()) == {"lines": 3}
    capsys.readouterr()


def test_resume_over_several_files_keeps_a_place_each(data, door, tmp_path, capsys):
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    first.write_text(lines({"id": "1"}, {"id": "2"}))
    second.write_text(lines({"id": "3"}))
    assert run(["send", str(first), str(second), "--data", str(data), "--resume"]) == 0
    second.write_text(lines({"id": "3"}, {"id": "4"}))
    assert run(["send", str(first), str(second), "--data", str(data), "--resume"]) == 0
    assert door == ["1", "2", "3", "4"]
    capsys.readouterr()


def test_what_was_accepted_before_a_failure_is_said_and_remembered(data, server, tmp_path, capsys):
    answers = iter([(202, {"accepted": 500, "events": []}), (401, {"title": "stale", "detail": "why"})])
    server.routes["/events/acme-hr"] = lambda _body: next(answers)
    file = tmp_path / "a.jsonl"
    file.write_text(lines(*({"id": str(n)} for n in range(501))))
    assert run(["send", str(file), "--data", str(data), "--resume", "--json"]) == 2
    assert last_line(capsys)["accepted"] == 500
    assert json.loads((tmp_path / "a.jsonl.sent").read_text()) == {"lines": 500}


@pytest.mark.parametrize(
    "arguments",
    [["nowhere.jsonl"], [], ["-", "--resume"], ["-", "--source", "other"]],
    ids=["no such file", "no file", "standard input cannot be resumed", "no such source"],
)
def test_wrong_use_ends_with_2(data, arguments, capsys):
    assert run(["send", *arguments, "--data", str(data)]) == 2
    assert capsys.readouterr().err


def test_nothing_running_ends_with_2(tmp_path, capsys):
    assert run(["send", "-", "--data", str(tmp_path)]) == 2
    assert "tenure up" in capsys.readouterr().err


def test_address_and_secret_may_come_from_the_environment(tmp_path, server, door, monkeypatch, capsys):
    monkeypatch.setenv("TENURE_EVENTS_URL", f"{server.url}/events/acme-hr")
    file = tmp_path / "a.jsonl"
    file.write_text(lines({"id": "1"}))
    assert run(["send", str(file), "--data", str(tmp_path / "none")]) == 2
    monkeypatch.setenv("TENURE_SIGNING_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert run(["send", str(file), "--data", str(tmp_path / "none")]) == 0
    assert door == ["1"]
    capsys.readouterr()

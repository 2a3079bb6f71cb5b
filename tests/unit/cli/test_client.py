"""Finding the installation, and the operator API's answers as exit statuses."""

import json

import httpx
import pytest

from services.cli.__main__ import run
from services.cli.client import Api
from services.cli.command import Common
from services.cli.errors import AnswerError, CommandError, UsageError
from services.cli.running import Running, find

STATUS = {
    "accepted": 3, "in_progress": 0, "waiting": 1, "held": 0, "inbox": 0, "quarantined": 0, "confirmed": 2,
    "superseded": 0, "duplicate": 0, "balanced": True, "unread": 0, "scheduled_steps": 1, "oldest_unfinished": None,
    "business_time": "2026-03-01T00:00:00+00:00", "paused": False,
    "targets": {"wecom": {"type": "wecom", "mode": "enforce", "paused": True, "reason": "x"}},
}  # fmt: skip


def api(answer):
    return Api(Running("http://provisioner.test", "tok", {}), httpx.MockTransport(answer))


def test_the_folder_names_address_and_token(data, server):
    running = find(Common(data=data))
    assert (running.url, running.token) == (server.url, "token-of-local")


def test_address_and_token_given_need_no_folder(tmp_path):
    running = find(Common(data=tmp_path, url="https://tenure.example/", token="t"))
    assert (running.url, running.token, running.said) == ("https://tenure.example", "t", {})


def test_the_folders_token_is_never_sent_elsewhere(data):
    with pytest.raises(UsageError):
        find(Common(data=data, url="https://other.example"))


def test_no_folder_and_no_address_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match="tenure up"):
        find(Common(data=tmp_path))


@pytest.mark.parametrize(
    ("status", "kind", "exit_status"),
    [(404, AnswerError, 1), (409, AnswerError, 1), (503, AnswerError, 1), (401, UsageError, 2), (422, UsageError, 2)],
)
def test_a_problem_becomes_one_line_and_an_exit_status(status, kind, exit_status):
    problem = {
        "type": "about:blank",
        "title": "several people",
        "status": status,
        "detail": "say which",
        "ids": ["a", "b"],
    }
    with pytest.raises(CommandError) as caught:
        api(lambda _request: httpx.Response(status, json=problem)).get("/v1/person", id="x")
    assert type(caught.value) is kind
    assert caught.value.status == exit_status
    assert str(caught.value) == 'several people: say which {"ids": ["a", "b"]}'


def test_an_answer_that_is_no_problem_and_no_answer_at_all():
    with pytest.raises(CommandError, match="500"):
        api(lambda _request: httpx.Response(500, text="<html>")).get("/v1/status")

    def gone(_request):
        raise httpx.ConnectError("refused")

    with pytest.raises(CommandError, match="tenure doctor"):
        api(gone).get("/v1/status")


def test_the_token_travels_as_bearer_and_absent_questions_do_not_travel():
    def answer(request):
        assert request.headers["authorization"] == "Bearer tok"
        return httpx.Response(200, json=dict(request.url.params))

    assert api(answer).get("/v1/person", id="W1", at=None) == {"id": "W1"}


def test_waiting_asks_in_parts_until_settled():
    asked = []

    def answer(request):
        asked.append(float(request.url.params["timeout"]))
        return httpx.Response(200, json={"settled": len(asked) == 3})

    assert api(answer).quiet(100.0) == {"settled": True}
    assert asked == [30.0, 30.0, 30.0]


def test_whoever_watches_sees_the_status_on_the_way():
    answers, seen = [{"settled": False, "in_progress": 7}, {"settled": True, "in_progress": 0}], []
    assert api(lambda _request: httpx.Response(200, json=answers.pop(0))).quiet(9.0, seen.append)["settled"]
    assert seen == [{"settled": False, "in_progress": 7}]


def test_waiting_ends_with_its_time():
    assert api(lambda _request: httpx.Response(200, json={"settled": False})).quiet(40.0) == {"settled": False}


# ---------------------------------------------------------------- the commands over a real socket


def answered(server, path, answer, status=200):
    server.routes[path] = (status, answer)


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_status_passes_the_books_on(data, server, capsys):
    answered(server, "/v1/status", STATUS)
    assert run(["status", "--json", "--data", str(data)]) == 0
    assert lines(capsys) == [STATUS]
    assert run(["status", "--data", str(data)]) == 0
    assert "2" in capsys.readouterr().out


@pytest.mark.parametrize(("settled", "status"), [(True, 0), (False, 1)])
def test_wait_says_whether_it_settled(data, server, capsys, settled, status):
    answered(server, "/v1/wait", STATUS | {"settled": settled})
    assert run(["wait", "--timeout", "1", "--json", "--data", str(data)]) == status
    assert lines(capsys)[0]["settled"] is settled


@pytest.mark.parametrize(("overdue", "status"), [(False, 0), (True, 1)])
def test_todo_is_a_line_each_and_1_if_any_is_overdue(data, server, capsys, overdue, status):
    item = {"kind": "inbox", "since": "2026-03-01T00:00:00+00:00", "next": "tenure inbox retry p", "person_id": "p",
            "target": "wecom", "reason": "60104", "overdue": overdue}  # fmt: skip
    paused = {"kind": "paused", "since": "2026-03-02T00:00:00+00:00", "next": "tenure continue", "target": "*",
              "reason": "by hand", "overdue": False}  # fmt: skip
    answered(server, "/v1/todo", [item, paused])
    assert run(["todo", "--json", "--data", str(data)]) == status
    assert lines(capsys) == [item, paused]
    assert run(["inbox", "list", "--json", "--data", str(data)]) == 0
    assert lines(capsys) == [item]
    assert run(["todo", "--data", str(data)]) == status
    assert "tenure inbox retry p" in capsys.readouterr().out


def test_the_inbox_shows_what_waits_of_one_person(data, server, capsys):
    mine = {"kind": "inbox", "since": "2026-03-01T00:00:00+00:00", "next": "tenure inbox retry p", "person_id": "p",
            "target": "wecom", "reason": "60104", "overdue": False}  # fmt: skip
    answered(server, "/v1/person", {"person_id": "p"})
    answered(server, "/v1/todo", [mine, mine | {"person_id": "q"}])
    assert run(["inbox", "show", "W1", "--json", "--data", str(data)]) == 0
    assert lines(capsys) == [{"items": [mine], "person": {"person_id": "p"}}]


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (["stop", "W1", "--reason", "lost"], "/v1/stop", {"person": "W1", "reason": "lost"}),
        (["allow", "W1", "--reason", "found"], "/v1/allow", {"person": "W1", "reason": "found"}),
        (["inbox", "retry", "W1"], "/v1/retry", {"person": "W1"}),
        (["pause"], "/v1/pause", {"target": None}),
        (["pause", "wecom", "--reason", "r"], "/v1/pause", {"target": "wecom", "reason": "r"}),
        (["continue", "wecom"], "/v1/continue", {"target": "wecom"}),
        (["quarantine", "dismiss", "7", "--reason", "r"], "/v1/quarantine/7/dismiss", {"reason": "r"}),
        (["quarantine", "resend", "7"], "/v1/quarantine/7/resend", {}),
    ],
)
def test_orders_go_to_their_routes(data, server, capsys, arguments, path, body):
    answered(server, path, {"person_id": "p"})
    assert run([*arguments, "--json", "--data", str(data)]) == 0
    method, asked, sent, headers = server.asked[-1]
    assert (method, asked, json.loads(sent)) == ("POST", path, body)
    assert headers["authorization"] == "Bearer token-of-local"
    assert lines(capsys) == [{"person_id": "p"}]


def test_a_corrected_message_is_sent_with_its_data(data, server, tmp_path, capsys):
    (tmp_path / "fixed.json").write_text('{"worker_id": "W1"}')
    (tmp_path / "list.json").write_text("[]")
    answered(server, "/v1/quarantine/7/resend", {"event_no": 7})
    command = ["quarantine", "resend", "7", "--data", str(data), "--data-file"]
    assert run([*command, str(tmp_path / "fixed.json")]) == 0
    assert json.loads(server.asked[-1][2]) == {"data": {"worker_id": "W1"}}
    assert run([*command, str(tmp_path / "list.json")]) == 2
    capsys.readouterr()


def test_bytes_of_strangers_never_steer_the_terminal(data, server, capsys):
    answered(server, "/v1/quarantine/7", {"event_no": 7, "text": "\x1b[2J王\u202e", "headers": {"a": "\x1b]0;x\x07"}})
    assert run(["quarantine", "show", "7", "--data", str(data)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_find_ends_with_1_when_nobody_is_found(data, server, capsys):
    answered(server, "/v1/find", [])
    assert run(["find", "nobody", "--data", str(data)]) == 1
    person = {
        "person_id": "p",
        "display_name": "王梅",
        "active": True,
        "workers": ["W1"],
        "accounts": {"wecom": "wangm"},
    }
    answered(server, "/v1/find", [person])
    assert run(["find", "王梅", "--json", "--data", str(data)]) == 0
    assert lines(capsys) == [person]


def test_a_persons_moment_is_given_with_its_offset(data, server, capsys):
    answered(server, "/v1/person", {"person_id": "p"})
    assert run(["person", "W1", "--at", "2026-03-01T08:00+08:00", "--json", "--data", str(data)]) == 0
    assert "at=2026-03-01T08%3A00%3A00%2B08%3A00" in server.asked[-1][1]
    assert run(["person", "W1", "--at", "soon", "--data", str(data)]) == 2
    capsys.readouterr()


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["status", "--nothing"], ["stop", "W1"], ["wait", "--timeout", "x"]]
)
def test_wrong_use_ends_with_2(arguments, capsys):
    assert run(arguments) == 2
    assert capsys.readouterr().err


def test_a_folder_that_cannot_be_read_is_one_clear_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert run(["status", "--data", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.count("\n") == 1

"""`tenure sweep` and `tenure adopt`: what is asked, what is said, and the company's own list."""

import json

import pytest

from services.cli.__main__ import run

LINE = {"target": "wecom", "kind": "drift", "native_id": "mei", "person_id": "a/W1", "fields": ["title"], "news": True}
MATCH = {
    "target": "wecom", "kind": "linked", "native_id": "mei", "person_id": "a/W1", "by": ["map"], "department_id": None,
}  # fmt: skip
TOTALS = {"linked": 1, "ambiguous": 0, "unmatched": 0, "would_create": 0, "would_change": 0}


@pytest.fixture
def tenure(data):
    return lambda *words: run(["--data", str(data), "--lang", "en", *words])


def asked(server):
    return json.loads(server.asked[-1][2])


def test_what_differs_is_a_line_and_the_answer_is_no(server, tenure, capsys):
    server.routes["/v1/sweep"] = (200, {"lines": [LINE], "totals": {"drift": 1}})
    assert tenure("sweep", "wecom") == 1
    said = capsys.readouterr()
    assert said.out == "wecom  drift  mei  a/W1  title\n"
    assert "1 differ" in said.err
    assert asked(server) == {"target": "wecom", "repair": False}
    assert tenure("--json", "sweep", "wecom", "--repair") == 1
    assert json.loads(capsys.readouterr().out) == LINE
    assert asked(server)["repair"]


def test_without_a_target_all_are_swept(server, tenure, capsys):
    server.routes["/v1/status"] = (200, {"targets": {"wecom": {}, "dingtalk": {}}})
    server.routes["/v1/sweep"] = (200, {"lines": [], "totals": {}})
    assert tenure("sweep") == 0
    assert "nothing differs" in capsys.readouterr().out
    bodies = [json.loads(body)["target"] for method, _, body, _ in server.asked if method == "POST"]
    assert bodies == ["dingtalk", "wecom"]


def test_what_takes_long_is_asked_for_again(server, tenure):
    def answer(body):
        return 200, {"lines": [], "totals": {}} if "job" in json.loads(body) else {"job": "j1"}

    server.routes["/v1/sweep"] = answer
    assert tenure("sweep", "wecom") == 0
    assert asked(server) == {"target": "wecom", "job": "j1"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_the_companys_list_is_sent_along(server, tenure, capsys, tmp_path, encoding):
    server.routes["/v1/adopt"] = (200, {"lines": [MATCH], "totals": TOTALS, "applied": True})
    file = tmp_path / "map.csv"
    file.write_bytes("姓名,worker_id,native_id\r\n王伟,00017, mei\r\n".encode(encoding))
    assert tenure("adopt", "wecom", "--map", str(file), "--apply") == 0
    said = capsys.readouterr().out
    assert "linked  mei  a/W1  map" in said
    assert "1 linked" in said
    assert asked(server) == {"target": "wecom", "map": {"00017": "mei"}, "apply": True}


def test_totals_are_the_last_line_for_machines(server, tenure, capsys):
    server.routes["/v1/adopt"] = (200, {"lines": [MATCH], "totals": TOTALS, "applied": False})
    assert tenure("--json", "adopt", "wecom") == 0
    first, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first, last) == (MATCH, {"totals": TOTALS, "applied": False})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,account\nMei,mei\n", "must name native_id"),
        ("worker_id,native_id\n1,mei\n1,wei\n", "line 3"),
        ("worker_id,native_id\n1\n", "line 2"),
    ],
    ids=["no such columns", "one person twice", "no account"],
)
def test_a_list_that_cannot_be_meant_is_refused(server, tenure, capsys, tmp_path, text, why):
    file = tmp_path / "map.csv"
    file.write_text(text, encoding="utf-8")
    assert tenure("adopt", "wecom", "--map", str(file)) == 2
    assert why in capsys.readouterr().err
    assert server.asked == []

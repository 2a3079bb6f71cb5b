"""`tenure holds`: which slice is meant, and what is said of it."""

import json

import pytest

from services.cli.__main__ import run

SLICE = {
    "target": "wecom", "cause": "urn:hr:acme", "kinds": ["close"], "people": 12, "refused": False,
    "since": "2026-03-01T00:00:00+00:00",
    "next": "tenure holds release --cause urn:hr:acme --kind close --target wecom --reason R",
}  # fmt: skip


@pytest.fixture
def tenure(data):
    return lambda *words: run(["--data", str(data), "--lang", "en", *words])


def test_a_slice_is_a_line_with_the_command_that_releases_it(server, tenure, capsys):
    server.routes["/v1/holds"] = (200, [SLICE])
    assert tenure("holds", "list") == 0
    said = capsys.readouterr().out
    assert "12  wecom  close  urn:hr:acme" in said
    assert SLICE["next"] in said
    assert tenure("--json", "holds", "list") == 0
    assert json.loads(capsys.readouterr().out) == SLICE


@pytest.mark.parametrize(("word", "said"), [("release", "12 people go on"), ("refuse", "12 people stay as they are")])
def test_one_command_decides_a_whole_slice(server, tenure, capsys, word, said):
    server.routes[f"/v1/holds/{word}"] = (200, {"people": 12, "differences": 12})
    assert tenure("holds", word, "--cause", "urn:hr:acme", "--kind", "close", "--reason", "sold") == 0
    assert said in capsys.readouterr().out
    assert json.loads(server.asked[-1][2]) == {"cause": "urn:hr:acme", "kind": "close", "reason": "sold"}


def test_nothing_is_decided_without_saying_which(server, tenure, capsys):
    assert tenure("holds", "release", "--kind", "close", "--reason", "all of it") == 2
    assert "--cause" in capsys.readouterr().err
    assert server.asked == []


def test_the_people_of_a_slice_are_shown_with_who_released_them(server, tenure, capsys):
    one = {**SLICE, "person_id": "urn:hr:acme/W1", "released_by": ["operator:li"]}
    server.routes["/v1/holds/people"] = (200, [one])
    assert tenure("holds", "show", "--cause", "urn:hr:acme") == 0
    said = capsys.readouterr().out
    assert "urn:hr:acme/W1" in said
    assert "operator:li" in said
    assert server.asked[-1][1].endswith("?cause=urn%3Ahr%3Aacme")

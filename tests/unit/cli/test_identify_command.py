"""`tenure identify`: what it asks, and where `tenure person` says that it is needed."""

import json

import pytest

from services.cli.__main__ import run
from services.cli.people import words


@pytest.fixture
def tenure(data):
    return lambda *more: run(["--data", str(data), "--lang", "en", *more])


@pytest.mark.parametrize(
    ("which", "person"), [(["--as", "W1"], "W1"), (["--another"], None)], ids=["somebody known", "another human"]
)
def test_whose_a_worker_is_goes_to_its_route(server, tenure, capsys, which, person):
    server.routes["/v1/identify"] = (200, {"worker": "acme/W2", "person_id": "acme/W1", "was": "acme/W2"})
    assert tenure("identify", "W2", *which, "--reason", "asked HR") == 0
    assert json.loads(server.asked[-1][2]) == {"worker": "W2", "person": person, "reason": "asked HR"}
    assert "acme/W2 is acme/W1" in capsys.readouterr().out


@pytest.mark.parametrize("which", [[], ["--as", "W1", "--another"]], ids=["neither", "both"])
def test_one_of_the_two_must_be_said(server, tenure, which):
    assert tenure("identify", "W2", *which, "--reason", "asked HR") == 2
    assert server.asked == []


def test_a_person_in_doubt_is_shown_with_the_command_to_type():
    worker = {"worker_id": "W2", "id_space": "acme", "active": True, "unidentified": True, "assignment": {}}
    card = {"person": {}, "person_id": "acme/W2", "at": "now", "stopped": False, "workers": [worker], "accounts": {},
            "timeline": [], "next": None}  # fmt: skip
    assert "tenure identify acme/W2" in words(card)
    assert "tenure identify" not in words(card | {"workers": [worker | {"unidentified": False}]})

"""`tenure grant`, `revoke`, `extend`, `retain`, `policy test` and `policy apply`: what they ask and what they say."""

import json
from pathlib import Path

import pytest

from services.cli import exceptions
from services.cli.__main__ import run

SAMPLES = Path(exceptions.__file__).with_name("sample")
GIVEN = {"target": "wecom", "entitlement": "tag:a"}
UNTIL = "2026-06-30T00:00:00+08:00"


@pytest.fixture
def tenure(data):
    return lambda *words: run(["--data", str(data), "--lang", "en", *words])


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (["grant", "W1", "wecom", "tag:a", "--until", UNTIL], GIVEN | {"until": UNTIL}),
        (["revoke", "W1", "wecom", "tag:a", "--until", UNTIL], GIVEN | {"until": UNTIL}),
        (["revoke", "W1", "wecom", "tag:a"], GIVEN),
        (["extend", "W1", "sales", "--until", UNTIL], {"rule": "sales", "until": UNTIL}),
        (["retain", "W1", "--until", UNTIL], {"until": UNTIL}),
    ],
)  # fmt: skip
def test_a_decision_goes_to_its_route_with_its_end(server, tenure, capsys, words, body):
    path = f"/v1/{words[0]}"
    answer = {"person_id": "p", "until": UNTIL} if "until" in body else {"person_id": "p", "ended": ["d1"]}
    server.routes[path] = (200, answer)
    assert tenure(*words, "--reason", "audit") == 0
    method, asked, sent, _ = server.asked[-1]
    assert (method, asked, json.loads(sent)) == ("POST", path, {"person": "W1", "reason": "audit", **body})
    assert ("have ended" in capsys.readouterr().out) == ("until" not in body)


@pytest.mark.parametrize("words", [["grant", "W1", "wecom", "tag:a"], ["extend", "W1", "sales"], ["retain", "W1"]])
def test_without_an_end_nothing_is_decided(server, tenure, words):
    assert tenure(*words, "--reason", "audit") == 2
    assert server.asked == []


def test_claims_that_hold_are_counted_and_those_that_do_not_are_named(tenure, tmp_path, capsys):
    policy, claims = str(SAMPLES / "tenure.yaml"), SAMPLES / "claims.yaml"
    assert tenure("policy", "test", str(claims), "--config", policy) == 0
    assert "4 claims looked at" in capsys.readouterr().out
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(claims.read_text("utf-8").replace("wecom: closed, dingtalk: open", "wecom: open"), "utf-8")
    assert tenure("policy", "test", str(wrong), "--config", policy, "--json") == 1
    failed = json.loads(capsys.readouterr().out)
    assert (failed["ok"], [one["who"] for one in failed["failed"]]) == (False, ["wei"])
    assert tenure("policy", "test", str(tmp_path / "none.yaml"), "--config", policy) == 2


def test_the_schema_of_claims_is_printed(tenure, capsys):
    assert tenure("policy", "schema", "--claims") == 0
    assert "claims" in json.loads(capsys.readouterr().out)["properties"]


CHANGED = {
    "version": "abc", "in_force": "abc", "people": 30, "changed": 3, "changes": {"revoke": 3}, "held": {"revoke": 3},
    "restart": ["ingest"],
}  # fmt: skip


def test_a_policy_is_applied_by_its_text_and_what_is_to_be_done_beside_is_said(server, tenure, capsys):
    server.routes["/v1/policy/apply"] = (200, CHANGED)
    assert tenure("policy", "apply", "--reason", "v2", "--config", str(SAMPLES / "tenure.yaml")) == 0
    text = (SAMPLES / "tenure.yaml").read_text("utf-8")
    assert json.loads(server.asked[-1][2]) == {"text": text, "reason": "v2"}
    said = capsys.readouterr().out
    assert "3 of 30 people: revoke 3" in said
    assert "hold revoke of 3 people" in said
    assert "ingest reads its part" in said


def test_a_preview_of_a_policy_asks_for_no_more(server, tenure, capsys):
    server.routes["/v1/policy/apply"] = (200, CHANGED)
    arguments = ("--reason", "v2", "--preview", "--config", str(SAMPLES / "tenure.yaml"), "--json")
    assert tenure("policy", "apply", *arguments) == 0
    assert [json.loads(body).get("preview") for _, path, body, *_ in server.asked if path == "/v1/policy/apply"] == [
        True
    ]
    assert json.loads(capsys.readouterr().out) == CHANGED

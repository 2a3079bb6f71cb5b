"""What doctor finds: each thing that is not fine names its next step."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from services.cli import checks
from services.cli.__main__ import run
from services.cli.up import SAMPLE
from services.provisioner.connectors.registry import KINDS
from services.provisioner.policy.load import load
from services.provisioner.policy.problems import Problem

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SAMPLE_TEXT = SAMPLE.read_text(encoding="utf-8")


def dated(at):
    return httpx.Response(200, headers={"date": format_datetime(at, usegmt=True)})


@pytest.mark.parametrize(
    ("off", "level"),
    [(0, "ok"), (-25, "ok"), (31, "problem"), (-3600, "problem")],
    ids=["same", "near", "ahead", "hours"],
)
def test_a_clock_that_is_off_is_a_problem(off, level):
    assert checks.of_date("ingest", dated(NOW - timedelta(seconds=off)), NOW).level == level


def test_an_answer_without_a_date_says_nothing_about_clocks():
    assert checks.of_date("ingest", httpx.Response(200), NOW).level == "ok"
    assert checks.of_date("ingest", httpx.Response(200, headers={"date": "yesterday"}), NOW).level == "ok"


def found(policy, unset=()):
    return [(one.level, one.check, one.subject) for one in checks.of_policy(policy, unset)]


def test_the_sample_is_fine_but_for_what_the_console_needs_once():
    assert found(load(SAMPLE_TEXT, KINDS)) == [
        ("ok", "policy", "tenure.yaml"),
        ("note", "customer_contact", "wecom"),
    ]


def test_a_target_that_only_looks_is_noted():
    text = SAMPLE_TEXT.replace("mode: enforce", "mode: observe", 1)
    assert ("note", "mode", "wecom") in found(load(text, KINDS))


def test_a_warning_of_the_policy_is_noted_with_its_line():
    warned = replace(load(SAMPLE_TEXT, KINDS), warnings=(Problem(60, 1, "guards", "not acted on yet"),))
    notes = [one for one in checks.of_policy(warned, ()) if one.check == "policy" and one.level == "note"]
    assert ["60" in (one.next or "") for one in notes] == [True]


def test_a_secret_that_nobody_set_is_a_problem():
    assert ("problem", "secrets", "tenure.yaml") in found(load(SAMPLE_TEXT, KINDS), ["22:21: not set"])


def test_a_service_that_is_not_ready_names_the_failing_check():
    def answer(request):
        if request.url.host == "ingest":
            return httpx.Response(200, json={"ok": True, "checks": {}})
        if request.url.host == "provisioner":
            body = {
                "ok": False,
                "checks": {"store": {"ok": False, "detail": "gone"}, "relay": {"ok": True, "detail": "ok"}},
            }
            return httpx.Response(503, json=body)
        raise httpx.ConnectError("refused")

    urls = {name: f"http://{name}" for name in ("ingest", "provisioner", "notifier")}
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        rows = {one.subject: one for one in checks.of_services(urls, http) if one.check == "service"}
    assert rows["ingest"].level == "ok"
    assert (rows["provisioner"].level, rows["provisioner"].detail) == ("problem", "store: gone")
    assert rows["notifier"].level == "problem"
    assert rows["notifier"].next == "tenure up"


def test_what_is_paused_names_the_command_that_continues():
    targets = {"wecom": {"paused": True, "reason": "secret refused"}, "dingtalk": {"paused": False, "reason": None}}
    rows = [*checks.of_status({"targets": targets, "balanced": True})]
    assert [(one.level, one.next) for one in rows] == [("problem", "tenure continue wecom"), ("ok", None)]
    assert next(checks.of_status({"targets": {}, "balanced": None})).level == "problem"


async def test_a_database_that_does_not_answer_is_a_problem_without_its_password(tmp_path):
    rows = [one async for one in checks.of_database(f"postgresql://u:geheim@127.0.0.1:1/x?host={tmp_path}")]
    assert [(one.level, one.check) for one in rows] == [("problem", "database")]
    assert "geheim" not in checks.as_json(rows[0])


async def test_the_embedded_broker_is_noted():
    rows = [one async for one in checks.of_kafka("127.0.0.1:1", embedded=True)]
    assert [(one.level, one.next) for one in rows] == [("note", "tenure up --kafka HOST:PORT")]


@pytest.mark.parametrize("command", [["topics", "diff"], ["topics", "apply"]])
def test_half_a_login_is_refused_by_commands_in_one_line(monkeypatch, capsys, tmp_path, command):
    monkeypatch.setenv("TENURE_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("TENURE_KAFKA_SASL", "scram-sha-512")
    assert run([*command, "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "TENURE_KAFKA_SASL=scram-sha-512 needs TENURE_KAFKA_USER and TENURE_KAFKA_PASSWORD" in said
    assert len(said.splitlines()) == 1


async def test_half_a_login_is_a_problem_that_doctor_names(monkeypatch):
    monkeypatch.setenv("TENURE_KAFKA_SASL", "scram-sha-512")
    rows = [one async for one in checks.of_kafka("127.0.0.1:1", embedded=False)]
    assert [(one.level, one.check) for one in rows] == [("problem", "kafka")]
    assert "TENURE_KAFKA_USER" in rows[0].detail


def test_with_nothing_running_it_says_what_to_do_first(tmp_path, capsys):
    assert run(["doctor", "--json", "--no-probe", "--data", str(tmp_path), "--config", str(SAMPLE)]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ("installation", "tenure up") in {(row["check"], row["next"]) for row in rows}
    assert all(row["next"] for row in rows if row["level"] != "ok")
    assert ("operators", False) in {(row["check"], row["ok"]) for row in rows}


def test_a_policy_that_is_wrong_is_said_by_line(tmp_path, capsys):
    (tmp_path / "tenure.yaml").write_text("targets: {wecom: {type: none}}\n")
    assert run(["doctor", "--json", "--data", str(tmp_path), "--config", str(tmp_path / "tenure.yaml")]) == 1
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (first["check"], first["ok"]) == ("policy", False)
    assert "1" in first["next"]

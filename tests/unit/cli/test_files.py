"""Files that the command writes: secrets for their owner alone, tokens as hashes, samples that are right."""

import hashlib
import json
import stat
from datetime import UTC, datetime

import pytest

from services.cli.__main__ import run
from services.cli.company import SOURCE
from services.cli.secrets import OPERATOR, add_operator, complete, known_operators, write_private
from services.cli.setup import CLAIMS, EVENTS
from services.cli.up import SAMPLE
from services.ingest.translate import translate
from services.kit.sources import SourceConfig

POLICY = 'a: "${A_SECRET}"\nb: "${B_SECRET}"\nc: "${C:-has a default}"'


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_unset_secrets_are_made_once_and_kept_for_the_owner_alone(tmp_path):
    made = complete(POLICY, tmp_path, {"B_SECRET": "given"})
    assert made.keys() == {"A_SECRET", OPERATOR}
    assert complete(POLICY, tmp_path, {"B_SECRET": "given"}) == made
    assert mode(tmp_path / "secrets.json") == 0o600
    assert "given" not in (tmp_path / "secrets.json").read_text()


def test_two_installations_share_no_secret(tmp_path):
    first, second = complete(POLICY, tmp_path / "1", {}), complete(POLICY, tmp_path / "2", {})
    assert not set(first.values()) & set(second.values())


def test_a_private_file_is_private_also_where_another_stood(tmp_path):
    path = tmp_path / "run.json"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert mode(path) == 0o600
    assert path.read_text() == "new"
    assert [*tmp_path.iterdir()] == [path]


def test_an_operators_token_is_shown_once_and_kept_as_a_hash(tmp_path, capsys):
    add_operator(tmp_path / "operators.json", "local", "t0")
    assert run(["operator", "add", "mei", "--data", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    kept = known_operators(tmp_path / "operators.json")
    assert kept["mei"] == hashlib.sha256(said["token"].encode()).hexdigest()
    assert kept["local"] == hashlib.sha256(b"t0").hexdigest()
    assert said["token"] not in (tmp_path / "operators.json").read_text()
    assert mode(tmp_path / "operators.json") == 0o600


def test_a_second_token_for_a_name_is_wanted_on_purpose(tmp_path, capsys):
    add = ["operator", "add", "mei", "--data", str(tmp_path)]
    assert run(add) == 0
    first = known_operators(tmp_path / "operators.json")
    assert run(add) == 1
    assert known_operators(tmp_path / "operators.json") == first
    assert run([*add, "--replace"]) == 0
    assert known_operators(tmp_path / "operators.json") != first
    capsys.readouterr()


def test_a_file_that_is_none_is_left_alone(tmp_path, capsys):
    (tmp_path / "operators.json").write_text("[]")
    assert run(["operator", "add", "mei", "--data", str(tmp_path)]) == 2
    assert (tmp_path / "operators.json").read_text() == "[]"
    capsys.readouterr()


def test_init_writes_a_policy_that_checks_and_never_over_another(tmp_path, capsys):
    folder = tmp_path / "acme"
    assert run(["init", str(folder), "--json"]) == 0
    assert {path.name for path in folder.iterdir()} == {SAMPLE.name, CLAIMS, *EVENTS}
    assert run(["policy", "check", "--config", str(folder / "tenure.yaml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["ok"] is True
    (folder / "tenure.yaml").write_text("mine")
    assert run(["init", str(folder)]) == 1
    assert (folder / "tenure.yaml").read_text() == "mine"
    capsys.readouterr()


def test_a_wrong_policy_names_line_and_column(tmp_path, capsys):
    file = tmp_path / "tenure.yaml"
    file.write_text("targets:\n  wecom: {type: nothing}\naccounts:\n  wecom: {}\n")
    assert run(["policy", "check", "--config", str(file), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["problems"][0]["line"] == 2
    assert run(["policy", "check", "--config", str(tmp_path / "none.yaml")]) == 2
    capsys.readouterr()


def test_the_schema_is_json(capsys):
    assert run(["policy", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "tenure.yaml"


@pytest.mark.parametrize("name", EVENTS)
def test_sample_events_are_what_ingest_takes(name):
    source = SourceConfig(source=SOURCE, zone="Asia/Shanghai")
    for line in SAMPLE.with_name(name).read_text(encoding="utf-8").splitlines():
        assert translate(json.loads(line), source, datetime(2026, 1, 1, tzinfo=UTC)).dropped == ()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b"[]"], ids=["not UTF-8", "cut short", "a list"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("run.json", ["status"]),
        ("secrets.json", ["doctor", "--no-probe", "--config", str(SAMPLE)]),
        ("sandbox.json", ["up", "--sandbox-config", "{folder}/sandbox.json"]),
        ("a.jsonl.sent", ["send", "--resume", "{folder}/a.jsonl"]),
    ],
)
def test_a_broken_file_is_one_clear_line(tmp_path, monkeypatch, capsys, name, arguments, content):
    monkeypatch.setenv("TENURE_EVENTS_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("TENURE_SIGNING_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    (tmp_path / "a.jsonl").write_text("{}\n")
    (tmp_path / name).write_bytes(content)
    assert run([*(word.format(folder=tmp_path) for word in arguments), "--data", str(tmp_path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert name in lines[0]


def test_a_policy_that_is_no_text_is_one_clear_line(tmp_path, capsys):
    (tmp_path / "tenure.yaml").write_bytes(b"\xff")
    for command in (["policy", "check"], ["doctor"], ["up"]):
        assert run([*command, "--config", str(tmp_path / "tenure.yaml"), "--data", str(tmp_path)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1

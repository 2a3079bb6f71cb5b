"""The contract and what is generated from it agree, and no message that was ever valid becomes unreadable."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from contracts import decisions
from contracts.envelope import Attributes, CloudEvent, from_headers, to_headers
from contracts.topics import TOPICS
from tools.contracts import CARRIES, ROOT, TYPES, asyncapi, differences, files, main

SAMPLES = sorted((ROOT / "samples").glob("*.json"))
"""`<type>.json`, and `<type>.<what was different>.json` for a form that older senders still use."""


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def type_of(path):
    return next(name for name in TYPES if path.name.startswith(f"{name}."))


def test_generated_files_are_what_the_models_say():
    assert differences(files()) == []


def test_a_stale_a_missing_and_a_left_over_file_are_found():
    expected = files()
    path = ROOT / "schemas" / "hr.worker.left.v1.json"
    assert differences({**expected, path: "{}"}) == ["contracts/schemas/hr.worker.left.v1.json"]
    assert differences({one: text for one, text in expected.items() if one != path}) == [
        "contracts/schemas/hr.worker.left.v1.json"
    ]
    assert differences({**expected, ROOT / "schemas" / "new.json": "{}"}) == ["contracts/schemas/new.json"]
    assert main(["--check"]) == 0


def test_every_type_has_a_sample():
    assert {type_of(path) for path in SAMPLES} == set(TYPES)
    assert {f"tenure.decision.{kind}.v1" for kind in decisions.KINDS} <= set(TYPES)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_readable_by_model_and_schema(path):
    event, name = read(path), type_of(path)
    assert event["type"] == name
    envelope = CloudEvent.model_validate(event)
    body = TYPES[name].model_validate(event["data"])
    schemas = ROOT / "schemas"
    for schema, value in (("cloudevent", event), (name, event["data"])):
        judge = Draft202012Validator(read(schemas / f"{schema}.json"), format_checker=FormatChecker())
        assert [error.message for error in judge.iter_errors(value)] == []
    written = json.loads(body.model_dump_json(exclude_unset=True))
    assert TYPES[name].model_validate(written) == body
    assert envelope.id == event["id"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_says_every_field_of_its_model(path):
    """A field without a sample is a field nobody has seen."""
    event, model = read(path), TYPES[type_of(path)]
    optional = {"status_code", "user", "group", "entity", "privileges"} if "audit" in path.name else set()
    partial = {"employment", "reason", "department_id", "person_id", "extra", "sequence", "batch"}
    assert set(model.model_fields) - set(event["data"]) <= optional | partial
    assert set(event["data"]) <= set(model.model_fields)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_survives_kafkas_binary_mode(path):
    envelope = Attributes.model_validate(read(path))
    back = Attributes.model_validate(from_headers(to_headers(envelope)))
    assert back == envelope.model_copy(update={"datacontenttype": None})


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_schema_can_refuse(path):
    data, name = read(path)["data"], type_of(path)
    judge = Draft202012Validator(read(ROOT / "schemas" / f"{name}.json"))
    needed = judge.schema.get("required", [])
    assert needed
    for field in needed:
        assert list(judge.iter_errors({key: value for key, value in data.items() if key != field})) != []


def test_the_document_names_every_topic_and_type_and_hangs_together():
    document = yaml.safe_load((ROOT / "asyncapi.yaml").read_text(encoding="utf-8"))
    assert document == asyncapi()
    assert {channel["address"] for channel in document["channels"].values()} == {topic.name for topic in TOPICS}
    assert {name for names in CARRIES.values() for name in names} == {*TYPES, "unreadable"}
    for reference in _references(document):
        place = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def _references(value):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from [item] if key == "$ref" else _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


CHECK = Path(__file__).parents[2] / "tools" / "asyncapi"


@pytest.mark.skipif(
    not (shutil.which("node") and (CHECK / "node_modules").is_dir()),
    reason="needs node and `npm ci` in tools/asyncapi, which make check does",
)
@pytest.mark.parametrize(("change", "status"), [("", 0), ("action: shout", 1)], ids=["ours", "a broken one"])
def test_the_official_parser_agrees(tmp_path, change, status):
    text = (ROOT / "asyncapi.yaml").read_text(encoding="utf-8")
    judged = tmp_path / "asyncapi.yaml"
    judged.write_text(text.replace("action: send", change) if change else text, encoding="utf-8")
    done = subprocess.run(["node", "check.mjs", str(judged)], cwd=CHECK, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr

"""What any released version wrote stays readable, what its readers expect still comes; a change that breaks is seen."""

import copy
import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from contracts.envelope import CloudEvent
from tools import compatibility
from tools.compatibility import CONTRACTS, RELEASED, breaks, read
from tools.contracts import TYPES
from tools.release_contracts import keep, main

VERSIONS = sorted(folder.name for folder in RELEASED.iterdir())
GOLDEN = [path for version in VERSIONS for path in sorted((RELEASED / version / "samples").glob("*.json"))]
TODAY = read(CONTRACTS / "schemas")
HIRED, STEP, MADE = "hr.worker.hired.v1", "tenure.step.taken.v1", "tenure.decision.made.v1"


def test_a_version_is_released():
    assert "0.1.0" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_breaks_a_released_version(version):
    assert breaks(read(RELEASED / version / "schemas"), TODAY) == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_a_golden_message_stays_readable_and_loses_nothing(path):
    event = json.loads(path.read_text(encoding="utf-8"))
    name = event["type"]
    CloudEvent.model_validate(event)
    for schema, value in (("cloudevent", event), (name, event["data"])):
        judge = Draft202012Validator(TODAY[schema], format_checker=FormatChecker())
        assert [error.message for error in judge.iter_errors(value)] == []
    body = TYPES[name].model_validate(event["data"])
    assert _names(json.loads(body.model_dump_json(exclude_unset=True, by_alias=True))) == _names(event["data"])


def _names(value, at=""):
    """Every place in a JSON value."""
    if isinstance(value, dict):
        return {at}.union(*(_names(item, f"{at}.{name}") for name, item in value.items()))
    return {at}.union(*(_names(item, f"{at}[]") for item in value)) if isinstance(value, list) else {at}


def person(schema):
    return schema["$defs"]["Person"]["properties"]


def change(name, edit):
    """Today's schemas before and after an edit of one, as released and as new."""
    after = copy.deepcopy(TODAY[name])
    edit(after)
    return breaks({name: TODAY[name]}, {name: after})


BROKEN = {
    "a field becomes required": (HIRED, lambda s: s["required"].append("batch")),
    "a nested field becomes required": (HIRED, lambda s: s["$defs"]["Person"].update(required=["mobile"])),
    "a field is renamed": (HIRED, lambda s: person(s).update(phone=person(s).pop("mobile"))),
    "a field is gone": (HIRED, lambda s: s["properties"].pop("batch")),
    "a field has another type": (HIRED, lambda s: s["properties"].update(revision={"type": "string"})),
    "null is no longer taken": (HIRED, lambda s: s["properties"].update(batch={"type": "string"})),
    "a text gets shorter": (HIRED, lambda s: s["properties"]["worker_id"].update(maxLength=12)),
    "a number gets smaller": (HIRED, lambda s: s["properties"]["revision"].update(maximum=10)),
    "a pattern changes": (HIRED, lambda s: person(s)["mobile"]["anyOf"][0].update(pattern=r"^\+86\d{11}$")),
    "a time becomes a date": (STEP, lambda s: s["properties"]["at"].update(format="date")),
    "unknown fields are refused": (HIRED, lambda s: s.update(additionalProperties=False)),
    "a word of a list is gone": (STEP, lambda s: s["properties"]["verb"]["enum"].remove("strip")),
    "a word that old readers do not know": (STEP, lambda s: s["properties"]["verb"]["enum"].append("archive")),
    "a field that old readers need is gone": (STEP, lambda s: s["required"].remove("person_id")),
    "a text gets longer than old readers take": (HIRED, lambda s: s["properties"]["worker_id"].update(maxLength=999)),
    "a decision changes inside the union": (
        MADE, lambda s: s["$defs"]["AccessStopped"]["required"].append("note"),
    ),
    "a decision is gone from the union": (
        MADE, lambda s: s["properties"]["decision"]["discriminator"]["mapping"].pop("retained"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "edit"), BROKEN.values(), ids=BROKEN)
def test_a_breaking_change_is_seen(name, edit):
    assert change(name, edit) != []


FINE = {
    "a new field that may be absent": (HIRED, lambda s: s["properties"].update(nickname={"type": "string"})),
    "a new nested field": (HIRED, lambda s: person(s).update(nickname={"type": "string"})),
    "other words for people": (HIRED, lambda s: s.update(description="Somebody comes.", title="Newcomer")),
    "a new field in a decision": (
        MADE, lambda s: s["$defs"]["AccessStopped"]["properties"].update(note={"type": "string"}),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "edit"), FINE.values(), ids=FINE)
def test_a_change_that_nobody_notices_is_free(name, edit):
    assert change(name, edit) == []


def test_a_type_that_is_gone_is_seen_and_a_new_one_is_free():
    without = {name: schema for name, schema in TODAY.items() if name != HIRED}
    assert breaks(TODAY, without) == [f"{HIRED}: the type is gone"]
    assert breaks(without, TODAY) == []


def test_the_command_tells_what_breaks(tmp_path, capsys):
    keep("0.0.9", released=tmp_path)
    path = tmp_path / "0.0.9" / "schemas" / f"{HIRED}.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    schema["properties"]["shoe_size"] = {"type": "integer"}
    path.write_text(json.dumps(schema), encoding="utf-8")
    assert compatibility.main(tmp_path) == 1
    assert f"breaks 0.0.9: {HIRED}: old messages are refused, or lose a field" in capsys.readouterr().err
    assert compatibility.main() == 0


def test_a_released_version_is_never_overwritten(tmp_path, capsys):
    kept = keep("0.0.9", released=tmp_path)
    assert {path.name for path in (kept / "samples").iterdir()} == {
        path.name for path in (CONTRACTS / "samples").iterdir()
    }
    with pytest.raises(FileExistsError):
        keep("0.0.9", released=tmp_path)
    assert main([VERSIONS[-1]]) == 1
    assert "never changed" in capsys.readouterr().err

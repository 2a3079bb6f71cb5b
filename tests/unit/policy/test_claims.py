"""A file of claims says whether a policy does what its author means, and by which rule where it does not."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from services.provisioner.connectors.registry import KINDS
from services.provisioner.policy import claims
from services.provisioner.policy.load import load
from services.provisioner.policy.problems import PolicyError

SAMPLES = Path(claims.__file__).parents[2] / "cli" / "sample"
SAMPLE = (SAMPLES / "claims.yaml").read_text("utf-8")
POLICY = load((SAMPLES / "tenure.yaml").read_text("utf-8"), KINDS)
KEEPS = """
targets: {m: {type: memory, mode: enforce}}
accounts: {m: {prepare: 3d}}
birthright:
  sales: {when: assignment.job_function == "sales", grants: {m: ["tag:sales"]}, keep_after_move: 7d}
  fin: {when: '"D-FIN" in department.path', grants: {m: ["tag:finance"]}}
  trial: {when: assignment.title == "trial", deny: {m: ["tag:sales"]}}
"""
PEOPLE = """
departments: {D-TAX: {parent: D-FIN}}
people:
  mei:
    - {at: "2026-03-02", event: hired, assignment: {job_function: sales}}
    - {at: "2026-04-01", event: transferred, assignment: {job_function: administration, department_id: D-TAX}}
    - {at: "2026-06-01", event: left}
  wei:
    - {at: "2026-03-02", event: hired, assignment: {job_function: sales, title: trial}}
claims:
  - """


def wrong(claim: str, policy: str = KEEPS) -> list[str]:
    return [failed.text for failed in claims.check(load(policy, KINDS), claims.read_claims(PEOPLE + claim, "c"))]


def test_the_sample_holds_under_the_sample_policy() -> None:
    assert list(claims.check(POLICY, claims.read_claims(SAMPLE, "claims.yaml"))) == []


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("{who: mei, at: '2026-03-02', has: {m: ['tag:sales']}, until: '2026-04-08'}", []),
        ("{who: mei, at: '2026-04-01', has: {m: ['tag:finance']}}", []),
        ("{who: mei, at: '2026-02-27', access: {m: prepared}, has_not: {m: ['tag:sales']}}", []),
        ("{who: mei, at: '2026-03-02', has: {m: ['tag:sales']}, until: '2026-04-01'}",
         ["2026-04-01: has tag:sales on m (birthright.sales)"]),
        ("{who: mei, at: '2026-03-02', has: {m: ['tag:sales']}, until: '2026-04-09'}",
         ["just before 2026-04-09: has not tag:sales on m (accounts.m)"]),
        ("{who: mei, at: '2026-06-01', access: {m: open}}", ["2026-06-01: access on m is closed, not open (leavers)"]),
        ("{who: wei, at: '2026-03-02', has: {m: ['tag:sales']}}",
         ["2026-03-02: has not tag:sales on m (birthright.trial)"]),
    ],
    ids=[
        "an overlap to the day", "a department below", "prepared", "ends too late", "ends too early", "a leaver",
        "a rule that denies is named",
    ],
)  # fmt: skip
def test_a_claim_that_is_not_so_says_what_is_and_why(claim: str, expected: list[str]) -> None:
    assert wrong(claim) == expected


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("{who: nobody, at: '2026-03-02'}", "nobody here is called nobody"),
        ("{who: mei, at: '2026-03-02', has: {x: ['tag:a']}}", "no target is called x"),
    ],
)
def test_claims_about_what_is_not_there_are_refused(claim: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wrong(claim)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("event: left", "event: fired", r"7:7: people.mei.2: .*unknown event fired; known are absence_ended"),
        ("job_function: sales}", "job_functoin: sales}", r"5:7: people.mei.0: .*job_functoin"),
        ("claims:", "claim:", r"claim: Extra inputs"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_place(old: str, new: str, words: str) -> None:
    text = (PEOPLE + "{who: mei, at: '2026-03-02'}").replace(old, new, 1)
    with pytest.raises(PolicyError, match=words):
        claims.read_claims(text, "c")


def test_the_schema_takes_the_sample_and_marks_a_misspelt_key() -> None:
    Draft202012Validator.check_schema(claims.schema())
    validator = Draft202012Validator(claims.schema())
    data = yaml.safe_load(SAMPLE)
    assert [error.message for error in validator.iter_errors(data)] == []
    data["claims"][0]["hat"] = {}
    assert list(validator.iter_errors(data))

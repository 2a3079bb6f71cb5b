"""A policy is accepted whole or refused with every place that is wrong."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from services.provisioner.connectors.registry import KINDS
from services.provisioner.policy import schema
from services.provisioner.policy.load import Policy, PolicyError, expand, load
from services.provisioner.preview.targets import Planned

EXAMPLE = Path(__file__).with_name("example.yaml").read_text("utf-8")
SAMPLE = (Path(__file__).parents[3] / "services/cli/sample/tenure.yaml").read_text("utf-8")
SECRETS = {"WECOM_CONTACT_SECRET": "hush-hush", "WECOM_APP_SECRET": "two", "DINGTALK_APP_SECRET": "three"}

HEAD = """\
targets:
  wecom: {type: wecom, corp_id: c, contact_secret: "${A}", app: {agent_id: 1, secret: "${B}"}}
  dingtalk: {type: dingtalk, app_key: k, app_secret: "${C}", agent_id: 1}
"""
ONE = HEAD[: HEAD.index("  dingtalk")]
ACCOUNTS = "accounts: {wecom: {}, dingtalk: {}}\n"


def said(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load(text, KINDS)
    return [str(problem) for problem in caught.value.problems]


def test_the_designs_example_loads_with_warnings_only() -> None:
    policy = load(EXAMPLE, KINDS)
    assert [f"{w.line}:{w.path}" for w in policy.warnings] == [
        "42:leavers.end_sessions",
    ]
    assert policy.targets["dingtalk"].close_by == {"leave": "remove", "stop": "strip", "absence": "strip"}
    assert policy.accounts["wecom"].match == ("native_id", "mobile_and_name", "email_and_name")


def test_the_sample_loads_without_a_word() -> None:
    assert load(SAMPLE, KINDS).warnings == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("targets: {wecom: {type: wecom\n", ["2:1: not readable as YAML: expected ',' or '}', but got '<stream end>'"]),
        ("targets: {}\ntargets: {}\n", ["2:1: targets: this key stands here twice (first in line 1); keep one"]),
        ("a: &x 1\nb: *x\n", ["2:4: aliases (*x) are not read here; write the value out"]),
        ("a: !!python/none 1\n", ["1:4: tags (tag:yaml.org,2002:python/none) are not read here"]),
        ("- a\n", ["1:1: a policy is a mapping: it begins with keys such as targets:"]),
        ("a: \x07\n", ["1:4: a character that YAML does not allow; remove it"]),
        ("target: {}\n", ["1:1: target: unknown key target; did you mean targets?"]),
        (HEAD, [
            "2:3: targets.wecom: nothing says who has an account on wecom; add accounts.wecom ({} means everybody",
            "3:3: targets.dingtalk: nothing says who has an account on dingtalk; add accounts.dingtalk",
        ]),
        (ONE + "accounts: {wecom: {fro: 'true'}}\n", ["3:20: accounts.wecom.fro: unknown key fro; did you mean for?"]),
        (HEAD + ACCOUNTS + "birthright: {a: {grants: {wecm: [x]}}}\n",
         ["5:27: birthright.a.grants.wecm: no target is called wecm; targets are: wecom, dingtalk"]),
        (HEAD + ACCOUNTS + "birthright:\n  a:\n    grants:\n      dingtalk: ['role:x', customer-contact]\n",
         ["8:28: birthright.a.grants.dingtalk.1: DingTalk has no right to talk to customers"]),
        (HEAD + "accounts: {wecom: {}, dingtalk: {prepare: 3d}}\n",
         ["4:34: accounts.dingtalk.prepare: dingtalk cannot hold an account that nobody can use yet; remove prepare"]),
        (ONE + "accounts: {wecom: {prepare: soon}}\n",
         ["3:29: accounts.wecom.prepare: is no period; write a number and s, m, h or d, such as 7d"]),
        (ONE + "accounts: {wecom: {attributes: {name: person.nam}}}\n",
         ["3:39: accounts.wecom.attributes.name: unknown field person.nam; person has display_name, family_name, "]),
        (ONE + "accounts: {wecom: {username: '{family.pinjin}'}}\n",
         ["3:30: accounts.wecom.username: unknown placeholder {family.pinjin}; known are display.ascii, "]),
        (ONE + "accounts:\n  wecom:\n    for: >\n      true &&\n      asignment.title == 'x'\n",
         ["5:10: accounts.wecom.for: unknown name asignment.title; known are person, employment, assignment, "]),
        (ONE + "accounts: {wecom: {for: person.mobile}}\n",
         ["3:25: accounts.wecom.for: gives STRING, not true or false; compare it with something"]),
        (ONE + "accounts: {wecom: {}}\n"
         + "birthright: {a: {deny: {wecom: ['tag:x']}, keep_after_move: 7d, when: 'true'}}\n",
         ["4:44: birthright.a.keep_after_move: keeps what the rule grants once `when` stopped holding; "]),
        (ONE + "accounts: {wecom: {}}\nentitlements: {'tag:x': exclusive, 'wecom:nonsense': additive}\n",
         ["4:16: entitlements.tag:x: must be a target and what it gives, such as wecom:tag:finance",
          "4:36: entitlements.wecom:nonsense: "]),
    ],
)  # fmt: skip
def test_what_is_refused_says_where_and_what_next(text: str, expected: list[str]) -> None:
    found = said(text)
    assert len(found) == len(expected)
    assert [problem[: len(begin)] for problem, begin in zip(found, expected, strict=True)] == expected


def test_one_mistake_is_one_problem() -> None:
    assert said("guards: [{steps: [x], more_than: 3}]\ndepartments: {wecom: {under: a}}\ntargets: {w: 5}\n") == [
        "1:19: guards.0.steps.0: must be 'close', 'delete', 'create', 'resume', 'rename', 'move' or 'revoke'",
        "2:30: departments.wecom.under: must begin with /",
        "3:14: targets.w: must be a mapping (key: value)",
    ]


def test_an_attribute_the_platform_lacks_is_refused_by_name() -> None:
    (problem,) = said(HEAD + "accounts: {wecom: {attributes: {nickname: person.display_name}}, dingtalk: {}}\n")
    assert problem.startswith("4:33: accounts.wecom.attributes.nickname: wecom has no attribute nickname; it has ")


def test_another_way_to_close_that_the_platform_has_is_taken_without_a_warning() -> None:
    text = HEAD.replace("app_key: k", "app_key: k, close_by: {leave: strip}") + ACCOUNTS
    policy = load(text, KINDS)
    assert policy.targets["dingtalk"].close_by == {"leave": "strip"}
    assert not policy.warnings
    assert Planned(policy).abilities["dingtalk"].closing["leave"] == ("strip",)


def test_a_way_to_close_that_the_platform_lacks_is_refused() -> None:
    text = HEAD.replace("corp_id: c", "corp_id: c, close_by: {leave: strip}") + ACCOUNTS
    assert said(text) == ["2:54: targets.wecom.close_by.leave: wecom has no way to strip an account; it can suspend"]


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    text = (
        HEAD
        + ACCOUNTS
        + "birthright:\n  b: {when: person.x == '', grants: {wecom: [nonsense]}}\n  a: {when: 1 +, grants: {}}\n"
    )
    assert [problem.split(" ")[0] for problem in said(text)] == ["6:13:", "6:46:", "7:3:", "7:16:"]


@pytest.mark.parametrize(
    ("written", "line", "column"),
    [
        ("person.x == 'b' || assignment.y == ''", 6, 30),
        ("\"person.x == 'b' || assignment.y == ''\"", 6, 31),
        ("'person.x == ''b'' || assignment.y == \"\"'", 6, 33),
        (r'"person.x == \"b\" || assignment.y == \"\""', 6, 33),
        ("|\n      person.x == 'b' ||\n      assignment.y == ''", 8, 7),
    ],
    ids=["plain", "in double quotes", "in single quotes", "with escapes", "as a block"],
)
def test_a_condition_is_faulted_at_its_place_in_the_file(written: str, line: int, column: int) -> None:
    text = f"{HEAD}{ACCOUNTS}birthright:\n  b: {{when: x}}\n".replace(
        "  b: {when: x}\n", f"  b:\n    when: {written}\n"
    )
    _, problem = said(text + "    grants: {wecom: ['tag:x']}\n")
    assert problem.startswith(f"{line + 1}:{column}: birthright.b.when: unknown field assignment.y;")


def test_words_that_yaml_1_1_would_turn_into_something_else_stay_text() -> None:
    policy = load(HEAD.replace("corp_id: c", "corp_id: no") + ACCOUNTS + "absences: {on: close, off: keep}\n", KINDS)
    assert policy.targets["wecom"].config["corp_id"] == "no"


def test_the_version_follows_what_is_said_and_not_how() -> None:
    def version(text: str) -> str:
        return load(text, KINDS).version

    first = version(HEAD + ACCOUNTS)
    assert first == version("# a comment\n" + ACCOUNTS + HEAD)
    assert first != version(HEAD.replace("corp_id: c", "corp_id: d") + ACCOUNTS)
    assert len(first) == 12


def policy_of(text: str = EXAMPLE) -> Policy:
    return load(text, KINDS)


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    configs = expand(policy_of(), SECRETS)
    secret = configs["wecom"].model_dump()["contact_secret"]
    assert isinstance(secret, SecretStr)
    assert secret.get_secret_value() == "hush-hush"
    assert "hush-hush" not in repr(configs)


def test_a_secret_that_looks_like_a_placeholder_is_taken_as_it_is() -> None:
    configs = expand(policy_of(), SECRETS | {"WECOM_CONTACT_SECRET": "${X:-y}"})
    assert configs["wecom"].model_dump()["contact_secret"].get_secret_value() == "${X:-y}"


def test_every_missing_variable_is_named_with_its_place() -> None:
    with pytest.raises(PolicyError) as caught:
        expand(policy_of(), {"WECOM_APP_SECRET": "two"})
    assert [(p.path, "is not set" in p.text) for p in caught.value.problems] == [
        ("targets.wecom.contact_secret", True),
        ("targets.dingtalk.app_secret", True),
    ]


def test_a_number_may_be_a_placeholder_and_is_judged_when_expanded() -> None:
    policy = policy_of(HEAD.replace("agent_id: 1,", 'agent_id: "${AGENT}",') + ACCOUNTS)
    env = {"A": "a", "B": "b", "C": "c"}
    assert expand(policy, env | {"AGENT": "7"})["wecom"].model_dump()["app"]["agent_id"] == 7
    with pytest.raises(PolicyError, match=r"2:\d+: targets.wecom.app.agent_id: must be a whole number"):
        expand(policy, env | {"AGENT": "seven"})


def test_a_key_whose_placeholder_comes_to_nothing_is_as_if_not_written() -> None:
    text = HEAD.replace("agent_id: 1}", 'agent_id: 1, base_url: "${DINGTALK_URL:-}"}') + ACCOUNTS
    env = {"A": "a", "B": "b", "C": "c"}
    assert expand(policy_of(text), env)["dingtalk"].model_dump()["base_url"] is None
    there = expand(policy_of(text), env | {"DINGTALK_URL": "http://127.0.0.1:1"})
    assert there["dingtalk"].model_dump()["base_url"] == "http://127.0.0.1:1"


def test_a_target_without_a_mode_only_observes() -> None:
    assert policy_of(HEAD + ACCOUNTS).targets["wecom"].mode == "observe"


def test_the_schema_on_file_is_the_one_the_models_give() -> None:
    assert schema.FILE.read_text("utf-8") == schema.text(KINDS), "run python -m services.provisioner.policy.schema"


@pytest.mark.parametrize("text", [EXAMPLE, SAMPLE], ids=["example", "sample"])
def test_the_schema_takes_what_loading_takes(text: str) -> None:
    Draft202012Validator.check_schema(schema.schema(KINDS))
    assert [e.message for e in Draft202012Validator(schema.schema(KINDS)).iter_errors(yaml.safe_load(text))] == []


def test_the_schema_marks_a_misspelt_key_of_a_target() -> None:
    data = yaml.safe_load(SAMPLE)
    data["targets"]["wecom"]["corpid"] = "x"
    assert list(Draft202012Validator(schema.schema(KINDS)).iter_errors(data))

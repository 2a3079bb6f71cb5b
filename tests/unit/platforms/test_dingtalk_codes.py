"""Every code of DingTalk's documentation means one of our classes."""

import re
from itertools import chain
from pathlib import Path

import pytest

from services.platforms.dingtalk import NEEDS_PERSON, TOKEN_CODES, classify, known, reply_code, required_scopes
from services.platforms.errors import (
    AwaitsAcceptanceError,
    CredentialError,
    NeedsPersonError,
    NotThereError,
    TakenError,
    TryLaterError,
)

API = "/topapi/v2/user/create"
ROOT = Path(__file__).parents[3]
FACTS = ROOT.parent / "shared" / "apis" / "dingtalk.md"
PAGE = ROOT / "docs" / "connectors" / "dingtalk.md"

LATER = {
    "-1": None, "400001": None, "1002": None, "500": None, "503": None, "system.busy": None, "systemBusy": None,
    "systemError.busy": None, "system.error": None, "server.error": None,
    "90018": 1, "90002": 1, "90001": 1, "90007": 1, "90014": 1, "90017": 1, "QpsLimitForAppkeyAndApi": 1,
    "QpmLimitForAppkeyAndApi": 1, "QpsLimitForApi": 1, "invokeFrequentyly": 1,
    "143103": 60, "143104": 60, "1111": 300,
}  # fmt: skip
CREDENTIAL = [
    "40014", "40001", "42001", "41001", "InvalidAuthentication", "AuthenticationFailed.MissingParameter", "40096",
    "40089", "invalidClientIdOrSecret", "invalid.client", "unauthorized.client", "unsupported.grant.type", "60011",
    "43007", "50002", "50004", "AccessTokenPermissionDenied", "60020", "IpNotInWhiteList", "noPermission",
    "suiteCallInvalid",
]  # fmt: skip
NOT_THERE = {
    "account": ["60121", "33012", "60111", "40003", "user.not.exist", "empNotExists"],
    "department": ["60003", "60004", "40009"],
    "list": ["33011", "34020"],
}
TAKEN = {"native_id": ["60102"], "mobile": ["60104", "60107"], "email": ["60106", "40101"]}
PERSON = {
    "90020": "monthly_quota", "ApiCountLimitForOrg": "monthly_quota", "22": "unknown_api", "404": "unknown_api",
    "88": "gateway", "40100": "telephone_taken", "40019": "limit_reached", "40020": "limit_reached",
    "40023": "limit_reached", "40024": "limit_reached", "40021": "mobile_unchangeable", "40022": "mobile_unchangeable",
    "40104": "mobile_invalid", "60103": "mobile_invalid", "60105": "email_invalid", "60112": "name_invalid",
    "60113": "no_mobile", "60123": "job_number_invalid", "60128": "manager_unknown", "60122": "custom_field_invalid",
    "400002": "bad_input", "40035": "bad_input", "40068": "bad_input", "40069": "bad_input", "60019": "bad_input",
    "400043": "bad_input", "40011": "bad_input", "40031": "bad_input", "40093": "bad_input", "60510": "bad_input",
    "12012": "bad_input", "34018": "bad_input", "46004": "bad_input", "parameter.error": "bad_input",
    "invalid.param": "bad_input", "invalidParameter": "bad_input", "invalidParameter.param.invalid": "bad_input",
    "invalidRequest": "bad_input", "60005": "department_not_empty", "60006": "department_not_empty",
    "60007": "department_is_root", "60018": "department_is_root", "60010": "department_cycle",
    "60021": "department_name_taken", "60001": "department_name_invalid", "60009": "department_name_invalid",
    "60022": "department_name_invalid", "60002": "department_too_deep", "60016": "department_id_taken",
    "60110": "departments_too_many", "60109": "department_visibility", "600109": "department_visibility",
    "60068": "leader_not_member", "60120": "account_disabled", "34021": "list_name_taken", "23004": "list_not_empty",
    "660000": "list_protected", "60301": "list_scope", "exclusive.account.only": "not_enterprise_account",
    "businessError": "leave_refused", "143105": "notice_limit", "143106": "notice_duplicate",
    "1430000": "no_receiver", "1430002": "notice_forbidden", "1430004": "receiver_protected",
}  # fmt: skip


@pytest.mark.parametrize(("code", "after"), LATER.items())
def test_busy_and_throttled_wait(code, after):
    error = classify(code, API)
    assert type(error) is TryLaterError
    assert error.after == after


@pytest.mark.parametrize("code", CREDENTIAL)
def test_credentials_and_permissions_pause_the_target(code):
    error = classify(code, API, scopes="qyapi_get_member")
    assert type(error) is CredentialError
    assert error.hint == "qyapi_get_member"


@pytest.mark.parametrize(("what", "code"), [(what, code) for what, codes in NOT_THERE.items() for code in codes])
def test_missing_things_are_named(what, code):
    error = classify(code, API)
    assert isinstance(error, NotThereError)
    assert error.what == what


@pytest.mark.parametrize(("field", "code"), [(field, code) for field, codes in TAKEN.items() for code in codes])
def test_what_is_taken_is_named(field, code):
    error = classify(code, API, holder="li")
    assert isinstance(error, TakenError)
    assert (error.field, error.holder) == (field, "li" if field == "mobile" else None)


@pytest.mark.parametrize(("code", "hint"), PERSON.items())
def test_the_rest_needs_a_person_and_says_why(code, hint):
    error = classify(code, API)
    assert type(error) is NeedsPersonError
    assert (error.code, error.hint) == (code, hint)


def test_a_protected_person_must_accept_first():
    assert type(classify("40103", API)) is AwaitsAcceptanceError


def test_an_unknown_code_needs_a_person():
    error = classify("987654", API)
    assert type(error) is NeedsPersonError
    assert error.hint == "unknown_code"
    assert not known("987654")


def test_no_code_stands_in_the_table_without_a_test():
    assert set(NEEDS_PERSON) == set(PERSON)


@pytest.mark.skipif(not FACTS.exists(), reason="the fact sheet stands beside the repository")
def test_every_code_of_the_fact_sheets_outcome_table_is_known():
    section = FACTS.read_text().split("## 14. ")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")][2:]
    codes = {
        code.removeprefix("88/")
        for cell in cells
        for code in re.findall(r"88/\d+|-1\b|\b\d{3,7}\b|(?<=`)[A-Za-z]\w*(?:\.\w+)*(?=`)", cell)
    }
    assert len(codes) > 60
    assert [code for code in sorted(codes - {"requiredScopes"}) if not known(code)] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"errcode": 0}, "0"),
        ({"errcode": "0", "errmsg": "ok"}, "0"),
        ({"errcode": "60104"}, "60104"),
        ({"errcode": 88, "sub_code": "90018"}, "90018"),
        ({"errcode": "88", "sub_code": 40014}, "40014"),
        ({"errcode": 88, "errmsg": "ding talk error[subcode=40014,submsg=x]"}, "40014"),
        ({"errcode": 88, "errmsg": "who knows"}, "88"),
        ({"code": "InvalidAuthentication", "message": "x"}, "InvalidAuthentication"),
        ({"code": "Forbidden.AccessDenied.QpsLimitForApi"}, "QpsLimitForApi"),
        ({"status": 1111, "wait": 5, "source": "x5", "punish": "deny"}, "1111"),
        ({"result": {}}, None),
    ],
    ids=[
        "a number", "text", "a refusal as text", "behind 88", "behind 88, the other way round", "only in the text",
        "88 without more", "a word of the new host", "a word behind its prefix", "the ban as JSON", "none at all",
    ],
)  # fmt: skip
def test_the_code_that_decides(body, code):
    assert reply_code(body) == code


def test_missing_scopes_are_read_from_the_text_and_nothing_else_is():
    body = {
        "errcode": 60011,
        "errmsg": "应用尚未开通所需的权限：{requiredScopes=[qyapi_get_member, Contact.User.mobile]} 梅",
    }
    assert required_scopes(body) == "qyapi_get_member,Contact.User.mobile"
    assert required_scopes({"errmsg": "requiredScopes=[梅]"}) == ""


def test_token_codes_are_credential_codes():
    assert all(isinstance(classify(code, API), CredentialError) for code in TOKEN_CODES)


@pytest.mark.parametrize("code", [*LATER, *CREDENTIAL, *chain(*NOT_THERE.values(), *TAKEN.values()), *PERSON])
def test_every_code_stands_on_the_connectors_page(code):
    table = PAGE.read_text().split("## Codes")[1].split("\n## ")[0]
    in_range = code.isdigit() and 90001 <= int(code) <= 90014
    assert re.search(rf"(?<![\w.]){re.escape('90001 to 90014' if in_range else code)}(?![\w.])", table)


@pytest.mark.parametrize("hint", sorted(set(PERSON.values())))
def test_every_word_for_the_inbox_stands_on_the_connectors_page(hint):
    assert f"`{hint}`" in PAGE.read_text()

"""Every code of WeCom has a class of ours, and the class says who acts next."""

import re
from pathlib import Path

import pytest

from services.platforms.errors import CredentialError, NeedsPersonError, NotThereError, TakenError, TryLaterError
from services.platforms.wecom_codes import CODES, FIELDS, classify

LATER, REFUSED, PERSON, TAKEN = TryLaterError, CredentialError, NeedsPersonError, TakenError
FACTS = Path(__file__).parents[4] / "shared" / "apis" / "wecom.md"
TAIL = ", hint: [1732262400123456789012345], from ip: 198.51.100.7, more info at https://open.work.weixin.qq.com/x?e=1"
HELD = "mobile existed:E10001"

TABLE = [
    *((code, LATER, None) for code in (-1, 6000, 40014, 42001, 45009, 45033, 130101, 302005)),
    *((code, NotThereError, "account") for code in (40031, 40070, 46004, 60111, 81013)),
    *((code, NotThereError, "department") for code in (40066, 60003, 60004, 60123, 60124)),
    (40068, NotThereError, "list"),
    (60102, TAKEN, "native_id_taken"),
    (60104, TAKEN, "mobile_taken"),
    *((code, TAKEN, "email_taken") for code in (60106, 60145)),
    *((code, REFUSED, "wrong_secret") for code in (40001, 40091)),
    *((code, REFUSED, "wrong_corp_id") for code in (40013, 41002)),
    (41001, REFUSED, "no_token"),
    (41004, REFUSED, "no_secret"),
    (48002, REFUSED, "secret_may_not_call"),
    (48009, REFUSED, "address_too_new"),
    (50003, REFUSED, "app_disabled"),
    (60020, REFUSED, "address_not_trusted 198.51.100.7"),
    *((code, REFUSED, "wrong_app") for code in (301002, 301007)),
    *((code, PERSON, "department_name_refused") for code in (60001, 60009, 60125)),
    (60008, PERSON, "department_name_taken"),
    (60010, PERSON, "department_cycle"),
    *((code, PERSON, "department_not_empty") for code in (60005, 60006)),
    (60007, PERSON, "department_is_root"),
    (40071, PERSON, "tag_name_taken"),
    (40072, PERSON, "tag_name_refused"),
    *((code, PERSON, "not_ours") for code in (60011, 81011)),
    (301005, PERSON, "account_is_creator"),
    (45026, PERSON, "too_many_deletions"),
    *((code, PERSON, "limit_reached") for code in (45024, 45029, 60110, 81001, 81002, 81003)),
    *((code, PERSON, "bad_value:userid") for code in (40003, 301036)),
    (40058, PERSON, "bad_value"),
    (40063, PERSON, "bad_value"),
    (60112, PERSON, "bad_value:name"),
    (60103, PERSON, "bad_value:mobile"),
    *((code, PERSON, "bad_value:email") for code in (60105, 60141, 60142, 81015)),
    *((code, PERSON, "bad_value:biz_mail") for code in (60143, 60144, 60148)),
    (301012, PERSON, "bad_value:position"),
    (301013, PERSON, "bad_value:telephone"),
    (301015, PERSON, "bad_value:avatar"),
    (60129, PERSON, "mobile_or_email_needed"),
    (60257, PERSON, "too_many_leaders"),
    *((code, PERSON, "sign_in_code_refused") for code in (40029, 40207, 40208, 40209, 40210)),
    *((code, PERSON, "mailbox_refused") for code in (680043, 680044, 680045, 680046)),
    *((code, PERSON, "message_refused") for code in (44001, 44004, 45002)),
    *((code, PERSON, "hand_over_refused") for code in (40096, 40097, 40098, 40099, 40100, 40128, 40129, 40130, 40131)),
    *((code, PERSON, "hand_over_refused") for code in (40143, 40205, 41035, 81017, 84061, *range(90500, 90505))),
    *((code, PERSON, "hand_over_refused") for code in (90507, 90508)),
    *((code, PERSON, "webhook_refused") for code in (93000, 93004, 93008)),
    *(
        (code, PERSON, "bad_request")
        for code in (
            *(40007, 40008, 40032, 40033, 40035, 40056, 41009, 41011, 41017, 41018, 41019, 41033, 60127, 60132),
            *(81014, 82001, 82002, 82003, 42052, 60140, *range(42027, 42052)),
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "error", "hint"), TABLE)
def test_a_code_says_who_acts(code, error, hint):
    raised = classify(code, "user/create", "text" + TAIL, "E10002")
    assert type(raised) is error
    assert (raised.hint or None) == hint
    assert (raised.code, raised.api) == (str(code), "user/create")


def test_the_table_holds_every_code_once():
    codes = [code for code, _, _ in TABLE]
    assert sorted(codes) == sorted(CODES)


@pytest.mark.skipif(not FACTS.exists(), reason="the fact sheet lies beside a full checkout only")
def test_every_code_of_the_fact_sheet_is_classified():
    """Sections 2 to 5, 8 and 10; the numbers of documentation pages there are no codes."""
    parts = re.split(r"^## (\d+)\.", FACTS.read_text(), flags=re.MULTILINE)
    text = "".join(
        body for number, body in zip(parts[1::2], parts[2::2], strict=True) if number in ["2", "3", "4", "5", "8", "10"]
    )
    text = re.sub(r"\(S\d[^)]*\)|\([^)]*doc \d+[^)]*\)|page \d+", "", text)
    found = {
        int(number)
        for number in re.findall(r"(?<![\d:.\-/])\b(?:[4-8]\d{4}|9300\d|130101|30\d{4}|6800\d\d)\b(?!-)", text)
    }
    assert len(found) > 80
    assert found <= set(CODES)


@pytest.mark.parametrize(("code", "after"), [(45009, 60.0), (45033, 1.0), (-1, None)])
def test_a_throttled_call_says_how_long_it_waits(code, after):
    assert classify(code, "user/create").after == after


@pytest.mark.parametrize(
    ("code", "text", "field", "holder"),
    [
        (60102, "userid existed" + TAIL, "native_id", "E10002"),
        (60104, HELD, "mobile", "E10001"),
        (60104, "mobile existed:Mei.Li-2@acme" + TAIL, "mobile", "Mei.Li-2@acme"),
        (60104, "mobile existed" + TAIL, "mobile", None),
        (60106, "email existed:E10001" + TAIL, "email", "E10001"),
        (60106, "email existed" + TAIL, "email", None),
    ],
)
def test_a_taken_mark_names_its_holder(code, text, field, holder):
    raised = classify(code, "user/create", text, "E10002")
    assert (raised.field, raised.holder) == (field, holder)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("missing field `department`. invalid Request Parameter", "bad_value:department"),
        ("invalid param 'position'", "bad_value:position"),
        ("invalid string value `13800000000`", "bad_value"),
    ],
)
def test_a_refused_parameter_is_named_and_its_value_is_not(text, hint):
    raised = classify(40058, "user/create", text + TAIL)
    assert raised.hint == hint
    assert "13800000000" not in str(raised)


def test_an_unknown_code_needs_a_person():
    raised = classify(99999, "user/create", "王小明 13800000000")
    assert type(raised) is NeedsPersonError
    assert str(raised) == "user/create: 99999 (unknown_code)"


def test_fields_are_words_of_the_api():
    assert all(re.fullmatch(r"[a-z_]+", name) for name in FIELDS)

"""The scanner sees what it is to find in every writing, tells where it was, and lets everything else pass."""

import base64
import json

import pytest
from scanner import Leak, Marks, Scanner, anybodys_mobile, without

TOKEN = "k7Jx-secret-token_2026"
KEY = "whsec_" + base64.b64encode(b"signing key of the source").decode()
MARKS = Marks(("+8613912340001",), ("mei.li@home.example",), ("1990-04-17",), ("李梅香",),
              {"operator token": TOKEN, "signing secret": KEY})  # fmt: skip
SCANNER = Scanner(MARKS)


@pytest.mark.parametrize(
    "text",
    [
        "+8613912340001", "13912340001", "+86 139 1234 0001", "139-1234-0001", "(+86)139-12340001", "%2B8613912340001",
        '{"mobile": "13912340001"}', "Key (folded)=(+8613912340001) exists", "１３９１２３４０００１", "W13912340001x",
        "Mei.Li@Home.Example", "mei.li%40home.example", r"mei.li\u0040home.example",
        "1990-04-17", "19900417", "1990/04/17T00:00", "李梅香", r"\u674e\u6885\u9999", "%E6%9D%8E%E6%A2%85%E9%A6%99",
        TOKEN, f"https://x.example/?access_token={TOKEN}&y", TOKEN.upper(), KEY, KEY.removeprefix("whsec_"),
        base64.b64encode(b"tel 13912340001").decode(), base64.urlsafe_b64encode("请找李梅香谢谢".encode()).decode(),
    ],
)  # fmt: skip
def test_a_leak_is_seen(text):
    assert len(SCANNER.seen(f"before {text} after")) == 1


@pytest.mark.parametrize(
    "text",
    ["", "139****0001", "+8613912340002", "李 梅", "1990-04-18", "mei@home.example", "whsec_",
     "bm9ib2R5IGhlcmUgYXQgYWxs",
     "2026-11-25T03:40:00.139123Z", '{"event": "intake.took", "lag": 13912}'],
)  # fmt: skip
def test_anything_else_is_not(text):
    assert SCANNER.seen(text) == []


def test_a_leak_says_what_and_where_and_not_the_mark_itself():
    found = SCANNER.scan({"ingest.log": f"a {TOKEN}", "notifier /metrics": "up 1"})
    assert found == [Leak("ingest.log", "operator token")]
    said = " ".join(str(leak) for leak in SCANNER.scan({"x": " ".join((*MARKS.mobiles, *MARKS.emails, TOKEN, KEY))}))
    assert SCANNER.seen(said) == []


@pytest.mark.parametrize("text", ["tel 13700001111,", "+8613700001111", "+86 137 0000 1111", '"137-0000-1111"'])
def test_a_mobile_of_nobody_we_know_is_seen(text):
    assert anybodys_mobile(text)


@pytest.mark.parametrize("text", ["1785012345", "1.3700001111e+09", "2026-11-25", "5c0d13700001111f", "137000011112"])
def test_other_numbers_are_no_mobiles(text):
    assert anybodys_mobile(text) == []


def test_only_the_named_field_may_hold_a_mark():
    told = json.dumps({"display_name": "李梅香", "reason": "13912340001"})
    assert SCANNER.seen(without(told, "display_name")) == ["mobile …0001"]

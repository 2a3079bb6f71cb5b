"""The page an operator reads names every code and word that the code knows."""

import re
from pathlib import Path

from services.platforms.wecom_codes import CODES, classify

PAGE = (Path(__file__).parents[3] / "docs" / "connectors" / "wecom.md").read_text()


def test_every_code_is_on_the_page():
    ranges = re.findall(r"(\d{5,6}) to (\d{5,6})", PAGE)
    named = {int(number) for number in re.findall(r"(?<!\d)-?\d+", PAGE)}
    named |= {code for first, last in ranges for code in range(int(first), int(last) + 1)}
    assert set(CODES) <= named


def test_every_word_is_on_the_page():
    words = {classify(code, "api").hint.partition(":")[0] for code in CODES} - {"account", "department", "list"}
    fields = {"native_id_taken", "mobile_taken", "email_taken"}
    assert {word for word in words - fields if f"`{word}" not in PAGE} == set()

"""JSON from outside, read strictly."""

import json

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from services.ingest.strict_json import Limits, StrictJSONError, parse, path

HARMLESS = '{"name": "O\'Brien \\"x\\"\\n{{7*7}} \\u202e 王伟 😀", "n": 1.5, "list": [null, true, -0]}'


def problems(body: str | bytes, limits: Limits | None = None) -> list[tuple[str, str]]:
    with pytest.raises(StrictJSONError) as caught:
        parse(body if isinstance(body, bytes) else body.encode(), limits or Limits())
    return [(path(problem.place), problem.problem) for problem in caught.value.problems]


def test_what_a_text_may_say_is_data():
    assert parse(HARMLESS.encode()) == json.loads(HARMLESS)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a": "\xff"}', [("", "is not UTF-8: byte 7")]),
        (b"\xed\xa0\x80", [("", "is not UTF-8: byte 0")]),
        ("", [("", "is not JSON: line 1 column 1: Expecting value")]),
        ('{"a": 1,}', [("", "is not JSON: line 1 column 9: Expecting property name enclosed in double quotes")]),
        ('{"a": {"b": 1, "b": 2}}', [("a.b", "stands there twice")]),
        ('{"a": 1, "a": NaN}', [("a", "stands there twice"), ("a", "is NaN or infinite, which JSON does not have")]),
        ("[1, -Infinity]", [("[1]", "is NaN or infinite, which JSON does not have")]),
        ('{"a": 1e999}', [("a", "is too large a number")]),
        ('{"a": ' + "9" * 5000 + "}", [("a", "is beyond 64 bits")]),
        ('{"a": -9223372036854775809}', [("a", "is beyond 64 bits")]),
        ('{"a": "x\\u0000y"}', [("a", "holds the character NUL")]),
        ('{"x\\u0000y": 1}', [("x\\u0000y", "the key holds the character NUL")]),
        ('{"a": ["\\ud800"]}', [("a[0]", "holds half of a surrogate pair")]),
        ('{"\\udfff": 1}', [("\\udfff", "the key holds half of a surrogate pair")]),
        ('{"a": "' + "x" * 4097 + '"}', [("a", "is longer than 4096 characters")]),
        ("[" * 100_000, [("", "is nested deeper than 16 levels")]),
    ],
    ids=[
        "invalid UTF-8", "UTF-8 of a surrogate", "nothing", "a comma too many", "a key twice", "twice, once as NaN",
        "infinite", "overflow", "five thousand digits", "below 64 bits", "NUL", "NUL in a key", "lone surrogate",
        "lone surrogate in a key", "long text", "a bomb of brackets",
    ],
)  # fmt: skip
def test_refused_with_its_place(body, expected):
    assert problems(body) == expected


def test_surrogate_pairs_are_one_character():
    assert parse(b'"\\ud83d\\ude00"') == "😀"


def test_depth_is_counted_from_the_outside():
    assert parse(b"[[[]]]", Limits(depth=3)) == [[[]]]
    assert problems("[[[[]]]]", Limits(depth=3)) == [("[0][0][0]", "is nested deeper than 3 levels")]


def test_problems_are_bounded():
    assert len(problems("[" + ",".join(["NaN"] * 1000) + "]")) == 100


@seed(4)
@settings(max_examples=300, deadline=None, database=None)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:0e-.\\u d8NaIy\n', max_size=60).map(str.encode))
def test_any_bytes_are_read_as_json_reads_them_or_refused(body):
    try:
        value = parse(body)
    except StrictJSONError:
        return
    assert value == json.loads(body)

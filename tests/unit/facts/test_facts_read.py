"""Records as Kafka holds them: facts, or the reason why nobody can read them."""

import json
from datetime import UTC, datetime

import pytest

from contracts import hr
from contracts.envelope import Attributes, from_headers, to_headers
from services.provisioner.facts.arrivals import Unreadable
from services.provisioner.facts.read import read_fact
from services.provisioner.model import Fact, FactKey, WorkerKey

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CONTEXT = {
    "specversion": "1.0", "id": "evt-1", "source": "urn:hr:acme", "type": "hr.worker.hired.v1",
    "time": "2026-03-01T09:30:00+08:00", "subject": "W1",
}  # fmt: skip
MEI = {"display_name": "Mei", "mobile": "+8613800000001"}
HIRED = {"worker_id": "W1", "effective_at": "2026-03-15", "zone": "Asia/Shanghai", "person": MEI}


def read(data, **context):
    value = data if isinstance(data, bytes) or data is None else json.dumps(data).encode()
    return read_fact(
        CONTEXT | context, value, id_space_of=lambda source: source + "/space", now=NOW,
        rank_of=lambda _source: 3, zone_of=lambda _source: "Europe/Paris",
    )  # fmt: skip


def test_a_record_becomes_a_fact():
    fact = read(HIRED)
    assert isinstance(fact, Fact)
    assert fact.key == FactKey("urn:hr:acme", "evt-1", 1)
    assert fact.worker == WorkerKey("urn:hr:acme/space", "W1")
    assert fact.effective_at == datetime(2026, 3, 14, 16, tzinfo=UTC)
    assert (fact.zone, fact.rank, fact.recorded_at, fact.person_id) == ("Asia/Shanghai", 3, NOW, None)
    assert fact.time == datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
    assert fact.body == hr.Hired(**HIRED)


def test_it_reads_what_the_kafka_binding_writes():
    headers = to_headers(Attributes.model_validate(CONTEXT | {"recordedat": "2026-02-01T00:00:00Z"}))
    fact = read(HIRED, **from_headers(headers))
    assert fact.recorded_at == datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "whole"),
    [("P-881", "urn:hr:acme/space/p/P-881"), ("urn:hr:other/7", "urn:hr:other/7"), (None, None)],
    ids=["a bare person_id belongs to the id space", "one with a slash is whole", "null names nobody"],
)
def test_the_person(said, whole):
    assert read(HIRED | {"person_id": said}).person_id == whole


def test_a_link_names_whose_the_worker_is():
    link = {"worker_id": "W1", "effective_at": "2026-03-15", "person_id": "P-2"}
    fact = read(link, type="hr.worker.linked.v1")
    assert (fact.person_id, fact.body.person_id) == ("urn:hr:acme/space/p/P-2", "P-2")


def test_without_a_zone_the_sources_own_counts():
    fact = read({name: value for name, value in HIRED.items() if name != "zone"})
    assert (fact.zone, fact.effective_at) == ("Europe/Paris", datetime(2026, 3, 14, 23, tzinfo=UTC))


def test_every_type_of_the_contract_can_be_read():
    common = {
        "effective_at": "2026-03-15", "worker_id": "W1", "person_id": "P-1", "person": {}, "assignment": {},
        "employment": {}, "assignment_id": "A", "kind": "acting", "event_id": "e", "department_id": "D",
    }  # fmt: skip
    for name, model in hr.TYPES.items():
        fact = read(common, type=name)
        assert isinstance(fact, Fact), name
        assert type(fact.body) is model
        assert (fact.worker is None) is (model in hr.DEPARTMENTS)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (dict(reversed(HIRED.items())), True),
        (HIRED | {"unknown": "field"}, True),
        (HIRED | {"sequence": None, "revision": 1}, True),
        (HIRED | {"person": {**MEI, "mobile": None}}, False),
        (HIRED | {"person": {"display_name": "Mei"}}, False),
        (HIRED | {"person": {**MEI, "locale": None}}, False),
        (HIRED | {"extra": {"badge": 1}}, False),
    ],
    ids=["order of keys", "unknown field", "nulls of the envelope", "a field cleared", "a field absent", "null is said",
         "extra"],
)  # fmt: skip
def test_equal_data_has_an_equal_digest(other, same):
    assert (read(HIRED).digest == read(other).digest) is same


DEEP = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "no_value"),
        (b"\xff\xfe", "not_utf8"),
        (b'{"worker_id": "W1", "effective_da', "not_json"),
        (b"[]", "not_an_object"),
        (b'{"worker_id": "W1", "worker_id": "W2"}', "duplicate_key"),
        (b'{"extra": {"a": NaN}}', "not_a_number"),
        (b'{"extra": {"a": 1e999}}', "not_a_number"),
        (b'{"extra": {"a": ' + b"9" * 5000 + b"}}", "not_json"),
        (DEEP.encode(), "too_deep"),
    ],
)
def test_what_is_no_json_object_is_unreadable(data, reason):
    assert read(data) == Unreadable(reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": "\\ud800"}', "not_unicode"),
        ('{"\\udc00": 1}', "not_unicode"),
        ('{"a": "x\\u0000"}', "control_character"),
    ],
)
def test_extra_that_no_store_can_hold_is_unreadable(text, reason):
    value = f'{{"worker_id": "W1", "effective_at": "2026-03-15", "person": {{}}, "extra": {text}}}'
    assert read(value.encode()) == Unreadable(reason)


def test_line_breaks_in_a_name_reach_nobody():
    fact = read(HIRED | {"person": {"display_name": "Mei\r\nBcc: all\x00"}})
    assert fact.body.person.display_name == "Mei  Bcc: all "


def test_a_backslash_in_front_of_u0000_is_plain_text():
    assert isinstance(read(HIRED | {"extra": {"a": "\\u0000"}}), Fact)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({"worker_id": None}, ("worker_id=string_type",)),
        ({"worker_id": {"oops": []}, "effective_at": 20250106}, ("effective_at=string_type", "worker_id=string_type")),
        ({"person": {"mobile": "secret-138"}}, ("person.mobile=string_pattern_mismatch",)),
        ({"person": {"display_name": ""}}, ("person.display_name=string_too_short",)),
        ({"worker_id": "W1\n"}, ("worker_id=value_error",)),
        ({"effective_at": "2026-02-30"}, ("effective_at=value_error",)),
        ({"zone": "Mars/Olympus"}, ("zone=unknown_zone",)),
        ({"effective_at": "0001-01-01"}, ("effective_at=out_of_range",)),
        ({"employment": {"starts_at": "0001-01-01"}}, ("employment.starts_at=out_of_range",)),
    ],
)
def test_every_wrong_field_is_named_and_no_value(wrong, fields):
    unreadable = read(HIRED | wrong)
    assert unreadable == Unreadable("invalid", fields)
    assert "secret" not in str(unreadable)


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"type": "hr.worker.promoted.v1"}, Unreadable("unknown_type", ("type",))),
        ({"specversion": "0.3"}, Unreadable("invalid", ("specversion=literal_error",))),
        ({"time": "2026-03-01T09:30:00"}, Unreadable("invalid", ("time=timezone_aware",))),
        ({"source": "urn:\x00"}, Unreadable("invalid", ("source=value_error",))),
    ],
)
def test_wrong_context_attributes_are_named(context, expected):
    assert read(HIRED, **context) == expected


def test_without_any_context_the_missing_attributes_are_named():
    unreadable = read_fact({}, b"{}", id_space_of=str, now=NOW)
    assert unreadable == Unreadable(
        "invalid", tuple(f"{n}=missing" for n in ("specversion", "id", "source", "type", "time"))
    )

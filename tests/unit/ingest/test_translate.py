"""CloudEvents in, facts out."""

import json
from datetime import UTC, datetime

import pytest

from contracts import hr
from contracts.envelope import from_headers
from services.ingest.translate import Translated, UntranslatableError, e164, first_moment_gone, translate
from services.kit.sources import SourceConfig

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACME = SourceConfig.model_validate({"source": "urn:hr:acme", "zone": "Asia/Shanghai", "region": "CN"})
MEI = {"family_name": "李", "given_name": "梅", "display_name": "李梅", "mobile": "+8613800000000"}


def event(kind: str = "hr.worker.hired.v1", data: object = None, **more: object) -> dict[str, object]:
    body = {"worker_id": "W1", "effective_at": "2026-03-15", "person": MEI} if data is None else data
    outer = {"specversion": "1.0", "id": "evt-1", "source": "urn:hr:acme", "type": kind}
    return outer | {"time": "2026-03-01T09:30:00+08:00", "data": body} | more


def fact(kind: str, /, **data: object) -> dict[str, object]:
    return event(kind, {"effective_at": "2026-03-15"} | data)


def take(raw: object, source: SourceConfig = ACME) -> Translated:
    return translate(raw, source, NOW)


def source(**more: object) -> SourceConfig:
    return SourceConfig.model_validate({"source": "urn:hr:acme", "zone": "Asia/Shanghai"} | more)


def value(translated: Translated) -> dict[str, object]:
    return json.loads(translated.record().value)


def wrong(raw: object, config: SourceConfig = ACME) -> dict[str, str]:
    with pytest.raises(UntranslatableError) as caught:
        translate(raw, config, NOW, 7)
    assert {problem.index for problem in caught.value.problems} == {7}
    return {problem.field: problem.problem for problem in caught.value.problems}


def test_a_hire_becomes_a_record_in_binary_mode():
    record = take(event()).record()
    assert (record.topic, record.key) == ("hr.events", b"urn:hr:acme/W1")
    assert from_headers(record.headers) == {
        "specversion": "1.0",
        "id": "evt-1",
        "source": "urn:hr:acme",
        "type": "hr.worker.hired.v1",
        "time": "2026-03-01T09:30:00+08:00",
        "recordedat": "2026-03-01T00:00:00+00:00",
    }
    assert dict(record.headers)["content-type"] == b"application/json"
    expected = {"worker_id": "W1", "effective_at": "2026-03-15", "person": MEI, "zone": "Asia/Shanghai", "revision": 1}
    assert record.value.decode() == json.dumps(expected, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize(
    ("raw", "topic", "key"),
    [
        (fact("hr.worker.left.v1", worker_id="W1"), "hr.events.urgent", "hr/W1"),
        (fact("hr.worker.absence_started.v1", worker_id="W1", kind="suspension"), "hr.events.urgent", "hr/W1"),
        (fact("hr.event.withdrawn.v1", event_id="evt-0"), "hr.events.urgent", "evt-0"),
        (fact("hr.event.withdrawn.v1", event_id="evt-0", worker_id="W1"), "hr.events.urgent", "hr/W1"),
        (fact("hr.department.changed.v1", department_id="D1", name="x"), "hr.departments", "D1"),
        (fact("hr.department.closed.v1", department_id="D1"), "hr.departments", "D1"),
        (fact("hr.worker.updated.v1", worker_id="W1", person={}), "hr.events", "hr/W1"),
    ],
)
def test_where_a_fact_goes(raw, topic, key):
    found = take(raw, source(id_space="hr"))
    assert (found.topic.name, found.key) == (topic, key)


def test_null_clears_and_absent_keeps():
    found = value(take(fact("hr.worker.updated.v1", worker_id="W1", person={"mobile": None})))
    assert found["person"] == {"mobile": None}


def test_line_breaks_in_a_name_cannot_forge_a_second_line():
    found = take(fact("hr.worker.updated.v1", worker_id="W1", person={"display_name": "李四\r\nBcc: x\u2028y"}))
    assert value(found)["person"] == {"display_name": "李四  Bcc: x y"}


def test_unknown_fields_are_dropped_and_named():
    raw = event(data={"worker_id": "W1", "effective_at": "2026-03-15", "salary": 1, "extra": {"kept": 1},
                      "person": MEI | {"blood": "A"}, "assignment": {"desk": "x\u202ey"}})  # fmt: skip
    found = take(raw | {"partitionkey": "p", "recordedat": "2001-01-01T00:00:00Z"})
    assert found.dropped == ("partitionkey", "recordedat", "data.salary", "data.person.blood", "data.assignment.desk")
    body = found.record().value.decode()
    assert not any(word in body for word in ("salary", "blood", "desk"))
    assert value(found)["extra"] == {"kept": 1}
    assert found.attributes.recordedat == NOW


def test_fields_a_source_does_not_own_are_dropped_and_named():
    config = source(owns=["person.mobile", "assignment"])
    raw = event(data={"worker_id": "W1", "effective_at": "2026-03-15", "person": MEI, "assignment": {"title": "x"}})
    found = take(raw, config)
    assert value(found)["person"] == {"mobile": "+8613800000000"}
    assert value(found)["assignment"] == {"title": "x"}
    assert found.dropped == ("data.person.family_name", "data.person.given_name", "data.person.display_name")


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("13800000000", "CN", "+8613800000000"),
        ("138-0000 0000", "CN", "+8613800000000"),
        ("0086 13800000000", "CN", "+8613800000000"),
        ("+44 20 7946 0018", "CN", "+442079460018"),
        ("(020) 7946 0018", "GB", "+442079460018"),
        ("１３８００００００００", "CN", "+8613800000000"),
        ("+8619900000001", "CN", "+8619900000001"),
        ("12", "CN", "12"),
        ("nobody", "CN", "nobody"),
    ],
)
def test_telephone_numbers_get_their_country_code(text, region, expected):
    assert e164(text, region) == expected


@pytest.mark.parametrize(
    ("given", "means", "leave_at", "gone"),
    [
        ("2026-03-31", "first_moment_gone", "00:00", "2026-03-31"),
        ("2026-03-31", "first_moment_gone", "18:00", "2026-03-31T18:00"),
        ("2026-03-31", "last_day_worked", "00:00", "2026-04-01"),
        ("2026-03-31", "last_day_worked", "18:00", "2026-03-31T18:00"),
        ("2024-02-28", "last_day_worked", "00:00", "2024-02-29"),
        ("2026-03-31T12:00", "last_day_worked", "18:00", "2026-03-31T12:00"),
    ],
    ids=["as it is", "at six", "the day after", "that day at six", "a leap day", "a time of day is taken as it is"],
)
def test_the_first_moment_gone(given, means, leave_at, gone):
    assert first_moment_gone(given, source(leave_date_means=means, leave_at=leave_at)) == gone


def test_an_announced_end_is_converted_too_and_a_hire_is_not():
    config = source(leave_date_means="last_day_worked")
    data = {"worker_id": "W1", "effective_at": "2026-03-15", "person": MEI, "employment": {"ends_at": "2026-12-31"}}
    found = value(take(event(data=data), config))
    assert (found["effective_at"], found["employment"]) == ("2026-03-15", {"ends_at": "2027-01-01"})
    data["employment"] = {"ends_at": None}
    assert value(take(event(data=data), config))["employment"] == {"ends_at": None}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"source": "urn:hr:other"}, {"source": "is not the one declared for this address"}),
        ({"type": "hr.worker.promoted.v1"}, {"type": "is no type of HR event that is known here"}),
        ({"type": 5}, {"type": "must be text"}),
        ({"specversion": "0.3"}, {"specversion": "Input should be '1.0'"}),
        ({"id": ""}, {"id": "is empty"}),
        ({"time": "2026-03-01T09:30:00"}, {"time": "needs an offset from UTC"}),
        ({"time": 1700000000}, {"time": "must be an RFC 3339 time between the years 1900 and 2200"}),
        ({"time": "1950000000"}, {"time": "must be an RFC 3339 time between the years 1900 and 2200"}),
        ({"datacontenttype": "text/xml"}, {"datacontenttype": "must be application/json"}),
        ({"data": None}, {"data": "is required"}),
        ({"data": []}, {"data": "must be an object"}),
        ({"data_base64": "e30="}, {"data_base64": "is not taken: data must be a JSON object"}),
    ],
)  # fmt: skip
def test_a_wrong_envelope_is_named(changes, fields):
    assert wrong(event() | changes) == fields


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"worker_id": 7}, {"data.worker_id": "must be text"}),
        ({"worker_id": "a\nb"}, {"data.worker_id": "holds a control character"}),
        ({"effective_at": "2026-02-30"}, {"data.effective_at"}),
        ({"effective_at": "15.3.2026"}, {"data.effective_at"}),
        ({"effective_at": "0001-01-01"}, {"data.effective_at": "must lie between the years 1900 and 2200"}),
        ({"zone": "Mars/Olympus"}, {"data.zone": "is no time zone of the IANA list"}),
        ({"revision": 0}, {"data.revision": "Input should be greater than or equal to 1"}),
        ({"person": {"mobile": "12"}}, {"data.person.mobile": "must be a telephone number"}),
        ({"person": {"mobile": ""}}, {"data.person.mobile": "must be a telephone number"}),
        ({"person": {"display_name": ""}}, {"data.person.display_name": "is empty"}),
        ({"person": {"work_email": "x"}}, {"data.person.work_email": "must be an e-mail address"}),
        ({"person": "Mei"}, {"data.person": "must be an object"}),
        ({"employment": {"ends_at": "2026-13-01"}}, {"data.employment.ends_at"}),
        ({"extra": []}, {"data.extra": "must be an object"}),
    ],
)
def test_wrong_data_is_named(changes, fields):
    data = {"worker_id": "W1", "effective_at": "2026-03-15", "person": MEI} | changes
    found = wrong(event(data=data))
    assert (found == fields) if isinstance(fields, dict) else (set(found) == fields)


def test_every_wrong_field_is_named_at_once_and_no_value():
    raw = {"type": "hr.worker.hired.v1", "source": "secret-source", "data": {"person": {"mobile": "secret-mobile"}}}
    found = wrong(raw)
    outer = {"specversion", "id", "source", "time"}
    assert set(found) == outer | {"data.effective_at", "data.worker_id", "data.person.mobile"}
    assert "secret" not in str(found)


def test_nobody_withdraws_the_facts_of_another_source():
    raw = fact("hr.event.withdrawn.v1", event_id="evt-0", event_source="urn:hr:other")
    assert set(wrong(raw)) == {"data.event_source"}


def test_an_event_that_is_no_object_is_named():
    assert wrong("x") == {"": "an event must be an object"}


def test_every_type_of_the_contract_has_a_topic_and_a_key():
    ids = {"worker_id": "W1", "department_id": "D1", "event_id": "e", "person_id": "p", "assignment_id": "a"}
    needed = ids | {"person": {}, "assignment": {}, "kind": "concurrent"}
    for kind, model in hr.TYPES.items():
        found = take(fact(kind, **{name: item for name, item in needed.items() if name in model.model_fields}))
        assert found.key in {"urn:hr:acme/W1", "D1"}, kind
        assert isinstance(found.fact, model)

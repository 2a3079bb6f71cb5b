"""Rows of a company's list to `stated` events: what is kept as it stands, what is converted, what is refused."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from services.ingest.sources.cells import EPOCH_1900, EPOCH_1904, CellError, checked, day, header
from services.ingest.sources.roster import ColumnsError, RosterMap, Row, Table, roster_of
from services.ingest.translate import translate
from services.kit.sources import SourceConfig

NOW = datetime(2026, 3, 15, 1, tzinfo=UTC)
COLUMNS = {
    "worker_id": ["工号", "Employee ID"],
    "person.display_name": "姓名",
    "person.mobile": "手机",
    "employment.starts_at": "入职日期",
    "assignment.department_id": "部门",
}
NAMES = ("工号", "姓名", "手机", "入职日期", "部门")


def mapping(**more):
    return RosterMap.model_validate({"source": "urn:hr:acme", "columns": COLUMNS, **more})


def read(*rows, names=NAMES, as_of="2026-03-15", epoch=EPOCH_1900, now=NOW, **more):
    told = tuple(Row(line, row) for line, row in enumerate(rows, start=2))
    return roster_of(Table(names, told, epoch), mapping(**more), as_of, now)


def only(found):
    assert found.problems == []
    (one,) = found.stated
    return one.event


def wrong(found):
    return [(one.line, one.field) for one in found.problems]


def test_a_row_is_the_record_of_a_worker_and_ingest_takes_it():
    event = only(read(("00123", " 王梅\u3000", "138 0000 0001", "2026/3/2", "D001")))
    assert event["data"] == {
        "worker_id": "00123", "effective_at": "2026-03-15", "zone": "Asia/Shanghai", "revision": 1,
        "person": {"display_name": "王梅", "mobile": "138 0000 0001"},
        "employment": {"starts_at": "2026-03-02"}, "assignment": {"department_id": "D001"},
    }  # fmt: skip
    taken = translate(event, SourceConfig(source="urn:hr:acme"), NOW)
    assert (taken.fact.person.mobile, taken.key, taken.dropped) == ("+8613800000001", "urn:hr:acme/00123", ())


def test_full_width_digits_of_a_mobile_are_digits():
    event = only(read(("1", "王", "１３８０００００００１", "", "")))
    assert event["data"]["person"]["mobile"] == "13800000001"


def test_an_empty_cell_is_absent_and_person_is_there_all_the_same():
    data = only(read(("1", "", "\u3000", "", "\ufeff")))["data"]
    assert data["person"] == {}
    assert not {"employment", "assignment", "extra"} & data.keys()


@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("x")', "+86", "-", "@SUM(A1)"])
def test_what_looks_like_a_formula_is_a_name(text):
    found = read(("1", text, "", "", ""))
    assert only(found)["data"]["person"]["display_name"] == text
    assert found.formulas == text.startswith("=")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01", "2026-3-1", "2026/3/1", "2026/03/01", "2026.3.1", "2026年3月1日", "2026年03月01", "20260301",
        "46082", "46082.75", "2026-03-01 00:00:00", "2026/3/1 9:30", "２０２６年３月１日", " 2026-03-01\u3000",
    ],
)  # fmt: skip
def test_a_date_in_its_usual_writings(text):
    assert day(text) == "2026-03-01"


def test_serial_dates_follow_the_workbook():
    assert day("44620", EPOCH_1904) == day("46082", EPOCH_1900) == "2026-03-01"
    found = read(("1", "", "", "44620", ""), epoch=date(1904, 1, 1))
    assert only(found)["data"]["employment"] == {"starts_at": "2026-03-01"}


@pytest.mark.parametrize(
    "text", ["03/01/2026", "1.3.26", "2026-02-30", "20261301", "2026/3-1", "0026-03-01", "9999-12-31", "长期", "7", "x"]
)
def test_what_is_no_certain_date_is_refused_without_quoting_it(text):
    found = read(("1", "", "", text, ""), ("2", "", "", "2026-03-01", ""))
    assert wrong(found) == [(2, "employment.starts_at")]
    assert text not in found.problems[0].problem.replace("2026-03-01, 2026/3/1, 2026年3月1日 or 20260301", "")
    assert [one.line for one in found.stated] == [3]


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#####", "1.38E+10", "1.380e+10"])
def test_what_the_spreadsheet_lost_is_refused(text):
    with pytest.raises(CellError):
        checked(text)
    assert wrong(read(("1", "", text, "", ""))) == [(2, "person.mobile")]


def test_a_number_that_stands_twice_is_refused_in_all_its_rows():
    found = read(("1", "王", "", "", ""), ("2", "李", "", "", ""), (" 1", "赵", "", "", ""))
    assert wrong(found) == [(2, "worker_id"), (4, "worker_id")]
    assert "lines 2, 4" in found.problems[0].problem
    assert [one.event["subject"] for one in found.stated] == ["2"]


def test_numbers_that_differ_by_leading_zeros_are_two():
    found = read(("123", "", "", "", ""), ("00123", "", "", "", ""))
    assert [one.event["subject"] for one in found.stated] == ["123", "00123"]


def test_a_row_without_a_number_cut_off_or_too_long_is_refused():
    found = read(("", "王", "", "", ""), ("2", "李"), ("3", "赵", "", "", "", "D1"), ("4", "孙", "", "", "", ""))
    assert wrong(found) == [(2, "worker_id"), (3, ""), (4, "")]
    assert [one.event["subject"] for one in found.stated] == ["4"]
    assert found.workers == {"2", "3", "4"}, "a refused row's number is in the list all the same"


def test_the_same_row_is_the_same_event_and_another_value_or_day_is_another():
    row = ("1", "王", "13800000001", "2026-03-01", "D1")
    first = only(read(row))
    later = only(read(row, now=datetime(2026, 3, 15, 9, tzinfo=UTC)))
    assert (first["id"], first["data"]) == (later["id"], later["data"])
    assert first["time"] != later["time"]
    others = [only(read((*row[:4], "D2"))), only(read(row, as_of="2026-03-16")), only(read(row, source="urn:hr:b"))]
    assert len({first["id"], *(one["id"] for one in others)}) == 4
    assert only(read((*row[:3], "2026年3月1日", "D1")))["id"] == first["id"], "another writing says the same"


def test_columns_are_found_by_any_name_whatever_their_width_case_and_order():
    found = read(("D1", "7"), names=("部门", " employee　ＩＤ "), optional=[*COLUMNS][1:])
    assert only(found)["data"]["worker_id"] == "7"
    assert header(" Employee   ID") == header("employee　ｉｄ")


def test_columns_that_nobody_mapped_are_named_unless_ignored():
    names = (*NAMES, "备注", "序号", "")
    found = read(("1", "", "", "", "", "x", "1", ""), names=names, ignore=["序号"])
    assert found.unknown == ("备注",)
    only(found)


def test_a_column_that_is_missing_or_there_twice_refuses_the_file():
    with pytest.raises(ColumnsError, match=r"person\.mobile"):
        read(names=("工号", "姓名", "入职日期", "部门"))
    with pytest.raises(ColumnsError, match=r"worker_id has several columns in the file: 1, 6"):
        read(names=(*NAMES, "Employee ID"))
    with pytest.raises(ColumnsError, match="no column for only"):
        read(only={"column": "状态", "values": ["在职"]})


def test_rows_that_do_not_count_are_left_out_and_still_listed():
    names, say = (*NAMES, "状态"), {"column": "状态", "values": ["在职"]}
    rows = [("1", "", "", "", "", "在职 "), ("2", "", "", "bad", "", "离职"), ("1", "", "", "", "", "离职")]
    found = read(*rows, names=names, only=say)
    assert only(found)["subject"] == "1"
    assert (found.left_out, found.workers, found.unknown) == (2, {"1", "2"}, ())


def test_words_are_translated_before_they_are_read():
    found = read(("1", "", "", "长期", "总部"), values={
        "employment.starts_at": {"长期": ""}, "assignment.department_id": {"总部": "D000"},
    })  # fmt: skip
    data = only(found)["data"]
    assert (data["assignment"], "employment" in data) == ({"department_id": "D000"}, False)


def test_other_columns_become_extra():
    found = read(("1", "", "", "", "", "3F-12"), names=(*NAMES, "工位"), columns={**COLUMNS, "extra.seat": "工位"})
    assert only(found)["data"]["extra"] == {"seat": "3F-12"}


@pytest.mark.parametrize(
    "more",
    [
        {"columns": {"person.display_name": "姓名"}},
        {"columns": {**COLUMNS, "person.nickname": "昵称"}},
        {"columns": {**COLUMNS, "extra.": "昵称"}},
        {"columns": {**COLUMNS, "person.given_name": " 姓名"}},
        {"columns": {**COLUMNS, "person.given_name": []}},
        {"optional": ["worker_id"]},
        {"optional": ["assignment.title"]},
        {"values": {"worker_id": {"a": "b"}}},
        {"zone": "Asia/Nowhere"},
        {"encoding": "latin-1"},
        {"colums": {}},
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_meant_is_refused(more):
    with pytest.raises(ValidationError):
        mapping(**more)

"""`tenure roster` as it is run: the file as it was exported, what is sent of it, and what is said about the rest."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from services.cli import roster as command
from services.cli.__main__ import run
from services.cli.lines import Reader
from services.cli.roster import missing_from, read_map
from services.cli.tables import read_table
from services.ingest.translate import UntranslatableError, translate
from services.kit.sources import SourceConfig
from services.provisioner.model import Fact

SAMPLES = Path(command.__file__).with_name("sample")
MAP = """
source: "urn:hr:acme"
columns:
  worker_id: [工号, Employee ID]
  person.display_name: [姓名, Name]
  person.mobile: [手机, Mobile]
  employment.starts_at: [入职日期, Hire date]
"""
CSV = "工号,姓名,手机,入职日期\n00123,王梅,13800000001,2026/3/2\n00007,李强,13800000002,2019年7月1日\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "map.yaml").write_text(MAP, "utf-8")
    return tmp_path


@pytest.fixture
def taken(server):
    """What the door took; it judges events as ingest does."""
    found = []

    def answer(body):
        events, errors = json.loads(body), []
        for index, one in enumerate(events):
            try:
                translate(one, SourceConfig(source="urn:hr:acme"), datetime.now(UTC), index)
            except UntranslatableError as exc:
                errors += [problem.to_json() for problem in exc.problems]
        if errors:
            return 422, {"title": "wrong", "status": 422, "errors": errors}
        found.extend(events)
        return 202, {"accepted": len(events), "events": [{"id": one["id"], "dropped": []} for one in events]}

    server.routes["/events/acme-hr"] = answer
    return found


@pytest.fixture
def tenure(data, folder, capsys):
    """Run it; the exit status, the last line of JSON, and what stood on standard error."""

    def call(content, *words, name="list.csv", mapping="map.yaml"):
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            content.save(folder / name)
        arguments = ["roster", str(folder / name), "--map", str(folder / mapping), "--data", str(data), "--lang", "en"]
        status = run([*arguments, "--json", *words])
        said = capsys.readouterr()
        lines = [json.loads(line) for line in said.out.splitlines()]
        return status, lines[-1] if lines else None, said.err

    return call


def book(*rows, sheet="在职"):
    made = Workbook()
    page = made.active
    page.title = sheet
    for row in rows:
        page.append(row)
    return made


NAMES = ("工号", "姓名", "手机", "入职日期")


def workers(taken):
    return [one["data"]["worker_id"] for one in taken]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_list_in_any_usual_encoding_is_sent_as_it_stands(tenure, taken, encoding):
    status, said, _ = tenure(CSV.encode(encoding), "--as-of", "2026-03-15")
    assert status == 0
    assert said == {
        "sent": 2, "accepted": 2, "refused": 0, "refusals": [], "rows": 2, "left_out": 0,
        "unknown_columns": [], "formulas": 0, "missing": None,
    }  # fmt: skip
    assert [(one["data"]["worker_id"], one["data"]["person"]["display_name"]) for one in taken] == [
        ("00123", "王梅"), ("00007", "李强"),
    ]  # fmt: skip
    assert {one["data"]["effective_at"] for one in taken} == {"2026-03-15"}


def test_a_named_encoding_is_the_only_one_tried(tenure, folder, taken):
    (folder / "map.yaml").write_text(MAP + "encoding: utf-8\n", "utf-8")
    status, _, err = tenure(CSV.encode("gb18030"))
    assert (status, taken) == (2, [])
    assert "utf-8" in err


def test_the_same_file_twice_has_the_same_ids(tenure, taken):
    for _ in range(2):
        assert tenure(CSV.encode(), "--as-of", "2026-03-15")[0] == 0
    assert [one["id"] for one in taken[:2]] == [one["id"] for one in taken[2:]]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_seen_in_the_line_of_names(tenure, taken, delimiter):
    assert tenure(CSV.replace(",", delimiter).encode())[0] == 0
    assert workers(taken) == ["00123", "00007"]


@pytest.mark.parametrize("expected", [1, 3, 0])
def test_another_number_of_rows_than_expected_sends_nothing(tenure, taken, expected):
    status, said, err = tenure(CSV.encode(), "--expect", str(expected))
    assert (status, said, taken) == (1, None, [])
    assert "2 rows" in err


def test_rows_are_counted_without_empty_ones(tenure, taken):
    assert tenure((CSV + ",,,\n\n  ,,,\n").encode(), "--expect", "2")[0] == 0
    assert len(taken) == 2


def test_refused_rows_are_named_by_their_line_and_the_others_sent(tenure, taken):
    rows = '1,"a\nb",13800000001,\n2,x,13800000002,03/04/2026\n2,x,13800000002,\n3,x,12,\n4,y,13800000004,\n'
    status, said, err = tenure(f"{CSV.splitlines()[0]}\n{rows}".encode())
    assert status == 1
    assert [one["line"] for one in said["refusals"]] == [4, 5, 6], "a cell of two lines moves the count"
    fields = [[error["field"] for error in one["problem"]["errors"]] for one in said["refusals"]]
    assert fields == [["row.employment.starts_at", "row.worker_id"], ["row.worker_id"], ["data.person.mobile"]]
    assert (said["sent"], said["accepted"], said["refused"], said["rows"]) == (5, 2, 3, 5)
    assert workers(taken) == ["1", "4"]
    assert "3 lines were refused" in err


def test_a_file_cut_off_inside_a_cell_sends_nothing(tenure, taken):
    status, _, err = tenure((CSV + '00001,"王').encode())
    assert (status, taken) == (2, [])
    assert "line 4" in err


def test_columns_are_named_that_nobody_mapped_and_one_that_is_missing_stops_it(tenure, taken):
    status, said, _ = tenure(CSV.replace("\n", ",x\n").replace("期,x", "期,备注").encode())
    assert (status, said["unknown_columns"]) == (0, ["备注"])
    status, _, err = tenure(CSV.replace("手机", "电话").encode())
    assert (status, len(taken)) == (2, 2)
    assert "person.mobile" in err


def test_a_workbook_as_people_fill_it_in(tenure, taken):
    rows = book(
        NAMES,
        ("00123", "=A1&B1", 13800000001, date(2026, 3, 2)),
        (124, "+x", "１３８０００００００２", 46082),
        (None, None, None, None),
        (7.0, "@y", None, "2026年3月1日"),
    )
    rows.active["A3"].number_format = "00000"
    status, said, _ = tenure(rows, "--expect", "3", name="list.xlsx")
    assert (status, said["formulas"]) == (0, 1)
    assert [(one["data"]["worker_id"], one["data"]["person"].get("display_name")) for one in taken] == [
        ("00123", "=A1&B1"), ("00124", "+x"), ("7", "@y"),
    ]  # fmt: skip
    assert [one["data"]["person"].get("mobile") for one in taken] == ["13800000001", "13800000002", None]
    starts = [one["data"]["employment"]["starts_at"] for one in taken]
    assert starts == ["2026-03-02", "2026-03-01", "2026-03-01"]


def test_a_number_too_long_for_the_spreadsheet_is_refused_since_its_last_digits_are_lost(tenure, taken):
    rows = book(NAMES, (110101199001011234, "王", None, None), ("110101199001011234", "李", None, None))
    status, said, _ = tenure(rows, name="list.xlsx")
    assert (status, [one["line"] for one in said["refusals"]]) == (1, [2])
    assert workers(taken) == ["110101199001011234"]


def test_the_sheet_and_the_line_of_names_are_those_of_the_map(tenure, folder, taken):
    (folder / "map.yaml").write_text(MAP + "sheet: 在职\nheader: 3\n", "utf-8")
    made = book(("公司花名册",), (), NAMES, ("1", "王", "13800000001", None))
    made.create_sheet("说明", 0).append(("x",))
    assert tenure(made, name="list.xlsx")[0] == 0
    assert workers(taken) == ["1"]
    status, _, err = tenure(book(NAMES, sheet="其他"), name="list.xlsx")
    assert status == 2
    assert "其他" in err


@pytest.mark.parametrize(("name", "raw"), [("a.xlsx", b"PK not so"), ("a.xls", b""), ("a.csv", b""), ("a.csv", b"\n")])
def test_what_is_no_list_is_one_clear_line(tenure, taken, name, raw):
    status, _, err = tenure(raw, name=name)
    assert (status, err.count("\n"), taken) == (2, 1, [])


def test_a_mapping_says_where_it_is_wrong(tenure, folder, taken):
    (folder / "map.yaml").write_text(MAP + "  person.nickname: 昵称\nzone: Mars\n", "utf-8")
    status, _, err = tenure(CSV.encode())
    assert (status, taken) == (2, [])
    assert "map.yaml:8:3: columns.person.nickname" in err
    assert "map.yaml:9:7: zone" in err
    assert tenure(CSV.encode(), mapping="none.yaml")[0] == 2


def test_a_source_that_nobody_declared_is_named(tenure, folder, taken):
    (folder / "map.yaml").write_text(MAP.replace("urn:hr:acme", "urn:hr:other"), "utf-8")
    status, _, err = tenure(CSV.encode())
    assert (status, taken) == (2, [])
    assert "urn:hr:other" in err


@pytest.mark.parametrize("text", ["soon", "2026-02-30", "2026/3/1"])
def test_as_of_is_a_date_or_a_time(tenure, taken, text):
    assert tenure(CSV.encode(), "--as-of", text)[0] == 2
    assert taken == []
    assert tenure(CSV.encode(), "--as-of", "2026-03-15T18:00")[0] == 0
    assert taken[0]["data"]["effective_at"] == "2026-03-15T18:00"


def test_the_sample_is_read_with_its_map_and_previewed_by_line(data, taken, capsys):
    mapping = SAMPLES / "roster-map.yaml"
    assert len(read_table(SAMPLES / "roster.csv", read_map(mapping)).rows) == 3
    words = ["roster", str(SAMPLES / "roster.csv"), "--map", str(mapping), "--expect", "3", "--data", str(data)]
    assert run([*words, "--preview", "--empty", "--config", str(SAMPLES / "tenure.yaml"), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["line"], row["outcome"]) for row in rows] == [(2, rows[0]["outcome"]), (3, rows[1]["outcome"])]
    assert "refused" not in {row["outcome"] for row in rows}
    assert taken == [], "a preview sends nothing"


def test_a_preview_names_rows_that_are_no_events_and_ends_with_1(tenure, taken):
    config = ("--config", str(SAMPLES / "tenure.yaml"))
    raw = CSV.replace("2026/3/2", "soon").encode()
    status, said, _ = tenure(raw, "--preview", "--empty", *config)
    assert (status, said["line"], taken) == (1, 3, [])


def told(kind, worker_id, day, n, source="urn:hr:acme", **more):
    event = {
        "specversion": "1.0", "id": f"{kind}-{worker_id}", "source": source, "type": f"hr.worker.{kind}.v1",
        "time": f"{day}T00:00:00Z", "data": {"worker_id": worker_id, "effective_at": day, **more},
    }  # fmt: skip
    fact = Reader({}, None).fact(n, event)
    assert isinstance(fact, Fact)
    return fact


class Store:
    """Histories by person."""

    def __init__(self, **histories):
        self._histories = histories

    async def persons(self):
        return [*self._histories]

    async def facts_of(self, person_id):
        return tuple(self._histories[person_id]), ()


async def test_who_is_employed_by_that_source_and_not_in_the_list_is_missing():
    store = Store(
        listed=[told("stated", "1", "2026-01-01", 1, person={})],
        unlisted=[told("stated", "2", "2026-01-01", 2, person={})],
        left=[told("hired", "3", "2026-01-01", 3, person={}), told("left", "3", "2026-02-01", 4)],
        to_come=[told("hired", "4", "2026-06-01", 5, person={})],
        of_others=[told("hired", "5", "2026-01-01", 6, source="urn:hr:other", person={})],
    )
    at = datetime(2026, 3, 15, tzinfo=UTC)
    assert await missing_from({"1"}, "urn:hr:acme", store, at) == [{"worker_id": "2", "person_id": "unlisted"}]
    assert await missing_from({"1", "2"}, "urn:hr:acme", store, at) == []

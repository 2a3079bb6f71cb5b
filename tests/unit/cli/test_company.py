"""The sample company and its end state: large enough, readable by ingest, and a comparison that can fail."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from services.cli.company import SOURCE, story
from services.cli.demo import BROKEN, CONFIRMED_AT_LEAST, EXPECTED, check
from services.cli.platforms import Place, Row, _dingtalk, _wecom, differences, expected
from services.ingest.translate import translate
from services.kit.sources import SourceConfig

EVENTS = [one for chapter in story() for one in chapter.events]
WANTED = expected(EXPECTED.read_text(encoding="utf-8"))
FINE = {"quarantined": 1, "duplicate": 1, "in_progress": 0, "inbox": 0, "held": 0, "confirmed": 64, "balanced": True}


def kinds():
    return Counter(one["type"] for one in EVENTS)


def test_the_company_is_as_large_as_promised():
    assert kinds()["hr.department.changed.v1"] >= 6
    assert len({one["data"]["worker_id"] for one in EVENTS if one["type"] == "hr.worker.hired.v1"}) >= 40
    assert CONFIRMED_AT_LEAST > 60
    assert sum(row.wecom.state == "open" for row in WANTED.values()) >= 40
    assert sum(row.dingtalk.state == "open" for row in WANTED.values()) >= 40


def test_everything_that_can_happen_to_a_job_happens():
    assert kinds().keys() >= {
        "hr.worker.transferred.v1",
        "hr.worker.left.v1",
        "hr.worker.updated.v1",
        "hr.event.withdrawn.v1",
    }
    data = [one["data"] for one in EVENTS]
    assert any(one.get("immediate") for one in data)
    assert any(one.get("revision") == 2 for one in data)
    assert any(one["type"] == "hr.worker.hired.v1" and one["data"]["effective_at"] > one["time"][:10] for one in EVENTS)
    assert len({(one["id"], str(one["data"])) for one in EVENTS}) == len(EVENTS) - 1, "one comes twice"
    assert not BROKEN.endswith(b"}")


def test_ingest_takes_every_event_whole():
    source = SourceConfig(source=SOURCE, zone="Asia/Shanghai")
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert [translate(one, source, now).dropped for one in EVENTS] == [()] * len(EVENTS)


def test_chapters_follow_one_another():
    days = [(chapter.day, chapter.until) for chapter in story()]
    assert all(day < until for day, until in days)
    assert [until for _, until in days[:-1]] == [day for day, _ in days[1:]]


def test_the_end_as_written_down_has_no_difference():
    assert check(WANTED, FINE) == []


def test_every_difference_is_named():
    mei = WANTED["王梅"]
    other = dict(WANTED)
    other["王梅"] = replace(mei, wecom=replace(mei.wecom, held=frozenset({"sales"})))
    other["Stranger"] = Row(dingtalk=Place("open", "公司", ""))
    del other["曾可"]
    assert [line.partition(":")[0] for line in differences(WANTED, other)] == [
        "Stranger @dingtalk",
        "曾可 @wecom",
        "曾可 @dingtalk",
        "王梅 @wecom",
    ]


def test_books_that_are_wrong_are_named_too():
    assert len(check(WANTED, FINE | {"duplicate": 0, "balanced": False, "confirmed": 3})) == 3


def test_a_closed_member_and_tags_are_read_from_the_stand_ins():
    member = {"name": "王梅", "enabled": 1, "left_at": None, "department": [2], "position": "客户经理"}
    state = {
        "departments": {"2": {"id": 2, "name": "销售部"}},
        "tags": {"1": {"tagname": "sales", "userlist": ["wangm"]}},
        "members": {"wangm": member, "liw": {**member, "name": "李伟", "enabled": 0}},
    }
    assert _wecom(state) == {
        "王梅": Place("open", "销售部", "客户经理", frozenset({"sales"})),
        "李伟": Place("closed", "销售部", "客户经理"),
    }


def test_roles_that_every_company_has_are_no_roles_of_ours():
    state = {
        "departments": {"7": {"dept_id": 7, "name": "销售部"}},
        "roles": {"1": {"role_id": 1, "name": "负责人"}, "70001": {"role_id": 70001, "name": "sales"}},
        "users": {"W1": {"name": "王梅", "dept_id_list": [7], "title": "客户经理", "roles": [1, 70001]}},
    }
    assert _dingtalk(state) == {"王梅": Place("open", "销售部", "客户经理", frozenset({"sales"}))}

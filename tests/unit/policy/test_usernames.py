"""User names: readable, in the platforms' letters, never empty."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_people import mei
from pydantic import ValidationError

from services.provisioner.policy.names import readings
from services.provisioner.policy.usernames import candidates, template_problem

TEMPLATE = "{family.pinyin}{given.initials}"
FULL = "{family.pinyin}.{given.pinyin}"


def first(template: str | None, worker_id: str = "W1", **person: str) -> str:
    return candidates(template, mei(person=person, worker_id=worker_id), 1)[0]


@pytest.mark.parametrize(
    ("family", "given_name", "username"),
    [
        ("王", "小明", "wang.xiaoming"), ("曾", "伟", "zeng.wei"), ("单", "伟", "shan.wei"),
        ("仇", "伟", "qiu.wei"), ("解", "伟", "xie.wei"), ("区", "伟", "ou.wei"),
        ("朴", "伟", "piao.wei"), ("翟", "伟", "zhai.wei"), ("盖", "伟", "ge.wei"),
        ("查", "伟", "zha.wei"), ("任", "伟", "ren.wei"), ("华", "伟", "hua.wei"),
        ("葛", "伟", "ge.wei"), ("尉迟", "恭", "yuchi.gong"), ("万俟", "卨", "moqi.xie"),
        ("长孙", "无忌", "zhangsun.wuji"), ("令狐", "冲", "linghu.chong"), ("欧阳", "娜娜", "ouyang.nana"),
        ("吕", "布", "lv.bu"), ("单于", "王", "chanyu.wang"), ("Müller", "Zoë Ann", "muller.zoeann"),
        ("司马", "光", "sima.guang"), ("诸葛", "亮", "zhuge.liang"), ("上官", "婉儿", "shangguan.waner"),
        ("皇甫", "嵩", "huangfu.song"), ("夏侯", "惇", "xiahou.dun"), ("慕容", "复", "murong.fu"),
        ("单", "雄信", "shan.xiongxin"), ("查", "良镛", "zha.liangyong"), ("王", "㛃", "wang.jie"),
        ("李", "䶮", "li.yan"), ("Ｗａｎｇ", "Ｗｅｉ", "wang.wei"), ("Núñez", "José", "nunez.jose"),
        ("Nu\u0301n\u0303ez", "Jose\u0301", "nunez.jose"), ("علي", "محمد", "ly.mhmd"),
        ("O'Brien", "Łukasz", "obrien.lukasz"), ("佐藤", "さくら", "zuoteng.sakura"),
    ],
)  # fmt: skip
def test_names_are_read_as_their_owners_say_them(family: str, given_name: str, username: str) -> None:
    assert first(FULL, family_name=family, given_name=given_name) == username


@pytest.mark.parametrize(
    ("display", "username"),
    [
        ("王小明", "wangxm"),
        ("欧阳娜娜", "ouyangnn"),
        ("司马光", "simag"),
        ("长孙", "zhangs"),
        ("Mary Ann Smith", "smithma"),
        ("Mei", "mei"),
        ("Sukarno", "sukarno"),
        ("单田芳", "shantf"),
        ("𠮷田婷", "kichitt"),
        ("阿卜杜·热合曼", "abodureheman"),
        ("阿卜杜•热合曼", "abodureheman"),
        ("阿卜杜‧热合曼", "abodureheman"),
        ("阿卜杜・热合曼", "abodureheman"),
        ("\u202eabc", "abc"),
    ],
)
def test_a_display_name_alone_is_split(display: str, username: str) -> None:
    assert first(TEMPLATE, display_name=display) == username


@pytest.mark.parametrize(
    ("template", "username"),
    [
        ("{display.pinyin}", "zengxiaomei"), ("{display.initials}", "zxm"), ("{given.ascii}", "xiaomei"),
        ("{worker_id}", "w1"), ("{family.initials}_{worker_id}", "z_w1"), ("x-{family.pinyin}", "x-zeng"),
    ],
)  # fmt: skip
def test_every_placeholder(template: str, username: str) -> None:
    assert first(template, family_name="曾", given_name="小美") == username


def test_candidates_are_numbered_from_two() -> None:
    assert candidates(TEMPLATE, mei(person={"family_name": "王", "given_name": "美"}), 3) == (
        "wangm",
        "wangm2",
        "wangm3",
    )


def test_numbers_fit_into_the_length_too() -> None:
    names = candidates("{worker_id}", mei(worker_id="A" * 100), 12)
    assert {len(name) for name in names} == {64}
    assert len(set(names)) == 12


@pytest.mark.parametrize(
    ("worker_id", "username"),
    [
        ("W000123", "W000123"),
        ("00/12 3", "00123"),
        ("_x", "x"),
        ("a@b.c", "ab.c"),
        ("工号12", "GongHao12"),
        ("№", "No"),
    ],
)
def test_without_a_template_the_worker_id_is_the_name(worker_id: str, username: str) -> None:
    assert first(None, worker_id) == username


def test_a_name_that_gives_nothing_falls_back_to_the_worker_id_and_that_to_the_person() -> None:
    assert first(TEMPLATE, "W7", display_name="!!!") == "W7"
    assert re.fullmatch(r"p[0-9a-f]{10}", first(TEMPLATE, "***", display_name="!!!"))
    assert candidates(None, mei(worker=False), 1)[0].startswith("p")


@pytest.mark.parametrize(
    "template", ["", "wang", "{family}", "{family.pinyin} {given.pinyin}", "{family.pinyin}@x", "{family.pinyin"]
)
def test_a_template_that_cannot_work_is_refused(template: str) -> None:
    assert template_problem(template)


def test_two_thousand_chinese_names_give_ascii_and_stay_the_same() -> None:
    dice = random.Random(7)
    common = list("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁于蒋蔡余杜") + list(
        readings()
    )
    for _ in range(2000):
        person = {
            "family_name": dice.choice(common),
            "given_name": "".join(chr(dice.randint(0x4E00, 0x9FA5)) for _ in range(dice.randint(1, 2))),
        }
        name = first(TEMPLATE, **person)
        assert re.fullmatch(r"[a-z][a-z0-9_.-]{0,63}", name), person
        assert name == first(TEMPLATE, **person)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_no_name_breaks_a_username(family: str, worker_id: str) -> None:
    try:
        state = mei(person={"family_name": family}, worker_id=worker_id)
    except ValidationError:
        return  # no name that the contract takes
    for name in candidates("{family.pinyin}{given.initials}", state, 3):
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name)

"""Who is told of what, on which channel, and in which words."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from notifier_values import NOW, raised, settled, target

from contracts.provisioning import EventRef, Recipient
from services.notifier import render as rendering
from services.notifier.messages import intents
from services.notifier.notices import ItNotice, ManagerNotice, Notices
from services.notifier.read import Told
from services.notifier.render import MAX_NAME, Renderer, plain

KINDS = {"wecom": "wecom", "dt-shanghai": "dingtalk"}
MANAGER = Recipient(audience="manager", person_id="urn:hr:acme/W2", accounts={"wecom": "wei", "dt-shanghai": "0042"})
WEBHOOK = {"channel": "webhook", "url": "https://it.example.com/hook", "secret": "whsec_c2VjcmV0"}


def told_of(*recipients, notices=None, **changes):
    notices = notices or Notices(manager=ManagerNotice())
    told = Told("urn:tenure:provisioner", "o1", "x", NOW, settled(recipients=recipients, **changes))
    return intents(told, notices, KINDS, Renderer())


def test_a_manager_is_told_on_the_first_channel_where_they_have_an_account():
    (one,) = told_of(MANAGER)
    assert (one.audience, one.channel, one.target, one.to) == ("manager", "wecom", "wecom", ("wei",))
    (one,) = told_of(MANAGER, notices=Notices(manager=ManagerNotice(channels=("dingtalk", "wecom"))))
    assert (one.channel, one.target, one.to) == ("dingtalk", "dt-shanghai", ("0042",))


def test_a_manager_without_an_account_there_is_not_told():
    assert told_of(Recipient(audience="manager", person_id="x")) == ()
    assert told_of(Recipient(audience="manager", accounts={"ldap": "wei"})) == ()


def test_it_is_told_where_the_policy_says():
    it = Recipient(audience="it")
    (one,) = told_of(it, notices=Notices(it=ItNotice.model_validate({"channel": "dingtalk", "to": ["1", "2"]})))
    assert (one.audience, one.channel, one.target, one.to) == ("it", "dingtalk", "dt-shanghai", ("1", "2"))
    (one,) = told_of(it, notices=Notices(it=ItNotice.model_validate(WEBHOOK)))
    assert (one.channel, one.target, one.to) == ("webhook", None, ())


@pytest.mark.parametrize(
    "changes",
    [{"state": "superseded"}, {"state": "inbox"}, {"change": None}, {"nothing_enforced": True}],
    ids=["superseded", "not final", "nobody's access", "nothing enforced"],
)
def test_nobody_is_told_of_what_changed_nothing(changes):
    assert told_of(MANAGER, **changes) == ()


def test_one_message_an_event_audience_and_channel():
    again = told_of(MANAGER, MANAGER)
    assert len(again) == 1
    revised = EventRef(source="urn:hr:acme", id="evt-1", revision=2, type="hr.worker.hired.v1")
    ids = {one.message_id for one in (*again, *told_of(MANAGER), *told_of(MANAGER, event=revised))}
    assert len(ids) == 2


@pytest.mark.parametrize("change", ["joiner", "mover", "leaver"])
@pytest.mark.parametrize("audience", ["manager", "it"])
@pytest.mark.parametrize(
    ("locale", "word"), [("zh-CN", "编号：evt-1"), ("en", "Reference: evt-1"), ("en-GB", "Reference: evt-1")]
)
def test_every_text_is_there_and_complete(change, audience, locale, word):
    text = Renderer()(settled(change=change), audience, "wecom", locale)
    assert "梅 Mei" in text
    assert "$" not in text
    assert text.endswith(word)
    assert "2026-03-02" in text


def test_the_language_is_the_installations_where_the_readers_is_unknown():
    assert "Ready to start" in Renderer("en")(settled(), "manager", "wecom", None)
    assert "入职" in Renderer("zh-CN")(settled(), "manager", "wecom", None)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("$date ${reference} {name} %s", "$date ${reference} {name} %s"),
        ("{{7*7}} {{ config }}", "{{7*7}} {{ config }}"),
        ("梅\n编号：forged", "梅 编号：forged"),
        ("a\u2028b\u0085c", "a b c"),
        ("abc\u202egnp.exe\u2066x\u200f", "abcgnp.exex"),
        ("👩‍💻 O'Brien \"Mei\"", "👩‍💻 O'Brien \"Mei\""),
        ('<a href="https://evil.example">Mei</a>', '＜a href="https://evil.example"＞Mei＜/a＞'),
        ("\ud800x", "x"),
        ("M" * 300, "M" * (MAX_NAME - 1) + "…"),
    ],
    ids=["our placeholders", "a template engine's", "new line", "other line breaks", "direction", "emoji and quotes",
         "a link", "lone surrogate", "too long"],
)  # fmt: skip
def test_a_name_is_data(name, shown):
    assert plain(name, "wecom") == shown
    text = Renderer()(settled().model_copy(update={"display_name": name}), "manager", "wecom", None)
    assert shown in text
    assert len(text.splitlines()) == len(Renderer()(settled(), "manager", "wecom", None).splitlines())


def test_marks_of_dingtalk_are_taken_out():
    assert plain("[Mei](https://x) @all **b**", "dingtalk") == "［Mei］(https://x) ＠all ＊＊b＊＊"


def test_nobody_has_no_name():
    assert "—" in Renderer()(settled(display_name=None), "manager", "wecom", None)


def test_dates_are_those_of_the_source():
    midnight = datetime(2026, 3, 14, 16, tzinfo=UTC)
    text = Renderer(zones={"urn:hr:acme": ZoneInfo("Asia/Shanghai")})(
        settled(effective_at=midnight), "it", "wecom", None
    )
    assert "生效：2026-03-15\n" in text


def test_residue_and_what_comes_later_are_named():
    text = Renderer("en")(settled(targets=(target(residue=("not_activated", "new_code")),)), "it", "wecom", None)
    assert "not activated by its owner yet" in text
    assert "new_code" in text
    assert "Later: wecom account deleted 2026-04-01" in text


def test_a_long_text_keeps_its_reference_and_the_platforms_limit():
    many = tuple(target(target=f"t{n}", native_id="梅" * 60) for n in range(60))
    text = Renderer()(settled(targets=many), "it", "dingtalk", None)
    assert text.endswith("编号：evt-1")
    assert len(text.encode()) < 1900


def test_texts_of_two_events_differ():
    """DingTalk drops the second of two equal texts a day."""
    assert Renderer()(settled("evt-1"), "it", "dingtalk", None) != Renderer()(settled("evt-2"), "it", "dingtalk", None)


def test_a_webhook_gets_text_and_confirmation():
    body = json.loads(Renderer("en")(settled(), "it", "webhook", None))
    assert body["type"] == "tenure.lifecycle.confirmed.v1"
    assert body["data"]["confirmation"]["event"]["id"] == "evt-1"
    assert body["data"]["title"] == "Joiner confirmed: 梅 Mei"
    assert "display_name" not in body["data"]["confirmation"]


def test_both_languages_have_the_same_templates_and_words():
    words = json.loads((rendering.TEMPLATES / "words.json").read_text(encoding="utf-8"))
    assert {key: set(value) for key, value in words["zh"].items() if isinstance(value, dict)} == {
        key: set(value) for key, value in words["en"].items() if isinstance(value, dict)
    }
    names = {
        language: sorted(p.name for p in Path(rendering.TEMPLATES / language).iterdir()) for language in ("zh", "en")
    }
    assert names["zh"] == names["en"]
    assert len(names["zh"]) == 7


def alerted(it, locale="en", **changes):
    notices = Notices(it=ItNotice.model_validate(it)) if it else Notices(manager=ManagerNotice())
    return intents(Told("urn:tenure:provisioner", "attention/1", "#attention", NOW, raised(**changes)), notices, KINDS,
                   Renderer(locale))  # fmt: skip


def test_it_is_told_what_waits_for_a_person_with_the_command_to_type():
    (one,) = alerted({"channel": "wecom", "to": ["li"]})
    assert (one.audience, one.channel, one.target, one.to) == ("it", "wecom", "wecom", ("li",))
    assert one.text.splitlines() == [
        "Waits for a person: held until somebody releases it (1)",
        "wecom, 612 people, guard:close:batch:b1",
        "→ tenure holds release --cause batch:b1 --kind close --target wecom --reason R",
        "Reference: attention/1",
    ]
    assert alerted(None) == (), "nobody is told where policy names no channel"


def test_a_webhook_gets_the_matters_themselves():
    (one,) = alerted(WEBHOOK, locale="zh-CN", count=9)
    body = json.loads(one.text)
    assert body["type"] == "tenure.attention.raised.v1"
    assert body["data"]["matters"][0]["people"] == 612
    assert "其余：8 → tenure todo" in body["data"]["text"]

"""Two services read the same keys with models of their own: what one takes, the other takes too."""

import json

import pytest

from contracts.envelope import CloudEvent, from_headers
from contracts.provisioning import EventSettled, StepTaken
from services.notifier import notices
from services.notifier.audit.ocsf import entry
from services.notifier.audit.writer import published
from services.notifier.confirm import confirmation
from services.notifier.read import Told
from services.provisioner.connectors.dingtalk import DingTalkConfig
from services.provisioner.connectors.wecom import WeComConfig
from services.provisioner.policy import models, placeholders
from tools.contracts import ROOT

NOTIFY = {
    "it": {"channel": "webhook", "to": [], "url": "https://it.example.com/hook", "secret": "whsec_c2VjcmV0"},
    "manager": {"channels": ["dingtalk", "wecom"]},
    "locale": "en",
}
WECOM = {"corp_id": "ww1", "contact_secret": "c", "app": {"agent_id": "1000002", "secret": "a"},
         "base_url": "https://wecom.example.com"}  # fmt: skip
DINGTALK = {"app_key": "k", "app_secret": "s", "agent_id": "1", "oapi_base_url": "https://oapi.example.com",
            "base_url": "https://ding.example.com"}  # fmt: skip


def revealed(model):
    return {name: value.get_secret_value() if hasattr(value, "get_secret_value") else value for name, value in model}


def test_notify_is_read_alike():
    ours, theirs = notices.Notices.model_validate(NOTIFY), models.Notify.model_validate(NOTIFY)
    assert revealed(ours.it) == revealed(theirs.it)
    assert ours.manager.model_dump() == theirs.manager.model_dump()
    assert ours.locale == theirs.locale
    assert notices.Notices().model_dump() == models.Notify().model_dump()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (notices.Notices, models.Notify),
        (notices.ItNotice, models.ItNotice),
        (notices.ManagerNotice, models.ManagerNotice),
    ],
)
def test_the_keys_are_the_same(ours, theirs):
    assert set(ours.model_fields) == set(theirs.model_fields)


def test_targets_are_read_alike():
    installed = notices.installation(
        {"targets": {"wecom": {"type": "wecom", **WECOM}, "dingtalk": {"type": "dingtalk", **DINGTALK}},
         "notify": {"manager": {}}}, {},
    )  # fmt: skip
    theirs = WeComConfig.model_validate(WECOM)
    ours = installed.targets["wecom"]
    assert (ours.corp_id, ours.app.agent_id) == (theirs.corp_id, theirs.app.agent_id)
    assert ours.app.secret == theirs.app.secret
    assert str(theirs.base_url).rstrip("/") == ours.base_url
    theirs, ours = DingTalkConfig.model_validate(DINGTALK), installed.targets["dingtalk"]
    for name in ("app_key", "app_secret", "agent_id", "base_url", "oapi_base_url"):
        assert getattr(ours, name) == getattr(theirs, name)


@pytest.mark.parametrize("env", [{}, {"A": ""}, {"A": "x", "B": "y"}])
def test_placeholders_are_replaced_alike(env):
    written = {"a": "${A:-}", "b": ["${A:-one}", "x${B:-}y"], "c": {"d": "${B:-z}"}, "e": "", "f": 1}
    assert notices.expand(written, env, "x") == placeholders.expand(written, env)


def sample(name):
    return CloudEvent.model_validate_json((ROOT / "samples" / f"{name}.json").read_text(encoding="utf-8"))


def test_the_confirmation_sample_is_what_the_notifier_makes_of_the_settled_one():
    made = confirmation(EventSettled.model_validate(sample("tenure.event.settled.v1").data))
    golden = sample("tenure.lifecycle.confirmed.v1")
    assert json.loads(made.value) == golden.data
    assert from_headers(made.headers)["id"] == golden.id


def test_the_audit_sample_is_what_the_notifier_makes_of_the_step():
    event = sample("tenure.step.taken.v1")
    told = Told(event.source, event.id, event.subject, event.time, StepTaken.model_validate(event.data))
    golden = sample("tenure.audit.recorded.v1")
    assert json.loads(published(entry(told), golden.data["metadata"]["sequence"]).value) == golden.data

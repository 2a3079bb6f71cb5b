"""What is read of the policy file, and what is said of a wrong one."""

import pytest

from services.kit.errors import UsageError
from services.notifier.notices import DingTalkTarget, WeComTarget, installation, read_installation

TARGETS = {
    "wecom": {"type": "wecom", "mode": "enforce", "corp_id": "${CORP:-ww1}", "contact_secret": "${CONTACT}",
              "app": {"agent_id": "${AGENT:-1000002}", "secret": "${APP}"}, "base_url": "${URL:-}"},
    "dingtalk": {"type": "dingtalk", "app_key": "k", "app_secret": "${DT}", "agent_id": 1},
    "ldap": {"type": "ldap", "password": "${LDAP}"},
}  # fmt: skip
ENV = {"APP": "s1", "DT": "s2"}


def test_targets_of_the_channels_are_read_and_only_their_variables_needed():
    found = installation({"targets": TARGETS, "notify": {"manager": {"channels": ["wecom", "dingtalk"]}}}, ENV)
    wecom, dingtalk = found.targets["wecom"], found.targets["dingtalk"]
    assert isinstance(wecom, WeComTarget)
    assert (wecom.corp_id, wecom.app.agent_id, wecom.base_url) == ("ww1", 1000002, None)
    assert wecom.app.secret.get_secret_value() == "s1"
    assert isinstance(dingtalk, DingTalkTarget)
    assert found.kinds == {"wecom": "wecom", "dingtalk": "dingtalk"}


def test_without_notify_nothing_is_needed():
    found = installation({"targets": TARGETS}, {})
    assert (found.targets, found.notices.channels) == ({}, frozenset())


def test_zones_of_sources_are_known():
    found = installation(
        {"sources": {"a": {"source": "urn:hr:acme", "zone": "Asia/Shanghai"}, "b": {"source": "x"}}}, {}
    )
    assert {name: zone.key for name, zone in found.zones.items()} == {"urn:hr:acme": "Asia/Shanghai"}


@pytest.mark.parametrize(
    ("notify", "named"),
    [
        ({"it": {"channel": "webhook"}}, "notify"),
        ({"it": {"channel": "wecom"}}, "to"),
        ({"it": {"channel": "dingtalk", "to": [str(n) for n in range(101)]}}, "100"),
        ({"it": {"channel": "pigeon"}}, "notify.it.channel"),
        ({"managers": {}}, "notify.managers"),
        ({"it": {"channel": "wecom", "to": ["${NOBODY}"]}}, "NOBODY"),
    ],
)
def test_what_is_wrong_is_named(notify, named):
    with pytest.raises(UsageError, match=named):
        installation({"targets": TARGETS, "notify": notify}, ENV)


def test_a_channel_without_a_target_is_refused():
    with pytest.raises(UsageError, match="needs a target"):
        installation({"notify": {"it": {"channel": "wecom", "to": ["li"]}}}, ENV)


def test_a_missing_secret_is_named_and_no_value_shown():
    with pytest.raises(UsageError, match=r"targets\.wecom\.app\.secret: .*APP"):
        installation({"targets": TARGETS, "notify": {"manager": {}}}, {"DT": "hidden"})
    with pytest.raises(UsageError) as caught:
        installation({"targets": TARGETS, "notify": {"it": {"channel": "webhook", "secret": "hidden"}}}, ENV)
    assert "hidden" not in str(caught.value)


def test_a_file_that_is_none_or_not_there_is_one_line(tmp_path):
    file = tmp_path / "tenure.yaml"
    with pytest.raises(UsageError, match="does not exist"):
        read_installation(file, {})
    file.write_text("a: [", encoding="utf-8")
    with pytest.raises(UsageError, match="line 1"):
        read_installation(file, {})
    file.write_text("", encoding="utf-8")
    assert read_installation(file, {}).targets == {}

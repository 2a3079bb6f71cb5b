"""Hand-over in a policy: what each target can is done there, the rest is named or, under a target, refused."""

import pytest

from services.provisioner.connectors.registry import KINDS
from services.provisioner.policy.load import PolicyError, load

TEXT = """
targets:
  crm: {type: memory, mode: enforce%s}
  ding: {type: dingtalk, app_key: a, app_secret: b, agent_id: 1, mode: enforce%s}
accounts: {crm: {}, ding: {}}
leavers: {hand_over: {to: [manager], what: [customers, customer_groups]}}
"""


def test_what_a_target_cannot_hand_over_is_residue_there():
    policy = load(TEXT % ("", ""), KINDS)
    assert {name: (t.hands_over, t.keeps) for name, t in policy.targets.items()} == {
        "crm": (("customers", "customer_groups"), ()),
        "ding": ((), ("customers", "customer_groups")),
    }
    assert policy.warnings == ()


def test_a_target_may_hand_over_less():
    assert load(TEXT % (", hand_over: [customers]", ""), KINDS).targets["crm"].hands_over == ("customers",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT % ("", ", hand_over: [customers]"), "dingtalk has no way to do that"),
        (TEXT.partition("leavers")[0] % (", hand_over: [customers]", ""), "who takes over"),
        (TEXT.replace("[manager]", "[the boss]") % ("", ""), "leavers.hand_over.to"),
    ],
    ids=["a platform that cannot", "nobody is named", "a word that is none"],
)
def test_a_hand_over_that_cannot_be_is_refused(text, said):
    with pytest.raises(PolicyError, match=said):
        load(text, KINDS)

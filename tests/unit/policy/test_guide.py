"""What the guide for policy authors shows is true: each example loads, and the claims hold under all of them."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.provisioner.connectors.registry import KINDS
from services.provisioner.policy import claims
from services.provisioner.policy.load import load

GUIDE = (Path(__file__).parents[3] / "docs" / "guide" / "policy.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
*EXAMPLES, CLAIMS = BLOCKS
BASE: dict[str, Any] = {"targets": {"crm": {"type": "memory", "mode": "enforce"}}, "accounts": {"crm": {}}}


def test_the_guide_shows_examples() -> None:
    assert len(EXAMPLES) > 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads_without_a_warning(example: str) -> None:
    assert load(yaml.safe_dump(BASE | yaml.safe_load(example)), KINDS).warnings == ()


def test_the_claims_hold_under_all_examples_together() -> None:
    whole = dict(BASE)
    for example in EXAMPLES:
        for key, value in yaml.safe_load(example).items():
            whole[key] = {**whole[key], **value} if isinstance(whole.get(key), dict) else value
    assert list(claims.check(load(yaml.safe_dump(whole), KINDS), claims.read_claims(CLAIMS, "guide"))) == []

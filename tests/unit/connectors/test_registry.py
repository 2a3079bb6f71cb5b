"""The kinds of target, and what can be asked of them without a secret."""

import subprocess
import sys

import pytest
from pydantic import BaseModel, SecretStr

from services.platforms.gate import OpenGate
from services.provisioner.connectors.memory import Memory, MemoryConfig
from services.provisioner.connectors.registry import KINDS

CONFIGS = {
    "wecom": {"corp_id": "ww1", "contact_secret": "${A}", "app": {"agent_id": 1, "secret": "${B}"}},
    "dingtalk": {"app_key": "dk1", "app_secret": "${C}", "agent_id": 1},
    "memory": {},
}


def test_every_kind_is_tried_here():
    assert set(KINDS) == set(CONFIGS)
    assert len(KINDS) == len(CONFIGS)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_kind_tells_what_it_can_do_without_any_call(name):
    kind = KINDS[name]
    abilities = kind.abilities(kind.config.model_validate(CONFIGS[name]))
    assert kind.name == name
    assert set(abilities.closing) == {"leave", "stop", "absence"}
    assert abilities.fields["name"].writable == "always"
    assert abilities.fitting("Sales") == "Sales"


@pytest.mark.parametrize("name", CONFIGS)
def test_secrets_are_secret(name):
    config = KINDS[name].config.model_validate(CONFIGS[name])
    assert all(f"'{secret}'" not in repr(config) for secret in ("${A}", "${B}", "${C}"))


@pytest.mark.parametrize("name", CONFIGS)
def test_a_field_nobody_knows_is_refused(name):
    with pytest.raises(ValueError, match="more"):
        KINDS[name].config.model_validate(CONFIGS[name] | {"more": 1})


def test_a_configuration_of_another_kind_is_a_bug():
    class Other(BaseModel):
        secret: SecretStr = SecretStr("x")

    with pytest.raises(TypeError):
        KINDS["memory"].open("memory", Other(), OpenGate())


def test_an_unknown_kind_is_none():
    assert "ldap" not in KINDS


def test_the_registry_alone_imports_no_kind():
    code = (
        "import sys; import services.provisioner.connectors.registry;"
        "assert not [name for name in sys.modules if name.endswith(('.wecom', '.dingtalk', '.memory'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_connectors_of_one_process_can_share_a_platform():
    first = KINDS["memory"].open("memory", MemoryConfig(), OpenGate())
    assert isinstance(first, Memory)
    second = Memory("memory", MemoryConfig(), OpenGate(), first.platform)
    assert second.platform is first.platform

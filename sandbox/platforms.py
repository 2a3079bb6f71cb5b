"""Which platforms the sandbox stands in for."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sandbox.clock import Clock
from sandbox.kernel import Platform

CLASSES = {"wecom": "WeCom", "dingtalk": "DingTalk"}


def open_platforms(config: Mapping[str, Any], clock: Clock) -> dict[str, Platform]:
    """A platform class has ``open(config: dict, clock) -> Platform``, which makes its kernel."""
    return {
        name: getattr(import_module(f"sandbox.{name}"), cls).open(config.get(name, {}), clock)
        for name, cls in CLASSES.items()
        if find_spec(f"sandbox.{name}") and hasattr(import_module(f"sandbox.{name}"), cls)
    }

"""Which platforms the sandbox stands in for."""

from collections.abc import Mapping
from typing import Any

from sandbox.clock import Clock
from sandbox.dingtalk import DingTalk
from sandbox.kernel import Platform
from sandbox.wecom import WeCom

PLATFORMS: dict[str, type[Platform]] = {platform.name: platform for platform in (WeCom, DingTalk)}


def open_platforms(config: Mapping[str, Any], clock: Clock) -> dict[str, Platform]:
    """Each platform gets its part of ``config`` and the common clock; a part for no platform is a ValueError."""
    if strange := config.keys() - PLATFORMS.keys():
        raise ValueError(f"no such platform: {', '.join(sorted(strange))}")
    return {name: platform.open(config.get(name, {}), clock) for name, platform in PLATFORMS.items()}

"""The sandbox as one ASGI application: each platform under its name, its control routes under ``_sandbox``."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.clock import Clock
from sandbox.control import control_routes
from sandbox.kernel import Platform
from sandbox.pipeline import Pipeline
from sandbox.platforms import open_platforms


def build(config: Mapping[str, Any], real: Callable[[], float] = time.time) -> Starlette:
    """``config`` has a part per platform, all optional; a fresh sandbox, whose state dies with it."""
    platforms = open_platforms(config, Clock(real))
    app = Starlette(routes=[_mounted(platform) for platform in platforms.values()])
    app.state.platforms = platforms
    return app


def _mounted(platform: Platform) -> Mount:
    return Mount(
        f"/{platform.name}",
        routes=[Mount("/_sandbox", routes=control_routes(platform)), Mount("/", app=Pipeline(platform))],
    )

"""Metrics: one registry a process, made by the service and passed down; nothing registers at import.

A service's `metrics.py` makes its counters on the registry it is given. Labels come from small closed sets.
"""

import time
from collections.abc import Awaitable, Callable

from prometheus_client import CollectorRegistry, Gauge, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Refresh = Callable[[], Awaitable[None]]


def new_registry() -> CollectorRegistry:
    """A registry with what is worth knowing of any process: CPU, memory, files, garbage collection."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    # The process's clock; Prometheus knows its own when it reads. Read by TenureClockDrift.
    now = Gauge("tenure_process_time_seconds", "What time the process believes it is", registry=registry)
    now.set_function(time.time)
    return registry


def metrics_route(registry: CollectorRegistry, refresh: Refresh | None = None) -> Route:
    """`GET /metrics`. `refresh` is awaited before each reading, for gauges that are asked from a store."""

    async def metrics(_request: Request) -> Response:
        if refresh is not None:
            await refresh()
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return Route("/metrics", metrics)

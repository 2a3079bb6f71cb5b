"""Wiring of ingest: the only file that knows every other one."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute, Route

from contracts.topics import INTAKE
from services.ingest.config import read_sources
from services.ingest.control import clock_route
from services.ingest.handlers import Bounds, Door
from services.ingest.metrics import Metrics
from services.ingest.openapi import openapi_route
from services.ingest.publish import KafkaPublisher, Publisher, watched
from services.ingest.settings import IngestSettings
from services.ingest.sources.webhook import Webhook
from services.ingest.tail import Tail
from services.kit.app import Loop, Service
from services.kit.broker import make_broker, started
from services.kit.clock import Virtual
from services.kit.health import Health
from services.kit.metrics import metrics_route, new_registry
from services.kit.sending import Sending
from services.kit.settings import Environment
from services.kit.sources import SourceConfig


def routes(
    settings: IngestSettings,
    sources: Mapping[str, SourceConfig],
    publisher: Publisher,
    clock: Virtual,
    registry: CollectorRegistry,
    *,
    tail: Tail | None = None,
) -> list[BaseRoute]:
    """The HTTP door over any publisher."""
    metrics, health = Metrics(registry), Health()
    for name, config in sources.items():
        metrics.expect(name, config.expect_every)
    webhooks = {name: Webhook(name, config, settings.rules) for name, config in sources.items()}
    bounds = Bounds(settings.max_body_bytes, settings.body_seconds, settings.max_requests)
    door = Door(webhooks, publisher, clock, metrics, bounds)
    health.ready("producer", publisher.state)
    health.alive("sending", publisher.sending)

    async def refresh() -> None:
        metrics.tail.set(tail.largest() if tail else 0)

    found: list[BaseRoute] = [Route("/events/{name}", door.post, methods=["POST"]), *health.routes()]
    found += [metrics_route(registry, refresh), openapi_route()]
    if settings.clock is not None:
        found.append(clock_route(clock))
    return found


@asynccontextmanager
async def open_ingest(settings: IngestSettings) -> AsyncIterator[Service]:
    """Ingest on Kafka; on the embedded broker it also watches how far intake has read."""
    sources = read_sources(settings.config, Environment())
    broker = make_broker(settings, "ingest", request_seconds=settings.publish_seconds)
    tail, loops = None, dict[str, Loop]({"sending": Sending(broker).watch})
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(started(broker, settings))
        if settings.embedded_broker:
            tail = Tail({topic.name: topic.partitions for topic in INTAKE}, settings.bound)
            positions = await stack.enter_async_context(watched(settings))
            await positions.refresh(tail)
            loops["tail"] = lambda: positions.follow(tail)
        publisher = KafkaPublisher(broker, within=settings.publish_seconds, enough=settings.in_sync, tail=tail)
        yield Service(routes(settings, sources, publisher, Virtual(settings.clock), new_registry(), tail=tail), loops)

"""Wiring: the only file of the notifier that knows every other one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from faststream.kafka import KafkaBroker
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from contracts.topics import OUTCOMES
from services.kit import broker as kafka
from services.kit.app import Service
from services.kit.broker import Outgoing
from services.kit.clock import Real
from services.kit.consumer import Consumer, consume
from services.kit.database import DatabaseGoneError
from services.kit.errors import UnreachableError
from services.kit.health import Health, Progress, State
from services.kit.metrics import metrics_route, new_registry
from services.kit.relay import Relay
from services.kit.sending import Sending
from services.kit.settings import Environment
from services.notifier.channels.registry import open_channels, quotas
from services.notifier.errors import StoreGoneError
from services.notifier.handlers import Intake
from services.notifier.messages import intents
from services.notifier.metrics import Metrics
from services.notifier.notices import Installation, read_installation
from services.notifier.render import Renderer
from services.notifier.sender import Sender
from services.notifier.settings import Settings
from services.notifier.store.port import Counts, Store
from services.notifier.store.postgres import PostgresStore
from services.platforms.limiter import Limiter

TURN_SECONDS = 120.0
"""Longest turn of relay or sender that is still right: a lot acknowledged slowly, or calls waiting at the gate."""
PUBLISH_SECONDS = 30.0
GROUP = "notifier"


@dataclass(frozen=True, slots=True)
class Parts:
    """What is open while the service runs."""

    store: Store
    consumer: Consumer
    relay: Relay
    sender: Sender
    sending: Sending
    metrics: Metrics


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """Everything connected and consuming; closed in the opposite order."""
    installation = read_installation(settings.config, Environment())
    holder = f"{settings.process_name}/{uuid4().hex}"
    async with AsyncExitStack() as stack:
        store = PostgresStore(settings.database.get_secret_value(), name=settings.process_name)
        stack.push_async_callback(store.close)
        limiter = await _limiter(settings, installation)
        stack.push_async_callback(limiter.close)
        channels = open_channels(installation, limiter, now=Real().now, base_urls=settings.base_urls,
                                 time_out=settings.message_seconds)  # fmt: skip
        for channel in channels.values():
            stack.push_async_callback(channel.close)
        registry = new_registry()
        metrics = Metrics(registry)
        sender = Sender(store, channels, holder, Real().now, settings.message_give_up, metrics.ended)
        broker = kafka.make_broker(settings, "notifier")
        intake = _intake(store, installation, metrics, sender)
        consumer = consume(
            broker,
            OUTCOMES,
            intake.take_in,
            group=GROUP,
            instance=settings.process_name,
            embedded=settings.embedded_broker,
        )
        relay = _relay(settings, store, broker, holder)
        await stack.enter_async_context(kafka.started(broker, settings))
        yield _service(Parts(store, consumer, relay, sender, Sending(broker), metrics), registry)


async def _limiter(settings: Settings, installation: Installation) -> Limiter:
    """The budget is shared with the connectors; a sender holds no lease of its own, its messages do."""
    try:
        return await Limiter.connect(settings.database.get_secret_value(), quotas(installation), alive=lambda: True)
    except DatabaseGoneError as exc:
        raise UnreachableError(f"no database to be had: {exc}") from exc


def _intake(store: Store, installation: Installation, metrics: Metrics, sender: Sender) -> Intake:
    notices = installation.notices
    render = Renderer(notices.locale, installation.zones)
    consequences = partial(intents, notices=notices, kinds=installation.kinds, render=render)
    return Intake(store, consequences, metrics, sender.wake)


def _relay(settings: Settings, store: Store, broker: KafkaBroker, holder: str) -> Relay:
    async def send(records: Sequence[Outgoing]) -> object:
        return await kafka.publish_in_order(broker, records, within=PUBLISH_SECONDS)

    tidy = partial(store.purge, settings.outbox_keep, settings.seen_keep)
    return Relay(store, send, holder, settings.broker_epoch, tidy)


def _service(parts: Parts, registry: CollectorRegistry) -> Service:
    health = Health()
    _checks(health, parts)

    async def refresh() -> None:
        try:
            counts = await parts.store.counts()
        except StoreGoneError:
            return  # the gauges keep their last values; readyz says why
        parts.metrics.show(counts, parts.consumer.lag())

    routes: list[BaseRoute] = [status_route(parts.store, parts.consumer), *health.routes()]
    routes.append(metrics_route(registry, refresh))
    loops = {
        "consumer": parts.consumer.watch, "relay": parts.relay.run, "sender": parts.sender.run,
        "sending": parts.sending.watch,
    }  # fmt: skip
    return Service(routes, loops)


def _checks(health: Health, parts: Parts) -> None:
    """Alive: the reading task runs. Ready: partitions, store, and both loops got through a turn lately."""
    relay, sender = Progress(TURN_SECONDS), Progress(TURN_SECONDS)
    parts.relay.turned, parts.sender.turned = relay.beat, sender.beat

    async def store_answers() -> State:
        try:
            await parts.store.counts()
        except StoreGoneError:
            return State(ok=False, detail="unreachable")
        return State(ok=True)

    health.alive("consuming", parts.consumer.consuming)
    health.alive("sending", parts.sending.state)
    health.ready("assigned", parts.consumer.assigned)
    health.ready("relay", relay)
    health.ready("sender", sender)
    health.ready("store", store_answers)


def status_route(store: Store, consumer: Consumer) -> Route:
    """`GET /status`: `{"outbox": n, "lag": n, "audit_records": n, "messages": {state: n}}`; 503 without the store."""

    async def status(_request: Request) -> JSONResponse:
        try:
            return JSONResponse(_told(await store.counts(), consumer.lag()))
        except StoreGoneError:
            return JSONResponse({"title": "the database is gone"}, status_code=503)

    return Route("/status", status)


def _told(counts: Counts, lag: int) -> dict[str, object]:
    return {"outbox": counts.outbox, "lag": lag, "audit_records": counts.audit_records, "messages": counts.messages}

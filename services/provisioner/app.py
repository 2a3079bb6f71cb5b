"""Wiring: the only file of the provisioner that knows every other one."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from prometheus_client import CollectorRegistry
from pydantic import BaseModel
from starlette.routing import BaseRoute

from contracts.topics import INTAKE, intake_group
from services.kit import broker as kafka
from services.kit.app import Service
from services.kit.clock import Virtual
from services.kit.consumer import Consumer, consume
from services.kit.database import DatabaseGoneError
from services.kit.errors import UnreachableError, UsageError
from services.kit.health import Health, Progress, State
from services.kit.metrics import metrics_route, new_registry
from services.kit.relay import Relay
from services.kit.sending import Sending
from services.kit.settings import Environment
from services.kit.tracing import span
from services.platforms import gate
from services.platforms.gate import Gate
from services.platforms.limiter import Limiter
from services.provisioner.act.announcer import Announcer
from services.provisioner.act.case import open_case
from services.provisioner.act.departments import DepartmentPass
from services.provisioner.act.governance import Governance
from services.provisioner.act.reconcile import Pass
from services.provisioner.act.sweep import Sweep, owned_on
from services.provisioner.act.sweeper import Sweeper
from services.provisioner.act.target import Target
from services.provisioner.act.trees import Trees
from services.provisioner.act.turns import turned
from services.provisioner.act.watch import Watch
from services.provisioner.act.worker import Pace, Run, Worker
from services.provisioner.connectors.registry import KINDS
from services.provisioner.handlers import Intake
from services.provisioner.in_force import in_force
from services.provisioner.metrics import Metrics
from services.provisioner.operators.adoption import Adoption
from services.provisioner.operators.api import Api, Operators
from services.provisioner.operators.attention import Attention
from services.provisioner.operators.effective import Effective
from services.provisioner.operators.exceptions import Exceptions
from services.provisioner.operators.exceptions_api import ExceptionHandlers
from services.provisioner.operators.holds import Holds
from services.provisioner.operators.identity import Identity
from services.provisioner.operators.identity_api import IdentityHandlers
from services.provisioner.operators.jobs import Jobs
from services.provisioner.operators.openapi import openapi_route
from services.provisioner.operators.operations import BusinessClock, Ends, Operations, count
from services.provisioner.operators.people import People
from services.provisioner.operators.quarantine import Quarantine
from services.provisioner.operators.todo import Todo
from services.provisioner.operators.whole_api import WholeTargets
from services.provisioner.policy.load import Policy, PolicyError, expand
from services.provisioner.settings import Settings
from services.provisioner.store.errors import StoreUnavailableError
from services.provisioner.store.port import DEPARTMENTS, Claim, Finished, PersonFile, Store
from services.provisioner.store.postgres import PostgresStore

PUBLISH_SECONDS = 30.0
"""Of one lot of the outbox; shorter than the relay's lease."""


@dataclass(slots=True)
class Parts:
    """What is open while the service runs."""

    settings: Settings
    policy: Policy
    store: Store
    clock: Virtual
    limiter: Limiter
    metrics: Metrics
    targets: Mapping[str, Target]
    trees: Trees


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """Everything connected and consuming; closed in the opposite order."""
    registry, health = new_registry(), Health()
    async with AsyncExitStack() as stack:
        store = PostgresStore(settings.database.get_secret_value(), name=settings.process_name)
        stack.push_async_callback(store.close)
        try:
            policy = await in_force(settings, store)
            worker = _worker(settings, store, policy)
            limiter = await _limiter(settings, policy, worker)
            stack.push_async_callback(limiter.close)
            clock = Virtual(await store.clock_row())
        except DatabaseGoneError as exc:
            raise UnreachableError(f"no database to be had: {exc}") from exc
        targets = _targets(Environment(), settings, policy, limiter)
        for target in targets.values():
            stack.push_async_callback(target.connector.close)
        parts = Parts(settings, policy, store, clock, limiter, Metrics(registry), targets, Trees(store))
        worker.runs = _runs(parts)
        worker.on_pass = _count_passes(parts)
        broker = kafka.make_broker(settings, "provisioner")
        intake = _intake(parts, worker)
        consumers = _consume(settings, broker, intake, health)
        await stack.enter_async_context(kafka.started(broker, settings))
        stack.push_async_callback(worker.stop)
        yield _service(parts, worker, broker, consumers, registry, health)


def _worker(settings: Settings, store: Store, policy: Policy) -> Worker:
    """Without its runs, which need what the worker's lease guards."""
    pace = Pace(
        slots=settings.slots,
        kept=max(1, settings.slots // 10),
        lease=settings.lease,
        beat=settings.beat,
        longest_call=settings.longest_call,
        grace=settings.grace * 0.8,
    )
    return Worker(store, {}, settings.process_name, pace, policy.version)


async def _limiter(settings: Settings, policy: Policy, worker: Worker) -> Limiter:
    quotas = {name: KINDS[target.type].quota for name, target in policy.targets.items()}
    return await Limiter.connect(settings.database.get_secret_value(), quotas, alive=worker.alive)


def _targets(parts_env: Mapping[str, str], settings: Settings, policy: Policy, limiter: Gate) -> dict[str, Target]:
    try:
        configs = expand(policy, parts_env)
    except PolicyError as exc:
        raise UsageError(str(exc)) from None
    return {
        name: Target(
            name,
            target.type,
            KINDS[target.type].open(name, _fitted(configs[name], settings, target.type), limiter),
            target.mode,
            match=policy.accounts[name].match,
            username=policy.accounts[name].username,
            departments=policy.departments[name].manage,
            under=policy.departments[name].under,
            space_of=policy.space_of,
            closes={case: (verb,) for case, verb in target.close_by.items()},
        )
        for name, target in policy.targets.items()
    }


def _fitted(config: BaseModel, settings: Settings, kind: str) -> BaseModel:
    """In a rehearsal the platforms' addresses are the sandbox's; no call outlasts what the lease allows for."""
    changes: dict[str, object] = {}
    if url := settings.base_urls.get(kind):
        changes["base_url"] = url
    if (time_out := getattr(config, "time_out", None)) is not None:
        changes["time_out"] = min(time_out, settings.longest_call)
    return config.model_copy(update=changes)


def _runs(parts: Parts) -> dict[str, Run]:
    trees, policy = parts.trees, parts.policy
    watch = Watch(parts.store, policy.guards, policy.version) if policy.guards else None

    def of(target: Target) -> Run:
        async def run(claim: Claim, process: UUID) -> Finished:
            at = parts.clock.business_now()
            file = await turned(claim, await parts.store.load(claim), at, parts.store, list(parts.targets))
            with span("pass", _traces(file), target=target.name, lane=claim.lane) as told:
                how = await passed(claim, process, file, at)
                told.note(end=how)
            return how

        async def passed(claim: Claim, process: UUID, file: PersonFile, at: datetime) -> Finished:
            tree = await trees.at(at)
            if claim.person_id == DEPARTMENTS:
                return await DepartmentPass(parts.store, target, claim, process, file, at, tree).run()
            case = await open_case(claim.person_id, target.name, at, file, policy, tree, parts.store, trees)
            return await Pass(parts.store, target, case, claim, process, parts.limiter, watch).run()

        return run

    return {name: of(target) for name, target in parts.targets.items()}


def _traces(file: PersonFile) -> Iterator[str | None]:
    """The traces that a pass belongs to: of the newest event that is open, and of the others."""
    return (event.traceparent for event in reversed(file.events))


def _count_passes(parts: Parts) -> Callable[[Claim, Finished, float], None]:
    def count(claim: Claim, how: Finished, seconds: float) -> None:
        parts.metrics.passes.labels(claim.target, how).observe(seconds)
        if claim.lane == gate.URGENT and how == "done":
            left = (datetime.now(UTC) - claim.marked_at).total_seconds()
            parts.metrics.no_access.labels(claim.target).observe(max(0.0, left))

    return count


# ---------------------------------------------------------------- Kafka


def _intake(parts: Parts, worker: Worker) -> Intake:
    sources = {source.source: source for source in parts.policy.sources.values()}
    return Intake(
        parts.store,
        parts.clock,
        parts.settings.broker_epoch,
        list(parts.targets),
        id_space_of=parts.policy.space_of,
        rank_of=lambda urn: sources[urn].rank if urn in sources else 0,
        zone_of=lambda urn: sources[urn].zone if urn in sources else "UTC",
        woken=worker.wake,
        counted=lambda kind, n: parts.metrics.taken_in.labels(kind).inc(n),
        announce=Announcer(parts.policy, parts.trees) if parts.policy.guards else None,
    )


def _consume(settings: Settings, broker: KafkaBroker, intake: Intake, health: Health) -> list[Consumer]:
    """One batch subscriber a topic, each with its own group; offsets are committed after the store has the facts."""
    consumers = []
    for topic in INTAKE:
        consumer = consume(
            broker,
            topic,
            intake.take_in,
            group=intake_group(topic),
            instance=settings.process_name,
            embedded=settings.embedded_broker,
        )
        health.alive(f"consuming.{topic.name}", consumer.consuming)
        health.ready(f"assigned.{topic.name}", consumer.assigned)
        consumers.append(consumer)
    return consumers


async def _ends(consumers: list[Consumer], epoch: str) -> Ends | None:
    """Kafka's end offsets of the intake topics; None while it does not answer."""
    try:
        async with asyncio.timeout(5.0):
            found = await asyncio.gather(*(consumer.ends() for consumer in consumers))
    except (KafkaError, TimeoutError, OSError):
        return None
    return Ends(epoch, {place: end for ends in found for place, end in ends.items()})


# ---------------------------------------------------------------- the service


def _service(
    parts: Parts,
    worker: Worker,
    broker: KafkaBroker,
    consumers: list[Consumer],
    registry: CollectorRegistry,
    health: Health,
) -> Service:
    async def ends() -> Ends | None:
        return await _ends(consumers, parts.settings.broker_epoch)

    facts = {name: {"type": target.platform, "mode": target.mode} for name, target in parts.targets.items()}

    async def probe(name: str) -> None:
        await parts.targets[name].connector.probe()

    operations = Operations(parts.store, parts.clock, parts.limiter, facts, ends, probe, worker.wake)
    name, holder, todo, sweeps = parts.settings.process_name, _holder(parts), _todo(parts), _sweeps(parts)
    sweeper = Sweeper(parts.store, parts.clock, sweeps, parts.settings.sweep_every, name)
    governance = Governance(parts.store, parts.clock, parts.policy.version, list(parts.targets), worker.wake)
    attention = Attention(parts.store, parts.clock, todo.listed, holder, parts.settings.attention_every)
    turn = Progress(60.0)
    relay = Relay(
        parts.store,
        lambda records: kafka.publish_in_order(broker, records, within=PUBLISH_SECONDS),
        holder,
        parts.settings.broker_epoch,
        tidy=partial(parts.store.purge, parts.settings.outbox_keep),
        turned=turn.beat,
    )
    _checks(health, parts, worker, turn)
    sending = Sending(broker)
    health.alive("sending", sending.state)

    async def refresh() -> None:
        with suppress(DatabaseGoneError):  # the gauges keep their last values; readyz says why
            await _show(parts, operations, turn)

    return Service(
        routes=[
            *_operators_routes(parts, operations, todo, sweeps, worker.wake),
            *health.routes(),
            metrics_route(registry, refresh),
            openapi_route(),
        ],
        loops={
            "worker": worker.run,
            "relay": relay.run,
            "sweeper": sweeper.run,
            "attention": attention.run,
            "governance": governance.run,
            "sending": sending.watch,
            **{c.topic.name: c.watch for c in consumers},
        },
    )


def _operators_routes(
    parts: Parts, operations: Operations, todo: Todo, sweeps: Mapping[str, Sweep], wake: Callable[[], None]
) -> list[BaseRoute]:
    store, policy, clock = parts.store, parts.policy, parts.clock
    api = Api(
        operations, todo, People(store, policy, clock), Quarantine(store), Operators(parts.settings.operators_file),
        BusinessClock(store, clock, wake), Holds(store, clock, wake),
    )  # fmt: skip
    refusals = {name: target.connector.refusal for name, target in parts.targets.items()}
    jobs = Jobs()
    adoption = Adoption(store, policy, clock, parts.targets, parts.trees, wake)
    more = (
        ExceptionHandlers(Exceptions(operations, policy, refusals)),
        IdentityHandlers(Identity(operations)),
        Effective(operations, policy, parts.trees, Environment(), jobs),
        WholeTargets(operations, sweeps, adoption, jobs),
    )
    return api.routes([post for handlers in more for post in handlers.posts()])


def _holder(parts: Parts) -> str:
    """Of duties that one process has at a time: after a restart it is another."""
    return f"{parts.settings.process_name}/{uuid4().hex}"


def _todo(parts: Parts) -> Todo:
    """Accounts of nobody wait only where we write: before that, whose they are is for `tenure adopt` to say."""
    policy, held = parts.policy, parts.policy.drift.unknown_account == "hold"
    expected = {one.source: one.expect_every for one in policy.sources.values() if one.expect_every}
    unknown = [name for name, target in policy.targets.items() if held and target.mode == "enforce"]
    return Todo(parts.store, parts.clock, parts.limiter, list(policy.targets), expected, unknown)


def _sweeps(parts: Parts) -> dict[str, Sweep]:
    sweeps = dict[str, Sweep]()
    for name, target in parts.targets.items():
        parts.metrics.sweeping(name, parts.settings.sweep_every)
        found = partial(parts.metrics.changed, name)
        guarded = bool(parts.policy.guards)
        sweeps[name] = Sweep(
            parts.store, target, owned_on(parts.policy, target), parts.trees, guarded, found, parts.policy.protected
        )
    return sweeps


def _checks(health: Health, parts: Parts, worker: Worker, turn: Progress) -> None:
    """Alive: the loops turn and no pass hangs. Ready: the store answers and the lease is held."""
    longest = parts.settings.lease * 20

    async def store_answers() -> State:
        try:
            await parts.store.books()
        except StoreUnavailableError:
            return State(ok=False, detail="unreachable")
        return State(ok=True)

    health.alive("passes", lambda: State(worker.oldest_pass() < longest, f"oldest_{worker.oldest_pass():.0f}s"))
    health.ready("outbox", turn)
    health.ready("lease", lambda: State(worker.alive(), "held" if worker.alive() else "lost"))
    health.ready("store", store_answers)


async def _show(parts: Parts, operations: Operations, turn: Progress) -> None:
    """Bring the gauges up to date for one scrape."""
    metrics, now = parts.metrics, parts.clock.business_now()
    metrics.relay_age.set(turn.age())
    metrics.show_limiter(parts.limiter)
    books, ends = await parts.store.books(), await operations.ends()
    unread, accepted = count(books, ends) if ends else (0, sum(books.by_state.values()))
    metrics.show_books(books, accepted, unread, now)
    metrics.show_queue(parts.targets, await parts.store.depth(), now)
    paused = {target for target, *_ in await parts.limiter.pauses()}
    metrics.show_standing(parts.targets, await parts.store.standing())
    metrics.show_held(parts.targets, await parts.store.held_groups())
    metrics.snapshot.set(await parts.store.snapshot_age())
    for name in parts.targets:
        metrics.show_sweep(name, await parts.store.last_sweep(name), now)
        metrics.paused.labels(name).set(int(name in paused or "*" in paused))

"""What `tenure doctor` looks at. Each check answers findings; a finding that is not fine names the next step."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING, Any, Literal

import httpx

from services.cli.messages import t

if TYPE_CHECKING:
    from services.provisioner.policy.load import Policy

Level = Literal["ok", "note", "problem"]
CUSTOMER_CONTACT = "customer-contact"
MOST_CLOCK_SECONDS = 30.0
SECONDS = 5.0
GIGABYTE = 2**30
LEAST_FREE, LEAST_FREE_SHARE = 5 * GIGABYTE, 0.1
"""A disk that has less than both is nearly full."""
_OLDEST = """SELECT pid, application_name AS name, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND datname = current_database() AND pid <> pg_backend_pid()
  AND xact_start < clock_timestamp() - make_interval(secs => $1) ORDER BY xact_start LIMIT 1"""
MOST_SNAPSHOT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` and `subject` name what was looked at, `next` is the command or step that helps."""

    level: Level
    check: str
    subject: str
    detail: str
    next: str | None = None


def fine(check: str, subject: str, detail: str = "") -> Finding:
    return Finding("ok", check, subject, detail or t("doctor.fine"))


# ---------------------------------------------------------------- the policy file: no I/O


def of_policy(policy: "Policy", unset: Sequence[str]) -> Iterator[Finding]:
    """Warnings, targets that only look, secrets nobody set, and what WeCom's console needs once."""
    yield fine("policy", policy.name, t("doctor.policy_version", version=policy.version))
    for warning in policy.warnings:
        yield Finding("note", "policy", policy.name, str(warning), t("doctor.next_edit", line=warning.line))
    for name, target in policy.targets.items():
        if target.mode != "enforce":
            detail = t("doctor.mode", mode=target.mode)
            yield Finding("note", "mode", name, detail, t("doctor.next_enforce", name=name))
        if target.type == "wecom" and _grants_customer_contact(policy, name):
            yield Finding("note", "customer_contact", name, t("doctor.customer_contact"), t("doctor.next_console"))
    for text in unset:
        yield Finding("problem", "secrets", policy.name, text, t("doctor.next_unset"))


def _grants_customer_contact(policy: "Policy", target: str) -> bool:
    return any(CUSTOMER_CONTACT in rule.grants.get(target, ()) for rule in policy.birthrights)


# ---------------------------------------------------------------- services


def of_services(urls: Mapping[str, str], http: httpx.Client) -> Iterator[Finding]:
    """Each service's `/readyz`, and our clock against theirs."""
    for name, url in urls.items():
        try:
            answer = http.get(f"{url}/readyz")
        except httpx.TransportError as exc:
            yield Finding("problem", "service", name, t("doctor.no_answer", kind=type(exc).__name__), "tenure up")
            continue
        yield of_date(name, answer, datetime.now(UTC))
        if answer.is_success:
            yield fine("service", name)
        else:
            yield Finding("problem", "service", name, _failing(answer), t("doctor.next_log", name=name))


def _failing(answer: httpx.Response) -> str:
    try:
        checks = answer.json()["checks"]
    except (ValueError, KeyError, TypeError):
        return str(answer.status_code)
    return ", ".join(f"{name}: {state['detail']}" for name, state in checks.items() if not state["ok"])


def of_date(subject: str, answer: httpx.Response, now: datetime) -> Finding:
    """Signatures are refused when clocks differ by minutes, so seconds are said early."""
    text = answer.headers.get("date")
    try:
        theirs = parsedate_to_datetime(text) if text else now
    except ValueError:
        theirs = now
    off = (now - theirs).total_seconds()
    if abs(off) <= MOST_CLOCK_SECONDS:
        return fine("clock", subject, t("doctor.clock_fine", seconds=off))
    return Finding("problem", "clock", subject, t("doctor.clock_off", seconds=off), t("doctor.next_ntp"))


def of_policy_in_force(version: str, in_force: str | None, file: str) -> Iterator[Finding]:
    """The file before us against what runs: an edited file changes nothing until it is applied."""
    if in_force and version != in_force:
        text = t("doctor.not_applied", version=version, in_force=in_force)
        yield Finding("note", "policy", file, text, "tenure policy apply --reason …")


def of_status(status: Mapping[str, Any]) -> Iterator[Finding]:
    """The books, what is paused, and provisioners under one name."""
    for name, facts in status["targets"].items():
        if facts["paused"]:
            yield Finding("problem", "paused", name, str(facts["reason"]), f"tenure continue {name}")
    for name, times in Counter(status.get("replicas", ())).items():
        if times > 1:
            yield Finding("problem", "replicas", name, t("doctor.one_name", n=times), t("doctor.next_name"))
    if status["balanced"] is None:
        yield Finding("problem", "books", "kafka", t("status.unknown"), t("doctor.next_log", name="provisioner"))
    elif status["balanced"]:
        yield fine("books", "provisioner", t("status.balanced"))
    else:
        yield Finding("note", "books", "provisioner", t("status.unbalanced"), "tenure wait")


# ---------------------------------------------------------------- disk, database and Kafka


def of_disk(folder: Path, usage: Callable[[Path], tuple[int, int, int]] = disk_usage) -> Iterator[Finding]:
    """`usage(folder)` gives total, used and free bytes; a database whose disk is full stops in the middle."""
    if not folder.exists():
        return
    total, _, free = usage(folder)
    detail = t("doctor.disk", free=free / GIGABYTE, share=free / total)
    if free < total * LEAST_FREE_SHARE and free < LEAST_FREE:
        yield Finding("problem", "disk", str(folder), detail, t("doctor.next_disk"))
    else:
        yield fine("disk", str(folder), detail)


async def of_database(dsn: str, *, longest: float = MOST_SNAPSHOT_SECONDS) -> AsyncIterator[Finding]:
    """Whether it answers, keeps what it commits, holds no snapshot, and every owner's tables are the newest."""
    from services.kit.database import DatabaseGoneError, connect
    from services.kit.migrate import OWNERS, head

    try:
        connection = await connect(dsn, timeout=SECONDS)
    except DatabaseGoneError as exc:
        yield Finding("problem", "database", "PostgreSQL", str(exc), t("doctor.next_database"))
        return
    try:
        yield await _durable(connection)
        yield await _snapshot(connection, longest)
        for owner in OWNERS:
            has = await _revision(connection, owner)
            if has == head(owner):
                yield fine("database", owner, str(has))
            else:
                detail = t("doctor.migration", has=has or "-", head=head(owner))
                yield Finding("problem", "database", owner, detail, "tenure migrate")
    finally:
        await connection.close()


async def _durable(connection: Any) -> Finding:  # noqa: ANN401 - asyncpg is untyped
    """Everything that is acknowledged rests on a commit that is on the disk."""
    for name in ("fsync", "synchronous_commit"):
        if (value := await connection.fetchval(f"SHOW {name}")) == "off":
            setting = f"{name} = {value}"
            return Finding(
                "problem",
                "durability",
                "PostgreSQL",
                t("doctor.not_durable"),
                t("doctor.next_durable", setting=setting),
            )
    return fine("durability", "PostgreSQL")


async def _snapshot(connection: Any, longest: float) -> Finding:  # noqa: ANN401 - asyncpg is untyped
    """An old snapshot keeps every dead row of the queue and makes it many times slower."""
    found = await connection.fetchrow(_OLDEST, longest)
    if found is None:
        return fine("snapshot", "PostgreSQL")
    detail = t("doctor.snapshot", seconds=found["seconds"], who=found["name"] or found["pid"])
    return Finding(
        "problem", "snapshot", "PostgreSQL", detail, f"psql -c 'SELECT pg_terminate_backend({found['pid']})'"
    )


async def _revision(connection: Any, owner: str) -> str | None:  # noqa: ANN401 - asyncpg is untyped
    if await connection.fetchval("SELECT to_regclass($1)", f"{owner}.alembic_version") is None:
        return None
    found: str | None = await connection.fetchval(f"SELECT version_num FROM {owner}.alembic_version")  # noqa: S608 - ours
    return found


async def of_kafka(kafka: str, *, embedded: bool) -> AsyncIterator[Finding]:
    """Whether it answers and has the topics as declared; the embedded one only says what it is."""
    if embedded:
        yield Finding("note", "kafka", kafka, t("up.embedded"), "tenure up --kafka HOST:PORT")
        return
    from services.kit.errors import UsageError
    from services.kit.settings import ServiceSettings, read_settings
    from services.kit.topics import BEYOND_US, TopicsError, diff

    try:
        differ = await diff(read_settings(ServiceSettings, kafka=kafka))
    except UsageError as exc:
        yield Finding("problem", "kafka", kafka, str(exc), t("doctor.next_settings"))
        return
    except TopicsError as exc:
        yield Finding("problem", "kafka", kafka, str(exc), t("doctor.next_kafka"))
        return
    found = [one for one in differ if not isinstance(one, BEYOND_US)]
    for one in found:
        yield Finding("problem", "topics", one.topic, type(one).__name__, "tenure topics apply")
    if not found:
        yield fine("topics", kafka, t("topics.same"))


# ---------------------------------------------------------------- targets


async def of_targets(policy: "Policy", models: Mapping[str, Any]) -> list[Finding]:
    """One harmless call to each target at once: secret, address and permission."""
    return [*await asyncio.gather(*(_probe(name, policy.targets[name].type, model) for name, model in models.items()))]


async def _probe(name: str, kind: str, model: Any) -> Finding:  # noqa: ANN401 - the kind's own configuration
    from services.platforms.errors import CredentialError, PlatformError
    from services.platforms.gate import OpenGate
    from services.provisioner.connectors.registry import KINDS

    connector = KINDS[kind].open(name, model, OpenGate())
    try:
        async with asyncio.timeout(2 * SECONDS):
            await connector.probe()
    except CredentialError as exc:
        return Finding("problem", exc.refused, name, str(exc), t("refused." + exc.refused, name=name))
    except (PlatformError, TimeoutError) as exc:
        detail = str(exc) or type(exc).__name__
        return Finding("problem", "target", name, detail, t("doctor.next_target", name=name))
    finally:
        await connector.close()
    return fine("credentials", name)


def as_json(finding: Finding) -> str:
    return json.dumps(
        {"ok": finding.level != "problem", "level": finding.level, "check": finding.check,
         "subject": finding.subject, "detail": finding.detail, "next": finding.next}, ensure_ascii=False,
    )  # fmt: skip
